/* SPDX-License-Identifier: ISC */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/command/connect.h"
#include "server/command/plan.h"

static char *copy_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    return strdup(text != NULL ? text : "");
}

static int take_seed(struct plan_ledger *ledger, const char *hex)
{
    size_t length;

    return sodium_hex2bin(ledger->seed, PLAN_SEED, hex, strlen(hex), NULL, &length, NULL) == 0 && length == PLAN_SEED
               ? 0
               : -1;
}

static int add(struct plan_ledger *ledger, const json_t *row)
{
    size_t count = ledger->count;
    struct plan_known *known = ledger->list;

    if ((count & (count - 1)) == 0)
        known = reallocarray(known, count == 0 ? 1 : 2 * count, sizeof(*known));
    if (known == NULL)
        return -1;
    ledger->list = known;
    known += ledger->count++;
    *known = (struct plan_known){
        .key = copy_of(row, "campaign"),
        .placement = copy_of(row, "placement"),
        .kind = copy_of(row, "kind"),
        .form = copy_of(row, "form"),
        .lure = copy_of(row, "lure"),
        .place = copy_of(row, "place"),
        .state = copy_of(row, "state"),
        .rotates = copy_of(row, "rotates"),
    };
    if (json_is_string(json_object_get(row, "planted")))
        clock_parse(json_string_value(json_object_get(row, "planted")), &known->planted);
    return known->key != NULL && known->placement != NULL && known->kind != NULL &&
                   known->form != NULL && known->lure != NULL && known->place != NULL && known->state != NULL &&
                   known->rotates != NULL
               ? 0
               : -1;
}

static int take_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct plan_ledger *ledger = context;
    json_t *row = slice_is(kind, "row") ? json_loadb((const char *)data.data, data.length, 0, NULL) : NULL;
    const char *seed = json_string_value(json_object_get(row, "seed"));
    const char *state = json_string_value(json_object_get(row, "state"));
    int rc = 0;

    (void)name;
    if (row == NULL)
        rc = -1;
    else if (seed != NULL)
        rc = take_seed(ledger, seed);
    else if (state == NULL || strcmp(state, "gone") != 0)
        rc = add(ledger, row);
    ledger->failed = ledger->failed || rc != 0;
    json_decref(row);
    return rc;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct plan_known *)a)->key, ((const struct plan_known *)b)->key);
}

int plan_ask(struct link *link, const char *name, struct plan_ledger *ledger, struct error *error)
{
    const struct link_rows rows = {take_row, ledger, NULL};
    struct command command = {.name = slice_of("campaign")};
    int code;

    *ledger = (struct plan_ledger){.list = NULL};
    command_put(&command, "plan", name);
    code = link_command(link, &command, &rows, error);
    if (code == 0 && ledger->failed)
        return error_set(error, "the keeper sent a damaged answer");
    if (ledger->count > 0)
        qsort(ledger->list, ledger->count, sizeof(*ledger->list), by_key);
    return code == 0 ? 0 : -1;
}

struct plan_known *plan_find(const struct plan_ledger *ledger, const char *key)
{
    union {
        const char *read;
        char *text;
    } of = {.read = key};
    const struct plan_known wanted = {.key = of.text};

    return ledger->count > 0 ? bsearch(&wanted, ledger->list, ledger->count, sizeof(wanted), by_key) : NULL;
}

bool plan_is_due(const struct plan_item *item, const struct plan_known *known)
{
    return item->entry->rotate > 0 && known->planted > 0 && known->planted + item->entry->rotate <= clock_wall();
}

void plan_ledger_free(struct plan_ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        struct plan_known *known = &ledger->list[i];
        char *const texts[] = {known->key,  known->placement, known->kind,  known->form,
                               known->lure, known->place,     known->state, known->rotates};

        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++)
            free(texts[j]);
    }
    free(ledger->list);
    sodium_memzero(ledger, sizeof(*ledger));
}
