/* SPDX-License-Identifier: ISC
 *
 * Rules on one mail's head: dates, who wrote it to whom, its id, and the way that it came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/minter/lint.h"
#include "server/minter/persona.h"
#include "server/minter/when.h"

#define SKEW 10               /* seconds that servers' clocks may differ by */
#define SLOW (6 * 3600)       /* a mail that is under way longer is noticed */
#define DELIVERED (10 * 60)   /* within which a mailbox has what the last server gave it */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static bool is_ours(const struct lint *lint, const char *host)
{
    return lint_within(host, text_of(lint->world, "domain"));
}

/* ---- dates ---- */

static void check_fields(struct lint *lint, const struct lint_mail *mail)
{
    const struct {
        const char *name;
        bool there;
    } fields[] = {{"Message-ID", mail->id[0] != '\0'},
                  {"From", json_array_size(mail->from) > 0},
                  {"Date that can be read", mail->dated},
                  {"Subject", mail->subject[0] != '\0'}};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!fields[i].there)
            lint_tell(lint, mail, LINT_FIELD, "it has no %s", fields[i].name);
}

static void check_zone(struct lint *lint, const struct lint_mail *mail)
{
    const struct zone zone = persona_zone(lint->world);
    int expected = zone_offset(&zone, mail->date);
    char domain[LINT_HOST];

    if (json_object_get(lint->world, "zone") != NULL && expected != mail->offset &&
        is_ours(lint, lint_domain(lint_address(mail->from, 0), domain)))
        lint_tell(lint, mail, LINT_ZONE, "its Date is %+d minutes from Greenwich, and there it was %+d then", mail->offset,
                  expected);
}

static void check_date(struct lint *lint, const struct lint_mail *mail)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const struct zone zone = {.minutes = mail->offset};
    int64_t day = (mail->date + 60LL * mail->offset) / 86400;
    const char *weekday = days[(day % 7 + 11) % 7], *rest;
    char text[WHEN_TEXT], date[WHEN_TEXT];

    rest = when_rest(&zone, mail->date, text);
    if (rest != NULL)
        lint_tell(lint, mail, LINT_REST, "it was written %s (%s)", rest, when_mail(&zone, mail->date, date));
    if (mail->weekday[0] != '\0' && strcasecmp(mail->weekday, weekday) != 0)
        lint_tell(lint, mail, LINT_WEEKDAY, "its Date says %s, and that day was a %s", mail->weekday, weekday);
    if (mail->date > lint->now)
        lint_tell(lint, mail, LINT_FUTURE, "its Date is still to come (%s)", when_mail(&zone, mail->date, date));
    check_zone(lint, mail);
}

/* ---- the way that it came ---- */

static bool same_host(const char *a, const char *b)
{
    size_t label = strcspn(a, ".");

    if (a[0] == '\0' || b[0] == '\0')
        return false;
    return strcasecmp(a, b) == 0 || (label > 1 && label == strcspn(b, ".") && strncasecmp(a, b, label) == 0);
}

static void check_hops(struct lint *lint, const struct lint_mail *mail)
{
    for (size_t i = 0; i + 1 < mail->hop_count; i++) {
        const struct lint_hop *later = &mail->hops[i], *earlier = &mail->hops[i + 1];

        if (later->dated && earlier->dated && later->time + SKEW < earlier->time)
            lint_tell(lint, mail, LINT_BACK, "%s had it %lld seconds before %s, which gave it", later->by,
                      (long long)(earlier->time - later->time), earlier->by);
        if (later->from[0] != '\0' && earlier->by[0] != '\0' && !same_host(later->from, earlier->by) &&
            !same_host(later->name, earlier->by) && strcmp(later->address, earlier->by) != 0)
            lint_tell(lint, mail, LINT_JOIN, "%s took it from %s, and before that it was at %s", later->by, later->from,
                      earlier->by);
    }
}

static void check_times(struct lint *lint, const struct lint_mail *mail)
{
    const struct lint_hop *first = &mail->hops[mail->hop_count - 1], *last = &mail->hops[0];
    int64_t came = last->dated ? last->time : mail->date;

    if (mail->dated && first->dated && first->time + SKEW < mail->date)
        lint_tell(lint, mail, LINT_TAKEN, "%s had it %lld seconds before it was written", first->by,
                  (long long)(mail->date - first->time));
    else if (mail->dated && last->dated && came - mail->date > SLOW)
        lint_tell(lint, mail, LINT_TAKEN, "it was under way for %lld hours", (long long)(came - mail->date) / 3600);
}

static void check_arrival(struct lint *lint, const struct lint_mail *mail)
{
    int64_t came = mail->hop_count > 0 && mail->hops[0].dated ? mail->hops[0].time : mail->date;

    if (mail->arrived != 0 && mail->dated && llabs((long long)(mail->arrived - came)) > DELIVERED)
        lint_tell(lint, mail, LINT_ARRIVAL, "its mailbox has it since %lld minutes %s its last server delivered it",
                  llabs((long long)(mail->arrived - came)) / 60, mail->arrived > came ? "after" : "before");
}

/* ---- its id ---- */

static bool passed(const struct lint_mail *mail, const char *domain)
{
    for (size_t i = 0; i < mail->hop_count; i++)
        if (lint_within(mail->hops[i].by, domain) || lint_within(mail->hops[i].from, domain))
            return true;
    return false;
}

