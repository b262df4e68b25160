/* SPDX-License-Identifier: ISC
 *
 * Members of groups and departments, whom a planter asks the directory for (server/planter/people.h), and their
 * mailboxes. What the directory says is hostile: it can choose among mailboxes of the pattern, and nothing else. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"
#include "server/base/paths.h"
#include "server/command/colleagues.h"
#include "server/command/plan_people.h"
#include "server/command/planter.h"
#include "server/wire/places.h"
#include "server/wire/remote.h"

#define RECORDS (32 * 1024 * 1024)
#define QUESTIONS 256
#define VALUE 320 /* of a placeholder: a mail address (RFC 5321) */

static const char *const selectors[] = {"group", "department", NULL};

/* ---- the file ---- */

/* A text, or a list of them. */
static const struct yaml *item_at(const struct yaml *node, size_t index)
{
    if (node == NULL || node->type == YAML_TEXT)
        return index == 0 ? node : NULL;
    return index < node->count ? node->items[index] : NULL;
}

static int check_selector(const struct yaml *map, const char *key, struct error *error)
{
    const struct yaml *node = yaml_get(map, key), *item = NULL;

    if (node != NULL && (node->type == YAML_MAP || (node->type == YAML_LIST && node->count == 0)))
        return yaml_fault(node, error, "\"%s\" must be a name, or a list of names", key);
    for (size_t i = 0; (item = item_at(node, i)) != NULL; i++)
        if (item->type != YAML_TEXT || item->text[0] == '\0')
            return yaml_fault(item, error, "each \"%s\" must be a name; write one", key);
    return 0;
}

/* One of the placeholders, and nothing else in braces. */
static int check_pattern(const struct yaml *at, struct error *error)
{
    static const char *const names[] = {"{login}", "{mail}", "{local}"};
    const struct place_row *row = place_row(slice_of(at->text));
    size_t found = 0, braces = 0;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (const char *c = strstr(at->text, names[i]); c != NULL; c = strstr(c + 1, names[i]))
            found++;
    for (const char *c = at->text; *c != '\0'; c++)
        braces += *c == '{' || *c == '}';
    if (row == NULL || strchr(at->text, ':') == NULL || strcmp(row->takes, "mail") != 0 || found == 0 ||
        braces != 2 * found)
        return yaml_fault(at, error, "\"%.200s\" is no pattern of mailboxes; write one such as imaps://{login}@mail.example "
                                     "or maildir:/var/mail/{login}/Maildir, with {login}, {mail} or {local}", at->text);
    return 0;
}

int plan_people_check(const struct plan *plan, struct plan_entry *entry, struct error *error)
{
    const struct yaml *map = entry->at, *pattern = yaml_get(map, "mailbox");
    const struct yaml *selector = NULL;

    for (size_t i = 0; selectors[i] != NULL; i++) {
        if (check_selector(map, selectors[i], error) != 0)
            return -1;
        selector = selector != NULL ? selector : yaml_get(map, selectors[i]);
    }
    if (yaml_text(map, "mailbox", &entry->mailbox, error) != 0)
        return -1;
    if (selector != NULL && plan->directory == NULL)
        return yaml_fault(selector, error, "people are looked for in a directory; write directory: ldaps://HOST beside "
                                           "\"plan\"");
    if ((selector != NULL) != (pattern != NULL))
        return yaml_fault(selector != NULL ? selector : pattern, error,
                          "\"group\" and \"department\" go together with \"mailbox\": where their people's mail lies, such as "
                          "imaps://{login}@mail.example");
    return pattern != NULL ? check_pattern(pattern, error) : 0;
}

int plan_people_directory(struct plan *plan, const struct configuration *configuration, struct error *error)
{
    const struct yaml *at = yaml_get(plan->root, "directory");
    const struct place_row *row;
    struct error why;

    if (yaml_text(plan->root, "directory", &plan->directory, error) != 0 || plan->directory == NULL)
        return plan->directory == NULL && at == NULL ? 0 : -1;
    row = place_row(slice_of(plan->directory));
    if (row == NULL || strcmp(row->takes, "directory") != 0)
        return yaml_fault(at, error, "\"%.200s\" is no directory; write ldaps://HOST, or ldaps://HOST/DN to look for "
                                     "departments below that", plan->directory);
    return remote_account(configuration, plan->directory, &why) != NULL ? 0 : yaml_fault(at, error, "%s", why.text);
}

