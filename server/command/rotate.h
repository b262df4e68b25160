/* SPDX-License-Identifier: ISC
 *
 * What lies somewhere already: another secret in its place, or the same one again. Each is an intent in the ledger
 * first, then the act, then what became of it; what was broken off is finished by doing it again. Nobody else must be
 * planting meanwhile (plan_lease()). All return the exit status, with a text for people in `error`. */
#ifndef COMMAND_ROTATE_H
#define COMMAND_ROTATE_H

#include "server/command/planting.h"

/* By the id of a placement, or of its token: a new token of the same kind, form, decoy, owner and contact, by the same
 * lure, and of the same name where its kind lets it be chosen; what lay there is taken out, and stays armed. 1: done, but
 * the old one could not be taken out. 0, with a text, where it was rotated before. 3: no new one was taken, and the old one
 * is as it was, or planted again; the text says so, or that nothing lies there. */
int rotate_placement(struct gardener *gardener, const char *id, struct error *error);
/* Does an "inspect" job, and where the lure is gone or changed plants its token again in the same place. 0 where it lies
 * there in the end. */
int replant_job(struct gardener *gardener, const struct planting *job, struct error *error);

#endif
