/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/minter/desk.h"
#include "server/minter/names.h"
#include "server/minter/persona.h"

#define TEXT 256

static const char *const address_styles[] = {"given.family", "gfamily", "g.family", "given-family"};
static const char *const mail_servers[] = {"mail", "smtp", "mx1", "relay", "mailhub", "post", "mta1"};
static const char *const mail_stores[] = {"imap", "mailstore", "mbox1", "mail2", "store1"};
static const char *const mail_clients[] = {"thunderbird", "roundcube", "apple", "outlook"};
static const char *const groups[] = {"platform",    "infra",    "ops",  "tools",   "it",
                                     "engineering", "internal", "core", "systems", "apps"};
static const char *const project_heads[] = {"billing", "timetable", "portal",   "inventory", "invoice", "fleet",
                                            "booking", "ledger",    "intranet", "reporting", "tariff",  "rota",
                                            "stock",   "claims",    "archive",  "planning",  "survey",  "metering"};
static const char *const project_tails[] = {"api",      "web",    "service", "worker", "batch",   "sync",
                                            "frontend", "deploy", "tools",   "jobs",   "gateway", "export"};
static const char *const computers[] = {"ws", "pc", "lt", "nb", "wks", "desk"};

#define PICK(list, draw) (list)[draw_below((draw), sizeof(list) / sizeof *(list))]

/* Latin letters with accents, U+00C0 to U+017E as UTF-8 of two bytes, and what they are without. */
static const struct {
    const char *from, *to;
} accents[] = {
    {"à", "a"},  {"á", "a"}, {"â", "a"},  {"ã", "a"},  {"ä", "a"}, {"å", "a"}, {"æ", "ae"}, {"ç", "c"}, {"è", "e"},
    {"é", "e"},  {"ê", "e"}, {"ë", "e"},  {"ì", "i"},  {"í", "i"}, {"î", "i"}, {"ï", "i"},  {"ñ", "n"}, {"ò", "o"},
    {"ó", "o"},  {"ô", "o"}, {"õ", "o"},  {"ö", "o"},  {"ø", "o"}, {"ù", "u"}, {"ú", "u"},  {"û", "u"}, {"ü", "u"},
    {"ý", "y"},  {"ÿ", "y"}, {"œ", "oe"}, {"ß", "ss"}, {"À", "a"}, {"Â", "a"}, {"Ç", "c"},  {"È", "e"}, {"É", "e"},
    {"Ê", "e"},  {"Ë", "e"}, {"Î", "i"},  {"Ï", "i"},  {"Ô", "o"}, {"Ö", "o"}, {"Ù", "u"},  {"Û", "u"}, {"Ü", "u"},
    {"Œ", "oe"}, {"š", "s"}, {"ž", "z"},  {"č", "c"},  {"ř", "r"}, {"ł", "l"}, {"ń", "n"},  {"ő", "o"}, {"ş", "s"},
};

static const char *without_accent(const char *text)
{
    for (size_t i = 0; i < sizeof accents / sizeof *accents; i++)
        if (strncmp(text, accents[i].from, 2) == 0)
            return accents[i].to;
    return NULL;
}

static size_t append(char *out, size_t used, size_t size, const char *text)
{
    for (; *text != 0 && used + 1 < size; text++)
        out[used++] = *text;
    out[used] = 0;
    return used;
}

void persona_fold(const char *text, const char *between, char *out, size_t size)
{
    size_t used = append(out, 0, size, "");
    char letter[2] = "";
    bool gap = false;

    for (; *text != 0; text++) {
        const char *plain = without_accent(text);

        letter[0] = (char)(*text >= 'A' && *text <= 'Z' ? *text + 32 : *text);
        if (plain == NULL && ((letter[0] >= 'a' && letter[0] <= 'z') || (letter[0] >= '0' && letter[0] <= '9')))
            plain = letter;
        if (plain == NULL) {
            gap = true;
            continue;
        }
        if (gap && used > 0)
            used = append(out, used, size, between);
        gap = false;
        used = append(out, used, size, plain);
        text += plain == letter ? 0 : 1;
    }
}

