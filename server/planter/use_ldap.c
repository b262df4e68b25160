/* SPDX-License-Identifier: ISC */
#include <lber.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/planter/use.h"

#define BIND_REQUEST 0x60
#define BIND_RESPONSE 0x61
#define EXTENDED_REQUEST 0x77
#define EXTENDED_RESPONSE 0x78
#define SEARCH_REQUEST 0x63
#define SEARCH_ENTRY 0x64
#define SEARCH_DONE 0x65
#define PRESENT 0x87
#define SIMPLE 0x80
#define EXTENDED_NAME 0x80
#define START_TLS "1.3.6.1.4.1.1466.20037"
#define NAME 1024

static int send_ber(struct door *door, BerElement *message, struct error *error)
{
    struct berval bytes;
    int result = -1;

    if (ber_flatten2(message, &bytes, 0) < 0)
        error_set(error, "the request does not fit");
    else
        result = door_write(door, (struct slice){(unsigned char *)bytes.bv_val, bytes.bv_len}, error);
    return result;
}

/* The bytes of the first whole message in the input, 0 while it is not there, -1 when it is none. */
static ssize_t whole_message(struct slice input)
{
    size_t length, head = 2;

    if (input.length < 2)
        return 0;
    if (input.data[0] != 0x30)
        return -1;
    length = input.data[1];
    if (length >= 0x80) {
        size_t bytes = length & 0x7f;

        if (bytes == 0 || bytes > 3)
            return -1;
        if (input.length < 2 + bytes)
            return 0;
        for (length = 0; head < 2 + bytes; head++)
            length = length << 8 | input.data[head];
    }
    return input.length < head + length ? 0 : (ssize_t)(head + length);
}

/* The next message, to be freed; NULL when none comes. */
static BerElement *read_message(struct door *door, struct error *error)
{
    BerElement *message = NULL;
    struct berval bytes;
    ssize_t whole;
    int got = 1;

    while ((whole = whole_message(buffer_slice(&door->input))) == 0 && got == 1)
        got = door_read(door, error);
    if (got >= 0 && whole <= 0)
        error_set(error, "what answers is no directory");
    if (got < 0 || whole <= 0)
        return NULL;
    bytes = (struct berval){(ber_len_t)whole, (char *)door->input.data};
    message = ber_init(&bytes);
    buffer_consume(&door->input, (size_t)whole);
    if (message == NULL)
        error_set(error, "out of memory");
    return message;
}

/* Reads a response with that tag: its result code, or -1. */
static int read_result(struct door *door, ber_tag_t tag, struct error *error)
{
    BerElement *message = read_message(door, error);
    ber_int_t id = 0, code = -1;

    if (message == NULL)
        return -1;
    if (ber_scanf(message, "{it{e", &id, &tag, &code) == LBER_ERROR || code < 0)
        code = error_set(error, "what answers is no directory");
    ber_free(message, 1);
    return (int)code;
}

int use_ldap_starttls(struct door *door, struct error *error)
{
    BerElement *message = ber_alloc_t(LBER_USE_DER);
    int code = -1;

    if (message == NULL || ber_printf(message, "{it{ts}}", 1, EXTENDED_REQUEST, EXTENDED_NAME, START_TLS) < 0)
        error_set(error, "out of memory");
    else if (send_ber(door, message, error) == 0)
        code = read_result(door, EXTENDED_RESPONSE, error);
    ber_free(message, 1);
    if (code > 0)
        return error_set(error, "StartTLS was refused: LDAP result %d", code);
    return code;
}

int use_ldap_anonymous(struct door *door, char answered[80], struct error *error)
{
    BerElement *message = ber_alloc_t(LBER_USE_DER);
    ber_tag_t tag = 0;
    ber_int_t id = 0;

    if (message == NULL ||
        ber_printf(message, "{it{seeiibts{}}}", 1, SEARCH_REQUEST, "", 0, 0, 0, 0, 0, PRESENT, "objectClass") < 0)
        error_set(error, "out of memory");
    else if (send_ber(door, message, error) == 0) {
        ber_free(message, 1);
        message = read_message(door, error);
        if (message != NULL && (ber_scanf(message, "{it", &id, &tag) == LBER_ERROR ||
                                (tag != SEARCH_ENTRY && tag != SEARCH_DONE)))
            error_set(error, "what answers is no directory");
        else if (message != NULL)
            snprintf(answered, 80, "%s", tag == SEARCH_ENTRY ? "its root entry" : "no root entry");
    }
    ber_free(message, 1);
    return answered[0] != '\0' ? 0 : -1;
}

/* A DN as it is; else uid=IDENTITY below the domain's people, RFC 4514. */
static void bind_name(const struct use *use, struct buffer *name)
{
    const char *part = use->domain;

    if (strchr(use->identity, '=') != NULL) {
        buffer_add_text(name, use->identity);
        return;
    }
    buffer_add_text(name, "uid=");
    for (const char *c = use->identity; *c != '\0'; c++) {
        if (strchr(",+\"\\<>;=#", *c) != NULL)
            buffer_add_char(name, '\\');
        buffer_add_char(name, *c);
    }
    buffer_add_text(name, ",ou=people");
    for (size_t length; *part != '\0'; part += length + (part[length] == '.')) {
        length = strcspn(part, ".");
        buffer_add_format(name, ",dc=%.*s", (int)length, part);
    }
}

static const char *result_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {{0, "success"},  {1, "operationsError"}, {2, "protocolError"},       {8, "strongerAuthRequired"},
                 {13, "confidentialityRequired"},         {32, "noSuchObject"},       {34, "invalidDNSyntax"},
                 {49, "invalidCredentials"},              {50, "insufficientAccess"}, {51, "busy"},
                 {52, "unavailable"},                     {53, "unwillingToPerform"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    return "";
}

int use_ldap(struct door *door, const struct use *use, char answered[80], struct error *error)
{
    BerElement *message = ber_alloc_t(LBER_USE_DER);
    struct buffer name;
    struct berval flat;
    int code = -1;

    buffer_init(&name, NAME + 8 * strlen(use->identity));
    bind_name(use, &name);
    if (message == NULL || name.failed ||
        ber_printf(message, "{it{ioto}}", 2, BIND_REQUEST, 3, name.data, (ber_len_t)name.length, SIMPLE,
                   use->secret.data, (ber_len_t)use->secret.length) < 0)
        error_set(error, "out of memory");
    else if (send_ber(door, message, error) == 0)
        code = read_result(door, BIND_RESPONSE, error);
    if (message != NULL && ber_flatten2(message, &flat, 0) >= 0)
        sodium_memzero(flat.bv_val, flat.bv_len);
    ber_free(message, 1);
    buffer_free(&name);
    if (code >= 0)
        snprintf(answered, 80, "%d %s", code, result_name(code));
    return code < 0 ? -1 : 0;
}