/* Hosts that make ids for houses whose names they do not bear. */
static bool made_by_host(const struct lint_mail *mail, const char *host)
{
    const char *dot = strchr(host, '.');

    if (strcasecmp(host, "mail.gmail.com") == 0)
        return passed(mail, "google.com");
    return passed(mail, host) || (dot != NULL && strchr(dot + 1, '.') != NULL && passed(mail, dot + 1));
}

/* What the mailbox's owner sent passed no server; then those of its thread say. */
static bool made_for_house(const struct lint *lint, const struct lint_mail *mail, const char *host)
{
    for (size_t i = 0; mail->hop_count == 0 && i < lint->count; i++)
        if (strcmp(lint->mails[i].placement, mail->placement) == 0 && made_by_host(&lint->mails[i], host))
            return true;
    return made_by_host(mail, host);
}

static void check_id(struct lint *lint, const struct lint_mail *mail)
{
    char host[LINT_HOST], domain[LINT_HOST];

    lint_domain(mail->id, host);
    lint_domain(lint_address(mail->from, 0), domain);
    if (host[0] == '\0' && mail->id[0] != '\0')
        lint_tell(lint, mail, LINT_ID, "its Message-ID names no house: %s", mail->id);
    else if (host[0] != '\0' && domain[0] != '\0' && !lint_within(host, domain) && !lint_within(domain, host) &&
             !made_for_house(lint, mail, host))
        lint_tell(lint, mail, LINT_ID, "its Message-ID is of %s, and its sender of %s", host, domain);
}

/* ---- people ---- */

/* Lures that were given real people say who of them plays in it; nobody else of the installation's is real then. */
static const json_t *people_of(const struct lint *lint, const struct lint_mail *mail)
{
    const json_t *named = json_object_get(mail->meta, "people");

    return named != NULL ? named : json_object_get(lint->world, "people");
}

const char *lint_known(const struct lint *lint, const struct lint_mail *mail, const char *address)
{
    const json_t *person;
    size_t index;

    json_array_foreach(people_of(lint, mail), index, person)
    {
        if (strcasecmp(text_of(person, "mail"), address) == 0)
            return text_of(person, "name");
    }
    if (strcasecmp(text_of(json_object_get(lint->world, "desk"), "mail"), address) == 0 ||
        strcasecmp(text_of(mail->meta, "to"), address) == 0 || strcasecmp(text_of(mail->meta, "owner"), address) == 0)
        return "";
    return NULL;
}

static bool is_among(const json_t *people, const char *name)
{
    const json_t *person;
    size_t index;

    json_array_foreach(people, index, person)
    {
        if (strcasecmp(text_of(person, "name"), name) == 0)
            return true;
    }
    return false;
}

/* Where real people were named, made-up ones that the text names all the same. */
static void check_named(struct lint *lint, const struct lint_mail *mail)
{
    const json_t *named = json_object_get(mail->meta, "people"), *person;
    size_t index;

    json_array_foreach(named != NULL ? json_object_get(lint->world, "people") : NULL, index, person)
    {
        const char *name = text_of(person, "name");

        if (strchr(name, ' ') != NULL && strstr(mail->text, name) != NULL && !is_among(named, name))
            lint_tell(lint, mail, LINT_STRANGER, "it names %s, who is not in the directory", name);
    }
}

static void check_people(struct lint *lint, const struct lint_mail *mail, const json_t *people)
{
    const json_t *person;
    size_t index;

    json_array_foreach(people, index, person)
    {
        const char *address = text_of(person, "address"), *name = text_of(person, "name"), *known;
        char domain[LINT_HOST];

        if (strcasecmp(lint_domain(address, domain), text_of(lint->world, "domain")) != 0)
            continue;
        known = lint_known(lint, mail, address);
        if (known == NULL)
            lint_tell(lint, mail, LINT_STRANGER, "it names %s, who is not in the directory", address);
        else if (known[0] != '\0' && name[0] != '\0' && strcmp(known, name) != 0)
            lint_tell(lint, mail, LINT_NAME, "it calls %s \"%s\", and the directory \"%s\"", address, name, known);
    }
}

static bool among(const json_t *people, const char *address)
{
    for (size_t i = 0; i < json_array_size(people); i++)
        if (strcasecmp(lint_address(people, i), address) == 0)
            return true;
    return false;
}

static void check_envelope(struct lint *lint, const struct lint_mail *mail)
{
    char sender[LINT_HOST], from[LINT_HOST];

    lint_domain(mail->sender, sender);
    lint_domain(lint_address(mail->from, 0), from);
    if (sender[0] != '\0' && !lint_within(sender, from) && !lint_within(from, sender))
        lint_tell(lint, mail, LINT_ENVELOPE, "it was sent by %s, and says that it is from %s", mail->sender,
                  lint_address(mail->from, 0));
    if (mail->delivered[0] != '\0' && !among(mail->people, mail->delivered))
        lint_tell(lint, mail, LINT_RECIPIENT, "it was delivered to %s, to whom it is not addressed", mail->delivered);
}

void lint_head(struct lint *lint, const struct lint_mail *mail)
{
    check_fields(lint, mail);
    if (mail->dated)
        check_date(lint, mail);
    check_hops(lint, mail);
    if (mail->hop_count > 0)
        check_times(lint, mail);
    check_arrival(lint, mail);
    check_id(lint, mail);
    check_people(lint, mail, mail->from);
    check_people(lint, mail, mail->people);
    check_named(lint, mail);
    check_envelope(lint, mail);
}
