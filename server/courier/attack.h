/* SPDX-License-Identifier: ISC
 *
 * MITRE ATT&CK (v19) techniques that a sighting shows or lets suppose. Observed is only that a secret was used here;
 * how it was come by is inferred from where it lay. */
#ifndef COURIER_ATTACK_H
#define COURIER_ATTACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct technique {
    const char *tactic, *tactic_name;
    const char *id, *name;         /* technique */
    const char *sub_id, *sub_name; /* or NULL */
    bool inferred;
};

#define ATTACK_VERSION "19.0"
#define ATTACK_MOST 6

/* Fills list and returns how many. */
size_t attack_of(const json_t *record, const struct technique *list[ATTACK_MOST]);

#endif
