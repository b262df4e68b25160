/* SPDX-License-Identifier: ISC */
#include "server/minter/directory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/minter/persona.h"
#include "server/minter/view.h"
#include "server/minter/when.h"

#define DAY 86400
#define LDIF_MOST 45000 /* with keys and certificate it is one message to a sensor */
#define LDIF_PEOPLE 25000 /* where names are so long that it gets larger, there are fewer people */
#define LDIF_MEMBERS 31000 /* and fewer members of groups */
#define SUFFIX 512
#define TEXT 256
#define GROUPS 6
#define HOSTS 4
#define PEOPLE PERSONA_PEOPLE

struct directory_words {
    struct yaml *root;
};

/* What is drawn once for all entries. */
struct shape {
    bool posix;       /* people are accounts of Unix, too */
    bool by_name;     /* people's entries are named cn=, not uid= */
    bool posix_groups; /* groups list logins, not names of entries */
    bool numbered, displayed, placed, unit_too;
    bool class_first; /* top stands first among the classes */
    unsigned rotation;
    unsigned first_uid, uid_step, group_id;
    const char *shell;
};

struct maker {
    const struct draw *draw;
    const struct yaml *words; /* of the language */
    const json_t *persona, *units;
    struct zone zone;
    struct shape shape;
    char suffix[SUFFIX];
    unsigned char node[6];
    unsigned sequence;
    int64_t now, time; /* of the entry that comes next */
    size_t people;     /* made so far */
    struct buffer ldif;
};

/* ---- words ---- */

static const char *const unit_kinds[] = {"people", "groups", "hosts", "accounts"};

static int check_texts(const struct yaml *map, const char *key, struct error *error)
{
    const struct yaml *list = yaml_get(map, key);

    if (list == NULL || list->type != YAML_LIST || list->count < HOSTS)
        return yaml_fault(map, error, "a list of %d or more texts is wanted for %s", HOSTS, key);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->type != YAML_TEXT)
            return yaml_fault(list->items[i], error, "a text is wanted here");
    return 0;
}

static int check_language(const struct yaml *language, struct error *error)
{
    const struct yaml *units = language->type == YAML_MAP ? yaml_get(language, "units") : NULL,
                      *groups = units == NULL ? NULL : yaml_get(language, "groups");

    if (groups == NULL || units->type != YAML_MAP || groups->type != YAML_LIST || groups->count < GROUPS)
        return yaml_fault(language, error, "units:, hosts:, places: and %d or more groups: are wanted here", GROUPS);
    for (size_t i = 0; i < sizeof unit_kinds / sizeof *unit_kinds; i++)
        if (check_texts(units, unit_kinds[i], error) != 0)
            return -1;
    for (size_t i = 0; i < groups->count; i++) {
        const char *name = NULL, *text = NULL;

        if (groups->items[i]->type != YAML_MAP || yaml_text(groups->items[i], "name", &name, error) != 0 ||
            yaml_text(groups->items[i], "text", &text, error) != 0 || name == NULL || text == NULL)
            return yaml_fault(groups->items[i], error, "a group has a name and a text");
    }
    return check_texts(language, "hosts", error) != 0 ? -1 : check_texts(language, "places", error);
}

static int check(const struct yaml *root, struct error *error)
{
    if (root->type != YAML_MAP || yaml_get(root, "en") == NULL)
        return yaml_fault(root, error, "a map of languages is wanted, en: among them");
    for (size_t i = 0; i < root->count; i++)
        if (check_language(root->items[i], error) != 0)
            return -1;
    return 0;
}

int directory_load(const char *data, struct directory_words **words, struct error *error)
{
    struct directory_words *made = calloc(1, sizeof *made);
    char *file = paths_join(data, "directory/words.yaml");
    int result = -1;

    if (made == NULL || file == NULL)
        error_set(error, "out of memory");
    else if (yaml_load_file(file, &made->root, error) == 0)
        result = check(made->root, error);
    free(file);
    if (result == 0)
        *words = made;
    else
        directory_free(made);
    return result;
}

void directory_free(struct directory_words *words)
{
    if (words == NULL)
        return;
    if (words->root != NULL)
        yaml_discard(words->root);
    free(words);
}

static const struct yaml *words_of(const struct directory_words *words, const char *language)
{
    const struct yaml *own = yaml_get(words->root, language);

    return own != NULL ? own : yaml_get(words->root, "en");
}

