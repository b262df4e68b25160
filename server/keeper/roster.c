/* SPDX-License-Identifier: ISC */
#include "server/keeper/roster.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NAMES (ROSTER_TOKENS * 16) /* bytes of decoys' names, each once */

void roster_close(struct roster *roster)
{
    if (roster->tokens != NULL)
        sodium_memzero(roster->tokens, roster->room * sizeof *roster->tokens);
    free(roster->tokens);
    free(roster->digests);
    buffer_free(&roster->names);
    memset(roster, 0, sizeof *roster);
}

/* Not by realloc(), which would leave things behind. */
static bool grow(struct roster *roster)
{
    size_t room = roster->room == 0 ? 64 : roster->room * 2;
    struct roster_token *tokens = calloc(room, sizeof *tokens);

    if (tokens == NULL)
        return false;
    if (roster->tokens != NULL) {
        memcpy(tokens, roster->tokens, roster->count * sizeof *tokens);
        sodium_memzero(roster->tokens, roster->room * sizeof *tokens);
        free(roster->tokens);
    } else {
        buffer_init(&roster->names, NAMES);
    }
    roster->tokens = tokens;
    roster->room = room;
    return true;
}

static bool add_name(struct roster *roster, struct slice name, struct roster_token *token)
{
    const unsigned char *at = NULL;

    if (name.length > 0 && roster->names.length > 0)
        at = memmem(roster->names.data, roster->names.length, name.data, name.length);
    token->decoy = (uint32_t)(at != NULL ? (size_t)(at - roster->names.data) : roster->names.length);
    token->decoy_length = (uint32_t)name.length;
    return at != NULL || buffer_add_slice(&roster->names, name) == 0;
}

static bool add_token(struct roster *roster, const struct keyring *keyring, sqlite3_stmt *row)
{
    struct slice digest = ledger_column(row, 2);
    struct roster_token *token;

    if (roster->count == roster->room && !grow(roster))
        return false;
    token = &roster->tokens[roster->count];
    token->number = sqlite3_column_int64(row, 0);
    if (digest.length == DIGEST_BYTES)
        memcpy(token->identity.bytes, digest.data, DIGEST_BYTES);
    token->bound = sqlite3_column_int(row, 3) != 0;
    token->distinctive = sqlite3_column_int(row, 4) != 0;
    if (!add_name(roster, ledger_column(row, 5), token))
        return false;
    token->length = keyring_head(keyring, ledger_column(row, 1), token->head);
    keyring_mask(keyring, token->number, token->head, KEYRING_HEAD);
    roster->count++;
    return true;
}

/* How many there are; more than ROSTER_DIGESTS where they, or tokens, are too many. */
static int64_t count_digests(struct ledger *ledger, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT iif(coalesce(max(number), 0) > ?1, ?2 + 1,"
        " (SELECT count(*) FROM (SELECT 1 FROM secret_index LIMIT ?2 + 1))) FROM token", error);
    int64_t count;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int(statement, 1, ROSTER_TOKENS);
    sqlite3_bind_int(statement, 2, ROSTER_DIGESTS);
    if (ledger_step(ledger, statement, error) != 1)
        return -1;
    count = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return count;
}

/* 1: all of them are here; 0: no memory; -1. */
static int load_tokens(struct roster *roster, struct ledger *ledger, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        ledger, "SELECT number, secret, identity_digest, bound, distinctive, decoy FROM token WHERE number > ?"
        " ORDER BY number", error);
    bool fits = true;
    int found = 1;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, roster->count > 0 ? roster->tokens[roster->count - 1].number : 0);
    while (fits && (found = ledger_step(ledger, statement, error)) == 1)
        fits = add_token(roster, ledger->keyring, statement);
    sqlite3_reset(statement);
    return found < 0 ? -1 : fits;
}

/* Digests are uniform: their bytes serve as hash values. */
static size_t place_of(const struct roster *roster, const struct digest *digest)
{
    size_t place;

    memcpy(&place, digest->bytes, sizeof place);
    return place & (roster->places - 1);
}

static void add_digest(struct roster *roster, const struct roster_digest *item)
{
    struct roster_digest *to;
    size_t at = place_of(roster, &item->digest);

    while (roster->digests[at].token != 0 &&
           memcmp(&roster->digests[at].digest, &item->digest, sizeof item->digest) != 0)
        at = (at + 1) & (roster->places - 1);
    to = &roster->digests[at];
    if (to->token < item->token || (to->token == item->token && to->part < item->part))
        *to = *item;
}

static bool make_places(struct roster *roster, size_t count)
{
    free(roster->digests);
    for (roster->places = 64; roster->places < 2 * count; roster->places *= 2)
        ;
    roster->digests = calloc(roster->places, sizeof *roster->digests);
    return roster->digests != NULL;
}

/* As load_tokens(). */
static int load_digests(struct roster *roster, struct ledger *ledger, size_t count, struct error *error)
{
    sqlite3_stmt *statement;
    int found;

    if (!make_places(roster, count))
        return 0;
    statement = ledger_statement(ledger, "SELECT digest, token, part FROM secret_index", error);
    if (statement == NULL)
        return -1;
    while ((found = ledger_step(ledger, statement, error)) == 1) {
        struct slice digest = ledger_column(statement, 0);
        struct roster_digest item = {.token = sqlite3_column_int64(statement, 1),
                                     .part = (uint8_t)sqlite3_column_int(statement, 2)};

        if (digest.length != DIGEST_BYTES)
            continue;
        memcpy(item.digest.bytes, digest.data, DIGEST_BYTES);
        add_digest(roster, &item);
    }
    return found < 0 ? -1 : 1;
}

int roster_load(struct roster *roster, struct ledger *ledger, struct error *error)
{
    int64_t count = count_digests(ledger, error);
    int all = count < 0 ? -1 : count <= ROSTER_DIGESTS;

    roster->complete = false;
    if (all == 1)
        all = load_tokens(roster, ledger, error);
    if (all == 1)
        all = load_digests(roster, ledger, (size_t)count, error);
    if (all != 1)
        roster_close(roster);
    if (all < 0)
        return -1;
    roster->complete = all == 1;
    roster->loaded = ledger->indexed + 1;
    return 0;
}

const struct roster_digest *roster_find(const struct roster *roster, const struct digest *digest)
{
    size_t at;

    for (at = place_of(roster, digest); roster->digests[at].token != 0; at = (at + 1) & (roster->places - 1)) {
        if (memcmp(&roster->digests[at].digest, digest, sizeof *digest) == 0)
            return &roster->digests[at];
    }
    return NULL;
}

const struct roster_token *roster_token(const struct roster *roster, int64_t number)
{
    size_t from = 0, size = roster->count, half;

    while (size > 0) {
        half = size / 2;
        if (roster->tokens[from + half].number < number) {
            from += half + 1;
            size -= half + 1;
        } else {
            size = half;
        }
    }
    return from < roster->count ? &roster->tokens[from] : NULL;
}

void roster_secret(const struct keyring *keyring, const struct roster_token *token, unsigned char out[KEYRING_HEAD])
{
    memcpy(out, token->head, KEYRING_HEAD);
    keyring_mask(keyring, token->number, out, KEYRING_HEAD);
}

struct slice roster_decoy(const struct roster *roster, const struct roster_token *token)
{
    return token->decoy_length == 0 ? SLICE_NONE
                                    : (struct slice){roster->names.data + token->decoy, token->decoy_length};
}
