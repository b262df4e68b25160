/* SPDX-License-Identifier: ISC
 *
 * seal: tag (16) | plain xor mask (16); plain = random (8), token (8); tag = keyed hash of plain and decoy; mask =
 * keyed hash of tag and decoy. A synthetic IV: nothing in it tells a seal from random bytes. */
#include "server/keeper/grant.h"

#include <sodium.h>
#include <string.h>
#include "server/base/clock.h"

#define HALF (SESSION_SEAL / 2)
#define RANDOM 8

static void hash(const struct keyring *keyring, const char *what, struct slice decoy, const unsigned char half[HALF],
                 unsigned char out[HALF])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, keyring->seal_key, KEYRING_BYTES, HALF);
    crypto_generichash_update(&state, (const unsigned char *)what, strlen(what) + 1);
    crypto_generichash_update(&state, half, HALF);
    crypto_generichash_update(&state, decoy.data, decoy.length);
    crypto_generichash_final(&state, out, HALF);
}

static void mask(const struct keyring *keyring, struct slice decoy, unsigned char seal[SESSION_SEAL])
{
    unsigned char bytes[HALF];

    hash(keyring, "granted session", decoy, seal, bytes);
    for (size_t i = 0; i < HALF; i++)
        seal[HALF + i] ^= bytes[i];
}

void grant_seal(const struct keyring *keyring, struct slice decoy, int64_t token, unsigned char seal[SESSION_SEAL])
{
    randombytes_buf(seal + HALF, RANDOM);
    for (size_t i = 0; i < 8; i++)
        seal[HALF + RANDOM + i] = (unsigned char)((uint64_t)token >> (56 - 8 * i));
    hash(keyring, "granted token", decoy, seal + HALF, seal);
    mask(keyring, decoy, seal);
}

int64_t grant_unseal(const struct keyring *keyring, struct slice decoy, struct slice seal)
{
    unsigned char plain[SESSION_SEAL], tag[HALF];
    uint64_t token = 0;

    if (seal.length != SESSION_SEAL)
        return 0;
    memcpy(plain, seal.data, SESSION_SEAL);
    mask(keyring, decoy, plain);
    hash(keyring, "granted token", decoy, plain + HALF, tag);
    if (sodium_memcmp(tag, plain, HALF) != 0)
        return 0;
    for (size_t i = 0; i < 8; i++)
        token = token << 8 | plain[HALF + RANDOM + i];
    return (int64_t)token;
}

static bool grants(const struct configuration *configuration, struct slice name)
{
    bool does = false;

    for (size_t i = 0; configuration != NULL && !does && i < configuration->decoy_count; i++)
        does = configuration->decoys[i].grant && slice_is(name, configuration->decoys[i].name);
    return does;
}

/* In the form itself, of a token of this decoy. */
static bool is_of_form(const struct observation *observation, const struct match *match)
{
    return observation->login != 0 && observation->candidates[match->candidate].pair == observation->login &&
           (match->reasons & MATCH_OTHER_DECOY) == 0;
}

/* Its secret to the byte, its identity. */
static bool is_let_in(const struct observation *observation, const struct match *match)
{
    struct slice value = observation->candidates[match->candidate].value;

    return match->grade == GRADE_SECRET && match->part == CANDIDATE_SECRET &&
           (match->reasons & (unsigned)~MATCH_DRILL) == 0 && slice_equal(value, normalise_secret(value));
}

/* A retired token's password is one that was changed. 1 with its kind, 0, -1. */
static int read_kind(struct ledger *ledger, int64_t token, char kind[GRANT_KIND], struct error *error)
{
    sqlite3_stmt *statement =
        ledger_statement(ledger, "SELECT kind FROM token WHERE number = ? AND state = 'armed'", error);
    struct slice name;
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, token);
    found = ledger_step(ledger, statement, error);
    if (found != 1)
        return found;
    name = ledger_column(statement, 0);
    if (name.length < GRANT_KIND)
        memcpy(kind, name.data, name.length);
    sqlite3_reset(statement);
    return 1;
}

static void fill(const struct granter *granter, struct slice decoy, int64_t token, const char *kind,
                 struct grant *grant)
{
    memcpy(grant->kind, kind, strlen(kind) + 1);
    grant_seal(granter->keyring, decoy, token, grant->seal);
}

/* A code of the second factor. */
static void take_session(struct granter *granter, const struct observation *observation, size_t candidate, int64_t now,
                         struct recognition *recognition, struct grant *grant)
{
    int64_t token =
        grant_unseal(granter->keyring, observation->decoy, observation->candidates[candidate].value);
    struct match match = {.token = token, .grade = GRADE_SECRET, .part = CANDIDATE_SESSION,
                          .candidate = (uint8_t)candidate, .reasons = MATCH_SESSION};
    bool known = false;

    if (token == 0)
        return;
    for (size_t i = 0; !known && i < recognition->count; i++)
        known = recognition->matches[i].token == token;
    if (!known && recognition->count < MATCHES)
        recognition->matches[recognition->count++] = match;
    lockout_count(&granter->lockout, token, now);
    fill(granter, observation->decoy, token, lockout_holds(&granter->lockout, token, now) ? GRANT_LOCKED : GRANT_SESSION,
         grant);
}

/* The form's login. A locked account says so to whoever names it, as GitLab does. */
static int take_login(struct granter *granter, const struct observation *observation, struct match *match, int64_t now,
                      struct grant *grant, struct error *error)
{
    char kind[GRANT_KIND] = "";
    int found = 0;

    if (!is_of_form(observation, match))
        return 0;
    if (lockout_holds(&granter->lockout, match->token, now)) {
        fill(granter, observation->decoy, match->token, GRANT_LOCKED, grant);
        return 0;
    }
    if (is_let_in(observation, match))
        found = read_kind(granter->ledger, match->token, kind, error);
    if (found == 1) {
        match->reasons |= MATCH_GRANTED;
        fill(granter, observation->decoy, match->token, kind, grant);
    }
    return found < 0 ? -1 : 0;
}

int grant_judge(struct granter *granter, const struct observation *observation, struct recognition *recognition,
                struct grant *grant, struct error *error)
{
    int64_t now;
    int result = 0;

    memset(grant, 0, sizeof *grant);
    if (observation->candidate_count == 0 || !grants(granter->configuration, observation->decoy))
        return 0;
    now = clock_monotonic();
    for (size_t i = 0; i < observation->candidate_count; i++)
        if (observation->candidates[i].part == CANDIDATE_SESSION)
            take_session(granter, observation, i, now, recognition, grant);
    for (size_t i = 0; result == 0 && grant->kind[0] == '\0' && i < recognition->count; i++)
        result = take_login(granter, observation, &recognition->matches[i], now, grant, error);
    return result;
}
