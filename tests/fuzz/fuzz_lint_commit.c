/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a change of a repository, or as entries of a directory, that are looked at: alone, and beside themselves. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct lint_finding *finding, void *context)
{
    if (strlen(finding->what) > 1024)
        abort();
    ++*(size_t *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lint_source source = {"p", "git:/r", NULL, 0}, other = {"q", "git:/s", NULL, 0};
    json_t *world = json_pack("{ss s[s]}", "domain", "corp.marais.internal", "hosts", "git.corp.marais.internal");
    struct slice text = {data, size};
    struct error error;
    struct lint lint;
    size_t told = 0;

    lint_init(&lint, world, 1795000000);
    if (lint_add_change(&lint, &source, text, &error) == 0 &&
        (lint_add_change(&lint, &other, text, &error) != 0 || lint_judge(&lint, take, &told, &error) != 0 ||
         told != lint.found))
        abort();
    lint_free(&lint);
    told = 0;
    lint_init(&lint, world, 1795000000);
    if (lint_add_entries(&lint, &source, text, &error) == 0 &&
        (lint_add_entries(&lint, &other, text, &error) != 0 || lint_judge(&lint, take, &told, &error) != 0 ||
         told != lint.found))
        abort();
    lint_free(&lint);
    json_decref(world);
    return 0;
}