static const char *pick(const struct yaml *list, const struct draw *draw)
{
    return list->items[draw_below(draw, (uint32_t)list->count)]->text;
}

json_t *directory_units(const struct directory_words *words, const char *language, const struct draw *draw)
{
    const struct yaml *units = yaml_get(words_of(words, language), "units");
    json_t *made = json_object();

    for (size_t i = 0; made != NULL && i < sizeof unit_kinds / sizeof *unit_kinds; i++)
        json_object_set_new(made, unit_kinds[i], json_string(pick(yaml_get(units, unit_kinds[i]), draw)));
    return made;
}

/* ---- LDIF (RFC 2849) ---- */

static bool is_plain(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            return false;
    return strchr(" :<", value[0]) == NULL;
}

static void add(struct maker *m, const char *attribute, const char *value)
{
    char text[4 * TEXT];

    if (is_plain(value)) {
        buffer_add_format(&m->ldif, "%s: %s\n", attribute, value);
    } else if (sodium_base64_encoded_len(strlen(value), sodium_base64_VARIANT_ORIGINAL) <= sizeof text) {
        sodium_bin2base64(text, sizeof text, (const unsigned char *)value, strlen(value),
                          sodium_base64_VARIANT_ORIGINAL);
        buffer_add_format(&m->ldif, "%s:: %s\n", attribute, text);
    }
}

static void add_number(struct maker *m, const char *attribute, unsigned number)
{
    buffer_add_format(&m->ldif, "%s: %u\n", attribute, number);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static const char *unit(const struct maker *m, const char *kind)
{
    const char *name = text_of(m->units, kind);

    return name[0] != '\0' ? name : kind;
}

/* ---- entries ---- */

static void time_text(int64_t time, char text[16])
{
    time_t seconds = (time_t)time;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, 16, "%Y%m%d%H%M%S", &tm);
}

/* Version 1 (RFC 9562), as slapd makes them: the time, a number that counts up, and the same node for all. */
static void add_uuid(struct maker *m, int64_t time, unsigned micros)
{
    uint64_t ticks = ((uint64_t)time + 12219292800u) * 10000000u + micros * 10u + draw_below(m->draw, 10);
    unsigned sequence = m->sequence++ & 0x3fff;
    const unsigned char *n = m->node;

    buffer_add_format(&m->ldif, "entryUUID: %08x-%04x-1%03x-%04x-%02x%02x%02x%02x%02x%02x\n", (unsigned)ticks,
                      (unsigned)(ticks >> 32) & 0xffff, (unsigned)(ticks >> 48) & 0xfff, sequence | 0x8000, n[0], n[1],
                      n[2], n[3], n[4], n[5]);
}

/* The operational attributes, in slapcat's order. One entry in three was changed since. */
static void end_entry(struct maker *m, const char *class)
{
    unsigned micros = draw_below(m->draw, 900000);
    int64_t changed = draw_below(m->draw, 3) > 0 ? m->time : when_between(&m->zone, m->time + DAY, m->now, m->draw);
    char made[16], last[16], admin[SUFFIX + 16];

    time_text(m->time, made);
    time_text(changed, last);
    snprintf(admin, sizeof admin, "cn=admin,%s", m->suffix);
    add(m, "structuralObjectClass", class);
    add_uuid(m, m->time, micros);
    add(m, "creatorsName", admin);
    buffer_add_format(&m->ldif, "createTimestamp: %sZ\n", made);
    buffer_add_format(&m->ldif, "entryCSN: %s.%06uZ#000000#000#000000\n", last,
                      changed == m->time ? micros + 700 + draw_below(m->draw, 3000) : draw_below(m->draw, 1000000));
    add(m, "modifiersName", admin);
    buffer_add_format(&m->ldif, "modifyTimestamp: %sZ\n\n", last);
}

static void begin_entry(struct maker *m, const char *rdn, const char *under)
{
    char name[TEXT + SUFFIX + TEXT];

    snprintf(name, sizeof name, "%s%s%s%s", rdn, under[0] != '\0' ? ",ou=" : "", under, rdn[0] != '\0' ? "," : "");
    strncat(name, m->suffix, sizeof name - strlen(name) - 1);
    add(m, "dn", name);
}

/* `classes` ends with NULL, the structural one last. */
static void add_classes(struct maker *m, const char *const *classes)
{
    if (m->shape.class_first)
        add(m, "objectClass", "top");
    for (size_t i = 0; classes[i] != NULL; i++)
        add(m, "objectClass", classes[i]);
    if (!m->shape.class_first)
        add(m, "objectClass", "top");
}

