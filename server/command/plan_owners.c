/* SPDX-License-Identifier: ISC
 *
 * Whose the mailboxes are that an entry names by itself (`places`, `glob`, `list`): by the address, or on another host
 * by the login, that the list or the place says, in the plan's directory. Who is not there stays as the plan has it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/command/plan_people.h"
#include "server/wire/places.h"
#include "server/wire/remote.h"

#define AT_ONCE 200 /* owners whom one errand asks for */
#define NAME 320

struct owners {
    struct plan *plan;
    const struct configuration *configuration;
    struct plan_entry *entry;
    struct plan_place *places[AT_ONCE];
    char names[AT_ONCE][NAME];
    size_t count;
    json_t *among; /* all whom this errand tells of */
};

/* ---- whom to ask for ---- */

/* The address in "Name <address>", or what there is. */
static void take_name(const char *text, char name[NAME])
{
    const char *open = strchr(text, '<');

    text = open != NULL ? open + 1 : text;
    snprintf(name, NAME, "%.*s", (int)strcspn(text, ">"), text);
}

/* The last part of a path that is an address. */
static void address_in(const char *path, char name[NAME])
{
    for (size_t length = 0; *path != '\0'; path += length + (path[length] == '/')) {
        const char *at;

        length = strcspn(path, "/");
        at = memchr(path, '@', length);
        if (at != NULL && at > path && length < NAME && memchr(at, '.', length - (size_t)(at - path)) != NULL)
            snprintf(name, NAME, "%.*s", (int)length, path);
    }
}

static const char *setting_of(const struct plan_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->setting_count; i++)
        if (strcmp(entry->settings[i].name, name) == 0)
            return entry->settings[i].value;
    return NULL;
}

/* "" where nothing says it. */
static void name_of(const struct plan_entry *entry, const struct plan_place *place, char name[NAME])
{
    const char *owner = place->owner != NULL ? place->owner : setting_of(entry, "owner");
    struct remote remote = {NULL};
    struct error ignored;

    name[0] = '\0';
    if (owner != NULL)
        take_name(owner, name);
    else if (!remote_is(slice_of(place->place)))
        address_in(strchr(place->place, ':') + 1, name);
    else if (remote_parse(place->place, &remote, &ignored) == 0 && remote.user != NULL)
        take_name(remote.user, name);
    remote_free(&remote);
}

/* ---- what comes back ---- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* The plan's own words stay. */
static void describe(const struct owners *owners, struct plan_place *place, const json_t *person)
{
    struct plan_place by = {.person = person, .among = owners->among};

    plan_people_describe(&by, person);
    place->person = person;
    place->among = owners->among;
    if (place->owner == NULL && setting_of(owners->entry, "owner") == NULL)
        place->owner = by.owner, by.owner = NULL;
    if (place->department == NULL)
        place->department = by.department, by.department = NULL;
    if (place->manager == NULL)
        place->manager = by.manager, by.manager = NULL;
    if (place->language == NULL)
        place->language = by.language, by.language = NULL;
    plan_place_free(&by);
}

/* Whose mailbox on the same host the plan leaves out is not named either. */
static void mark_excluded(const struct owners *owners, json_t *person)
{
    for (size_t i = 0; person != NULL && i < owners->count; i++) {
        const char *place = owners->places[i]->place, *at = strstr(place, owners->names[i]);
        const char *other = text_of(person, strchr(owners->names[i], '@') != NULL ? "mail" : "login");
        char *mailbox = NULL;

        if (at == NULL || other[0] == '\0')
            continue;
        if (asprintf(&mailbox, "%.*s%s%s", (int)(at - place), place, other, at + strlen(owners->names[i])) < 0)
            return;
        if (plan_place_is_left_out(owners->plan, owners->entry, mailbox))
            json_object_set_new(person, "excluded", json_true());
        free(mailbox);
        return;
    }
}

static int take_record(json_t *record, void *context, struct error *error)
{
    struct owners *owners = context;

    if (json_object_get(record, "fault") != NULL || !json_is_object(record))
        return json_is_object(record) ? 0 : error_set(error, "the planter sent a damaged answer");
    mark_excluded(owners, record);
    mark_excluded(owners, json_object_get(record, "manager"));
    json_array_append(owners->among, record);
    for (size_t i = 0; i < owners->count && json_object_get(record, "colleague") == NULL; i++)
        if (strcasecmp(owners->names[i], text_of(record, "mail")) == 0 ||
            strcasecmp(owners->names[i], text_of(record, "login")) == 0)
            describe(owners, owners->places[i], record);
    return 0;
}

/* ---- asking ---- */

static int ask(struct owners *owners, struct error *error)
{
    json_t *names = json_array(), *questions;
    int code = 0;

    for (size_t i = 0; i < owners->count; i++)
        json_array_append_new(names, json_string(owners->names[i]));
    questions = json_pack("[{s:o}]", "owners", names);
    owners->among = json_array();
    json_array_append_new(owners->plan->people, owners->among);
    if (owners->count > 0)
        code = plan_people_errand(owners->plan, owners->configuration, questions, take_record, owners, error);
    json_decref(questions);
    owners->count = 0;
    return code;
}

static int ask_entry(struct owners *owners, struct error *error)
{
    int code = 0;

    for (size_t i = 0; i < owners->entry->place_count && code == 0; i++) {
        struct plan_place *place = &owners->entry->places[i];
        const struct place_row *row = place_row(slice_of(place->place));

        if (place->person != NULL || row == NULL || strcmp(row->takes, "mail") != 0)
            continue;
        name_of(owners->entry, place, owners->names[owners->count]);
        if (owners->names[owners->count][0] == '\0')
            continue;
        owners->places[owners->count++] = place;
        if (owners->count == AT_ONCE)
            code = ask(owners, error);
    }
    return code == 0 && owners->count > 0 ? ask(owners, error) : code;
}

int plan_owners(struct plan *plan, const struct configuration *configuration, struct error *error)
{
    struct owners *owners = plan->directory != NULL ? calloc(1, sizeof *owners) : NULL;
    int code = 0;

    if (owners == NULL)
        return plan->directory != NULL ? error_status(error, 3, "out of memory") : 0;
    *owners = (struct owners){.plan = plan, .configuration = configuration};
    for (size_t i = 0; i < plan->entry_count && code == 0; i++) {
        owners->entry = &plan->entries[i];
        code = ask_entry(owners, error);
    }
    free(owners);
    return code;
}
