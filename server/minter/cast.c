/* SPDX-License-Identifier: ISC
 *
 * Who plays in a lure: the mailbox's owner, and beside the owner people of the persona, or real ones where the job names
 * them (job.h, "people"). Of these the manager is spoken of ("third"), and the parts are drawn by the token, so that it
 * comes out the same each time. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server/minter/lure.h"
#include "server/minter/view.h"

#define PHONE 4 /* digits of an extension */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static const json_t *persona_of(const struct lure_work *work)
{
    return json_object_get(work->parameters, "persona");
}

static bool is_mail(const json_t *person, const json_t *other)
{
    return strcasecmp(text_of(person, "mail"), text_of(other, "mail")) == 0;
}

/* ---- real people ---- */

/* The end of a telephone number is what a house dials. */
static bool extension(const char *number, char phone[PHONE + 1])
{
    size_t count = 0;

    for (const char *c = number + strlen(number); c > number && count < PHONE; c--)
        if (isdigit((unsigned char)c[-1]))
            phone[PHONE - ++count] = c[-1];
    phone[PHONE] = '\0';
    return count == PHONE;
}

/* Somebody of the persona whose habits this person has: always the same one. */
static const json_t *model_of(const json_t *persona, const char *mail)
{
    const json_t *people = json_object_get(persona, "people");
    const struct shown_token shown = {.identity = slice_of(mail)};
    size_t count = json_array_size(people);
    struct view_draw state;
    struct draw draw = view_draw(&state, persona, &shown, "colleague");

    return count > 0 ? json_array_get(people, draw_below(&draw, (uint32_t)count)) : NULL;
}

static void put_default(json_t *person, const char *key, const char *text)
{
    if (text_of(person, key)[0] == '\0')
        json_object_set_new(person, key, json_string(text));
}

