/* SPDX-License-Identifier: ISC
 *
 * plan FILE [--apply]: what a plan says beside what the ledger has, or carries it out (plan.h). */
#include "server/command/plan.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/command/command.h"
#include "server/command/connect.h"

struct counts {
    uint64_t plant, rotate, there, unfinished, other, beyond;
};

/* How the ledger's placement stands to the plan's. */
static const char *difference_of(const struct plan_item *item, const struct plan_known *known)
{
    if (known == NULL)
        return "plant";
    if (strcmp(known->state, "planned") == 0)
        return "unfinished";
    if (strcmp(known->kind, item->kind->name) != 0 ||
        (item->kind->form != NULL && strcmp(known->form, item->kind->form) != 0) ||
        (item->lure != NULL && strcmp(known->lure, item->lure->name) != 0))
        return "other";
    return plan_is_due(item, known) ? "rotate" : "there";
}

static void count(struct counts *counts, const char *difference)
{
    counts->plant += strcmp(difference, "plant") == 0;
    counts->rotate += strcmp(difference, "rotate") == 0;
    counts->there += strcmp(difference, "there") == 0;
    counts->unfinished += strcmp(difference, "unfinished") == 0;
    counts->other += strcmp(difference, "other") == 0;
    counts->beyond += strcmp(difference, "beyond") == 0;
}

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static json_t *or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

/* Whose place it is, as far as plan and directory say. */
static json_t *with_owner(json_t *row, const struct plan_item *item)
{
    const struct plan_place *place = item != NULL ? item->place : NULL;
    const char *owner = place != NULL ? place->owner : NULL;

    for (size_t i = 0; item != NULL && owner == NULL && i < item->entry->setting_count; i++)
        if (strcmp(item->entry->settings[i].name, "owner") == 0)
            owner = item->entry->settings[i].value;
    json_object_set_new(row, "owner", or_null(owner));
    json_object_set_new(row, "department", or_null(place != NULL ? place->department : NULL));
    json_object_set_new(row, "manager", or_null(place != NULL ? place->manager : NULL));
    return row;
}

/* Of a placement that is there: what it is; else what it is to be. */
static json_t *item_row(const struct plan_item *item, const struct plan_known *known, const char *difference)
{
    const char *lure = known != NULL ? known->lure : item->lure != NULL ? item->lure->name : NULL;
    char at[CLOCK_TEXT];

    return json_pack("{s:s, s:s, s:s, s:i, s:s?, s:s?, s:s, s:s?, s:s?, s:s?, s:s?, s:s}", "difference", difference,
                     "place", item->place->place, "entry", item->entry->name, "index", (int)item->index, "kind",
                     known != NULL ? known->kind : item->kind->name, "form",
                     known != NULL ? known->form : item->kind->form, "wanted", item->kind->name, "lure",
                     text_or_null(lure), "at", item->at != 0 ? clock_text(item->at, at) : NULL, "placement",
                     known != NULL ? known->placement : NULL, "state", known != NULL ? known->state : NULL, "campaign",
                     item->key);
}

static json_t *beyond_row(const struct plan_known *known)
{
    return json_pack("{s:s, s:s, s:n, s:n, s:s, s:s, s:n, s:s?, s:n, s:s, s:s, s:s}", "difference", "beyond", "place",
                     known->place, "entry", "index", "kind", known->kind, "form", known->form, "wanted", "lure",
                     text_or_null(known->lure), "at", "placement", known->placement, "state", known->state, "campaign",
                     known->key);
}

static void put(struct invocation *invocation, json_t *row)
{
    output_json(&invocation->output, row);
    json_decref(row);
}

/* Compares; with `show` each is a row, those beyond the plan last. */
static void compare(struct invocation *invocation, const struct plan_items *items, struct plan_ledger *ledger,
                    bool show, struct counts *counts)
{
    for (size_t i = 0; i < items->count; i++) {
        struct plan_known *known = plan_find(ledger, items->list[i].key);
        const char *difference = difference_of(&items->list[i], known);

        if (known != NULL)
            known->wanted = true;
        count(counts, difference);
        if (show)
            put(invocation, with_owner(item_row(&items->list[i], known, difference), &items->list[i]));
    }
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->list[i].wanted)
            continue;
        count(counts, "beyond");
        if (show)
            put(invocation, with_owner(beyond_row(&ledger->list[i]), NULL));
    }
}

static int say(const struct counts *counts, struct error *error)
{
    error_set(error,
              "%" PRIu64 " to plant, %" PRIu64 " to rotate, %" PRIu64 " unfinished, %" PRIu64 " there, %" PRIu64
              " there but not as the plan says, %" PRIu64 " beyond the plan%s",
              counts->plant, counts->rotate, counts->unfinished, counts->there, counts->other, counts->beyond,
              counts->plant + counts->rotate + counts->unfinished > 0 ? "; sundew plan FILE --apply plants" : "");
    return counts->plant + counts->rotate + counts->unfinished + counts->other + counts->beyond > 0 ? 1 : 0;
}

static int apply(struct plan_work *work, const struct counts *counts, struct error *error)
{
    struct error last = {""};
    int code = plan_apply(work, &last);
    uint64_t done = work->planted + work->there;
    char text[128];

    snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " are planted, %" PRIu64 " of them now", done,
             (uint64_t)work->items->count, work->planted);
    if (code != 0)
        error_set(error, "%s; %" PRIu64 " could not be, the last because: %s", text, work->failed, last.text);
    else if (counts->other + counts->beyond > 0)
        error_set(error, "%s; %" PRIu64 " are not as the plan says and stay: sundew plan FILE lists them, sundew uproot "
                         "takes them out", text, counts->other + counts->beyond);
    else
        error_set(error, "%s", text);
    return code;
}

static bool readable(const char *file)
{
    struct stat status;

    return stat(file, &status) == 0 && !S_ISDIR(status.st_mode) && access(file, R_OK) == 0;
}

int run_plan(struct invocation *invocation, struct error *error)
{
    static const char *const placements[] = {"placement", "state", "place", NULL};
    const char *file = options_value(invocation->options, "file");
    bool applies = options_value(invocation->options, "apply") != NULL;
    struct plan_items items = {NULL, 0};
    struct plan_ledger ledger = {.list = NULL};
    struct counts counts = {0};
    struct link link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    struct plan plan;
    struct plan_work work = {invocation, &link, &plan, &items, &ledger, -1, 0, 0, 0};
    int code = readable(file) ? 2 : 3;

    if (plan_load(file, invocation->configuration, &plan, error) != 0)
        goto out;
    code = plan_people(&plan, invocation->configuration, error);
    if (code != 0)
        goto out;
    code = 3;
    if (link_open(&link, invocation->configuration, error) != 0 ||
        (applies && plan_lease(invocation->configuration, &work.lease, error) != 0) ||
        plan_ask(&link, plan.name, &ledger, error) != 0)
        goto out;
    if (plan_draw(&plan, ledger.seed, clock_wall(), &items, error) != 0) {
        code = 2;
        goto out;
    }
    compare(invocation, &items, &ledger, !applies, &counts);
    if (applies && !invocation->output.json) {
        invocation->output.columns = placements;
        invocation->output.table.streaming = true; /* however many there are */
    }
    code = applies ? apply(&work, &counts, error) : say(&counts, error);
out:
    if (work.lease >= 0)
        close(work.lease);
    link_close(&link);
    plan_items_free(&items);
    plan_ledger_free(&ledger);
    plan_free(&plan);
    return code;
}