/* ---- a mailbox ---- */

/* What stands for a placeholder, in lower case, so that another spelling is no other mailbox; -1 where the person has
 * none, or it is no word that a pattern takes. */
static int value_of(const json_t *person, const char *name, size_t length, char value[VALUE])
{
    const char *mail = json_string_value(json_object_get(person, "mail"));
    bool login = length == 5 && strncmp(name, "login", 5) == 0, local = strncmp(name, "local", length) == 0;
    const char *text = login ? json_string_value(json_object_get(person, "login")) : mail;
    size_t end = text == NULL ? 0 : !login && local ? strcspn(text, "@") : strlen(text);

    if (end == 0 || end >= VALUE || text[0] == '.')
        return -1;
    for (size_t i = 0; i < end; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= 0x20 || c == 0x7f || strchr("/\\\"<>#", c) != NULL)
            return -1;
        value[i] = (char)(c < 0x80 ? tolower(c) : c);
    }
    value[end] = '\0';
    return 0;
}

/* Bytes that mean something in a place on another host stand as %XX. */
static void add_value(struct buffer *out, const char *value, bool remote)
{
    for (; *value != '\0'; value++) {
        if (!remote || isalnum((unsigned char)*value) || strchr("-._~@+", *value) != NULL)
            buffer_add_char(out, *value);
        else
            buffer_add_format(out, "%%%02X", (unsigned char)*value);
    }
}

char *plan_people_mailbox(const char *pattern, const json_t *person)
{
    bool remote = remote_is(slice_of(pattern));
    char value[VALUE], *place = NULL;
    struct buffer out;
    int rc = 0;

    buffer_init(&out, 4096);
    while (*pattern != '\0' && rc == 0) {
        size_t plain = strcspn(pattern, "{"), name = strcspn(pattern + plain, "}");

        buffer_add_format(&out, "%.*s", (int)plain, pattern);
        pattern += plain;
        if (*pattern == '\0')
            break;
        rc = value_of(person, pattern + 1, name - 1, value);
        if (rc == 0)
            add_value(&out, value, remote);
        pattern += name + 1;
    }
    if (rc == 0 && !out.failed)
        place = strdup(buffer_text(&out));
    buffer_free(&out);
    return place;
}

/* ---- a person ---- */

static char *copy_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? strdup(text) : NULL;
}

/* "Name <mail>", or what there is of it. */
static char *name_of(const json_t *person)
{
    const char *name = json_string_value(json_object_get(person, "name"));
    const char *mail = json_string_value(json_object_get(person, "mail"));
    char *whole = NULL;

    if (name == NULL || mail == NULL)
        return name != NULL ? strdup(name) : copy_of(person, "mail");
    return asprintf(&whole, "%s <%s>", name, mail) < 0 ? NULL : whole;
}

void plan_people_describe(struct plan_place *place, const json_t *person)
{
    const char *language = colleagues_language(person);

    place->owner = name_of(person);
    place->department = copy_of(person, "department");
    place->manager = name_of(json_object_get(person, "manager"));
    place->language = language != NULL ? strdup(language) : NULL;
}

int plan_people_add(const struct plan *plan, struct plan_entry *entry, const struct configuration *configuration,
                    const struct yaml *at, const json_t *person, const json_t *among, struct error *error)
{
    char *mailbox = plan_people_mailbox(entry->mailbox, person);
    struct plan_place place = {.place = mailbox, .person = person, .among = among};
    int rc;

    if (mailbox == NULL)
        return 1;
    plan_people_describe(&place, person);
    rc = plan_place_add(plan, entry, configuration, at, &place, error);
    plan_place_free(&place);
    return rc;
}

/* ---- asking ---- */

struct question {
    struct plan_entry *entry;
    const struct yaml *at;
    const char *selector;
    size_t people, homeless;
};

struct inquiry {
    struct plan *plan;
    const struct configuration *configuration;
    struct question questions[QUESTIONS];
    size_t count;
};

