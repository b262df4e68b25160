/* SPDX-License-Identifier: ISC */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/nearest.h"
#include "server/base/paths.h"
#include "server/command/plan.h"
#include "server/wire/kinds.h"

#define WEIGHT 1000000
#define NAME 64
#define MINUTES (24 * 60)
#define AT_ONCE 4
#define DAY_US INT64_C(86400000000)

static const char *const plan_keys[] = {"plan", "directory", "people",  "pace",    "at-once",
                                        "quiet", "most",     "exclude", "entries", NULL};
/* Those that go to `plant` as they are. */
#define PASSED                                                                                                         \
    "decoy", "host", "owner", "contact", "memo", "expires", "path", "as", "buried", "signed-off", "account", "length", \
        "outside", NULL
static const char *const passed[] = {PASSED};
static const char *const entry_keys[] = {"places", "glob",    "list",    "group", "department", "mailbox", "exclude",
                                         "percent", "density", "most", "rotate", "kinds", "lures", "at", PASSED};

/* ---- texts ---- */

/* Names stand in the ledger's keys, between slashes. */
static int check_name(const struct yaml *at, const char *name, struct error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (name[0] == '\0' || strlen(name) > NAME || name[strspn(name, allowed)] != '\0')
        return yaml_fault(at, error, "\"%.80s\" is no name; take up to %d letters, digits, '.', '_' and '-'", name, NAME);
    return 0;
}

/* Absent, or a list of texts. */
static int check_texts(const struct yaml *map, const char *key, struct error *error)
{
    const struct yaml *list = yaml_get(map, key);

    if (list == NULL)
        return 0;
    if (list->type != YAML_LIST)
        return yaml_fault(list, error, "\"%s\" must be a list; write [ONE, OTHER], or a line \"- ONE\" for each", key);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->type != YAML_TEXT || list->items[i]->text[0] == '\0')
            return yaml_fault(list->items[i], error, "each of \"%s\" must be a text; write one", key);
    return 0;
}

/* ---- kinds and lures ---- */

static bool has_word(const char *words, const char *word)
{
    for (size_t length; *words != '\0'; words += length + (words[length] == ' ')) {
        length = strcspn(words, " ");
        if (length == strlen(word) && strncmp(words, word, length) == 0)
            return true;
    }
    return false;
}

/* "KIND" or "KIND/FORM". */
static int read_kind(const struct yaml *at, struct plan_choice *choice, struct error *error)
{
    char *slash = strchr(at->text, '/');
    const char *names[256] = {NULL}, *near;
    const struct kind_row *row;

    if (slash != NULL) {
        *slash = '\0';
        choice->form = slash + 1;
    }
    choice->name = at->text;
    row = kind_row(at->text);
    if (row != NULL && strcmp(kind_row_seen(row), "vendor") == 0)
        return yaml_fault(at, error, "the use of kind %.80s is seen by its vendor alone, so it lies beside a token "
                                     "of ours: plant it by `sundew plant %.80s PLACE --beside TOKEN`", at->text, at->text);
    for (size_t i = 0; i < 255 && kind_row_at(i) != NULL; i++)
        names[i] = kind_row_at(i)->name;
    near = row == NULL ? nearest_word(at->text, names) : NULL;
    if (row == NULL)
        return near != NULL ? yaml_fault(at, error, "no kind \"%.80s\"; did you mean \"%s\"?", at->text, near)
                            : yaml_fault(at, error, "no kind \"%.80s\"; `sundew kinds` lists them", at->text);
    if (choice->form != NULL && !has_word(row->forms, choice->form))
        return yaml_fault(at, error, "%s has no form \"%.80s\"; there are: %s", row->name, choice->form, row->forms);
    return 0;
}

static int read_lure(const struct yaml *at, struct plan_choice *choice, struct error *error)
{
    static const char *const types[] = {"mail", "repository", "directory"};
    char path[512];

    choice->name = at->text;
    for (size_t i = 0; i < sizeof types / sizeof types[0] && strchr(at->text, '/') == NULL; i++) {
        snprintf(path, sizeof(path), "%s/%s/%.100s/lure.yaml", paths_data(), types[i], at->text);
        if (access(path, R_OK) == 0)
            return yaml_load_file(path, &choice->lure, error);
    }
    return yaml_fault(at, error, "no lure \"%.80s\"; `sundew lures` lists them", at->text);
}

