/* SPDX-License-Identifier: ISC
 *
 * What is drawn comes of a keyed digest of what it is drawn for, so that a place that comes or goes, or another weight,
 * moves as little as can be: places by their rank, kinds and lures by weighted rendezvous (the one whose ln(u)/weight
 * is greatest). */
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/calendar.h"
#include "server/base/clock.h"
#include "server/command/plan.h"
#include "server/wire/kinds.h"
#include "server/wire/places.h"

#define SECOND 1000000
#define OPENS (8 * 3600 + 1800) /* of a working day, in seconds */
#define WORKS (9 * 3600 + 1200)
#define TRIES 64

struct drawing {
    const struct plan *plan;
    const unsigned char *seed;
    int64_t now;
    struct plan_items *items;
};

/* A number that is always the same for the same texts. */
static uint64_t draw(const struct drawing *drawing, const char *what, const char *of, const char *among)
{
    const char *const texts[] = {what, of, among};
    crypto_generichash_state state;
    unsigned char bytes[crypto_generichash_BYTES_MIN];
    uint64_t number = 0;

    crypto_generichash_init(&state, drawing->seed, PLAN_SEED, sizeof(bytes));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        crypto_generichash_update(&state, (const unsigned char *)texts[i], strlen(texts[i]) + 1);
    crypto_generichash_final(&state, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(number); i++)
        number = number << 8 | bytes[i];
    return number;
}

/* ---- kinds and lures ---- */

static double score(const struct drawing *drawing, const char *key, const struct plan_choice *choice)
{
    char among[256];

    snprintf(among, sizeof(among), "%s/%s", choice->name, choice->form != NULL ? choice->form : "");
    return log(((double)draw(drawing, "choice", key, among) + 1) / 18446744073709551617.0) / (double)choice->weight;
}

static bool holds(const struct yaml *list, const char *text)
{
    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (list->items[i]->type == YAML_TEXT && strcmp(list->items[i]->text, text) == 0)
            return true;
    return list == NULL;
}

/* By what lure.yaml says of kinds and places (templates/README.md); services are the keeper's to know. */
static bool lure_fits(const struct plan_choice *lure, const struct plan_choice *kind, const char *place)
{
    const struct kind_row *row = kind_row(kind->name);
    const struct yaml *kinds = yaml_get(lure->lure, "kinds"), *type = yaml_get(lure->lure, "type");
    const struct place_row *where = place_row(slice_of(place));

    return type != NULL && type->type == YAML_TEXT && strcmp(type->text, where->takes) == 0 &&
           holds(yaml_get(lure->lure, "places"), where->scheme) &&
           (holds(kinds, kind->name) || holds(kinds, row->bound ? "login" : "token"));
}

static const struct plan_choice *choose(const struct drawing *drawing, const struct plan_item *item,
                                        const struct plan_choices *choices)
{
    const struct plan_choice *best = NULL;
    double most = 0;

    for (size_t i = 0; i < choices->count; i++) {
        const struct plan_choice *choice = &choices->list[i];
        double reached;

        if (choice->lure != NULL && !lure_fits(choice, item->kind, item->place->place))
            continue;
        reached = score(drawing, item->key, choice);
        if (best == NULL || reached > most) {
            best = choice;
            most = reached;
        }
    }
    return best;
}

/* ---- dates ---- */

/* The try-th draw: a time of a working day, between half past eight and ten to six; 0 where people rest then. */
static int64_t draw_date(const struct drawing *drawing, const struct plan_item *item, int64_t until, unsigned try)
{
    int64_t span = (until - item->entry->from) / SECOND;
    char number[16];
    struct tm when;
    time_t day;

    snprintf(number, sizeof(number), "%u", try);
    day = (time_t)(item->entry->from / SECOND) +
          (time_t)(span > 0 ? draw(drawing, "day", item->key, number) % (uint64_t)span : 0);
    if (localtime_r(&day, &when) == NULL || calendar_is_weekend(&when) || calendar_is_holiday(&when))
        return 0;
    when.tm_hour = when.tm_min = 0;
    when.tm_sec = OPENS + (int)(draw(drawing, "time", item->key, number) % WORKS);
    when.tm_isdst = -1;
    return (int64_t)mktime(&when) * SECOND;
}

/* In working hours where the span has some. */
static int64_t choose_date(const struct drawing *drawing, const struct plan_item *item)
{
    const struct plan_entry *entry = item->entry;
    int64_t until = entry->until != 0 && entry->until < drawing->now ? entry->until : drawing->now;

    if (entry->from == 0)
        return 0;
    for (unsigned try = 0; try < TRIES; try++) {
        int64_t at = draw_date(drawing, item, until, try);

        if (at >= entry->from && at <= until)
            return at;
    }
    return entry->from + (until - entry->from) / 2;
}