static void local_part(const char *style, const char *given, const char *family, char *out, size_t size)
{
    if (strcmp(style, "gfamily") == 0)
        snprintf(out, size, "%c%s", given[0], family);
    else if (strcmp(style, "g.family") == 0)
        snprintf(out, size, "%c.%s", given[0], family);
    else
        snprintf(out, size, strcmp(style, "given-family") == 0 ? "%s-%s" : "%s.%s", given, family);
}

static bool taken(json_t *people, const char *family)
{
    size_t index;
    json_t *person;

    json_array_foreach(people, index, person) if (strcmp(json_string_value(json_object_get(person, "family")),
                                                         family) == 0) return true;
    return false;
}

static json_t *person_draw(const struct names *names, json_t *people, const char *style, const char *domain,
                           const struct draw *draw)
{
    const struct post *post = &names->posts[json_array_size(people) % names->post_count];
    const char *given = names->given[draw_below(draw, (uint32_t)names->given_count)], *family;
    char first[64], last[64], local[136], mail[TEXT + 136], login[72], name[TEXT], phone[16];

    do
        family = names->family[draw_below(draw, (uint32_t)names->family_count)];
    while (taken(people, family));
    persona_fold(given, "-", first, sizeof first);
    persona_fold(family, "", last, sizeof last);
    local_part(style, first, last, local, sizeof local);
    snprintf(mail, sizeof mail, "%s@%s", local, domain);
    snprintf(login, sizeof login, "%c%s", first[0], last);
    snprintf(name, sizeof name, "%s %s", given, family);
    snprintf(phone, sizeof phone, "%u", 2000 + draw_below(draw, 7000));
    return json_pack("{ss ss ss ss ss ss ss ss}", "name", name, "given", given, "family", family, "mail", mail, "login",
                     login, "title", post->title, "department", post->department, "phone", phone);
}

static json_t *people_draw(const char *language, const char *style, const char *domain, const struct draw *draw)
{
    json_t *people = json_array();

    for (size_t i = 0; people != NULL && i < PERSONA_PEOPLE; i++)
        if (json_array_append_new(people, person_draw(names_of(language), people, style, domain, draw)) != 0) {
            json_decref(people);
            return NULL;
        }
    return people;
}

static json_t *git_draw(const struct draw *draw)
{
    json_t *projects = json_array();
    char name[TEXT];

    for (size_t i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "%s-%s", PICK(project_heads, draw), PICK(project_tails, draw));
        json_array_append_new(projects, json_string(name));
    }
    return json_pack("{ss so ss}", "group", PICK(groups, draw), "projects", projects, "branch",
                     draw_below(draw, 4) == 0 ? "master" : "main");
}

/* A mail program of that name. */
static void version_draw(const char *client, const struct draw *draw, char *version, size_t size)
{
    if (strcmp(client, "thunderbird") == 0)
        snprintf(version, size, "Mozilla Thunderbird");
    else if (strcmp(client, "outlook") == 0)
        snprintf(version, size, "Microsoft Outlook 16.0");
    else if (strcmp(client, "roundcube") == 0)
        snprintf(version, size, "Roundcube Webmail/1.6.%u", draw_below(draw, 10));
    else
        snprintf(version, size, "Apple Mail (2.37%02u.%u00.%u)", 31 + draw_below(draw, 46), 3 + draw_below(draw, 5),
                 1 + draw_below(draw, 40));
}

/* Most people of a house use its program, some another. Each keeps theirs. */
static void clients_draw(json_t *people, const json_t *mail, const struct draw *draw)
{
    char version[64];
    size_t index;
    json_t *person;

    json_array_foreach(people, index, person)
    {
        const char *client = draw_below(draw, 10) < 7 ? json_string_value(json_object_get(mail, "client"))
                                                      : PICK(mail_clients, draw);

        version_draw(client, draw, version, sizeof version);
        if (strcmp(client, json_string_value(json_object_get(mail, "client"))) == 0)
            snprintf(version, sizeof version, "%s", json_string_value(json_object_get(mail, "version")));
        json_object_set_new(person, "client", json_string(client));
        json_object_set_new(person, "version", json_string(version));
    }
}

