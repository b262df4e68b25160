/* SPDX-License-Identifier: ISC
 *
 * What a request presented: a bounded list of candidates with copies of their bytes, wiped when freed. */
#ifndef SENSOR_CREDENTIAL_H
#define SENSOR_CREDENTIAL_H

#include "server/base/buffer.h"
#include "server/wire/message.h"

struct credentials {
    struct buffer bytes;   /* backing store of the candidates' values and places */
    struct buffer scratch; /* of one call */
    struct {
        uint8_t part, pair, rank; /* rank: 0 likeliest */
        uint32_t where, where_length, value, value_length;
    } items[OBSERVATION_CANDIDATES];
    size_t count;
    uint8_t pairs;   /* pair numbers given out */
    uint8_t login;   /* the pair of the form that a decoy may let in by; 0: none */
    bool overflowed; /* more was presented than fits; the likeliest are kept */
};

void credentials_init(struct credentials *credentials);
void credentials_free(struct credentials *credentials);
void credentials_clear(struct credentials *credentials);
/* A number that ties an identity to its secret. */
uint8_t credentials_pair(struct credentials *credentials);
/* Adds a value as it is; empty values and doubles are left out; long ones are cut to OBSERVATION_CANDIDATE_BYTES. Of a
 * secret that is a signed JWT the signature is added as a proof (proof.h). */
void credentials_add(struct credentials *credentials, enum candidate_part part, uint8_t pair, uint8_t rank,
                     const char *where, struct slice value);
/* Is the value there, in whatever pair? */
bool credentials_hold(const struct credentials *credentials, enum candidate_part part, struct slice value);
/* An identity and its secret as one pair; also with their percent-escapes undone, and without what was copied along. */
void credentials_add_login(struct credentials *credentials, uint8_t rank, const char *where, struct slice identity,
                           struct slice secret);
/* The pair of just these two, or 0. */
uint8_t credentials_pair_of(const struct credentials *credentials, struct slice identity, struct slice secret);
/* Adds the value, and what percent-, base64- (with ':' a login) and JSON-unescaping once make of it where that
 * differs, and what it is without what was copied along. */
void credentials_add_decoded(struct credentials *credentials, enum candidate_part part, uint8_t pair, uint8_t rank,
                             const char *where, struct slice value);
/* Does a presented secret (of at least 8 bytes: shorter ones stand in many texts) stand in the text? `where`, one for
 * each byte of it, may be NULL; else those on which one stands become true. */
bool credentials_within(const struct credentials *credentials, struct slice text, bool *where);
/* Fills observation->candidates, likeliest first, within OBSERVATION_CANDIDATES and one datagram. The slices point
 * into `credentials`. */
void credentials_list(const struct credentials *credentials, struct observation *observation);

/* Decoders, each once, each bounded. They add to `out` (initialised by the caller). -1 where nothing was decoded. */
int decode_percent(struct slice in, bool plus_is_space, struct buffer *out);
int decode_base64(struct slice in, struct buffer *out); /* both alphabets, with or without padding */
int decode_json_string(struct slice in, struct buffer *out);
/* The same text in the other encoding: UTF-8 that fits becomes Latin-1, what is no UTF-8 is taken for Latin-1. */
int decode_charset(struct slice in, struct buffer *out);
/* One character as UTF-8. */
int decode_unicode(unsigned long c, struct buffer *out);
bool text_is_utf8(struct slice in);
/* Without what is copied along: quotes, brackets, a comma or full stop behind, blanks, those of Unicode too. */
struct slice decode_bare(struct slice in);

#endif
