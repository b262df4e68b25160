/* SPDX-License-Identifier: ISC
 *
 * The functions of all commands that the keeper carries out: command_NAME() for each entry of commands.def marked
 * "keeper", and those that only `sundew` itself sends. Each starts the work of a request; see request.h. */
#ifndef KEEPER_COMMAND_H
#define KEEPER_COMMAND_H

#include "server/keeper/request.h"

#define COMMAND_DECLARE_keeper(symbol) void command_##symbol(struct request *request);
#define COMMAND_DECLARE_here(symbol)
#define COMMAND(symbol, name, arguments, summary, where) COMMAND_DECLARE_##where(symbol)
#include "server/wire/tables/commands.def"
#undef COMMAND
#undef COMMAND_DECLARE_keeper
#undef COMMAND_DECLARE_here

/* Where a "job" row is about to be put, and what became of it: sent by `sundew` as its planter tells. */
void command_planting(struct request *request);
void command_planted(struct request *request);
void command_inspected(struct request *request);
void command_uprooted(struct request *request);
/* What the ledger has of a plan; command_campaign.c. For `plan`. */
void command_campaign(struct request *request);
/* Sent by `sundew` for a drill: its planter is connected from there, and will use the token now (one row {"since"});
 * how far the alert has come (one row, or none yet). */
void command_drilling(struct request *request);
void command_drilled(struct request *request);
/* Sent by `sundew` for what a finder found, "TOKEN FORM HEX" each: one row for each that is a secret, with its number as
 * "finding". */
void command_recognised(struct request *request);
/* One row for each decoy's certificate; command_certificate.c has its members. For `check`. */
void command_certificates(struct request *request);
/* Makes key, ledger, persona, authority and decoys; one row {"authority":"PEM"}: what clients are to trust. */
void command_init(struct request *request);
/* What lures are held against; command_world.c. For `lure`. */
void command_world(struct request *request);
/* One row on how the keeper fares; works before "init", too. */
void command_status(struct request *request);

#endif