/* The mail server of a house, the net of its desks, and the versions of its mail programs. */
static json_t *mail_draw(const char *style, const char *domain, const struct draw *draw)
{
    char server[TEXT + 16], store[TEXT + 16], net[32], version[64], desks[16];
    const char *client = PICK(mail_clients, draw);

    snprintf(server, sizeof server, "%s.%s", PICK(mail_servers, draw), domain);
    snprintf(store, sizeof store, "%s.%s", PICK(mail_stores, draw), domain);
    snprintf(net, sizeof net, "10.%u.%u", 1 + draw_below(draw, 250), 1 + draw_below(draw, 250));
    snprintf(desks, sizeof desks, "%s-%c", PICK(computers, draw), (char)('a' + draw_below(draw, 8)));
    version_draw(client, draw, version, sizeof version);
    return json_pack("{ss ss ss ss ss ss ss}", "server", server, "store", store, "client", client, "version", version,
                     "net", net, "desks", desks, "style", style);
}

/* An invented name of three syllables: no house is called so that we know of. */
static void coin(const struct draw *draw, char name[16])
{
    static const char *const first[] = {"Vel", "Tor", "Mar", "Qual", "Ner", "Sol", "Bran", "Cal", "Dor", "Fen"};
    static const char *const middle[] = {"a", "i", "o", "e", "ui", "ea"};
    static const char *const last[] = {"dran", "vex", "mont", "tis", "rell", "sys", "lune", "nox", "keth", "var"};

    snprintf(name, 16, "%s%s%s", PICK(first, draw), PICK(middle, draw), PICK(last, draw));
}

static json_t *outsider_draw(const struct names *names, const char *domain, bool french, const struct draw *draw)
{
    static const char *const titles[][4] = {
        {"Support Engineer", "Integration Consultant", "Account Engineer", "Delivery Manager"},
        {"Responsable support", "Responsable technique", "Pilote de projet", "Spécialiste intégration"}};
    const char *given = names->given[draw_below(draw, (uint32_t)names->given_count)];
    const char *family = names->family[draw_below(draw, (uint32_t)names->family_count)];
    char first[64], last[64], name[TEXT], login[136], mail[2 * TEXT], phone[32];

    persona_fold(given, "-", first, sizeof first);
    persona_fold(family, "", last, sizeof last);
    snprintf(name, sizeof name, "%s %s", given, family);
    snprintf(login, sizeof login, "%s.%s", first, last);
    snprintf(mail, sizeof mail, "%s@%s", login, domain);
    if (french)
        snprintf(phone, sizeof phone, "01 %02u %02u %02u %02u", 40 + draw_below(draw, 50), draw_below(draw, 100),
                 draw_below(draw, 100), draw_below(draw, 100));
    else
        snprintf(phone, sizeof phone, "0%u %03u %04u", 113 + draw_below(draw, 6), 200 + draw_below(draw, 790),
                 draw_below(draw, 10000));
    return json_pack("{ss ss ss ss ss ss ss ss}", "name", name, "given", given, "family", family, "mail", mail, "login",
                     login, "title", titles[french][draw_below(draw, 4)], "department",
                     french ? "Projets" : "Professional Services", "phone", phone);
}

