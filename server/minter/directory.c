/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "server/minter/directory_parts.h"
#include "server/minter/persona.h"
#include "server/minter/view.h"

#define DAY 86400
#define LDIF_MOST 45000 /* with keys and certificate it is one message to a sensor */
#define LDIF_PEOPLE 25000 /* where names are so long that it gets larger, there are fewer people */
#define LDIF_MEMBERS 31000 /* and fewer members of groups */
#define PEOPLE PERSONA_PEOPLE

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static const char *unit(const struct directory_maker *m, const char *kind)
{
    const char *name = text_of(m->units, kind);

    return name[0] != '\0' ? name : kind;
}

static void make_top(struct directory_maker *m)
{
    static const char *const classes[] = {"dcObject", "organization", NULL};
    char label[64];

    snprintf(label, sizeof label, "%.*s", (int)strcspn(m->suffix + 3, ","), m->suffix + 3);
    ldif_begin(m, "", "");
    ldif_classes(m, classes);
    ldif_add(m, "o", text_of(m->persona, "organisation"));
    ldif_add(m, "dc", label);
    ldif_end(m, "organization");
}

static void make_unit(struct directory_maker *m, const char *kind)
{
    static const char *const classes[] = {"organizationalUnit", NULL};
    char rdn[DIRECTORY_TEXT];

    m->time += 20 + draw_below(m->draw, 200);
    snprintf(rdn, sizeof rdn, "ou=%s", unit(m, kind));
    ldif_begin(m, rdn, "");
    ldif_classes(m, classes);
    ldif_add(m, "ou", unit(m, kind));
    ldif_end(m, "organizationalUnit");
}

/* ---- people ---- */

static const json_t *person_at(const struct directory_maker *m, size_t i)
{
    return json_array_get(json_object_get(m->persona, "people"), i);
}

/* What RFC 4514 escapes does not stand in the names that personas draw. */
static void person_rdn(const struct directory_maker *m, const json_t *person, char *rdn, size_t size)
{
    if (m->shape.by_name)
        snprintf(rdn, size, "cn=%s", text_of(person, "name"));
    else
        snprintf(rdn, size, "uid=%s", text_of(person, "login"));
}

static void person_name(const struct directory_maker *m, const json_t *person, char *name, size_t size)
{
    char rdn[DIRECTORY_TEXT];

    person_rdn(m, person, rdn, sizeof rdn);
    snprintf(name, size, "%s,ou=%s,%s", rdn, unit(m, "people"), m->suffix);
}

/* The first of the department, or of all; none for the latter. */
static const json_t *manager_of(const struct directory_maker *m, size_t i)
{
    const char *department = text_of(person_at(m, i), "department");

    for (size_t k = 0; k < i; k++)
        if (strcmp(text_of(person_at(m, k), "department"), department) == 0)
            return person_at(m, k);
    return i > 0 ? person_at(m, 0) : NULL;
}

static void add_account(struct directory_maker *m, const json_t *person, size_t i)
{
    char text[DIRECTORY_TEXT];

    ldif_number(m, "uidNumber", m->shape.first_uid + (unsigned)i * m->shape.uid_step);
    ldif_number(m, "gidNumber", m->shape.group_id);
    snprintf(text, sizeof text, "/home/%s", text_of(person, "login"));
    ldif_add(m, "homeDirectory", text);
    ldif_add(m, "loginShell", m->shape.shell);
    if (ldif_is_plain(text_of(person, "name"))) /* ASCII only */
        ldif_add(m, "gecos", text_of(person, "name"));
}

static void add_names(struct directory_maker *m, const json_t *person)
{
    ldif_add(m, "cn", text_of(person, "name"));
    ldif_add(m, "sn", text_of(person, "family"));
    ldif_add(m, "givenName", text_of(person, "given"));
    if (m->shape.displayed)
        ldif_add(m, "displayName", text_of(person, "name"));
}

static void add_contact(struct directory_maker *m, const json_t *person)
{
    ldif_add(m, "mail", text_of(person, "mail"));
    ldif_add(m, "telephoneNumber", text_of(person, "phone"));
    ldif_add(m, "uid", text_of(person, "login"));
}