/* A text, a list, or a map of weights. */
static int read_choices(const struct yaml *map, const char *key,
                        int (*read)(const struct yaml *, struct plan_choice *, struct error *),
                        struct plan_choices *choices, struct error *error)
{
    const struct yaml *node = yaml_get(map, key);
    size_t count = node == NULL ? 0 : node->type == YAML_TEXT ? 1 : node->count;
    int rc = 0;

    choices->list = calloc(count > 0 ? count : 1, sizeof(*choices->list));
    if (choices->list == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct plan_choice *choice = &choices->list[choices->count++];
        const struct yaml *name = node->type == YAML_TEXT ? node : node->type == YAML_LIST ? node->items[i] : node->keys[i];

        choice->weight = 1;
        if (node->type == YAML_MAP)
            rc = yaml_integer(node, name->text, 1, WEIGHT, &choice->weight, error);
        if (rc == 0 && (name->type != YAML_TEXT || name->text[0] == '\0'))
            rc = yaml_fault(name, error, "each of \"%s\" must be a name; write one", key);
        if (rc == 0)
            rc = read(name, choice, error);
    }
    if (rc == 0 && node != NULL && count == 0)
        rc = yaml_fault(node, error, "\"%s\" is empty; name one, or leave it out", key);
    return rc;
}

/* ---- an entry ---- */

static int read_date(const struct yaml *map, const char *key, int64_t *time, struct error *error)
{
    const char *text = NULL;

    if (yaml_text(map, key, &text, error) != 0)
        return -1;
    if (text != NULL && clock_parse(text, time) != 0)
        return yaml_fault(yaml_get(map, key), error, "\"%.40s\" is no date; write 2026-06-02 or 2026-06-02T10:00:00Z",
                          text);
    return 0;
}

static int read_at(const struct yaml *map, struct plan_entry *entry, struct error *error)
{
    static const char *const keys[] = {"from", "until", NULL};
    const struct yaml *at = yaml_get(map, "at");

    if (at == NULL)
        return 0;
    if (yaml_only(at, keys, error) != 0 || read_date(at, "from", &entry->from, error) != 0 ||
        read_date(at, "until", &entry->until, error) != 0)
        return -1;
    if (entry->from == 0)
        return yaml_fault(at, error, "\"at\" needs \"from\"; write at: {from: 2026-01-01, until: 2026-06-30}");
    if (entry->from >= clock_wall() || (entry->until != 0 && entry->until <= entry->from))
        return yaml_fault(at, error, "\"from\" must lie in the past and before \"until\"; write an earlier date");
    return 0;
}

/* "90d": after so many days. */
static int read_rotate(const struct yaml *map, struct plan_entry *entry, struct error *error)
{
    const char *text = NULL;
    int days = 0, length = 0;

    if (yaml_text(map, "rotate", &text, error) != 0)
        return -1;
    if (text == NULL)
        return 0;
    if (sscanf(text, "%4dd%n", &days, &length) != 1 || text[length] != '\0' || length == 0 || days < 1)
        return yaml_fault(yaml_get(map, "rotate"), error, "\"%.40s\" is no number of days; write rotate: 90d", text);
    entry->rotate = days * DAY_US;
    return 0;
}

static int check_setting(const struct configuration *configuration, const struct yaml *at, const char *name,
                         const char *value, struct error *error)
{
    int64_t ignored;
    bool known = strcmp(name, "decoy") != 0;

    for (size_t i = 0; i < configuration->decoy_count && !known; i++)
        known = strcmp(configuration->decoys[i].name, value) == 0;
    if (!known)
        return yaml_fault(at, error, "no decoy \"%.80s\"; `sundew decoys` lists them", value);
    if (strcmp(name, "expires") == 0 && clock_parse(value, &ignored) != 0)
        return yaml_fault(at, error, "\"%.40s\" is no date; write 2027-06-02 or 2027-06-02T10:00:00Z", value);
    return 0;
}