static int add_questions(struct inquiry *inquiry, struct plan_entry *entry, json_t *list, struct error *error)
{
    for (size_t i = 0; selectors[i] != NULL; i++) {
        const struct yaml *node = yaml_get(entry->at, selectors[i]), *item;

        for (size_t j = 0; (item = item_at(node, j)) != NULL; j++) {
            if (inquiry->count == QUESTIONS)
                return yaml_fault(item, error, "more than %d groups and departments; divide them among several plans",
                                  QUESTIONS);
            inquiry->questions[inquiry->count++] = (struct question){.entry = entry, .at = item, .selector = selectors[i]};
            json_array_append_new(list, json_pack("{s:s}", selectors[i], item->text));
            json_array_append_new(inquiry->plan->people, json_array());
        }
    }
    return 0;
}

static int send_errand(struct planter *planter, const struct plan *plan, const struct configuration *configuration,
                       json_t *questions, struct error *error)
{
    json_t *options = json_pack("{s:O}", "questions", questions), *none = json_object();
    int rc = planter_start(planter, error);

    if (rc == 0)
        rc = planter_reach(planter, configuration, plan->directory, error);
    if (rc == 0)
        rc = planter_tell(planter, "people", plan->directory, options, none, error);
    json_decref(options);
    json_decref(none);
    return rc == 0 ? planter_go(planter, error) : rc;
}

static int receive(struct planter *planter, struct buffer *records, struct error *error)
{
    struct planted planted;
    struct reader reader;
    struct file file;
    uint16_t type;

    for (;;) {
        if (planter_next(planter, &reader, &type, error) < 0)
            return -1;
        if (type == MESSAGE_FILE && file_get(&reader, &file) == 0 && buffer_add_slice(records, file.data) == 0)
            continue;
        if (type != MESSAGE_PLANTED || planted_get(&reader, &planted) != 0)
            return error_set(error, "the planter sent a damaged answer");
        return planted.ok ? 0 : error_set(error, "%.*s", (int)planted.text.length, (const char *)planted.text.data);
    }
}

/* Whose mailbox the patterns leave out is not named in others' lures either. */
static void mark_excluded(const struct inquiry *inquiry, const struct question *question, json_t *person)
{
    char *mailbox = person != NULL ? plan_people_mailbox(question->entry->mailbox, person) : NULL;

    if (mailbox != NULL && plan_place_is_left_out(inquiry->plan, question->entry, mailbox))
        json_object_set_new(person, "excluded", json_true());
    free(mailbox);
}

static int take_record(json_t *record, void *context, struct error *error)
{
    struct inquiry *inquiry = context;
    const json_t *number = json_object_get(record, "question");
    size_t index = json_is_integer(number) ? (size_t)json_integer_value(number) : QUESTIONS;
    struct question *question = index < inquiry->count ? &inquiry->questions[index] : NULL;
    const char *fault = json_string_value(json_object_get(record, "fault"));
    json_t *among = json_array_get(inquiry->plan->people, index);
    int rc;

    if (question == NULL)
        return error_set(error, "the planter sent a damaged answer");
    if (fault != NULL)
        return yaml_fault(question->at, error, "the %s \"%.200s\" %s; write one of %.200s, a group by its DN, or leave it out",
                          question->selector, question->at->text, fault, inquiry->plan->directory);
    mark_excluded(inquiry, question, record);
    mark_excluded(inquiry, question, json_object_get(record, "manager"));
    json_array_append(among, record);
    if (json_is_true(json_object_get(record, "colleague")))
        return 0;
    question->people++;
    rc = plan_people_add(inquiry->plan, question->entry, inquiry->configuration, question->at, record, among, error);
    question->homeless += rc == 1;
    return rc < 0 ? -1 : 0;
}

static int take_records(const struct buffer *records, int (*take)(json_t *record, void *context, struct error *error),
                        void *context, struct error *error)
{
    const char *at = (const char *)records->data, *end = at + records->length;
    int rc = 0;

    while (at < end && rc == 0) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        json_t *record = json_loadb(at, (size_t)((line != NULL ? line : end) - at), 0, NULL);

        rc = take(record, context, error);
        json_decref(record);
        at = line != NULL ? line + 1 : end;
    }
    return rc;
}

