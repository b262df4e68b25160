/* SPDX-License-Identifier: ISC
 *
 * SCRAM's messages from a client (RFC 5802, section 7), taken apart as Cyrus SASL 2.1.28 does it. All slices point into
 * the message. */
#ifndef SENSOR_LDAP_SCRAM_H
#define SENSOR_LDAP_SCRAM_H

#include "server/base/buffer.h"

#define SASL_SCRAM_LONGEST 2048 /* bytes of a message */
#define SASL_SCRAM_ROUNDS 4096
#define SASL_SCRAM_HASH 64 /* bytes of the longest digest */

enum sasl_scram_result {
    SASL_SCRAM_SOUND,
    SASL_SCRAM_LONG,
    SASL_SCRAM_INVALID,
    SASL_SCRAM_NULS,
    /* the first message */
    SASL_SCRAM_FLAG,
    SASL_SCRAM_BINDING,
    SASL_SCRAM_UNENDED,
    SASL_SCRAM_COMMA,
    SASL_SCRAM_EXTENSION,
    SASL_SCRAM_NO_NAME,
    SASL_SCRAM_NO_NONCE,
    SASL_SCRAM_ESCAPE,
    SASL_SCRAM_AUTHORISATION,
    /* the last message */
    SASL_SCRAM_NO_BINDING,
    SASL_SCRAM_ENDS_AT_BINDING,
    SASL_SCRAM_NONCE_MISSING,
    SASL_SCRAM_ENDS_AT_NONCE,
    SASL_SCRAM_NONCE_OTHER,
    SASL_SCRAM_NO_PROOF,
    SASL_SCRAM_MORE,
    SASL_SCRAM_BINDING_CODE,
    SASL_SCRAM_BINDING_OTHER,
    SASL_SCRAM_BINDING_EMPTY,
    SASL_SCRAM_BINDING_TYPE,
    SASL_SCRAM_PROOF_LENGTH,
    SASL_SCRAM_PROOF_CODE,
    SASL_SCRAM_PROOF_SHORT,
};

/* The client-first-message; names are still escaped. */
struct sasl_scram {
    struct slice authorisation, name, nonce;
    struct slice header, bare; /* gs2-header, client-first-message-bare: the message */
};

enum sasl_scram_result sasl_scram_read(struct slice message, struct sasl_scram *scram);
/* Appends a sound message's name without its escapes. */
void sasl_scram_unescape(struct slice name, struct buffer *out);

/* The client-final-message. */
struct sasl_scram_final {
    struct slice without; /* client-final-message-without-proof */
    unsigned char proof[SASL_SCRAM_HASH];
    size_t proof_length;
};

/* header: the first message's; nonce: client's and server's; bytes: of the mechanism's digest. */
enum sasl_scram_result sasl_scram_read_final(struct slice message, struct slice header, struct slice nonce, size_t bytes,
                                             struct sasl_scram_final *final);
/* What Cyrus says before and behind the mechanism's name. With SASL_SCRAM_BINDING_OTHER the header follows and a
 * quotation mark, with SASL_SCRAM_BINDING_TYPE what is between the header's "p=" and its comma. */
void sasl_scram_text(enum sasl_scram_result result, const char *words[2]);

#endif
