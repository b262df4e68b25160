/* SPDX-License-Identifier: ISC */
#include "server/sensor/proof.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define START "eyJ" /* base64 of {" */
#define LEAST 32
#define MOST 8192

static struct slice before_dot(struct slice *rest)
{
    const unsigned char *dot = memchr(rest->data, '.', rest->length);
    struct slice part = *rest;

    if (dot == NULL)
        return SLICE_NONE;
    part.length = (size_t)(dot - rest->data);
    rest->data += part.length + 1;
    rest->length -= part.length + 1;
    return part;
}

static json_t *decode_object(struct slice part)
{
    struct buffer text;
    json_t *object = NULL;

    buffer_init(&text, MOST);
    if (decode_base64(part, &text) == 0)
        object = json_loadb((const char *)text.data, text.length, 0, NULL);
    buffer_free(&text);
    return object;
}

uint8_t proof_add(struct credentials *credentials, uint8_t rank, const char *where, const struct transcript *transcript)
{
    struct buffer packed;
    uint8_t pair = 0;

    buffer_init(&packed, OBSERVATION_CANDIDATE_BYTES);
    if (transcript_add(&packed, transcript) == 0 &&
        !credentials_hold(credentials, CANDIDATE_PROOF, buffer_slice(&packed)))
        pair = credentials_pair(credentials);
    if (pair != 0)
        credentials_add(credentials, CANDIDATE_PROOF, pair, rank, where, buffer_slice(&packed));
    buffer_free(&packed);
    return pair;
}

static void add_signers(struct credentials *credentials, uint8_t pair, uint8_t rank, const char *where,
                        const json_t *header, const json_t *claims)
{
    static const char *const names[] = {"iss", "sub", "client_id", "azp"};
    const json_t *key = json_object_get(header, "kid");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *name = json_object_get(claims, names[i]);

        if (json_is_string(name))
            credentials_add(credentials, CANDIDATE_IDENTITY, pair, rank, where,
                            (struct slice){(const unsigned char *)json_string_value(name), json_string_length(name)});
    }
    if (json_is_string(key))
        credentials_add(credentials, CANDIDATE_IDENTITY, pair, rank, where,
                        (struct slice){(const unsigned char *)json_string_value(key), json_string_length(key)});
}

static void add_signed(struct credentials *credentials, uint8_t rank, const char *where, const struct slice parts[3],
                       struct slice input)
{
    json_t *header = decode_object(parts[0]), *claims = decode_object(parts[1]);
    struct slice algorithm = slice_of(json_string_value(json_object_get(header, "alg")));
    struct transcript transcript = {PROOF_JWT, {algorithm, input}, 3};
    struct buffer signature;
    uint8_t pair = 0;

    buffer_init(&signature, MOST);
    if (algorithm.length > 0 && algorithm.length < 16 && decode_base64(parts[2], &signature) == 0) {
        if (algorithm.length == 5 && memcmp(algorithm.data, "HS", 2) == 0)
            transcript.number = PROOF_HS256;
        transcript.fields[2] = buffer_slice(&signature);
        pair = proof_add(credentials, rank, where, &transcript);
    }
    if (pair != 0)
        add_signers(credentials, pair, rank, where, header, claims);
    buffer_free(&signature);
    json_decref(header);
    json_decref(claims);
}

void proof_add_jwt(struct credentials *credentials, uint8_t rank, const char *where, struct slice value)
{
    struct slice rest = value, parts[3];

    if (value.length < LEAST || value.length > MOST || memcmp(value.data, START, sizeof START - 1) != 0)
        return;
    parts[0] = before_dot(&rest);
    parts[1] = before_dot(&rest);
    parts[2] = rest;
    if (parts[0].length == 0 || parts[1].length == 0 || parts[2].length == 0 ||
        memchr(rest.data, '.', rest.length) != NULL)
        return;
    add_signed(credentials, rank, where, parts, (struct slice){value.data, parts[0].length + 1 + parts[1].length});
}
