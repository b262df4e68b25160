/* SPDX-License-Identifier: ISC */
#include "server/sensor/credential.h"

#include <string.h>
#include "server/base/channel.h"
#include "server/base/unzeroed.h"
#include "server/sensor/proof.h"

#define STORE (256 * 1024)
#define WHERE 255 /* bytes; longer ones do not pass the wire */
/* What a datagram has left beside the context and the fixed fields, names and addresses of an observation. */
#define DATAGRAM (CHANNEL_MESSAGE - OBSERVATION_CONTEXT - 2048)
#define TELLING 8 /* bytes of a secret that do not stand in a text by chance */
#define SHORT 256
#define FEW 16   /* candidates of one request that are sorted by moving them one by one */
#define FIXED 10 /* of one candidate: part, pair, two lengths */

void credentials_init(struct credentials *credentials)
{
    buffer_init(&credentials->bytes, STORE);
    buffer_init(&credentials->scratch, STORE);
    credentials->count = 0;
    credentials->pairs = credentials->login = 0;
    credentials->overflowed = false;
}

void credentials_free(struct credentials *credentials)
{
    buffer_free(&credentials->bytes);
    buffer_free(&credentials->scratch);
    credentials->count = 0;
}

void credentials_clear(struct credentials *credentials)
{
    buffer_clear(&credentials->bytes);
    credentials->count = 0;
    credentials->pairs = credentials->login = 0;
    credentials->overflowed = false;
}

uint8_t credentials_pair(struct credentials *credentials)
{
    if (credentials->pairs == UINT8_MAX) {
        credentials->overflowed = true;
        return 0;
    }
    return ++credentials->pairs;
}

static struct slice part_of(const struct credentials *credentials, uint32_t at, uint32_t length)
{
    return (struct slice){credentials->bytes.data + at, length};
}

static struct slice value_of(const struct credentials *credentials, size_t i)
{
    return part_of(credentials, credentials->items[i].value, credentials->items[i].value_length);
}

static struct slice cut(struct slice value)
{
    if (value.length > OBSERVATION_CANDIDATE_BYTES)
        value.length = OBSERVATION_CANDIDATE_BYTES;
    return value;
}

/* A value in a pair is a double only within that pair; one on its own, if it is there in any way that covers it. */
static bool is_double(struct credentials *credentials, enum candidate_part part, uint8_t pair, uint8_t rank,
                      struct slice value)
{
    for (size_t i = 0; i < credentials->count; i++) {
        if (credentials->items[i].value_length != value.length ||
            (credentials->items[i].part & (unsigned)part) != (unsigned)part ||
            (pair != 0 && credentials->items[i].pair != pair) || !slice_equal(value_of(credentials, i), value))
            continue;
        if (rank < credentials->items[i].rank)
            credentials->items[i].rank = rank;
        return true;
    }
    return false;
}

bool credentials_hold(const struct credentials *credentials, enum candidate_part part, struct slice value)
{
    for (size_t i = 0; i < credentials->count; i++)
        if (credentials->items[i].part == (unsigned)part && slice_equal(value_of(credentials, i), value))
            return true;
    return false;
}

/* The place for one more: when all are taken, that of the unlikeliest, if that is less likely than this. */
static size_t find_place(struct credentials *credentials, uint8_t rank)
{
    size_t worst = 0;

    if (credentials->count < OBSERVATION_CANDIDATES)
        return credentials->count++;
    credentials->overflowed = true;
    for (size_t i = 1; i < OBSERVATION_CANDIDATES; i++)
        if (credentials->items[i].rank >= credentials->items[worst].rank)
            worst = i;
    return credentials->items[worst].rank > rank ? worst : OBSERVATION_CANDIDATES;
}

void credentials_add(struct credentials *credentials, enum candidate_part part, uint8_t pair, uint8_t rank,
                     const char *where, struct slice value)
{
    struct buffer *bytes = &credentials->bytes;
    size_t where_length = strnlen(where, WHERE), place;

    value = cut(value);
    if (value.length == 0 || is_double(credentials, part, pair, rank, value))
        return;
    if (buffer_reserve(bytes, where_length + value.length) == NULL) {
        bytes->failed = false;
        credentials->overflowed = true;
        return;
    }
    place = find_place(credentials, rank);
    if (place == OBSERVATION_CANDIDATES)
        return;
    credentials->items[place].part = (uint8_t)part;
    credentials->items[place].pair = pair;
    credentials->items[place].rank = rank;
    credentials->items[place].where = (uint32_t)bytes->length;
    credentials->items[place].where_length = (uint32_t)where_length;
    buffer_add(bytes, where, where_length);
    credentials->items[place].value = (uint32_t)bytes->length;
    credentials->items[place].value_length = (uint32_t)value.length;
    buffer_add_slice(bytes, value);
    if ((part & CANDIDATE_SECRET) != 0)
        proof_add_jwt(credentials, rank, where, value);
}

