/* SPDX-License-Identifier: ISC
 *
 * What the seed draws, and where it goes: the persona, the authority, and for each decoy its certificate, key, salt
 * and face. Drawn once by the minter, kept in the ledger, never derived again. */
#ifndef KEEPER_INIT_H
#define KEEPER_INIT_H

#include <event2/event.h>
#include <stdbool.h>
#include "server/base/error.h"
#include "server/keeper/jobs.h"

struct keeper;

/* Does the configuration hold a decoy that the ledger does not know, or not under these names? False while there is
 * no ledger: that is the command "init"'s. */
bool init_needed(struct keeper *keeper);
/* Makes certificates and faces for those, before READY: runs `base` until it is done, so it must not be called from
 * within its callbacks. The minter must have been given by jobs_peer(). -1 names the decoy and the cure. */
int init_run(struct keeper *keeper, struct event_base *base, struct jobs *jobs, struct error *error);

#endif