static int read_settings(const struct yaml *map, const struct configuration *configuration, struct plan_entry *entry,
                         struct error *error)
{
    bool buried = false;

    for (size_t i = 0; passed[i] != NULL; i++) {
        const char *value = NULL;

        if (strcmp(passed[i], "buried") == 0) {
            if (yaml_bool(map, "buried", &buried, error) != 0)
                return -1;
            value = buried ? "true" : NULL;
        } else if (yaml_text(map, passed[i], &value, error) != 0) {
            return -1;
        }
        if (value == NULL)
            continue;
        if (check_setting(configuration, yaml_get(map, passed[i]), passed[i], value, error) != 0)
            return -1;
        entry->settings[entry->setting_count].name = passed[i];
        entry->settings[entry->setting_count++].value = value;
    }
    return 0;
}

static int read_entry(const struct plan *plan, const struct configuration *configuration, struct plan_entry *entry,
                      struct error *error)
{
    const struct yaml *map = entry->at;

    entry->percent = 100;
    entry->density = 1;
    if (yaml_only(map, entry_keys, error) != 0 || check_texts(map, "places", error) != 0 ||
        check_texts(map, "glob", error) != 0 || check_texts(map, "list", error) != 0 ||
        check_texts(map, "exclude", error) != 0 || yaml_integer(map, "percent", 1, 100, &entry->percent, error) != 0 ||
        yaml_integer(map, "density", 1, PLAN_DENSITY, &entry->density, error) != 0 ||
        yaml_integer(map, "most", 1, INT32_MAX, &entry->most, error) != 0 || read_at(map, entry, error) != 0 ||
        read_rotate(map, entry, error) != 0 || read_settings(map, configuration, entry, error) != 0 ||
        read_choices(map, "kinds", read_kind, &entry->kinds, error) != 0 ||
        read_choices(map, "lures", read_lure, &entry->lures, error) != 0)
        return -1;
    if (entry->kinds.count == 0)
        return yaml_fault(map, error, "\"kinds\" is missing; write kinds: [password], or weights such as kinds: "
                                      "{password: 3, gitlab-token: 1}");
    if (plan_people_check(plan, entry, error) != 0)
        return -1;
    if (yaml_get(map, "places") == NULL && yaml_get(map, "glob") == NULL && yaml_get(map, "list") == NULL &&
        entry->mailbox == NULL)
        return yaml_fault(map, error, "no places; write \"places\", \"glob\", \"list\", or \"group\" and \"mailbox\"");
    return plan_places(plan, entry, configuration, error);
}

static int read_entries(const struct configuration *configuration, struct plan *plan, struct error *error)
{
    const struct yaml *map = yaml_get(plan->root, "entries");
    int rc = 0;

    if (map == NULL || map->type != YAML_MAP || map->count == 0)
        return yaml_fault(map != NULL ? map : plan->root, error,
                          "\"entries\" must hold at least one entry; write its name, and below that its places and kinds");
    plan->entries = calloc(map->count, sizeof(*plan->entries));
    if (plan->entries == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < map->count && rc == 0; i++) {
        struct plan_entry *entry = &plan->entries[plan->entry_count++];

        entry->at = map->items[i];
        entry->name = map->keys[i]->text;
        rc = check_name(map->keys[i], entry->name, error);
        for (size_t j = 0; j < i && rc == 0; j++)
            if (strcmp(plan->entries[j].name, entry->name) == 0)
                rc = yaml_fault(map->keys[i], error, "\"%s\" stands here twice; rename one", entry->name);
        if (rc == 0)
            rc = read_entry(plan, configuration, entry, error);
    }
    return rc;
}

/* ---- quiet hours ---- */