/* ---- logins ---- */

uint8_t credentials_pair_of(const struct credentials *credentials, struct slice identity, struct slice secret)
{
    for (size_t i = 0; i + 1 < credentials->count; i++)
        if (credentials->items[i].pair != 0 && credentials->items[i].pair == credentials->items[i + 1].pair &&
            slice_equal(value_of(credentials, i), identity) && slice_equal(value_of(credentials, i + 1), secret))
            return credentials->items[i].pair;
    return 0;
}

static void add_login(struct credentials *credentials, uint8_t rank, const char *where, struct slice identity,
                      struct slice secret)
{
    uint8_t pair;

    identity = cut(identity);
    secret = cut(secret);
    if (credentials_pair_of(credentials, identity, secret) != 0)
        return;
    pair = identity.length > 0 && secret.length > 0 ? credentials_pair(credentials) : 0;
    credentials_add(credentials, CANDIDATE_IDENTITY, pair, rank, where, identity);
    credentials_add(credentials, CANDIDATE_SECRET, pair, rank, where, secret);
}

static int undo_charset(struct slice in, struct buffer *out)
{
    return decode_charset(cut(in), out);
}

static int undo_copying(struct slice in, struct buffer *out)
{
    struct slice bare = decode_bare(cut(in));

    if (decode_percent(bare, false, out) == 0)
        return 0;
    buffer_clear(out);
    return bare.length == in.length || bare.length == 0 ? -1 : buffer_add_slice(out, bare);
}

void credentials_add_login(struct credentials *credentials, uint8_t rank, const char *where, struct slice identity,
                           struct slice secret)
{
    static int (*const ways[])(struct slice in, struct buffer *out) = {undo_charset, undo_copying};
    struct buffer other_identity, other_secret;

    add_login(credentials, rank, where, identity, secret);
    buffer_init(&other_identity, STORE);
    buffer_init(&other_secret, STORE);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        bool first = ways[i](identity, &other_identity) == 0, second = ways[i](secret, &other_secret) == 0;

        if (first || second)
            add_login(credentials, rank < UINT8_MAX ? rank + 1 : rank, where,
                      first ? buffer_slice(&other_identity) : identity, second ? buffer_slice(&other_secret) : secret);
        buffer_clear(&other_identity);
        buffer_clear(&other_secret);
    }
    buffer_free(&other_identity);
    buffer_free(&other_secret);
}

/* ---- escapes ---- */

/* Text in some encoding: no control characters but white space. */
static bool looks_like_text(struct slice value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((value.data[i] < 32 && (value.data[i] < 9 || value.data[i] > 13)) || value.data[i] == 127)
            return false;
    return value.length > 0;
}

struct target {
    struct credentials *credentials;
    enum candidate_part part;
    uint8_t pair, rank;
    const char *where;
};

static void add_variant(const struct target *target, struct slice value, struct slice original)
{
    if (!slice_equal(value, original))
        credentials_add(target->credentials, target->part, target->pair, target->rank, target->where, value);
}

/* What decodes by chance is seldom UTF-8: each form field would be looked up twice. */
static void add_base64(const struct target *target, struct slice value, struct buffer *scratch)
{
    struct slice text;
    const unsigned char *colon;

    buffer_clear(scratch);
    if (value.length < 4 || decode_base64(value, scratch) < 0 || !looks_like_text(buffer_slice(scratch)))
        return;
    text = buffer_slice(scratch);
    colon = memchr(text.data, ':', text.length);
    if (colon != NULL) {
        size_t at = (size_t)(colon - text.data);

        credentials_add_login(target->credentials, target->rank, target->where, (struct slice){text.data, at},
                              (struct slice){colon + 1, text.length - at - 1});
    }
    if (text_is_utf8(text))
        add_variant(target, text, value);
}

