/* SPDX-License-Identifier: ISC
 *
 * A plan: what is to lie where, as sundew-plan(5) describes its file. All that is drawn is drawn by a seed that the
 * keeper gives for the plan's name, so that it comes out the same each time. */
#ifndef COMMAND_PLAN_H
#define COMMAND_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/error.h"
#include "server/base/yaml.h"
#include "server/wire/configuration.h"

struct gardener;
struct invocation;
struct link;

#define PLAN_SEED 32
#define PLAN_DENSITY 1000     /* placements of one entry in one place */
#define PLAN_SETTINGS 16
#define PLAN_QUIET 16
#define PLAN_AT_ONCE 16       /* at most */
#define PLAN_WEEK_S (7 * 24 * 3600)
#define PLAN_PLACES 1000000   /* of one entry */

/* One of several, by weight. */
struct plan_choice {
    const char *name; /* a kind, a lure */
    const char *form; /* of a kind; NULL: its default */
    int64_t weight;
    struct yaml *lure; /* a lure's lure.yaml */
};

struct plan_choices {
    struct plan_choice *list;
    size_t count;
};

struct plan_place {
    char *place; /* as the ledger has it */
    char *owner; /* NULL: the entry's */
    char *department, *manager, *language; /* of the owner, by the directory; or NULL */
    const json_t *person; /* the owner, and those with whom the owner works (colleagues.h); of the plan's `people`, or NULL */
    const json_t *among;
};

struct plan_entry {
    const struct yaml *at;
    const char *name;
    struct plan_place *places; /* in order, each once */
    size_t place_count;
    const char *mailbox;              /* where people of the directory have their mail, by pattern; or NULL */
    struct plan_choices kinds, lures; /* no lures: any that fits */
    int64_t percent, density, most;   /* most 0: all */
    int64_t rotate;                   /* microseconds after which another secret is due; 0: never */
    int64_t from, until;              /* dates of lures, in microseconds; from 0: the lure's own */
    struct {
        const char *name, *value; /* arguments of `plant` */
    } settings[PLAN_SETTINGS];
    size_t setting_count;
};

/* When nothing is planted, in local time. */
struct plan_quiet {
    int from, until; /* minutes of the day; until may lie on the next day */
    int day;         /* 0 Sunday … 6: all of that day; -1: by the minutes */
};

struct plan {
    struct yaml *root;
    char *folder; /* of the file, whence relative places count */
    const char *name, *directory; /* where groups and departments are; or NULL */
    json_t *people; /* an array of those in each group and department, and one of those in the file that it names */
    int64_t pace, most; /* placements a minute, 0: as fast as it goes; in all, 0: no limit */
    int64_t at_once;    /* places in which is planted side by side */
    struct plan_quiet quiet[PLAN_QUIET];
    size_t quiet_count;
    struct plan_entry *entries;
    size_t entry_count;
};

/* Reads all, looks for the places, and checks kinds, lures, decoys and accounts. Faults are as yaml.h has them.
 * plan_free() is due either way. */
int plan_load(const char *file, const struct configuration *configuration, struct plan *plan, struct error *error);
void plan_free(struct plan *plan);

/* Part of plan_load() (plan_places.c): the entry's `places`, `glob` and `list` less `exclude`, its own and the plan's. */
int plan_places(const struct plan *plan, struct plan_entry *entry, const struct configuration *configuration,
                struct error *error);

/* Adds a copy of one, unless it is excluded. */
int plan_place_add(const struct plan *plan, struct plan_entry *entry, const struct configuration *configuration,
                   const struct yaml *at, const struct plan_place *place, struct error *error);
/* Do the patterns leave out that place? */
bool plan_place_is_left_out(const struct plan *plan, const struct plan_entry *entry, const char *place);
/* Puts them in order, each once: that with an owner stays. */
void plan_places_tidy(struct plan_entry *entry);
void plan_place_free(struct plan_place *place);

/* ---- plan_people.c ---- */

/* Parts of plan_load(): "directory"; "group", "department" and "mailbox" of an entry. */
int plan_people_directory(struct plan *plan, const struct configuration *configuration, struct error *error);
int plan_people_check(const struct plan *plan, struct plan_entry *entry, struct error *error);
/* Asks the directory who is in them, and adds their mailboxes to the entries'; reads the file of "people". The exit status:
 * 0; 2, a fault of the plan's; 3, the directory cannot be asked. */
