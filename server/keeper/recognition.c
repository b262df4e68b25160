/* SPDX-License-Identifier: ISC
 *
 * The part of recognise.h that looks at nothing: grades, distances, and how matches stand in a row. */
#include <string.h>
#include "server/keeper/recognise.h"

const char *grade_name(enum grade grade)
{
    static const char *const names[] = {
        [GRADE_NOISE] = "noise",
        [GRADE_IDENTITY] = "identity",
        [GRADE_KEY_OFFERED] = "key-offered",
        [GRADE_SECRET_ELSEWHERE] = "secret-elsewhere",
        [GRADE_SECRET] = "secret",
        [GRADE_BEACON] = "beacon",
    };

    return names[grade];
}

int grade_rank(enum grade grade)
{
    static const int ranks[] = {
        [GRADE_NOISE] = 0,       [GRADE_BEACON] = 1,           [GRADE_IDENTITY] = 2,
        [GRADE_KEY_OFFERED] = 3, [GRADE_SECRET_ELSEWHERE] = 4, [GRADE_SECRET] = 5,
    };

    return ranks[grade];
}

/* Myers' bit-vector algorithm (1999): one 64-bit column per byte of `b`. */
unsigned edit_distance(struct slice a, struct slice b)
{
    uint64_t masks[256] = {0}, positive = ~0ull, negative = 0, last, x, horizontal, mismatch;
    size_t beyond_a = a.length > RECOGNISE_DISTANCE ? a.length - RECOGNISE_DISTANCE : 0;
    size_t beyond_b = b.length > RECOGNISE_DISTANCE ? b.length - RECOGNISE_DISTANCE : 0;
    size_t i, distance;

    a.length -= beyond_a;
    b.length -= beyond_b;
    distance = a.length;
    if (a.length == 0)
        return (unsigned)(b.length + beyond_b);
    for (i = 0; i < a.length; i++)
        masks[a.data[i]] |= 1ull << i;
    last = 1ull << (a.length - 1);
    for (i = 0; i < b.length; i++) {
        x = masks[b.data[i]] | negative;
        mismatch = (((x & positive) + positive) ^ positive) | x;
        horizontal = negative | ~(mismatch | positive);
        x = positive & mismatch;
        distance += (horizontal & last) != 0;
        distance -= (x & last) != 0;
        horizontal = horizontal << 1 | 1;
        positive = x << 1 | ~(mismatch | horizontal);
        negative = horizontal & mismatch;
    }
    return (unsigned)(distance + (beyond_a > beyond_b ? beyond_a - beyond_b : beyond_b - beyond_a));
}

void recognition_pack(const struct recognition *recognition, unsigned char out[MATCHED_BYTES])
{
    size_t i;

    memset(out, 0, MATCHED_BYTES);
    for (i = 0; i < recognition->count; i++) {
        const struct match *match = &recognition->matches[i];
        unsigned char *to = out + i * MATCH_BYTES;
        int k;

        for (k = 0; k < 8; k++)
            to[k] = (unsigned char)((uint64_t)match->token >> (56 - 8 * k));
        to[8] = match->grade;
        to[9] = match->part;
        to[10] = match->candidate;
        to[11] = match->reasons;
        to[12] = (unsigned char)(match->distance >> 8);
        to[13] = (unsigned char)match->distance;
        to[14] = (unsigned char)(match->length >> 8);
        to[15] = (unsigned char)match->length;
    }
}

size_t recognition_unpack(struct slice packed, struct match matches[MATCHES])
{
    struct reader reader = reader_of(packed);
    size_t count = 0;

    if (packed.length != MATCHED_BYTES)
        return 0;
    while (count < MATCHES) {
        struct match *match = &matches[count];

        match->token = (int64_t)reader_u64(&reader);
        match->grade = reader_u8(&reader);
        match->part = reader_u8(&reader);
        match->candidate = reader_u8(&reader);
        match->reasons = reader_u8(&reader);
        match->distance = reader_u16(&reader);
        match->length = reader_u16(&reader);
        if (match->token == 0 || match->grade == GRADE_NOISE || match->grade > GRADE_BEACON)
            break;
        count++;
    }
    return count;
}
