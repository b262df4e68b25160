/* SPDX-License-Identifier: ISC
 *
 * Any bytes as mails that are looked at: alone, as an mbox, and beside each other. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct lint_finding *finding, void *context)
{
    if (strlen(finding->what) > 1024 || finding->mail->hop_count > LINT_HOPS)
        abort();
    ++*(size_t *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lint_source source = {"p", "maildir:/m", NULL, 1795000000}, box = {"b", "mbox:/m", NULL, 0};
    json_t *world = json_pack("{ss s[{ss ss}] s[s] s{si sb}}", "domain", "corp.marais.internal", "people", "name", "Ann Roe",
                              "mail", "ann.roe@corp.marais.internal", "hosts", "git.corp.marais.internal", "zone",
                              "minutes", 60, "summer", 1);
    struct slice text = {data, size};
    struct error error;
    struct lint lint;
    size_t told = 0;

    lint_init(&lint, world, 1795000000);
    if (lint_add(&lint, &source, text, &error) != 0 || lint_add_mbox(&lint, &box, text, &error) != 0 ||
        lint_judge(&lint, take, &told, &error) != 0 || told != lint.found)
        abort();
    lint_free(&lint);
    json_decref(world);
    return 0;
}
