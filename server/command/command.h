/* SPDX-License-Identifier: ISC
 *
 * The commands that `sundew` carries out itself, or in part. Each returns the exit status: 0 done, 1 found wanting,
 * 2 usage, 3 could not; its text for people is in error->text when that is not empty. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include "server/base/error.h"
#include "server/command/options.h"
#include "server/command/output.h"
#include "server/command/progress.h"
#include "server/wire/configuration.h"

struct invocation {
    const struct options *options;
    struct configuration *configuration; /* NULL where the command needs none */
    struct output output;
    struct progress progress;
};

enum command_need { NEEDS_NOTHING, NEEDS_CONFIGURATION };

/* What a command needs, and how it is carried out; NULL where the keeper does it all. */
struct command_way {
    const char *name;
    enum command_need need;
    int (*run)(struct invocation *invocation, struct error *error);
};

const struct command_way *command_way(const char *name);

int run_kinds(struct invocation *invocation, struct error *error);
int run_sites(struct invocation *invocation, struct error *error);
int run_services(struct invocation *invocation, struct error *error);
int run_places(struct invocation *invocation, struct error *error);
int run_lures(struct invocation *invocation, struct error *error);
int run_formats(struct invocation *invocation, struct error *error);
int run_decoys(struct invocation *invocation, struct error *error);
int run_init(struct invocation *invocation, struct error *error);
int run_plant(struct invocation *invocation, struct error *error); /* plant, inspect, uproot */
int run_lure(struct invocation *invocation, struct error *error);
int run_allow_list(struct invocation *invocation, struct error *error);
int run_rotate(struct invocation *invocation, struct error *error);
int run_plan(struct invocation *invocation, struct error *error);
int run_artifacts(struct invocation *invocation, struct error *error);
int run_backup(struct invocation *invocation, struct error *error);
int run_check(struct invocation *invocation, struct error *error);
int run_drill(struct invocation *invocation, struct error *error);
int run_recognise(struct invocation *invocation, struct error *error);
int run_reload(struct invocation *invocation, struct error *error);
int run_site(struct invocation *invocation, struct error *error);
int run_watch(struct invocation *invocation, struct error *error);
int run_sink(struct invocation *invocation, struct error *error);
/* Any other: sends the arguments as they are and prints the rows. */
int run_generic(struct invocation *invocation, struct error *error);

/* The JSON object of `decoys` (DESIGN 8); new reference. */
json_t *decoy_row(const struct decoy *decoy);

#endif
