/* SPDX-License-Identifier: ISC */
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "server/base/paths.h"
#include "server/command/plan.h"
#include "server/command/planting.h"
#include "server/wire/places.h"
#include "server/wire/remote.h"

#define LINE_MOST 4096

struct gathering {
    const struct plan *plan;
    const struct configuration *configuration;
    struct plan_entry *entry;
    struct error *error;
};

/* "SCHEME:" and what stands behind it, below the plan's folder where that is a relative path. To be freed. */
static char *from_folder(const struct plan *plan, const char *place)
{
    const char *rest = strchr(place, ':') + 1;
    char *joined = NULL, *path;

    if (remote_is(slice_of(place)) || strncmp(rest, "//", 2) == 0)
        return strdup(place);
    path = paths_join(plan->folder, rest);
    if (path != NULL && asprintf(&joined, "%.*s%s", (int)(rest - place), place, path) < 0)
        joined = NULL;
    free(path);
    return joined;
}

static int check_scheme(const struct yaml *at, const char *place, struct error *error)
{
    const struct place_row *row = place_row(slice_of(place));
    const char *colon = strchr(place, ':');

    if (row == NULL || colon == NULL || colon[1] == '\0' || strcmp(row->scheme, "stdout") == 0)
        return yaml_fault(at, error, "\"%.200s\" is no place that a plan can plant in; write SCHEME:PATH as `sundew "
                                     "places` shows", place);
    return 0;
}

/* ---- what is left out ---- */

static bool matches(const struct plan *plan, const struct yaml *patterns, const char *place)
{
    bool found = false;

    for (size_t i = 0; patterns != NULL && i < patterns->count && !found; i++) {
        const char *pattern = patterns->items[i]->text;
        char *whole = strchr(pattern, ':') != NULL ? from_folder(plan, pattern) : strdup(pattern);

        found = whole != NULL && (fnmatch(whole, place, 0) == 0 || fnmatch(pattern, place, 0) == 0);
        free(whole);
    }
    return found;
}

static bool is_left_out(const struct gathering *gathering, const char *place)
{
    return matches(gathering->plan, yaml_get(gathering->plan->root, "exclude"), place) ||
           matches(gathering->plan, yaml_get(gathering->entry->at, "exclude"), place);
}

bool plan_place_is_left_out(const struct plan *plan, const struct plan_entry *entry, const char *place)
{
    const struct gathering gathering = {plan, NULL, (struct plan_entry *)(uintptr_t)entry, NULL};
    char *below = from_folder(plan, place), *whole = below != NULL ? place_resolve(below) : NULL;
    bool is = whole != NULL && (is_left_out(&gathering, whole) || is_left_out(&gathering, below));

    free(whole);
    free(below);
    return is;
}

/* ---- adding one ---- */

