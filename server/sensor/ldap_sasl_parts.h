/* SPDX-License-Identifier: ISC
 *
 * Clients' messages of SASL mechanisms, taken apart as Cyrus SASL 2.1.28 does it. All slices point into the message. */
#ifndef SENSOR_LDAP_SASL_PARTS_H
#define SENSOR_LDAP_SASL_PARTS_H

#include <stdbool.h>
#include "server/base/buffer.h"

bool sasl_starts(struct slice text, const char *start);

/* CRAM-MD5 (RFC 2195): what stands before the last space; empty: there is no name. */
struct slice sasl_cram_name(struct slice message);

/* DIGEST-MD5 (RFC 2831, section 2.1.2). data NULL: not told. */
struct sasl_digest {
    struct slice username, realm, nonce, cnonce, uri, response;
    unsigned count;
};

enum sasl_digest_result { SASL_DIGEST_SOUND, SASL_DIGEST_BROKEN, SASL_DIGEST_NONCE, SASL_DIGEST_COUNT, SASL_DIGEST_CHARSET };

/* nonce: the challenge's. */
enum sasl_digest_result sasl_digest_read(struct slice message, struct slice nonce, struct sasl_digest *digest);

/* SCRAM's first message (RFC 5802, section 7), names still escaped. */
struct sasl_scram {
    struct slice authorisation, name;
};

enum sasl_scram_result {
    SASL_SCRAM_SOUND,
    SASL_SCRAM_SHORT,
    SASL_SCRAM_NULS,
    SASL_SCRAM_FLAG,
    SASL_SCRAM_BINDING,
    SASL_SCRAM_UNENDED,
    SASL_SCRAM_COMMA,
    SASL_SCRAM_EXTENSION,
    SASL_SCRAM_NO_NAME,
    SASL_SCRAM_NO_NONCE,
    SASL_SCRAM_ESCAPE,
    SASL_SCRAM_AUTHORISATION,
};

enum sasl_scram_result sasl_scram_read(struct slice message, struct sasl_scram *scram);

/* NTLM ([MS-NLMP] 2.2.1): the challenge to a NEGOTIATE message. -1: it is none. */
int sasl_ntlm_challenge(struct slice message, const char *host, struct buffer *challenge);

enum sasl_ntlm_result { SASL_NTLM_SOUND, SASL_NTLM_NONE, SASL_NTLM_BROKEN, SASL_NTLM_EMPTY };

/* The name in an AUTHENTICATE message is added to `name` in UTF-8. */
enum sasl_ntlm_result sasl_ntlm_read(struct slice message, struct buffer *name);

/* PLAIN (RFC 4616): what stands between the NULs; returns how many there are, 4 for more than three. */
size_t sasl_plain_parts(struct slice message, struct slice parts[3]);

#endif