/* "18:00-07:30", "sat". */
static int read_quiet(const struct yaml *at, struct plan_quiet *quiet, struct error *error)
{
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    int hours[2], minutes[2], length = 0;

    for (int i = 0; i < 7; i++) {
        if (strcmp(at->text, days[i]) == 0) {
            *quiet = (struct plan_quiet){.day = i};
            return 0;
        }
    }
    if (sscanf(at->text, "%2d:%2d-%2d:%2d%n", &hours[0], &minutes[0], &hours[1], &minutes[1], &length) != 4 ||
        at->text[length] != '\0' || hours[0] < 0 || hours[1] < 0 || minutes[0] < 0 || minutes[1] < 0 ||
        minutes[0] > 59 || minutes[1] > 59)
        return yaml_fault(at, error, "\"%.40s\" is no quiet time; write hours such as \"18:00-07:30\", or a day: sun mon "
                                     "tue wed thu fri sat", at->text);
    *quiet = (struct plan_quiet){hours[0] * 60 + minutes[0], hours[1] * 60 + minutes[1], -1};
    if (quiet->from >= MINUTES || quiet->until > MINUTES || quiet->from == quiet->until)
        return yaml_fault(at, error, "\"%.40s\" is no span of a day; write hours such as \"18:00-07:30\"", at->text);
    return 0;
}

static int read_quiets(struct plan *plan, struct error *error)
{
    const struct yaml *list = yaml_get(plan->root, "quiet");
    int rc = check_texts(plan->root, "quiet", error);

    for (size_t i = 0; rc == 0 && list != NULL && i < list->count; i++) {
        if (plan->quiet_count == PLAN_QUIET)
            return yaml_fault(list, error, "more than %d quiet times; join some", PLAN_QUIET);
        rc = read_quiet(list->items[i], &plan->quiet[plan->quiet_count++], error);
    }
    if (rc == 0 && plan->quiet_count > 0 && plan_quiet_left(plan, clock_wall() / 1000000) > PLAN_WEEK_S - 60)
        return yaml_fault(list, error, "the whole week is quiet; leave some time to plant in");
    return rc;
}

/* ---- the file ---- */

static int read_folder(const char *file, struct plan *plan, struct error *error)
{
    char *whole = realpath(file, NULL);

    if (whole == NULL)
        return error_errno(error, "the plan %s cannot be read", file);
    plan->folder = strdup(dirname(whole));
    free(whole);
    return plan->folder != NULL ? 0 : error_set(error, "out of memory");
}

int plan_load(const char *file, const struct configuration *configuration, struct plan *plan, struct error *error)
{
    *plan = (struct plan){.at_once = AT_ONCE};
    if (read_folder(file, plan, error) != 0 || yaml_load_file(file, &plan->root, error) != 0 ||
        yaml_only(plan->root, plan_keys, error) != 0 || yaml_text(plan->root, "plan", &plan->name, error) != 0)
        return -1;
    if (plan->name == NULL)
        return yaml_fault(plan->root, error, "\"plan\" is missing; write plan: NAME, by which the ledger knows its "
                                             "placements");
    if (check_name(yaml_get(plan->root, "plan"), plan->name, error) != 0 ||
        yaml_integer(plan->root, "pace", 0, 60000, &plan->pace, error) != 0 ||
        yaml_integer(plan->root, "at-once", 1, PLAN_AT_ONCE, &plan->at_once, error) != 0 ||
        yaml_integer(plan->root, "most", 1, INT32_MAX, &plan->most, error) != 0 ||
        check_texts(plan->root, "exclude", error) != 0 || read_quiets(plan, error) != 0 ||
        plan_people_directory(plan, configuration, error) != 0)
        return -1;
    return read_entries(configuration, plan, error);
}

static void free_choices(struct plan_choices *choices)
{
    for (size_t i = 0; i < choices->count; i++)
        yaml_discard(choices->list[i].lure);
    free(choices->list);
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->entry_count; i++) {
        struct plan_entry *entry = &plan->entries[i];

        for (size_t j = 0; j < entry->place_count; j++)
            plan_place_free(&entry->places[j]);
        free(entry->places);
        free_choices(&entry->kinds);
        free_choices(&entry->lures);
    }
    free(plan->entries);
    free(plan->folder);
    json_decref(plan->people);
    yaml_discard(plan->root);
}