int plan_people_errand(const struct plan *plan, const struct configuration *configuration, json_t *questions,
                       int (*take)(json_t *record, void *context, struct error *error), void *context,
                       struct error *error)
{
    struct planter planter = {.fd = -1};
    struct buffer records;
    int code = 3;

    buffer_init(&records, RECORDS);
    if (send_errand(&planter, plan, configuration, questions, error) == 0 && receive(&planter, &records, error) == 0)
        code = take_records(&records, take, context, error) != 0 ? 2 : 0;
    planter_end(&planter);
    buffer_free(&records);
    return code;
}

/* A group without people is a mistake, as a pattern that finds nothing is. */
static int check_found(const struct inquiry *inquiry, struct error *error)
{
    for (size_t i = 0; i < inquiry->count; i++) {
        const struct question *question = &inquiry->questions[i];

        if (question->people == 0)
            return yaml_fault(question->at, error, "nobody with a login or a mail address is in the %s \"%.200s\", as far as "
                                                   "the account sees it; look at its members, or leave it out",
                              question->selector, question->at->text);
        if (question->homeless > 0)
            fprintf(stderr, "sundew: %s:%d: %zu of %zu in the %s \"%.200s\" are left out: the directory does not say what "
                            "stands for {…} in \"mailbox\"\n", question->at->file, question->at->line, question->homeless,
                    question->people, question->selector, question->at->text);
    }
    return 0;
}

static int ask_directory(struct inquiry *inquiry, json_t *list, struct error *error)
{
    int code = plan_people_errand(inquiry->plan, inquiry->configuration, list, take_record, inquiry, error);

    if (code == 0 && check_found(inquiry, error) != 0)
        code = 2;
    for (size_t i = 0; i < inquiry->plan->entry_count; i++)
        plan_places_tidy(&inquiry->plan->entries[i]);
    return code;
}

/* ---- people by a file ---- */

/* Of owners whom no directory knows. */
static void add_written(struct plan_entry *entry, const json_t *people)
{
    const char *owner = NULL;

    for (size_t i = 0; i < entry->setting_count; i++)
        if (strcmp(entry->settings[i].name, "owner") == 0)
            owner = entry->settings[i].value;
    for (size_t i = 0; i < entry->place_count; i++) {
        struct plan_place *place = &entry->places[i];
        const char *whose = place->owner != NULL ? place->owner : owner;

        if (place->among != NULL)
            continue;
        place->among = people;
        place->person = whose != NULL ? colleagues_find(people, whose) : NULL;
    }
}

static int read_people(struct plan *plan, struct error *error)
{
    const char *name = NULL;
    struct error why;
    json_t *people;
    char *file;

    if (yaml_text(plan->root, "people", &name, error) != 0)
        return -1;
    if (name == NULL)
        return 0;
    file = paths_join(plan->folder, name);
    people = file != NULL ? colleagues_read(file, &why) : NULL;
    free(file);
    if (people == NULL)
        return yaml_fault(yaml_get(plan->root, "people"), error, "%s", why.text);
    json_array_append_new(plan->people, people);
    for (size_t i = 0; i < plan->entry_count; i++)
        add_written(&plan->entries[i], people);
    return 0;
}

char *plan_people_beside(const struct plan_place *place, const unsigned char seed[PLAN_SEED])
{
    unsigned char key[COLLEAGUES_KEY];
    const char *what = place->owner != NULL ? place->owner : place->place;

    if (place->among == NULL)
        return NULL;
    crypto_generichash(key, sizeof(key), (const unsigned char *)what, strlen(what), seed, PLAN_SEED);
    return colleagues_choose(place->among, place->person, key);
}

/* ---- all ---- */

int plan_people(struct plan *plan, const struct configuration *configuration, struct error *error)
{
    struct inquiry inquiry = {plan, configuration, .count = 0};
    json_t *list = json_array();
    int code = 0;

    plan->people = json_array();
    for (size_t i = 0; i < plan->entry_count && code == 0; i++)
        code = add_questions(&inquiry, &plan->entries[i], list, error) != 0 ? 2 : 0;
    if (code == 0 && inquiry.count > 0)
        code = ask_directory(&inquiry, list, error);
    if (code == 0)
        code = plan_owners(plan, configuration, error);
    if (code == 0 && read_people(plan, error) != 0)
        code = 2;
    json_decref(list);
    return code;
}