static void add_post(struct directory_maker *m, const json_t *person, size_t i)
{
    const json_t *manager = manager_of(m, i);
    char name[2 * DIRECTORY_SUFFIX];

    ldif_add(m, "title", text_of(person, "title"));
    ldif_add(m, m->shape.unit_too ? "ou" : "departmentNumber", text_of(person, "department"));
    if (manager != NULL) {
        person_name(m, manager, name, sizeof name);
        ldif_add(m, "manager", name);
    }
    if (m->shape.numbered)
        ldif_number(m, "employeeNumber", 1000 + (unsigned)i * 7 + m->shape.first_uid % 5);
}

static void make_person(struct directory_maker *m, size_t i)
{
    static const char *const plain[] = {"person", "organizationalPerson", "inetOrgPerson", NULL},
                             *const account[] = {"posixAccount", "person", "organizationalPerson", "inetOrgPerson",
                                                 NULL};
    const json_t *person = person_at(m, i);
    char rdn[DIRECTORY_TEXT];

    ldif_later(m, 40);
    person_rdn(m, person, rdn, sizeof rdn);
    ldif_begin(m, rdn, unit(m, "people"));
    ldif_classes(m, m->shape.posix ? account : plain);
    for (unsigned part = 0; part < 3; part++)
        switch ((part + m->shape.rotation) % 3) {
        case 0:
            add_names(m, person);
            break;
        case 1:
            add_contact(m, person);
            break;
        default:
            add_post(m, person, i);
            break;
        }
    if (m->shape.posix)
        add_account(m, person, i);
    ldif_end(m, "inetOrgPerson");
}

/* ---- groups and hosts ---- */

static void add_member(struct directory_maker *m, const json_t *person)
{
    char name[2 * DIRECTORY_SUFFIX];

    person_name(m, person, name, sizeof name);
    if (m->shape.posix_groups)
        ldif_add(m, "memberUid", text_of(person, "login"));
    else
        ldif_add(m, "member", name);
}

static void make_group(struct directory_maker *m, size_t i, const struct yaml *word)
{
    static const char *const posix[] = {"posixGroup", NULL}, *const plain[] = {"groupOfNames", NULL};
    size_t from = draw_below(m->draw, 5) % m->people, step = 1 + draw_below(m->draw, 4);
    const char *name = NULL, *text = NULL;
    struct error error;
    char rdn[DIRECTORY_TEXT];

    (void)yaml_text(word, "name", &name, &error);
    (void)yaml_text(word, "text", &text, &error);
    ldif_later(m, 40);
    snprintf(rdn, sizeof rdn, "cn=%s", name);
    ldif_begin(m, rdn, unit(m, "groups"));
    ldif_classes(m, m->shape.posix_groups ? posix : plain);
    ldif_add(m, "cn", name);
    if (m->shape.posix_groups)
        ldif_number(m, "gidNumber", m->shape.group_id + (unsigned)i);
    if (m->shape.displayed)
        ldif_add(m, "description", text);
    for (size_t k = from; k < m->people && (k == from || m->ldif.length < LDIF_MEMBERS); k += step)
        add_member(m, person_at(m, k));
    ldif_end(m, m->shape.posix_groups ? "posixGroup" : "groupOfNames");
}

static void make_host(struct directory_maker *m, const char *name, unsigned number)
{
    static const char *const classes[] = {"ipHost", "device", NULL};
    char rdn[DIRECTORY_TEXT], address[64];

    ldif_later(m, 80);
    snprintf(rdn, sizeof rdn, "cn=%s", name);
    snprintf(address, sizeof address, "%s.%u", text_of(json_object_get(m->persona, "mail"), "net"), number);
    ldif_begin(m, rdn, unit(m, "hosts"));
    ldif_classes(m, classes);
    ldif_add(m, "cn", name);
    ldif_add(m, "ipHostNumber", address);
    if (m->shape.placed)
        ldif_add(m, "l", directory_pick(yaml_get(m->words, "places"), m->draw));
    ldif_end(m, "device");
}

