/* SPDX-License-Identifier: ISC
 *
 * Named values of a form, a query, a JSON text, headers: which of them are identities and secrets, and which belong
 * together. */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include "server/base/buffer.h"
#include "server/sensor/credential.h"
#include "server/sensor/http/site.h"
#include "server/sensor/http/unpack_body.h"

#define FIELDS 64
/* Shorter values without an identity are not worth a look-up. */
#define FIELD_LEAST 6
/* Values of one request that are looked at: a flood must neither take the sensor's time nor hide a named secret. */
#define FIELD_VALUES 512

struct field {
    struct slice name, value;
};

/* Where things found in one request go; one for a whole sensor, so that requests allocate nothing. */
struct extract {
    const struct site *site;        /* may be NULL */
    const struct site_route *route; /* may be NULL */
    struct credentials *to;
    struct buffer scratch; /* decoded bytes that fields point to; never moves while they do */
    struct unpacked unpacked;
    struct field fields[FIELDS];
    size_t count;
    size_t named, unnamed; /* values that may still be looked at: under a name that says secret, and others */
};

/* Values that the site handed out itself and short ones are left out of all of these. Of a longer text what in it looks
 * like a token is added, too. */
void field_value(struct extract *extract, enum candidate_part part, uint8_t rank, const char *where,
                 struct slice value);
/* What looks like a token, of at least so many bytes, in a text: a URL, a query, a sentence. */
void field_runs(struct extract *extract, uint8_t rank, const char *where, struct slice value, size_t least);
/* Is there anything in the text that looks like a token, of at least so many bytes? */
bool field_tokenlike(struct slice value, size_t least);
/* A login of which the secret may be empty. */
void field_login(struct extract *extract, uint8_t rank, const char *where, struct slice identity, struct slice secret);
/* Collects a field; a full set is taken first. */
void field_add(struct extract *extract, uint8_t rank, const char *where, struct slice name, struct slice value);
/* Takes all that were collected: the route's own pair first, then pairs by the names, then each value. */
void field_take(struct extract *extract, uint8_t rank, const char *where);
/* Percent-decoded into scratch, or the slice itself where nothing was to decode or there is no room. */
struct slice field_percent(struct extract *extract, struct slice raw, bool plus_is_space);
struct slice field_json(struct extract *extract, struct slice raw);
struct slice field_xml(struct extract *extract, struct slice raw);
/* What the name of a field, header or parameter says: CANDIDATE_IDENTITY, CANDIDATE_SECRET or CANDIDATE_EITHER. */
enum candidate_part field_part(struct slice name);

#endif
