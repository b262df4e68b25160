/* SPDX-License-Identifier: ISC */
#include "server/keeper/known.h"

#include <sodium.h>
#include <string.h>
#include "server/keeper/recognise.h"

static bool does_open(struct slice decoy, const struct observation *observation)
{
    return decoy.length == 0 || slice_equal(decoy, observation->decoy);
}

/* Steps a statement whose rows are token, part, identity_digest, bound, distinctive, decoy, secret. 1, 0, -1. */
static int read_row(struct recogniser *recogniser, sqlite3_stmt *row, const struct observation *observation,
                    struct known *known, struct error *error)
{
    int found = ledger_step(recogniser->ledger, row, error);
    struct slice digest;

    if (found != 1)
        return found;
    known->token = sqlite3_column_int64(row, 0);
    known->part = (uint8_t)sqlite3_column_int(row, 1);
    digest = ledger_column(row, 2);
    memset(&known->identity, 0, sizeof known->identity);
    if (digest.length == DIGEST_BYTES)
        memcpy(known->identity.bytes, digest.data, DIGEST_BYTES);
    known->bound = sqlite3_column_int(row, 3) != 0;
    known->distinctive = sqlite3_column_int(row, 4) != 0;
    known->opens = does_open(ledger_column(row, 5), observation);
    known->length = keyring_head(recogniser->keyring, ledger_column(row, 6), known->head);
    recogniser->opened++;
    sqlite3_reset(row);
    return 1;
}

static int ask_index(struct recogniser *recogniser, const struct digest *digest, const struct observation *observation,
                     struct known *known, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT i.token, i.part, t.identity_digest, t.bound, t.distinctive, t.decoy, t.secret "
        "FROM secret_index i CROSS JOIN token t ON t.number = i.token WHERE i.digest = ? "
        "ORDER BY i.token DESC, i.part DESC LIMIT 1", error);

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){digest->bytes, DIGEST_BYTES});
    return read_row(recogniser, statement, observation, known, error);
}

/* The first token from that number on. */
static int read_token(struct recogniser *recogniser, int64_t from, const struct observation *observation,
                      struct known *known, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT number, 0, identity_digest, bound, distinctive, decoy, secret FROM token "
        "WHERE number >= ? ORDER BY number LIMIT 1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, from);
    return read_row(recogniser, statement, observation, known, error);
}

/* Would it be seen from the token itself that it bears the digest, as that part? */
static bool would_show(const struct bearer *bearer, const struct probe *probe, struct slice value)
{
    if (probe->tag == DIGEST_SECRET)
        return bearer->part == PART_SECRET && value.length > 0 && value.length <= KEYRING_HEAD;
    return probe->tag == DIGEST_IDENTITY && bearer->part == PART_IDENTITY;
}

static bool shows(const struct known *known, const struct probe *probe, struct slice value)
{
    if (probe->tag == DIGEST_SECRET)
        return value.length == known->length && sodium_memcmp(value.data, known->head, value.length) == 0;
    return memcmp(&probe->digest, &known->identity, DIGEST_BYTES) == 0;
}

static int find_in_ledger(struct recogniser *recogniser, const struct probe *probe,
                          const struct observation *observation, struct known *known, struct error *error)
{
    struct slice value = normalise_secret(observation->candidates[probe->candidate].value);
    struct bearer bearer;
    int found;

    if (!fingerprints_find(&recogniser->ledger->fingerprints, &probe->digest, &bearer))
        return 0;
    if (bearer.token > 0 && would_show(&bearer, probe, value)) {
        found = read_token(recogniser, bearer.token, observation, known, error);
        known->part = bearer.part;
        if (found < 0 || (found == 1 && known->token == bearer.token && shows(known, probe, value)))
            return found;
    }
    return ask_index(recogniser, &probe->digest, observation, known, error);
}

static int take_from_roster(struct recogniser *recogniser, int64_t number, unsigned part,
                            const struct observation *observation, struct known *known)
{
    const struct roster *roster = &recogniser->roster;
    const struct roster_token *token = roster_token(roster, number);

    if (token == NULL)
        return 0;
    *known = (struct known){.token = token->number,
                            .identity = token->identity,
                            .length = token->length,
                            .part = (uint8_t)part,
                            .bound = token->bound,
                            .distinctive = token->distinctive,
                            .opens = does_open(roster_decoy(roster, token), observation)};
    roster_secret(recogniser->keyring, token, known->head);
    recogniser->opened++;
    return 1;
}

int known_find(struct recogniser *recogniser, const struct probe *probe, const struct observation *observation,
               struct known *known, struct error *error)
{
    const struct roster_digest *found;

    if (!recogniser->roster.complete)
        return find_in_ledger(recogniser, probe, observation, known, error);
    found = roster_find(&recogniser->roster, &probe->digest);
    return found == NULL ? 0 : take_from_roster(recogniser, found->token, found->part, observation, known);
}

int known_any(struct recogniser *recogniser, const struct observation *observation, struct known *known,
              struct error *error)
{
    int64_t from = recogniser->anybody[recogniser->turn++ % RECOGNISE_POOL];

    if (recogniser->roster.complete)
        return take_from_roster(recogniser, from, PART_SECRET, observation, known);
    return read_token(recogniser, from, observation, known, error);
}
