/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "server/minter/desk.h"
#include "server/minter/view.h"

#define TEXT 512
#define COUNT(list) (sizeof(list) / sizeof *(list))

struct words {
    const char *const *items;
    size_t count;
};

struct tongue {
    struct words names, mails, rooms, remotes, hours;
};

/* Names that "the" can stand before. */
static const char *const names_en[] = {"IT Service Desk", "Service Desk",        "IT Help Desk",       "Help Desk",
                                       "Support Centre",  "Support Desk",        "IT Support Desk",    "User Help Desk",
                                       "IT Desk",         "Digital Service Desk", "Computing Help Desk", "User Support Desk"};
static const char *const mails_en[] = {"servicedesk", "service.desk", "helpdesk",  "it.support", "itsupport",
                                       "support.it",  "it-help",      "it-desk",   "desk",       "usersupport",
                                       "help",        "it.desk",      "it-support", "supportdesk"};
static const char *const rooms_en[] = {"Ground floor, next to reception",   "Room 0.14",
                                       "First floor, room 112",             "Second floor, by the lifts",
                                       "Room G07",                          "Main building, room 1.05",
                                       "Ground floor, opposite the canteen", "Third floor, room 306",
                                       "Annexe, room 4",                    "Room B12, beside the post room"};
static const char *const remotes_en[] = {"vpn", "remote", "access", "ra", "gateway", "connect", "vpn1", "away"};
static const char *const hours_en[] = {
    "Monday to Friday, 7:30 to 18:00", "Monday to Friday, 8:00 to 17:30",   "Weekdays, 8:00 to 18:00",
    "Weekdays, 7:00 to 19:00",         "Monday to Friday, 8:30 to 17:00",   "Monday to Saturday, 7:00 to 19:00",
    "Weekdays, 9:00 to 17:30",         "Monday to Friday, from 7:00 to 18:30"};

static const char *const names_fr[] = {"Centre de services",       "Support informatique",     "Assistance informatique",
                                       "Guichet informatique",     "Support utilisateurs",     "Assistance utilisateurs",
                                       "Centre de support",        "Support de proximité",     "Service informatique",
                                       "Assistance de proximité", "Pôle assistance", "Support numérique"};
static const char *const mails_fr[] = {"support",     "assistance",    "support.informatique", "centre-de-services",
                                       "support-si",  "aide",          "assistance.si",        "guichet",
                                       "support.dsi", "helpdesk",      "informatique",         "dsi.assistance",
                                       "sos-dsi",     "support-postes"};
static const char *const rooms_fr[] = {"Rez-de-chaussée, près de l’accueil", "Bureau 014",
                                       "1er étage, bureau 112",              "2e étage, face aux ascenseurs",
                                       "Bâtiment B, bureau 07",              "Bâtiment principal, bureau 105",
                                       "Rez-de-chaussée, face au restaurant", "3e étage, bureau 306",
                                       "Annexe, bureau 4",                   "Bureau B12, à côté du courrier"};
static const char *const remotes_fr[] = {"vpn", "acces", "nomade", "distant", "passerelle", "vpn1", "ra", "connexion"};
static const char *const hours_fr[] = {
    "Du lundi au vendredi, de 7 h 30 à 18 h", "Du lundi au vendredi, de 8 h à 17 h 30", "Les jours ouvrés, de 8 h à 18 h",
    "Les jours ouvrés, de 7 h à 19 h", "Du lundi au vendredi, de 8 h 30 à 17 h", "Du lundi au samedi, de 7 h à 19 h",
    "Les jours ouvrés, de 9 h à 17 h 30", "Du lundi au vendredi, de 7 h à 18 h 30"};

#define WORDS(list) {list, COUNT(list)}

static const struct tongue english = {WORDS(names_en), WORDS(mails_en), WORDS(rooms_en), WORDS(remotes_en),
                                      WORDS(hours_en)};
static const struct tongue french = {WORDS(names_fr), WORDS(mails_fr), WORDS(rooms_fr), WORDS(remotes_fr),
                                     WORDS(hours_fr)};

static const char *pick(const struct words *words, const struct draw *draw)
{
    return words->items[draw_below(draw, (uint32_t)words->count)];
}

json_t *desk_draw(const char *domain, const char *language, const struct draw *draw)
{
    const struct tongue *tongue = strcmp(language, "fr") == 0 ? &french : &english;
    const char *name = pick(&tongue->names, draw);
    const char *hours = pick(&tongue->hours, draw);
    const char *room = pick(&tongue->rooms, draw);
    char mail[TEXT], remote[TEXT], phone[16];

    snprintf(mail, sizeof mail, "%s@%s", pick(&tongue->mails, draw), domain);
    snprintf(remote, sizeof remote, "%s.%s", pick(&tongue->remotes, draw), domain);
    snprintf(phone, sizeof phone, "%u", 2000 + 10 * draw_below(draw, 700));
    return json_pack("{ss ss ss ss ss ss}", "name", name, "mail", mail, "phone", phone, "hours", hours, "room", room,
                     "remote", remote);
}

int desk_complete(json_t *persona)
{
    const char *domain = json_string_value(json_object_get(persona, "domain"));
    const char *language = json_string_value(json_object_get(persona, "language"));
    json_t *seeds = json_object_get(persona, "seeds");
    struct shown_token shown = {0};
    struct view_draw state;
    struct draw draw;
    char seed[32];

    if (domain == NULL || json_object_get(persona, "desk") != NULL)
        return 0;
    snprintf(seed, sizeof seed, "%lld", (long long)json_integer_value(json_object_get(seeds, "order")));
    shown.identity = slice_of(domain);
    shown.secret = slice_of(seed);
    draw = view_draw(&state, persona, &shown, "");
    return json_object_set_new(persona, "desk", desk_draw(domain, language == NULL ? "en" : language, &draw));
}