static int reserve(struct plan_entry *entry)
{
    size_t count = entry->place_count;
    struct plan_place *places;

    if ((count & (count - 1)) != 0)
        return 0;
    places = reallocarray(entry->places, count == 0 ? 1 : 2 * count, sizeof(*places));
    if (places == NULL)
        return -1;
    entry->places = places;
    return 0;
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* `place` in it is absolute. */
static int add_place(const struct gathering *gathering, const struct yaml *at, const struct plan_place *person)
{
    const char *place = person->place;
    struct plan_entry *entry = gathering->entry;
    char *whole = place_resolve(place);
    struct error why;

    if (whole == NULL || reserve(entry) != 0) {
        free(whole);
        return error_set(gathering->error, "out of memory");
    }
    if (is_left_out(gathering, whole) || is_left_out(gathering, place)) {
        free(whole);
        return 0;
    }
    if (remote_is(slice_of(whole)) && remote_account(gathering->configuration, whole, &why) == NULL) {
        free(whole);
        return yaml_fault(at, gathering->error, "%s", why.text);
    }
    entry->places[entry->place_count++] =
        (struct plan_place){whole, copy_or_null(person->owner), copy_or_null(person->department),
                            copy_or_null(person->manager), copy_or_null(person->language), person->person,
                            person->among};
    return entry->place_count <= PLAN_PLACES
               ? 0
               : yaml_fault(at, gathering->error, "more than %d places; divide them among several plans", PLAN_PLACES);
}

int plan_place_add(const struct plan *plan, struct plan_entry *entry, const struct configuration *configuration,
                   const struct yaml *at, const struct plan_place *place, struct error *error)
{
    const struct gathering gathering = {plan, configuration, entry, error};
    struct plan_place below = *place;
    int rc;

    below.place = from_folder(plan, place->place);
    rc = below.place != NULL ? add_place(&gathering, at, &below) : error_set(error, "out of memory");
    free(below.place);
    return rc;
}

static int add_written(const struct gathering *gathering, const struct yaml *at, char *place, char *owner)
{
    if (check_scheme(at, place, gathering->error) != 0)
        return -1;
    return plan_place_add(gathering->plan, gathering->entry, gathering->configuration, at,
                          &(struct plan_place){.place = place, .owner = owner}, gathering->error);
}

/* ---- glob ---- */

static bool has(const char *folder, const char *name)
{
    char *path = paths_join(folder, name);
    struct stat status;
    bool there = path != NULL && stat(path, &status) == 0;

    free(path);
    return there;
}

/* Is it what the scheme plants in? What else lies beside mailboxes and repositories is passed over. */
static bool is_kind_of(const char *scheme, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    if (strcmp(scheme, "maildir") == 0)
        return has(path, "cur") && has(path, "new");
    if (strcmp(scheme, "git") == 0)
        return has(path, ".git") || (has(path, "HEAD") && has(path, "objects"));
    return strcmp(scheme, "mbox") == 0 && S_ISREG(status.st_mode);
}

static int add_found(const struct gathering *gathering, const struct yaml *at, const char *scheme, const char *behind,
                     const glob_t *found)
{
    size_t before = 0;

    for (size_t i = 0; i < found->gl_pathc; i++) {
        char *place = NULL;
        int rc;

        if (!is_kind_of(scheme, found->gl_pathv[i]))
            continue;
        before++;
        if (asprintf(&place, "%s:%s%s", scheme, found->gl_pathv[i], behind) < 0)
            return error_set(gathering->error, "out of memory");
        rc = add_place(gathering, at, &(struct plan_place){.place = place});
        free(place);
        if (rc != 0)
            return -1;
    }
    if (before == 0)
        return yaml_fault(at, gathering->error, "\"%s\" finds no %s that can be read here; look at the pattern, and at "
                                                "whether you may read those folders", at->text, scheme);
    return 0;
}

/* "maildir:/srv/mail/?*"; of "git:PATTERN#BRANCH" the branch goes to each. */
static int add_glob(const struct gathering *gathering, const struct yaml *at)
{
    char scheme[32], *whole, *pattern, *hash;
    glob_t found = {0};
    int rc;

    if (check_scheme(at, at->text, gathering->error) != 0)
        return -1;
    snprintf(scheme, sizeof(scheme), "%.*s", (int)strcspn(at->text, ":"), at->text);
    if (strcmp(scheme, "maildir") != 0 && strcmp(scheme, "mbox") != 0 && strcmp(scheme, "git") != 0)
        return yaml_fault(at, gathering->error, "only maildir, mbox and git can be looked for by pattern; write each "
                                                "place under \"places\", or a file of them under \"list\"");
    whole = from_folder(gathering->plan, at->text);
    if (whole == NULL)
        return error_set(gathering->error, "out of memory");
    pattern = strchr(whole, ':') + 1;
    hash = strcmp(scheme, "git") == 0 ? strrchr(pattern, '#') : NULL;
    if (hash != NULL)
        *hash = '\0';
    rc = glob(pattern, 0, NULL, &found);
    if (rc == GLOB_NOSPACE)
        rc = error_set(gathering->error, "out of memory");
    else if (hash != NULL)
        *hash = '#';
    if (rc != -1)
        rc = add_found(gathering, at, scheme, hash != NULL ? hash : "", &found);
    globfree(&found);
    free(whole);
    return rc;
}

/* ---- list ---- */

/* A line "PLACE", or "PLACE", a tab and the owner. */
static int add_line(const struct gathering *gathering, const char *path, int number, char *line)
{
    char *tab = strchr(line, '\t');
    const struct yaml where = {.type = YAML_TEXT, .file = path, .line = number, .column = 1, .text = line};

    line[strcspn(line, "\r\n")] = '\0';
    if (tab != NULL)
        *tab++ = '\0';
    if (tab != NULL)
        tab += strspn(tab, "\t ");
    if (line[0] == '\0' || line[0] == '#')
        return 0;
    return add_written(gathering, &where, line, tab != NULL && tab[0] != '\0' ? tab : NULL);
}

static int add_list(const struct gathering *gathering, const struct yaml *at)
{
    char *path = paths_join(gathering->plan->folder, at->text), line[LINE_MOST];
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    int rc = 0;

    if (file == NULL) {
        rc = yaml_fault(at, gathering->error, "the list %s cannot be opened; write one place a line into it",
                        path != NULL ? path : at->text);
        free(path);
        return rc;
    }
    for (int number = 1; rc == 0 && fgets(line, sizeof(line), file) != NULL; number++)
        rc = strchr(line, '\n') == NULL && !feof(file)
                 ? error_set(gathering->error, "%s:%d:1: the line is too long; shorten it", path, number)
                 : add_line(gathering, path, number, line);
    fclose(file);
    free(path);
    return rc;
}

/* ---- all ---- */

static int each(const struct gathering *gathering, const char *key,
                int (*add)(const struct gathering *, const struct yaml *))
{
    const struct yaml *list = yaml_get(gathering->entry->at, key);
    int rc = 0;

    for (size_t i = 0; list != NULL && i < list->count && rc == 0; i++)
        rc = add(gathering, list->items[i]);
    return rc;
}

static int add_text(const struct gathering *gathering, const struct yaml *at)
{
    return add_written(gathering, at, at->text, NULL);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct plan_place *)a)->place, ((const struct plan_place *)b)->place);
}

void plan_place_free(struct plan_place *place)
{
    free(place->place);
    free(place->owner);
    free(place->department);
    free(place->manager);
    free(place->language);
}

void plan_places_tidy(struct plan_entry *entry)
{
    size_t kept = 0;

    if (entry->place_count > 0)
        qsort(entry->places, entry->place_count, sizeof(*entry->places), by_name);
    for (size_t i = 0; i < entry->place_count; i++) {
        struct plan_place *last = kept > 0 ? &entry->places[kept - 1] : NULL, *place = &entry->places[i];

        if (last == NULL || strcmp(last->place, place->place) != 0) {
            entry->places[kept++] = *place;
            continue;
        }
        if (last->owner == NULL) {
            struct plan_place nobodys = *last;

            *last = *place;
            *place = nobodys;
        }
        plan_place_free(place);
    }
    entry->place_count = kept;
}

int plan_places(const struct plan *plan, struct plan_entry *entry, const struct configuration *configuration,
                struct error *error)
{
    const struct gathering gathering = {plan, configuration, entry, error};
    int rc = 0;

    if (each(&gathering, "places", add_text) != 0 || each(&gathering, "glob", add_glob) != 0 ||
        each(&gathering, "list", add_list) != 0)
        rc = -1;
    plan_places_tidy(entry);
    return rc;
}
