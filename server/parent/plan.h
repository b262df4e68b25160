/* SPDX-License-Identifier: ISC
 *
 * Which roles a configuration asks for, as whom each runs, and which part of the configuration each gets. */
#ifndef PARENT_PLAN_H
#define PARENT_PLAN_H

#include "server/base/error.h"
#include "server/parent/listen.h"
#include "server/parent/supervise.h"
#include "server/wire/configuration.h"

/* The keeper, the minter and the courier. */
int plan_core(struct tree *tree, const struct configuration *configuration, struct error *error);
/* Are the users and the group there that it names? */
int plan_check(const struct configuration *configuration, struct error *error);
/* Gives those their part of another configuration, for their next start. */
int plan_core_again(struct tree *tree, const struct configuration *configuration, struct error *error);
/* A sensor for each service and each `isolate` name, `workers` of each, on sockets that are bound. On failure those
 * made are marked as not wanted. */
int plan_sensors(struct tree *tree, const struct configuration *configuration, const struct listening *listening,
                 unsigned generation, struct error *error);

#endif
