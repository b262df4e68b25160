/* SPDX-License-Identifier: ISC
 *
 * Clients' messages of SASL mechanisms, taken apart as Cyrus SASL 2.1.28 does it. All slices point into the message. */
#ifndef SENSOR_LDAP_SASL_PARTS_H
#define SENSOR_LDAP_SASL_PARTS_H

#include <stdbool.h>
#include <string.h>
#include "server/base/buffer.h"

static inline struct slice sasl_from(struct slice text, size_t at)
{
    at = at < text.length ? at : text.length;
    return (struct slice){text.data + at, text.length - at};
}

static inline struct slice sasl_before(struct slice text, size_t length)
{
    text.length = length < text.length ? length : text.length;
    return text;
}

/* -1 behind the end. */
static inline int sasl_at(struct slice text, size_t index)
{
    return index < text.length ? text.data[index] : -1;
}

/* Where the byte stands; text.length: nowhere. */
static inline size_t sasl_find(struct slice text, int byte)
{
    const unsigned char *found = text.length == 0 ? NULL : memchr(text.data, byte, text.length);

    return found == NULL ? text.length : (size_t)(found - text.data);
}

bool sasl_starts(struct slice text, const char *start);

/* CRAM-MD5 (RFC 2195): what stands before the last space; empty: there is no name. */
struct slice sasl_cram_name(struct slice message);
/* What stands behind it. */
struct slice sasl_cram_digest(struct slice message);

/* DIGEST-MD5 (RFC 2831, section 2.1.2). data NULL: not told. */
struct sasl_digest {
    struct slice username, realm, nonce, cnonce, uri, response, qop, authzid;
    struct slice nc; /* as it was written */
    unsigned count;
};

enum sasl_digest_result { SASL_DIGEST_SOUND, SASL_DIGEST_BROKEN, SASL_DIGEST_NONCE, SASL_DIGEST_COUNT, SASL_DIGEST_CHARSET };

/* nonce: the challenge's. Values stay escaped. */
enum sasl_digest_result sasl_digest_read(struct slice message, struct slice nonce, struct sasl_digest *digest);
/* Appends a value without its escapes. */
void sasl_digest_unescape(struct slice value, struct buffer *out);

/* NTLM ([MS-NLMP] 2.2.1): the challenge to a NEGOTIATE message. -1: it is none. */
int sasl_ntlm_challenge(struct slice message, const char *host, struct buffer *challenge);
/* The 8 bytes that it asks about. */
struct slice sasl_ntlm_nonce(struct slice challenge);

enum sasl_ntlm_result { SASL_NTLM_SOUND, SASL_NTLM_NONE, SASL_NTLM_BROKEN, SASL_NTLM_EMPTY };

/* What stands in an AUTHENTICATE message. */
struct sasl_ntlm {
    struct slice lan, nt, domain, user;
    bool unicode; /* UTF-16; else bytes */
};

enum sasl_ntlm_result sasl_ntlm_read(struct slice message, struct sasl_ntlm *ntlm);
/* Appends one of its names in UTF-8, or in UTF-16. */
void sasl_ntlm_utf8(const struct sasl_ntlm *ntlm, struct slice name, struct buffer *out);
void sasl_ntlm_utf16(const struct sasl_ntlm *ntlm, struct slice name, struct buffer *out);

/* PLAIN (RFC 4616): what stands between the NULs; returns how many there are, 4 for more than three. */
size_t sasl_plain_parts(struct slice message, struct slice parts[3]);

#endif
