/* SPDX-License-Identifier: ISC
 *
 * A keeper's heart on a folder of its own, without processes: for the unit tests. */
#ifndef TESTS_KEEPER_WORLD_H
#define TESTS_KEEPER_WORLD_H

#include "server/keeper/chain.h"
#include "server/keeper/derive.h"
#include "server/keeper/observe.h"
#include "server/keeper/outbox.h"
#include "server/keeper/token.h"

#define WORLD_NOW 1795424400000000LL /* 2026-11-23T09:00:00Z */
#define WORLD_MINUTE 60000000LL
#define WORLD_HOUR (60 * WORLD_MINUTE)

struct world {
    char folder[64];
    struct keyring keyring;
    struct ledger ledger;
    struct route routes[2];
    struct configuration configuration;
    struct observer observer;
    struct derivation derivation;
    struct outbox outbox;
    struct batch batch;
    struct error error;
};

/* One identity and one secret, as they are presented. */
struct login {
    const char *identity, *secret; /* NULL: left out */
};

struct world *world_new(int64_t budget_bytes, int64_t budget_source);
void world_free(struct world *world);
/* Closes and opens everything on the same folder, as a restart does. */
void world_restart(struct world *world);

struct token_result world_password(const char *identity, const char *secret);
int64_t world_mint(struct world *world, const struct token_result *token, const char *decoy);
struct observation world_observation(const char *decoy, const char *address, int64_t time);
void world_present(struct observation *observation, uint8_t part, uint8_t pair, const char *value);
/* An observation of a pair (or of one half of it) at decoy "gitlab". */
struct observation world_login(const struct login *login, const char *address, int64_t time);
void world_add(struct world *world, const struct observation *observation);
int world_take(struct world *world, int64_t now);
/* world_add(), world_take() and a derivation in its transaction; how many sightings were made. */
int world_see(struct world *world, const struct observation *observation, int64_t now);
int world_derive(struct world *world, int64_t now);
int64_t world_number(struct world *world, const char *sql);
/* The first column of the first row as text, to be freed. */
char *world_text(struct world *world, const char *sql);

#endif