/* ---- which places, how often ---- */

static int by_rank(const void *a, const void *b)
{
    const struct plan_item *one = a, *other = b;

    if (one->index != other->index)
        return one->index < other->index ? -1 : 1;
    return one->rank < other->rank ? -1 : one->rank > other->rank;
}

static int by_place(const void *a, const void *b)
{
    const struct plan_item *one = a, *other = b;
    int order = strcmp(one->place->place, other->place->place);

    if (order == 0)
        order = strcmp(one->entry->name, other->entry->name);
    return order != 0 ? order : one->index < other->index ? -1 : one->index > other->index;
}

static void cut(struct plan_items *items, size_t first, int64_t most)
{
    if (most == 0 || items->count - first <= (size_t)most)
        return;
    qsort(items->list + first, items->count - first, sizeof(*items->list), by_rank);
    for (size_t i = first + (size_t)most; i < items->count; i++)
        free(items->list[i].key);
    items->count = first + (size_t)most;
}

/* The percent of places that come first by rank: a greater percent keeps those that were there. */
static void add_places(const struct drawing *drawing, const struct plan_entry *entry)
{
    struct plan_items *items = drawing->items;
    size_t first = items->count;

    for (size_t i = 0; i < entry->place_count; i++)
        items->list[items->count++] = (struct plan_item){
            .entry = entry,
            .place = &entry->places[i],
            .index = 1,
            .rank = draw(drawing, "place", entry->name, entry->places[i].place),
        };
    cut(items, first, ((int64_t)entry->place_count * entry->percent + 99) / 100);
}

static int name_item(const struct drawing *drawing, struct plan_item *item, struct error *error)
{
    if (asprintf(&item->key, "%s/%s/%u/%s", drawing->plan->name, item->entry->name, item->index,
                 item->place->place) < 0) {
        item->key = NULL;
        return error_set(error, "out of memory");
    }
    return 0;
}

/* Each of the entry's places once for each of its density. */
static int add_entry(const struct drawing *drawing, const struct plan_entry *entry, struct error *error)
{
    struct plan_items *items = drawing->items;
    size_t first = items->count, chosen, room = first + entry->place_count * (size_t)entry->density;
    struct plan_item *list = reallocarray(items->list, room > 0 ? room : 1, sizeof(*list));

    if (list == NULL)
        return error_set(error, "out of memory");
    items->list = list;
    add_places(drawing, entry);
    chosen = items->count - first;
    for (unsigned index = 2; index <= (unsigned)entry->density; index++)
        for (size_t i = 0; i < chosen; i++) {
            list[items->count] = list[first + i];
            list[items->count++].index = index;
        }
    cut(items, first, entry->most);
    for (size_t i = first; i < items->count; i++)
        if (name_item(drawing, &list[i], error) != 0)
            return -1;
    return 0;
}

static int draw_item(const struct drawing *drawing, struct plan_item *item, struct error *error)
{
    const struct plan_entry *entry = item->entry;

    item->kind = choose(drawing, item, &entry->kinds);
    if (entry->lures.count > 0)
        item->lure = choose(drawing, item, &entry->lures);
    item->at = choose_date(drawing, item);
    if (entry->lures.count > 0 && item->lure == NULL)
        return yaml_fault(entry->at, error, "none of the lures of \"%s\" carries a %s into %.200s; add one that does, "
                                            "or leave out \"lures\"", entry->name, item->kind->name,
                          item->place->place);
    return 0;
}

int plan_draw(const struct plan *plan, const unsigned char seed[PLAN_SEED], int64_t now, struct plan_items *items,
              struct error *error)
{
    const struct drawing drawing = {plan, seed, now, items};
    int rc = 0;

    *items = (struct plan_items){NULL, 0};
    for (size_t i = 0; i < plan->entry_count && rc == 0; i++)
        rc = add_entry(&drawing, &plan->entries[i], error);
    if (rc == 0)
        cut(items, 0, plan->most);
    for (size_t i = 0; i < items->count && rc == 0; i++)
        rc = draw_item(&drawing, &items->list[i], error);
    if (items->count > 0)
        qsort(items->list, items->count, sizeof(*items->list), by_place);
    return rc;
}

void plan_items_free(struct plan_items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->list[i].key);
    free(items->list);
    *items = (struct plan_items){NULL, 0};
}