json_t *persona_supplier(const char *language, const struct draw *draw)
{
    static const char *const trades[][5] = {{"Software", "Systems", "Data", "Automation", "Networks"},
                                            {"Informatique", "Logiciels", "Conseil", "Réseaux", "Solutions"}};
    bool french = strcmp(language, "fr") == 0;
    const char *trade = trades[french][draw_below(draw, 5)];
    char coined[16], name[64], slug[64], domain[80], address[32];
    json_t *supplier;

    coin(draw, coined);
    snprintf(name, sizeof name, "%s %s", coined, trade);
    persona_fold(name, "-", slug, sizeof slug);
    snprintf(domain, sizeof domain, "%s.%s", slug, french ? "fr" : draw_below(draw, 2) == 0 ? "com" : "co.uk");
    snprintf(address, sizeof address, "%u.%u.%u.%u", 80 + draw_below(draw, 12), 10 + draw_below(draw, 240),
             draw_below(draw, 256), 2 + draw_below(draw, 250));
    supplier = mail_draw("given.family", domain, draw);
    if (draw_below(draw, 3) == 0) {
        json_object_set_new(supplier, "client", json_string("gmail"));
        json_object_set_new(supplier, "version", json_string(""));
    }
    json_object_set_new(supplier, "name", json_string(name));
    json_object_set_new(supplier, "domain", json_string(domain));
    json_object_set_new(supplier, "address", json_string(address));
    json_object_set_new(supplier, "person", outsider_draw(names_of(language), domain, french, draw));
    return supplier;
}

/* What is drawn from tokens later is keyed by this (view_draw()): 64 digits. */
static json_t *seed_draw(const struct draw *draw)
{
    unsigned char bytes[32];
    char hex[2 * sizeof bytes + 1];

    draw->bytes(draw->context, bytes, sizeof bytes);
    return json_string(sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes));
}

json_t *persona_draw(const char *organisation, const char *domain, const char *language, int64_t now,
                     const struct draw *draw, struct error *error)
{
    const char *style = PICK(address_styles, draw);
    struct zone zone = zone_of(language, now);
    char slug[64];
    json_t *persona;

    if (domain[0] == 0 || strlen(domain) >= TEXT || organisation[0] == 0 || strlen(organisation) >= TEXT) {
        error_set(error, "a persona needs an organisation and a domain of 1 to %d bytes", TEXT - 1);
        return NULL;
    }
    persona_fold(organisation, "-", slug, sizeof slug);
    if (slug[0] == 0)
        persona_fold(domain, "-", slug, sizeof slug);
    persona = json_pack("{ss ss ss ss so so so so so s{sb si sb} s{si so}}", "organisation", organisation, "domain", domain,
                        "language", language, "company_slug", slug, "people",
                        people_draw(language, style, domain, draw), "git", git_draw(draw), "mail",
                        mail_draw(style, domain, draw), "supplier", persona_supplier(language, draw), "desk",
                        desk_draw(domain, language, draw), "zone", "system", zone.system, "minutes", zone.minutes,
                        "summer", zone.summer, "seeds", "order", (int)draw_below(draw, 1 << 30), "draw", seed_draw(draw));
    if (persona != NULL)
        clients_draw(json_object_get(persona, "people"), json_object_get(persona, "mail"), draw);
    if (persona == NULL)
        error_set(error, "the organisation or domain is not UTF-8, or memory ran out");
    return persona;
}

size_t persona_people(const json_t *persona, struct person *people, size_t room)
{
    const json_t *list = json_object_get(persona, "people");
    size_t index, count = 0;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        struct person person = {json_string_value(json_object_get(entry, "given")),
                                json_string_value(json_object_get(entry, "family")),
                                json_string_value(json_object_get(entry, "login"))};

        if (count < room && person.given != NULL && person.family != NULL && person.login != NULL &&
            person.login[0] != 0)
            people[count++] = person;
    }
    return count;
}

struct zone persona_zone(const json_t *persona)
{
    const json_t *zone = json_object_get(persona, "zone");
    json_int_t minutes = json_integer_value(json_object_get(zone, "minutes"));

    return (struct zone){.system = json_is_true(json_object_get(zone, "system")),
                         .minutes = minutes > -1440 && minutes < 1440 ? (int)minutes : 0,
                         .summer = json_is_true(json_object_get(zone, "summer"))};
}