/* As people of templates are (templates/README.md). NULL where it is nobody whom a mail can name. */
static json_t *complete(const struct lure_work *work, const json_t *given, const char *department)
{
    static const char *const known[] = {"name", "mail", "given", "family", "title", "department", "is"};
    const char *name = text_of(given, "name"), *mail = text_of(given, "mail"), *space = strrchr(name, ' ');
    const json_t *model = model_of(persona_of(work), mail);
    char first[64], login[128], phone[PHONE + 1];
    json_t *person = json_object();

    if (name[0] == '\0' || strchr(mail, '@') == NULL || strpbrk(mail, " \t\r\n<>,;\"") != NULL ||
        strpbrk(name, "\r\n<>") != NULL) {
        json_decref(person);
        return NULL;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        json_object_set_new(person, known[i], json_string(text_of(given, known[i])));
    view_given(name, mail, first);
    snprintf(login, sizeof login, "%.*s", (int)strcspn(mail, "@"), mail);
    put_default(person, "given", first);
    put_default(person, "family", space != NULL ? space + 1 : "");
    put_default(person, "department", department[0] != '\0' ? department : text_of(model, "department"));
    put_default(person, "login", login);
    put_default(person, "phone", extension(text_of(given, "phone"), phone) ? phone : text_of(model, "phone"));
    put_default(person, "client", text_of(model, "client"));
    put_default(person, "version", text_of(model, "version"));
    json_object_set_new(person, "real", json_true());
    return person;
}

static const json_t *part_of(const json_t *list, const char *is)
{
    const json_t *person;
    size_t index;

    json_array_foreach(list, index, person)
    {
        if (strcmp(text_of(person, "is"), is) == 0)
            return person;
    }
    return NULL;
}

/* work->people, without the owner, who comes back as *owner where the list says more of the owner than the job does. */
static int read_people(struct lure_work *work, json_t **owner, struct error *error)
{
    const char *text = text_of(work->parameters, "people"), *department;
    json_t *list, *person;
    size_t index;

    if (text[0] == '\0')
        return 0;
    list = json_loads(text, 0, NULL);
    work->people = json_array();
    if (!json_is_array(list) || work->people == NULL) {
        json_decref(list);
        return error_set(error, "the people that were named are damaged; name them by a file (--people FILE)");
    }
    department = text_of(part_of(list, "owner"), "department");
    json_array_foreach(list, index, person)
    {
        bool is_owner = strcmp(text_of(person, "is"), "owner") == 0 || (*owner != NULL && is_mail(person, *owner));
        json_t *whole = complete(work, person, department);

        if (!is_owner)
            json_array_append(work->people, whole); /* nothing where it is NULL */
        else if (whole != NULL && (*owner == NULL || is_mail(whole, *owner))) {
            json_decref(*owner);
            *owner = json_incref(whole);
        }
        json_decref(whole);
    }
    json_decref(list);
    return 0;
}

static bool plays(const struct lure_work *work, const json_t *person)
{
    static const char *const parts[] = {"from", "to", "third"};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (is_mail(json_object_get(work->token, parts[i]), person))
            return true;
    return false;
}

/* One who has no part yet; the manager only where there is nobody else. */
static json_t *pick(const struct lure_work *work, const struct draw *draw)
{
    json_t *person, *found = NULL, *manager = NULL;
    uint32_t count = 0;
    size_t index;

    json_array_foreach(work->people, index, person)
    {
        if (plays(work, person))
            continue;
        if (strcmp(text_of(person, "is"), "manager") == 0)
            manager = person;
        else if (draw_below(draw, ++count) == 0)
            found = person;
    }
    return found != NULL ? found : manager;
}

/* Where there are too few of them, the persona's keep the parts that are left. */
static void cast_real(struct lure_work *work, bool owned)
{
    const struct shown_token shown = {.identity = work->identity, .secret = work->secret};
    json_t *manager = (json_t *)(uintptr_t)part_of(work->people, "manager"), *person;
    struct view_draw state;
    struct draw draw = view_draw(&state, persona_of(work), &shown, "people");
    const char *const parts[] = {"from", "third", owned ? NULL : "to"};

    for (size_t i = 0; i < sizeof parts / sizeof *parts && parts[i] != NULL; i++) {
        bool senior = i == 1 && manager != NULL && !plays(work, manager) && draw_below(&draw, 3) > 0;

        person = senior ? manager : pick(work, &draw);
        if (person != NULL)
            json_object_set(work->token, parts[i], person);
    }
}

/* ---- all ---- */

/* Whom the owner would meet as themselves makes room. */
static void cast_owner(struct lure_work *work, json_t *owner)
{
    put_default(owner, "phone", text_of(model_of(persona_of(work), text_of(owner, "mail")), "phone"));
    if (is_mail(owner, json_object_get(work->token, "from")))
        json_object_set(work->token, "from", json_object_get(work->token, "third"));
    if (is_mail(owner, json_object_get(work->token, "third")))
        json_object_set(work->token, "third", json_object_get(work->token, "to"));
    json_object_set(work->token, "to", owner);
}

int lure_people(struct lure_work *work, struct error *error)
{
    json_t *owner = view_owner(work->parameters);
    int rc = read_people(work, &owner, error);

    if (rc == 0 && owner != NULL)
        cast_owner(work, owner);
    if (rc == 0 && work->people != NULL)
        cast_real(work, owner != NULL);
    work->owned = owner != NULL;
    json_decref(owner);
    return rc;
}

/* One of the departments' people who has no other part, if there is any; a manager writes none of these mails. */
static json_t *find_player(const struct lure_work *work, const struct lure_cast *cast)
{
    const json_t *people = work->people != NULL ? work->people : json_object_get(persona_of(work), "people");
    json_t *person, *found = NULL;
    uint32_t count = 0;
    size_t index;

    json_array_foreach(people, index, person)
    {
        bool barred = strcmp(cast->role, "from") == 0 && strcmp(text_of(person, "is"), "manager") == 0;

        if (!barred && texts_hold(&cast->departments, text_of(person, "department")) && !plays(work, person) &&
            draw_below(work->minter->draw, ++count) == 0)
            found = person;
    }
    return found;
}

void lure_cast(struct lure_work *work)
{
    for (size_t i = 0; i < work->lure->cast_count; i++) {
        const struct lure_cast *cast = &work->lure->cast[i];
        const char *department = text_of(json_object_get(work->token, cast->role), "department");
        json_t *player = texts_hold(&cast->departments, department) ? NULL : find_player(work, cast);

        if (player != NULL && !(work->owned && strcmp(cast->role, "to") == 0))
            json_object_set(work->token, cast->role, player);
    }
}
