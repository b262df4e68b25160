/* SPDX-License-Identifier: ISC
 *
 * What plan_people.c (groups and departments) and plan_owners.c (mailboxes that the plan names) share. */
#ifndef COMMAND_PLAN_PEOPLE_H
#define COMMAND_PLAN_PEOPLE_H

#include "server/command/plan.h"

/* Sends a planter to the plan's directory with questions (server/planter/people.h), and gives each answer to take(),
 * NULL where it is damaged. The exit status: 0; 2, take() said -1; 3, the directory cannot be asked. */
int plan_people_errand(const struct plan *plan, const struct configuration *configuration, json_t *questions,
                       int (*take)(json_t *record, void *context, struct error *error), void *context,
                       struct error *error);
/* Fills owner, department, manager and language, as far as they are known. */
void plan_people_describe(struct plan_place *place, const json_t *person);
/* Looks up whose the mailboxes of `places`, `glob` and `list` are, where the plan has a directory. The exit status. */
int plan_owners(struct plan *plan, const struct configuration *configuration, struct error *error);

#endif
