/* SPDX-License-Identifier: ISC
 *
 * LDAP messages (RFC 4511) on liblber, read and written byte for byte as OpenLDAP's slapd 2.5 does. */
#ifndef SENSOR_LDAP_MESSAGE_H
#define SENSOR_LDAP_MESSAGE_H

#include <lber.h>
#include "server/base/buffer.h"

#define LDAP_LARGEST 262143 /* slapd's sockbuf_max_incoming: what a client without a bind may send at once */

enum ldap_operation {
    LDAP_BIND = 0x60,
    LDAP_BIND_ANSWER = 0x61,
    LDAP_UNBIND = 0x42,
    LDAP_SEARCH = 0x63,
    LDAP_SEARCH_ENTRY = 0x64,
    LDAP_SEARCH_ANSWER = 0x65,
    LDAP_SEARCH_REFERENCE = 0x73,
    LDAP_MODIFY = 0x66,
    LDAP_ADD = 0x68,
    LDAP_DELETE = 0x4a,
    LDAP_RENAME = 0x6c,
    LDAP_COMPARE = 0x6e,
    LDAP_ABANDON = 0x50,
    LDAP_EXTENDED = 0x77,
    LDAP_EXTENDED_ANSWER = 0x78,
    LDAP_NO_ANSWER = 0x30, /* what slapd puts in an answer's place to operations that have none */
};

enum ldap_code {
    LDAP_DONE = 0,
    LDAP_OPERATIONS_ERROR = 1,
    LDAP_PROTOCOL_ERROR = 2,
    LDAP_SIZE_LIMIT = 4,
    LDAP_COMPARE_FALSE = 5,
    LDAP_COMPARE_TRUE = 6,
    LDAP_METHOD_UNSUPPORTED = 7,
    LDAP_STRONGER_AUTH = 8,
    LDAP_REFERRAL = 10,
    LDAP_ADMINISTRATIVE_LIMIT = 11,
    LDAP_CRITICAL_EXTENSION = 12,
    LDAP_SASL_IN_PROGRESS = 14,
    LDAP_NO_ATTRIBUTE = 16,
    LDAP_UNDEFINED_TYPE = 17,
    LDAP_INVALID_SYNTAX = 21,
    LDAP_NO_OBJECT = 32,
    LDAP_INVALID_DN = 34,
    LDAP_INAPPROPRIATE = 48,
    LDAP_INVALID_CREDENTIALS = 49,
    LDAP_NO_ACCESS = 50,
    LDAP_BUSY = 51,
    LDAP_UNAVAILABLE = 52,
    LDAP_UNWILLING = 53,
    LDAP_EXISTS = 68,
    LDAP_OTHER = 80,
    LDAP_NO_CANCEL = 119,
    LDAP_ASSERTION_FAILED = 122,
    LDAP_PROXY_DENIED = 123,
};

/* 1: *length bytes are one message; 0: more must come; -1: no message, or too large: close. Any tag is waited for, as
 * slapd waits, and only then found wrong. */
int ldap_frame(struct slice input, size_t *length);
bool ldap_is_message(struct slice message);
bool ldap_is_bind(struct slice message);

/* The element reads a copy that it may write to; ldap_read_end() wipes it. */
struct ldap_reader {
    BerElement *element;
    unsigned char *copy;
    size_t length;
};

BerElement *ldap_read(struct ldap_reader *reader, struct slice message);
void ldap_read_end(struct ldap_reader *reader);
struct slice ldap_slice(const struct berval *value);

struct ldap_answer {
    int code;
    struct slice matched;
    const char *text;
    const char *control; /* OID of a control in the answer, or NULL */
    struct slice value;  /* its */
    const struct buffer *challenge; /* SASL credentials of the server's, or NULL */
    const struct slice *urls;       /* where else to ask */
    size_t url_count;
};

/* Adds a result to `out`. 0 or -1. */
int ldap_result(struct buffer *out, ber_int_t id, ber_tag_t tag, const struct ldap_answer *answer);
/* A continuation reference (RFC 4511, 4.5.3). */
int ldap_reference(struct buffer *out, ber_int_t id, const struct slice *urls, size_t count);
/* As ldap_result() for an extended answer; `value` NULL: none. */
int ldap_extended(struct buffer *out, ber_int_t id, int code, const char *text, const struct berval *value);
/* The notice of disconnection (RFC 4511, 4.4.1). */
int ldap_notice(struct buffer *out, int code, const char *text);
/* Adds the message to `out` and frees the element, made by ber_alloc_t(LBER_USE_DER). `failed`: some ber_printf did
 * not succeed. */
int ldap_write(BerElement *element, bool failed, struct buffer *out);
/* The tag of the answer to an operation; 0 where there is none. */
ber_tag_t ldap_answer(ber_tag_t operation);

#endif