int plan_people(struct plan *plan, const struct configuration *configuration, struct error *error);

/* Parts of that, for tests. Adds the mailbox of somebody, as server/planter/people.h has them, who works with those in
 * `among`; both must stay. 1: the pattern asks for what the directory does not say, or for what no mailbox is called. */
int plan_people_add(const struct plan *plan, struct plan_entry *entry, const struct configuration *configuration,
                    const struct yaml *at, const json_t *person, const json_t *among, struct error *error);
/* To be freed; NULL as above. */
char *plan_people_mailbox(const char *pattern, const json_t *person);

/* Whom the place's lures may name, as colleagues_choose() gives them; the same for all of them. NULL: the plan says nothing
 * of its people, or there is no memory. */
char *plan_people_beside(const struct plan_place *place, const unsigned char seed[PLAN_SEED]);

/* ---- plan_draw.c ---- */

struct plan_item {
    const struct plan_entry *entry;
    const struct plan_place *place;
    unsigned index; /* from 1, in its place */
    char *key;      /* PLAN/ENTRY/INDEX/PLACE: the placement's campaign */
    const struct plan_choice *kind, *lure; /* lure NULL: any */
    int64_t at;     /* microseconds; 0: the lure's own */
    uint64_t rank;
};

struct plan_items {
    struct plan_item *list; /* those of a place together */
    size_t count;
};

/* Which placements the plan wants. -1 where no lure fits what was drawn. plan_items_free() is due either way. */
int plan_draw(const struct plan *plan, const unsigned char seed[PLAN_SEED], int64_t now, struct plan_items *items,
              struct error *error);
void plan_items_free(struct plan_items *items);

/* ---- plan_ledger.c ---- */

/* A placement of the plan that the ledger has, and is not gone. */
struct plan_known {
    char *key, *placement, *kind, *form, *lure, *place, *state;
    char *rotates;   /* the placement that it takes over from, or "" */
    int64_t planted; /* 0: not yet */
    bool wanted; /* the plan says it */
};

struct plan_ledger {
    unsigned char seed[PLAN_SEED];
    struct plan_known *list; /* by key */
    size_t count;
    bool failed;
};

/* Asks the keeper. -1 with the text. plan_ledger_free() is due either way. */
int plan_ask(struct link *link, const char *name, struct plan_ledger *ledger, struct error *error);
/* NULL where there is none. */
struct plan_known *plan_find(const struct plan_ledger *ledger, const char *key);
/* Is another secret to be put there, by the plan's "rotate"? */
bool plan_is_due(const struct plan_item *item, const struct plan_known *known);
void plan_ledger_free(struct plan_ledger *ledger);

/* ---- plan_apply.c ---- */

struct plan_work {
    struct invocation *invocation;
    struct link *link;
    const struct plan *plan;
    const struct plan_items *items;
    const struct plan_ledger *ledger;
    int lease; /* of plan_lease() */
    uint64_t planted, there, failed;
};

/* Waits until nobody else, and no planter that somebody left behind, carries out a plan here; the caller closes *lease.
 * To be called before plan_ask(). */
int plan_lease(const struct configuration *configuration, int *lease, struct error *error);
/* Plants one, finishes it, or rotates it, by what the ledger knows of it. The exit status. */
int plan_do(struct plan_work *work, struct gardener *gardener, const struct plan_item *item, struct error *error);

/* ---- plan_crew.c ---- */

/* How much of a place says what it is a part of, where one plants at a time: a mailbox, a repository. Of a forge or a
 * directory that is its host, which wants to be asked one thing after the other. */
size_t plan_ground(const char *place);

/* Plants what is not there yet. The exit status: 0, or 3 with the text of what could not be done last. */
int plan_apply(struct plan_work *work, struct error *error);

/* ---- plan_pace.c ---- */

/* How long to wait, in seconds, before planting may go on: 0, or until the next minute that is not quiet. */
int64_t plan_quiet_left(const struct plan *plan, int64_t now_s);

#endif