void credentials_add_decoded(struct credentials *credentials, enum candidate_part part, uint8_t pair, uint8_t rank,
                             const char *where, struct slice value)
{
    struct target target = {credentials, part, pair, rank < UINT8_MAX ? rank + 1 : rank, where};
    struct buffer *scratch = &credentials->scratch;

    credentials_add(credentials, part, pair, rank, where, value);
    value = cut(value);
    if (value.length == 0)
        return;
    if (decode_percent(value, false, scratch) == 0)
        add_variant(&target, buffer_slice(scratch), value);
    buffer_clear(scratch);
    if (memchr(value.data, '+', value.length) != NULL && decode_percent(value, true, scratch) == 0)
        add_variant(&target, buffer_slice(scratch), value);
    buffer_clear(scratch);
    if (decode_json_string(value, scratch) == 0)
        add_variant(&target, buffer_slice(scratch), value);
    buffer_clear(scratch);
    if (decode_charset(value, scratch) == 0)
        add_variant(&target, buffer_slice(scratch), value);
    add_variant(&target, decode_bare(value), value);
    add_base64(&target, value, scratch);
    buffer_clear(scratch);
}

/* ---- the observation ---- */

/* In short texts, going from one first byte to the next beats memmem()'s preparations. value is not empty. */
static const unsigned char *find_in(struct slice text, struct slice value)
{
    const unsigned char *at = text.data, *last;

    if (value.length > text.length)
        return NULL;
    if (text.length > SHORT)
        return memmem(text.data, text.length, value.data, value.length);
    last = text.data + text.length - value.length;
    while (at <= last && (at = memchr(at, value.data[0], (size_t)(last - at) + 1)) != NULL) {
        if (memcmp(at, value.data, value.length) == 0)
            return at;
        at++;
    }
    return NULL;
}

static void find_all(struct slice text, struct slice value, bool *where)
{
    const unsigned char *at, *start = text.data;

    while ((at = find_in(text, value)) != NULL) {
        memset(where + (at - start), true, value.length);
        text = slice_behind(text, (size_t)(at - text.data) + 1);
    }
}

bool credentials_within(const struct credentials *credentials, struct slice text, bool *where)
{
    size_t count = text.length < TELLING ? 0 : credentials->count;
    bool within = false;

    for (size_t i = 0; i < count && (where != NULL || !within); i++) {
        struct slice value = value_of(credentials, i);

        if ((credentials->items[i].part & CANDIDATE_SECRET) == 0 || value.length < TELLING ||
            find_in(text, value) == NULL)
            continue;
        within = true;
        if (where != NULL)
            find_all(text, value, where);
    }
    return within;
}

/* Positions of the items, likeliest first, equals in the order they came. For few. */
static void sort_few(const struct credentials *credentials, uint16_t order[OBSERVATION_CANDIDATES])
{
    for (size_t i = 0; i < credentials->count; i++) {
        size_t at = i;

        for (; at > 0 && credentials->items[order[at - 1]].rank > credentials->items[i].rank; at--)
            order[at] = order[at - 1];
        order[at] = (uint16_t)i;
    }
}

/* The same for any number. */
static void sort_many(const struct credentials *credentials, uint16_t order[OBSERVATION_CANDIDATES])
{
    uint16_t starts[UINT8_MAX + 2] = {0};

    for (size_t i = 0; i < credentials->count; i++)
        starts[credentials->items[i].rank + 1]++;
    for (size_t rank = 1; rank <= UINT8_MAX; rank++)
        starts[rank] = (uint16_t)(starts[rank] + starts[rank - 1]);
    for (size_t i = 0; i < credentials->count; i++)
        order[starts[credentials->items[i].rank]++] = (uint16_t)i;
}

void credentials_list(const struct credentials *credentials, struct observation *observation)
{
    UNZEROED uint16_t order[OBSERVATION_CANDIDATES];
    size_t left = DATAGRAM;

    observation->candidate_count = 0;
    observation->login = credentials->login;
    if (credentials->count == 0)
        return;
    if (credentials->count <= FEW)
        sort_few(credentials, order);
    else
        sort_many(credentials, order);
    for (size_t i = 0; i < credentials->count; i++) {
        size_t at = order[i];
        size_t size = FIXED + credentials->items[at].where_length + credentials->items[at].value_length;

        if (size > left)
            continue;
        left -= size;
        observation->candidates[observation->candidate_count++] = (struct candidate){
            .part = credentials->items[at].part,
            .pair = credentials->items[at].pair,
            .where = part_of(credentials, credentials->items[at].where, credentials->items[at].where_length),
            .value = value_of(credentials, at),
        };
    }
}