static void later(struct maker *m, unsigned most_days)
{
    int64_t until = m->time + (int64_t)(1 + draw_below(m->draw, most_days)) * DAY;

    if (until < m->now - DAY)
        m->time = when_between(&m->zone, m->time + 40, until, m->draw);
    else
        m->time += 40 + draw_below(m->draw, 200);
}

static void make_top(struct maker *m)
{
    static const char *const classes[] = {"dcObject", "organization", NULL};
    char label[64];

    snprintf(label, sizeof label, "%.*s", (int)strcspn(m->suffix + 3, ","), m->suffix + 3);
    begin_entry(m, "", "");
    add_classes(m, classes);
    add(m, "o", text_of(m->persona, "organisation"));
    add(m, "dc", label);
    end_entry(m, "organization");
}

static void make_unit(struct maker *m, const char *kind)
{
    static const char *const classes[] = {"organizationalUnit", NULL};
    char rdn[TEXT];

    m->time += 20 + draw_below(m->draw, 200);
    snprintf(rdn, sizeof rdn, "ou=%s", unit(m, kind));
    begin_entry(m, rdn, "");
    add_classes(m, classes);
    add(m, "ou", unit(m, kind));
    end_entry(m, "organizationalUnit");
}

/* ---- people ---- */

static const json_t *person_at(const struct maker *m, size_t i)
{
    return json_array_get(json_object_get(m->persona, "people"), i);
}

/* What RFC 4514 escapes does not stand in the names that personas draw. */
static void person_rdn(const struct maker *m, const json_t *person, char *rdn, size_t size)
{
    if (m->shape.by_name)
        snprintf(rdn, size, "cn=%s", text_of(person, "name"));
    else
        snprintf(rdn, size, "uid=%s", text_of(person, "login"));
}

static void person_name(const struct maker *m, const json_t *person, char *name, size_t size)
{
    char rdn[TEXT];

    person_rdn(m, person, rdn, sizeof rdn);
    snprintf(name, size, "%s,ou=%s,%s", rdn, unit(m, "people"), m->suffix);
}

/* The first of the department, or of all; none for the latter. */
static const json_t *manager_of(const struct maker *m, size_t i)
{
    const char *department = text_of(person_at(m, i), "department");

    for (size_t k = 0; k < i; k++)
        if (strcmp(text_of(person_at(m, k), "department"), department) == 0)
            return person_at(m, k);
    return i > 0 ? person_at(m, 0) : NULL;
}

static void add_account(struct maker *m, const json_t *person, size_t i)
{
    char text[TEXT];

    add_number(m, "uidNumber", m->shape.first_uid + (unsigned)i * m->shape.uid_step);
    add_number(m, "gidNumber", m->shape.group_id);
    snprintf(text, sizeof text, "/home/%s", text_of(person, "login"));
    add(m, "homeDirectory", text);
    add(m, "loginShell", m->shape.shell);
    if (is_plain(text_of(person, "name"))) /* ASCII only */
        add(m, "gecos", text_of(person, "name"));
}

static void add_names(struct maker *m, const json_t *person)
{
    add(m, "cn", text_of(person, "name"));
    add(m, "sn", text_of(person, "family"));
    add(m, "givenName", text_of(person, "given"));
    if (m->shape.displayed)
        add(m, "displayName", text_of(person, "name"));
}

static void add_contact(struct maker *m, const json_t *person)
{
    add(m, "mail", text_of(person, "mail"));
    add(m, "telephoneNumber", text_of(person, "phone"));
    add(m, "uid", text_of(person, "login"));
}

static void add_post(struct maker *m, const json_t *person, size_t i)
{
    const json_t *manager = manager_of(m, i);
    char name[2 * SUFFIX];

    add(m, "title", text_of(person, "title"));
    add(m, m->shape.unit_too ? "ou" : "departmentNumber", text_of(person, "department"));
    if (manager != NULL) {
        person_name(m, manager, name, sizeof name);
        add(m, "manager", name);
    }
    if (m->shape.numbered)
        add_number(m, "employeeNumber", 1000 + (unsigned)i * 7 + m->shape.first_uid % 5);
}