static void make_hosts(struct directory_maker *m)
{
    const struct yaml *words = yaml_get(m->words, "hosts");
    size_t at = draw_below(m->draw, (uint32_t)words->count);
    const char *server = text_of(json_object_get(m->persona, "mail"), "server");
    unsigned number = 5 + draw_below(m->draw, 20);
    char name[DIRECTORY_TEXT];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(server, "."), server);
    make_host(m, name[0] != '\0' ? name : "mail", number);
    for (size_t i = 0; i < DIRECTORY_HOSTS; i++) {
        number += 1 + draw_below(m->draw, 12);
        snprintf(name, sizeof name, "%s%u", words->items[(at + i * 3) % words->count]->text,
                 1 + draw_below(m->draw, 4));
        make_host(m, name, number);
    }
}

static void make_groups(struct directory_maker *m)
{
    const struct yaml *words = yaml_get(m->words, "groups");
    size_t at = draw_below(m->draw, (uint32_t)words->count);

    for (size_t i = 0; i < DIRECTORY_GROUPS; i++)
        make_group(m, i, words->items[(at + i) % words->count]);
}

/* ---- the whole ---- */

static void draw_shape(struct directory_maker *m)
{
    static const char *const shells[] = {"/bin/bash", "/bin/bash", "/bin/sh", "/usr/bin/zsh"};
    static const unsigned firsts[] = {1000, 1001, 2000, 5000, 10000, 20001};
    const struct draw *draw = m->draw;

    m->shape = (struct directory_shape){
        .posix = draw_below(draw, 3) > 0,
        .by_name = draw_below(draw, 4) == 0,
        .posix_groups = draw_below(draw, 2) == 0,
        .numbered = draw_below(draw, 2) == 0,
        .displayed = draw_below(draw, 2) == 0,
        .placed = draw_below(draw, 2) == 0,
        .unit_too = draw_below(draw, 2) == 0,
        .class_first = draw_below(draw, 2) == 0,
        .rotation = draw_below(draw, 3),
        .first_uid = firsts[draw_below(draw, sizeof firsts / sizeof *firsts)],
        .uid_step = 1 + draw_below(draw, 3),
        .group_id = 100 + draw_below(draw, 40) * 50,
        .shell = shells[draw_below(draw, sizeof shells / sizeof *shells)],
    };
    draw->bytes(draw->context, m->node, sizeof m->node);
    m->node[0] |= 1; /* no hardware's address */
    m->sequence = draw_below(draw, 0x3000);
    m->time = when_between(&m->zone, m->now - (int64_t)(1100 + draw_below(draw, 1400)) * DAY,
                           m->now - 1050LL * DAY, draw);
}

static void make_all(struct directory_maker *m)
{
    size_t count = json_array_size(json_object_get(m->persona, "people"));

    make_top(m);
    make_unit(m, "people");
    make_unit(m, "groups");
    make_unit(m, "hosts");
    for (; m->people < count && m->people < PEOPLE && m->ldif.length < LDIF_PEOPLE; m->people++)
        make_person(m, m->people);
    if (m->people > 0)
        make_groups(m);
    make_hosts(m);
}

json_t *directory_draw(const struct directory_words *words, const json_t *parameters, int64_t now,
                       const struct draw *draw, struct error *error)
{
    const json_t *persona = json_object_get(parameters, "persona");
    struct directory_maker maker = {.draw = draw, .persona = persona, .units = json_object_get(persona, "directory"),
                          .words = directory_words_of(words, text_of(persona, "language")),
                          .zone = persona_zone(persona), .now = now};
    char hidden[DIRECTORY_SUFFIX + DIRECTORY_TEXT];
    json_t *face = NULL;

    buffer_init(&maker.ldif, LDIF_MOST);
    view_suffix(parameters, maker.suffix, sizeof maker.suffix);
    if (maker.suffix[0] != '\0') {
        draw_shape(&maker);
        make_all(&maker);
    }
    snprintf(hidden, sizeof hidden, "ou=%s,%s", unit(&maker, "accounts"), maker.suffix);
    if (maker.ldif.failed || maker.suffix[0] == '\0')
        error_set(error, "the decoy's domain is too long, or none, for a directory");
    else
        face = json_pack("{ss ss}", "directory", buffer_text(&maker.ldif), "hidden", hidden);
    if (face == NULL && !maker.ldif.failed && maker.suffix[0] != '\0')
        error_set(error, "the directory's names are not UTF-8, or memory ran out");
    buffer_free(&maker.ldif);
    return face;
}
