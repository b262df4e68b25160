/* SPDX-License-Identifier: ISC */
#include "server/keeper/certificate.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"

#define DER_BYTES 65536

/* Takes one element off the reader (X.690, 8.1: definite lengths). Returns its tag, 0 at the end or for a fault. */
static unsigned take(struct reader *reader, struct slice *content)
{
    unsigned tag = reader_u8(reader);
    size_t length = reader_u8(reader);

    if (length > 0x80) {
        size_t count = length & 0x7f;

        length = 0;
        if (count > 3)
            reader->failed = true;
        for (; count > 0 && !reader->failed; count--)
            length = length << 8 | reader_u8(reader);
    }
    *content = reader_raw(reader, length);
    return reader->failed ? 0 : tag;
}

/* UTCTime and GeneralizedTime, both ended by Z. */
static int64_t time_of(unsigned tag, struct slice text)
{
    char digits[16] = "", date[CLOCK_TEXT];
    int64_t time = 0;

    if (tag == 0x17 && text.length == 13)
        (void)snprintf(digits, sizeof digits, "%s%.12s", text.data[0] < '5' ? "20" : "19", (const char *)text.data);
    else if (tag == 0x18 && text.length == 15)
        (void)snprintf(digits, sizeof digits, "%.14s", (const char *)text.data);
    else
        return 0;
    (void)snprintf(date, sizeof date, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", digits, digits + 4, digits + 6, digits + 8,
                   digits + 10, digits + 12);
    return clock_parse(date, &time) == 0 ? time : 0;
}

/* 0 or -1. */
static int validity_der(struct slice der, int64_t *from, int64_t *until)
{
    struct reader reader = reader_of(der);
    struct slice content, first;
    unsigned tag;

    (void)take(&reader, &content); /* Certificate */
    reader = reader_of(content);
    (void)take(&reader, &content); /* TBSCertificate */
    reader = reader_of(content);
    tag = take(&reader, &first);
    if (tag == 0xa0) /* version; else that was the serial number */
        (void)take(&reader, &content);
    (void)take(&reader, &content); /* signature */
    (void)take(&reader, &content); /* issuer */
    if (take(&reader, &content) != 0x30)
        return -1;
    reader = reader_of(content); /* validity */
    tag = take(&reader, &first);
    *from = time_of(tag, first);
    tag = take(&reader, &content);
    *until = time_of(tag, content);
    return *from != 0 && *until != 0 ? 0 : -1;
}

int certificate_validity(struct slice pem, int64_t *from, int64_t *until)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const unsigned char *at = pem.length > 0 ? memmem(pem.data, pem.length, begin, sizeof begin - 1) : NULL, *end;
    unsigned char der[DER_BYTES];
    size_t length, left;

    if (at == NULL)
        return -1;
    at += sizeof begin - 1;
    left = pem.length - (size_t)(at - pem.data);
    end = memmem(at, left, "-----END", 8);
    if (end == NULL)
        return -1;
    if (sodium_base642bin(der, sizeof der, (const char *)at, (size_t)(end - at), " \r\n\t", &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return -1;
    return validity_der((struct slice){der, length}, from, until);
}

int64_t certificate_expires(struct slice pem)
{
    int64_t from, until;

    return certificate_validity(pem, &from, &until) == 0 ? until : 0;
}

int64_t certificate_renews(int64_t until, int64_t made)
{
    return made < until ? until - (until - made) / 3 : until;
}

bool certificate_due(struct slice pem, int64_t until, int64_t made, int64_t now)
{
    int64_t from, ends;

    if (until == 0 || certificate_validity(pem, &from, &ends) < 0)
        return false;
    return now < from || now >= certificate_renews(until, made);
}