static void make_person(struct maker *m, size_t i)
{
    static const char *const plain[] = {"person", "organizationalPerson", "inetOrgPerson", NULL},
                             *const account[] = {"posixAccount", "person", "organizationalPerson", "inetOrgPerson",
                                                 NULL};
    const json_t *person = person_at(m, i);
    char rdn[TEXT];

    later(m, 40);
    person_rdn(m, person, rdn, sizeof rdn);
    begin_entry(m, rdn, unit(m, "people"));
    add_classes(m, m->shape.posix ? account : plain);
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
    end_entry(m, "inetOrgPerson");
}

/* ---- groups and hosts ---- */

static void add_member(struct maker *m, const json_t *person)
{
    char name[2 * SUFFIX];

    person_name(m, person, name, sizeof name);
    add(m, m->shape.posix_groups ? "memberUid" : "member", m->shape.posix_groups ? text_of(person, "login") : name);
}

static void make_group(struct maker *m, size_t i, const struct yaml *word)
{
    static const char *const posix[] = {"posixGroup", NULL}, *const plain[] = {"groupOfNames", NULL};
    size_t from = draw_below(m->draw, 5) % m->people, step = 1 + draw_below(m->draw, 4);
    const char *name = NULL, *text = NULL;
    struct error error;
    char rdn[TEXT];

    (void)yaml_text(word, "name", &name, &error);
    (void)yaml_text(word, "text", &text, &error);
    later(m, 40);
    snprintf(rdn, sizeof rdn, "cn=%s", name);
    begin_entry(m, rdn, unit(m, "groups"));
    add_classes(m, m->shape.posix_groups ? posix : plain);
    add(m, "cn", name);
    if (m->shape.posix_groups)
        add_number(m, "gidNumber", m->shape.group_id + (unsigned)i);
    if (m->shape.displayed)
        add(m, "description", text);
    for (size_t k = from; k < m->people && (k == from || m->ldif.length < LDIF_MEMBERS); k += step)
        add_member(m, person_at(m, k));
    end_entry(m, m->shape.posix_groups ? "posixGroup" : "groupOfNames");
}

static void make_host(struct maker *m, const char *name, unsigned number)
{
    static const char *const classes[] = {"ipHost", "device", NULL};
    char rdn[TEXT], address[64];

    later(m, 80);
    snprintf(rdn, sizeof rdn, "cn=%s", name);
    snprintf(address, sizeof address, "%s.%u", text_of(json_object_get(m->persona, "mail"), "net"), number);
    begin_entry(m, rdn, unit(m, "hosts"));
    add_classes(m, classes);
    add(m, "cn", name);
    add(m, "ipHostNumber", address);
    if (m->shape.placed)
        add(m, "l", pick(yaml_get(m->words, "places"), m->draw));
    end_entry(m, "device");
}

static void make_hosts(struct maker *m)
{
    const struct yaml *words = yaml_get(m->words, "hosts");
    size_t at = draw_below(m->draw, (uint32_t)words->count);
    const char *server = text_of(json_object_get(m->persona, "mail"), "server");
    unsigned number = 5 + draw_below(m->draw, 20);
    char name[TEXT];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(server, "."), server);
    make_host(m, name[0] != '\0' ? name : "mail", number);
    for (size_t i = 0; i < HOSTS; i++) {
        number += 1 + draw_below(m->draw, 12);
        snprintf(name, sizeof name, "%s%u", words->items[(at + i * 3) % words->count]->text, 1 + draw_below(m->draw, 4));
        make_host(m, name, number);
    }
}

static void make_groups(struct maker *m)
{
    const struct yaml *words = yaml_get(m->words, "groups");
    size_t at = draw_below(m->draw, (uint32_t)words->count);

    for (size_t i = 0; i < GROUPS; i++)
        make_group(m, i, words->items[(at + i) % words->count]);
}

/* ---- the whole ---- */

static void draw_shape(struct maker *m)
{
    static const char *const shells[] = {"/bin/bash", "/bin/bash", "/bin/sh", "/usr/bin/zsh"};
    static const unsigned firsts[] = {1000, 1001, 2000, 5000, 10000, 20001};
    const struct draw *draw = m->draw;

    m->shape = (struct shape){
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

static void make_all(struct maker *m)
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
    struct maker maker = {.draw = draw, .persona = persona, .units = json_object_get(persona, "directory"),
                          .words = words_of(words, text_of(persona, "language")), .zone = persona_zone(persona),
                          .now = now};
    char hidden[SUFFIX + TEXT];
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
