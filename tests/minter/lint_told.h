/* SPDX-License-Identifier: ISC
 *
 * What the linter tells of samples that a test adds to it. */
#ifndef TESTS_LINT_TOLD_H
#define TESTS_LINT_TOLD_H

#include <stdio.h>
#include "server/minter/lint.h"
#include "tests/test.h"

static char told[16384]; /* "RULE NAME: WHAT\n" for each finding */

static void take(const struct lint_finding *finding, void *context)
{
    size_t used = strlen(told);

    (void)context;
    snprintf(told + used, sizeof told - used, "%s %s: %s\n", finding->rule, finding->mail->placement, finding->what);
}

struct sample; /* the test's own, `size` bytes each */

/* Fills `told` at `now` with what there is to say about samples that add() adds, named LETTER0, LETTER1, …; `world` is
 * released. */
static void tell(json_t *world, int64_t now, char letter, const struct sample *samples, size_t size, size_t count,
                 void (*add)(struct lint *lint, const char *name, const struct sample *sample))
{
    struct error error;
    struct lint lint;
    char name[8];

    told[0] = '\0';
    lint_init(&lint, world, now);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%c%zu", letter, i);
        add(&lint, name, (const struct sample *)(const void *)((const char *)samples + i * size));
    }
    ck_assert_int_eq(lint_judge(&lint, take, NULL, &error), 0);
    lint_free(&lint);
    json_decref(world);
}

#endif
