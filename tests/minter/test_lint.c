/* SPDX-License-Identifier: ISC
 *
 * The linter of lures: what Sundew itself ships is clean, in each language and of each mail program; and each rule finds
 * the fault that it is for, put into such a mail. */
#include <sodium.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/minter/lint.h"
#include "server/minter/persona.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"

#define SECRET "Bovirel.Tanusor4172!"
#define IDENTITY "svc-mirror-dwh417"

static struct jobs jobs;
static char told[65536];
static unsigned times[LINT_RULES];

/* The same chance in each run: what is drawn says nothing of the linter. */
static void fixed_bytes(void *context, void *out, size_t length)
{
    unsigned char seed[randombytes_SEEDBYTES] = {0};

    memcpy(seed, context, sizeof(uint64_t));
    ++*(uint64_t *)context;
    randombytes_buf_deterministic(out, length, seed);
}

static uint64_t turn;
static const struct draw fixed = {fixed_bytes, &turn};

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    jobs_open(&jobs);
    jobs.minter.draw = &fixed;
    jobs_personas(&jobs);
}

static void teardown(void)
{
    jobs_close(&jobs);
}

static json_t *world_of(int french)
{
    json_t *world = json_deep_copy(jobs.personas[french]);

    json_object_set_new(world, "hosts", json_pack("[s]", "git.corp.marais.internal"));
    return world;
}

static void take(const struct lint_finding *finding, void *context)
{
    size_t used = strlen(told);

    (void)context;
    snprintf(told + used, sizeof told - used, "%s %s: %s\n", finding->rule, finding->mail->placement, finding->what);
    for (int i = 0; i < LINT_RULES; i++)
        times[i] += strcmp(lint_rule_name((enum lint_rule)i), finding->rule) == 0;
    ck_assert_str_ne(finding->why, "");
    ck_assert_str_ne(finding->remedy, "");
}

static void judge(struct lint *lint)
{
    struct error error;

    told[0] = 0;
    memset(times, 0, sizeof times);
    ck_assert_int_eq(lint_judge(lint, take, NULL, &error), 0);
}

/* ---- what is shipped ---- */

static void everybody_by(json_t *persona, const char *client)
{
    json_t *mail = json_object_get(persona, "mail"), *supplier = json_object_get(persona, "supplier"), *person;
    size_t index;

    json_object_set_new(supplier, "client", json_string(client));
    if (strcmp(client, "gmail") == 0) /* no house of ours has its mail there */
        return;
    json_object_set_new(mail, "client", json_string(client));
    json_array_foreach(json_object_get(persona, "people"), index, person)
        json_object_set_new(person, "client", json_string(client));
}

/* A lure of that name; false where no token that is tried fits it. */
static bool make(const char *name, int french, const char *place, int ordinal)
{
    static const struct {
        const char *kind, *form, *service, *site;
    } tries[] = {{"password", "human", "http", "portal"}, {"password", "human", "http", "gitlab"},
                 {"password", "human", "ldap", ""},       {"gitlab-token", "pat", "http", "gitlab"},
                 {"url", "", "http", "portal"}};

    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        json_t *decoy = jobs_decoy(tries[i].service, 443, true);

        json_object_set_new(decoy, "site", json_string(tries[i].site));
        if (jobs_run(&jobs, "lure",
                     json_pack("{ss ss* ss ss ss ss sO so si}", "kind", tries[i].kind, "form",
                               tries[i].form[0] != 0 ? tries[i].form : NULL, "identity", IDENTITY, "secret", SECRET, "place",
                               place, "lure", name, "persona", jobs.personas[french], "decoy", decoy, "ordinal", ordinal)) == 0)
            return true;
    }
    return false;
}

static void add_made(struct lint *lint, const char *placement, const char *mailbox)
{
    json_t *meta = jobs_json(&jobs, "meta"), *message;
    struct lint_source source = {placement, mailbox, meta, 0};
    struct error error;
    size_t index;

    json_array_foreach(json_object_get(meta, "messages"), index, message)
    {
        const char *file = json_string_value(json_object_get(message, "file"));

        ck_assert_int_eq(lint_add(lint, &source, slice_of(jobs_text(&jobs, "file", file)), &error), 0);
    }
    json_decref(meta);
}

static const char *const clients[] = {"thunderbird", "roundcube", "apple", "outlook", "gmail"};

/* All of them in one mailbox, as nobody would plant them. */
START_TEST(what_is_shipped_is_clean)
{
    int french = _i % 2, count = 0;
    const struct catalogue *catalogue = jobs.minter.catalogue;
    json_t *world;
    struct lint lint;

    everybody_by(jobs.personas[french], clients[_i / 4]);
    world = world_of(french);
    lint_init(&lint, world, JOBS_NOW);
    for (size_t i = 0; i < catalogue->lure_count; i++) {
        const struct lure *lure = &catalogue->lures[i];

        if (strcmp(lure->type, "mail") != 0 || strcmp(lure->language, french ? "fr" : "en") != 0 ||
            !make(lure->name, french, _i / 2 % 2 ? "mbox" : "maildir", count))
            continue;
        add_made(&lint, lure->name, "maildir:/m");
        count++;
    }
    ck_assert_int_ge(count, 18);
    judge(&lint);
    ck_assert_msg(lint.found == 0, "%s: %s", clients[_i / 4], told);
    lint_free(&lint);
    json_decref(world);
}
END_TEST

/* Behind a Friday's evening too. */
START_TEST(what_buries_a_secret_is_committed_at_work)
{
    struct zone zone = persona_zone(jobs.personas[0]);
    char text[WHEN_TEXT];

    for (int i = 0; i < 400; i++) {
        const json_t *change;
        json_t *meta;
        size_t index;

        ck_assert_msg(jobs_run(&jobs, "lure",
                               json_pack("{ss ss ss ss ss sb sO so}", "kind", "password", "form", "human", "identity",
                                         IDENTITY, "secret", SECRET, "place", "git", "buried", 1, "persona", jobs.personas[0],
                                         "decoy", jobs_decoy("http", 443, true))) == 0, "%s", jobs.error.text);
        meta = jobs_json(&jobs, "meta");
        json_array_foreach(json_object_get(meta, "changes"), index, change)
        {
            const char *date = json_string_value(json_object_get(change, "date"));
            int64_t time = 0;

            ck_assert(date != NULL && clock_parse(date, &time) == 0);
            ck_assert_msg(when_rest(&zone, time / 1000000, text) == NULL, "%d: %s, %s", i, date, text);
        }
        json_decref(meta);
    }
}
END_TEST

/* ---- faults ---- */

/* A thread of the lure: an answer to another mail, both from elsewhere than the mailbox's owner. */
struct pair {
    json_t *meta, *world;
    char *first, *second;
};

static void pair_make(struct pair *pair)
{
    everybody_by(jobs.personas[0], "thunderbird");
    *pair = (struct pair){.world = world_of(0)};
    for (int i = 0; pair->second == NULL; i++) {
        json_t *meta, *a, *b;

        ck_assert_int_lt(i, 200);
        ck_assert(make("access", 0, "maildir", i));
        meta = jobs_json(&jobs, "meta");
        a = json_array_get(json_object_get(meta, "messages"), 0);
        b = json_array_get(json_object_get(meta, "messages"), 1);
        if (b != NULL && !json_is_true(json_object_get(b, "own"))) {
            pair->meta = json_incref(meta);
            pair->first = strdup(jobs_text(&jobs, "file", json_string_value(json_object_get(a, "file"))));
            pair->second = strdup(jobs_text(&jobs, "file", json_string_value(json_object_get(b, "file"))));
        }
        json_decref(meta);
    }
}

static void pair_free(struct pair *pair)
{
    json_decref(pair->meta);
    json_decref(pair->world);
    free(pair->first);
    free(pair->second);
}

/* The mail with its n-th field of that name replaced by a line, or left out. */
static char *with_field(const char *raw, const char *name, int n, const char *line)
{
    const char *at = raw, *end;
    char *edited = NULL;

    for (;; at = strchr(at, '\n') + 1) {
        ck_assert_msg(*at != '\n' && strchr(at, '\n') != NULL, "no %s", name);
        if (strncasecmp(at, name, strlen(name)) == 0 && at[strlen(name)] == ':' && n-- == 0)
            break;
    }
    for (end = strchr(at, '\n') + 1; *end == ' ' || *end == '\t';)
        end = strchr(end, '\n') + 1;
    ck_assert_int_gt(asprintf(&edited, "%.*s%s%s%s", (int)(at - raw), raw, line, line[0] != '\0' ? "\n" : "", end), 0);
    return edited;
}

static void add(struct lint *lint, const char *placement, const char *mailbox, const json_t *meta, const char *raw,
                int64_t arrived)
{
    const struct lint_source source = {placement, mailbox, meta, arrived};
    struct error error;

    ck_assert_int_eq(lint_add(lint, &source, slice_of(raw), &error), 0);
}

/* The thread with its answer as edited; freed. */
static void judge_edited(struct pair *pair, char *second, int64_t arrived)
{
    struct lint lint;

    lint_init(&lint, pair->world, JOBS_NOW);
    add(&lint, "p-1", "maildir:/m", pair->meta, pair->first, 0);
    add(&lint, "p-1", "maildir:/m", pair->meta, second, arrived);
    judge(&lint);
    lint_free(&lint);
    free(second);
}

/* 10 November 2026 is a Tuesday. $OTHER is a colleague's mail, $FROM the sender's. */
static const struct {
    enum lint_rule rule;
    const char *field;
    int n;
    const char *line;
} faults[] = {
    {LINT_FIELD, "Message-ID", 0, ""},
    {LINT_FIELD, "Date", 0, "Date: yesterday"},
    {LINT_REST, "Date", 0, "Date: Sat, 14 Nov 2026 10:12:33 +0000"},
    {LINT_REST, "Date", 0, "Date: Tue, 10 Nov 2026 03:12:33 +0000"},
    {LINT_REST, "Date", 0, "Date: Wed, 11 Nov 2026 10:12:33 +0000"},
    {LINT_WEEKDAY, "Date", 0, "Date: Mon, 10 Nov 2026 10:12:33 +0000"},
    {LINT_FUTURE, "Date", 0, "Date: Thu, 19 Nov 2026 10:12:33 +0000"},
    {LINT_ZONE, "Date", 0, "Date: Tue, 10 Nov 2026 10:12:33 -0500"},
    {LINT_EARLY, "Date", 0, "Date: Mon, 5 Oct 2026 10:12:33 +0000"},
    {LINT_TAKEN, "Date", 0, "Date: Mon, 5 Oct 2026 10:12:33 +0000"},
    {LINT_TAKEN, "Date", 0, "Date: Wed, 18 Nov 2026 10:12:33 +0000"},
    {LINT_BACK, "Received", 0,
     "Received: from mail.corp.marais.internal by imap.corp.marais.internal with LMTP; Mon, 5 Oct 2026 10:12:33 +0000"},
    {LINT_JOIN, "Received", 0,
     "Received: from gateway.elsewhere.net (gateway.elsewhere.net [192.0.2.7])\n\tby imap.corp.marais.internal with LMTP"},
    {LINT_ID, "Message-ID", 0, "Message-ID: <a1b2c3@mailer.elsewhere.net>"},
    {LINT_ID, "Message-ID", 0, "Message-ID: <a1b2c3>"},
    {LINT_NOTHING, "In-Reply-To", 0, "In-Reply-To: <0000@corp.marais.internal>"},
    {LINT_NOTHING, "References", 0, "References: <0000@corp.marais.internal>"},
    {LINT_CHAIN, "References", 0, "References: <0000@corp.marais.internal>"},
    {LINT_SUBJECT, "Subject", 0, "Subject: Re: something else"},
    {LINT_STRANGER, "To", 0, "To: Nora Body <nora.body@corp.marais.internal>"},
    {LINT_NAME, "From", 0, "From: Nora Body <$FROM>"},
    {LINT_ENVELOPE, "Return-Path", 0, "Return-Path: <bounces@elsewhere.net>"},
    {LINT_RECIPIENT, "Delivered-To", 0, "Delivered-To: somebody@corp.marais.internal"},
};

START_TEST(a_fault_in_the_head_is_found)
{
    struct pair pair;
    char line[1024], from[256];
    const char *mark = strstr(faults[_i].line, "$FROM"), *address;

    pair_make(&pair);
    judge_edited(&pair, strdup(pair.second), 0);
    ck_assert_msg(told[0] == 0, "before: %s", told);
    address = strstr(pair.second, "Return-Path: <");
    ck_assert_ptr_nonnull(address);
    snprintf(from, sizeof from, "%.*s", (int)strcspn(address + 14, ">"), address + 14);
    snprintf(line, sizeof line, "%.*s%s%s", mark != NULL ? (int)(mark - faults[_i].line) : 0, faults[_i].line,
             mark != NULL ? from : "", mark != NULL ? mark + 5 : faults[_i].line);
    judge_edited(&pair, with_field(pair.second, faults[_i].field, faults[_i].n, line), 0);
    ck_assert_msg(times[faults[_i].rule] > 0, "%s is not found: %s", lint_rule_name(faults[_i].rule), told);
    pair_free(&pair);
}
END_TEST

static const struct {
    enum lint_rule rule;
    const char *text;
} texts[] = {
    {LINT_WORD, "    password  Welcome.Sample2024\n"},
    {LINT_WORD, "    TOKEN=Abc3example9Xy\n"},
    {LINT_WORD, "    https://svc-x:Changeit2024@git.corp.marais.internal/\n"},
    {LINT_MARKER, "The login # gitleaks:allow\n"},
    {LINT_MARKER, "Until then it is CHANGEME.\n"},
    {LINT_LINK, "It opens at https://portal.elsewhere.net/login from tomorrow on.\n"},
    {LINT_LINK, "See ldaps://ldap.elsewhere.net:636.\n"},
};

START_TEST(a_fault_in_the_text_is_found)
{
    struct pair pair;
    char *edited;

    pair_make(&pair);
    ck_assert_int_gt(asprintf(&edited, "%s\n%s", pair.second, texts[_i].text), 0);
    judge_edited(&pair, edited, 0);
    ck_assert_msg(times[texts[_i].rule] == 1, "%s", told);
    pair_free(&pair);
}
END_TEST

START_TEST(a_link_in_a_page_is_found)
{
    static const char page[] = "From: a@b.net\nTo: c@b.net\nSubject: x\nMessage-ID: <1@b.net>\n"
                               "Date: Tue, 10 Nov 2026 10:12:33 +0000\nContent-Type: text/html; charset=utf-8\n"
                               "Content-Transfer-Encoding: quoted-printable\n\n<html xmlns=3D\"http://www.w3.org/TR/REC-html40\">"
                               "<p>Here: <a href=3D\"https://evil.elsewhere.net/x\">git</a></p></html>\n";
    struct pair pair;

    pair_make(&pair);
    judge_edited(&pair, strdup(page), 0);
    ck_assert_msg(times[LINT_LINK] == 1 && strstr(told, "evil.elsewhere.net") != NULL, "%s", told);
    pair_free(&pair);
}
END_TEST

START_TEST(when_it_came_is_compared)
{
    struct pair pair;

    pair_make(&pair);
    judge_edited(&pair, strdup(pair.second), JOBS_NOW);
    ck_assert_msg(times[LINT_ARRIVAL] == 1, "%s", told);
    pair_free(&pair);
}
END_TEST

START_TEST(an_answer_to_nothing_is_found)
{
    struct pair pair;
    char *bare;
    struct lint lint;

    pair_make(&pair);
    bare = with_field(pair.second, "In-Reply-To", 0, "");
    judge_edited(&pair, with_field(bare, "References", 0, ""), 0);
    ck_assert_msg(times[LINT_BARE] == 1, "%s", told);
    free(bare);
    /* Without the lure's record, and the first mail: nobody knows what it answers. */
    lint_init(&lint, pair.world, JOBS_NOW);
    add(&lint, "mail.eml", "mail.eml", NULL, pair.second, 0);
    judge(&lint);
    ck_assert_msg(times[LINT_NOTHING] == 1, "%s", told);
    lint_free(&lint);
    pair_free(&pair);
}
END_TEST

static void add_text(struct lint *lint, const char *name, const char *who)
{
    char *raw;

    ck_assert_int_gt(asprintf(&raw,
                              "From: a@b.net\nTo: c@b.net\nSubject: x\nMessage-ID: <%s@b.net>\n"
                              "Date: Tue, 10 Nov 2026 10:12:33 +0000\n\nHello,\n\nfrom Monday on the account %s is there, and "
                              "works for\nthe reports of last month as well as for those of this year.\nPlease write to us "
                              "when it does not open, and we will have a\nlook at it together before the end of the week.\n",
                              name, who), 0);
    add(lint, name, "mbox:/m", NULL, raw, 0);
    free(raw);
}

START_TEST(what_comes_again_is_found)
{
    struct pair pair;
    struct lint lint;

    pair_make(&pair);
    lint_init(&lint, pair.world, JOBS_NOW);
    add(&lint, "p-1", "maildir:/m", pair.meta, pair.first, 0);
    add(&lint, "p-2", "maildir:/m", pair.meta, pair.first, 0);
    add(&lint, "p-3", "maildir:/n", pair.meta, pair.first, 0);
    judge(&lint);
    ck_assert_int_eq(times[LINT_TWICE], 2);
    ck_assert_msg(times[LINT_STRUCTURE] == 1, "%s", told);
    ck_assert_msg(times[LINT_REPEATED] >= 2, "%s", told);
    lint_free(&lint);

    lint_init(&lint, pair.world, JOBS_NOW);
    for (int i = 0; i < 2; i++) {
        /* The same words with other names: without a lure's record their order shows it. */
        add_text(&lint, i == 0 ? "a" : "b", i == 0 ? "svc-x417 of Jane Doe" : "svc-y528 of Luc Noir");
    }
    judge(&lint);
    ck_assert_msg(times[LINT_STRUCTURE] == 1, "%s", told);
    lint_free(&lint);
    pair_free(&pair);
}
END_TEST

static void add_below(struct lint *lint, const char *name, const char *text, const char *below)
{
    char *raw;

    ck_assert_int_gt(asprintf(&raw, "From: Ann Roe <a@b.net>\nTo: c@b.net\nSubject: x\nMessage-ID: <%s@b.net>\n"
                              "Date: Tue, 10 Nov 2026 10:12:33 +0000\n\n%s\n\n%s", name, text, below), 0);
    add(lint, name, name, NULL, raw, 0);
    free(raw);
}

/* What a house puts below everybody's mails is no repetition; the same words above, or others below, are. */
START_TEST(what_a_house_adds_is_no_repetition)
{
    static const char notice[] = "This message is confidential and meant for the person whom it names, and for nobody else.\n";
    static const char *const below[] = {"Ann Roe\n\n", "-- \nAnn Roe\n\n", "",
                                        "Ann Roe\n\nThe account of the nightly job was set up anew this morning.\n\n"};
    char *text, one[64];

    for (size_t i = 0; i < 4; i++) {
        struct lint lint;

        lint_init(&lint, NULL, JOBS_NOW);
        for (int k = 0; k < 2; k++) {
            ck_assert_int_gt(asprintf(&text, "%s%s", below[i], notice), 0);
            snprintf(one, sizeof one, "Mail number %d is about nothing at all today.", k);
            add_below(&lint, k == 0 ? "m-1" : "m-2", one, text);
            free(text);
        }
        judge(&lint);
        ck_assert_msg((times[LINT_REPEATED] > 0) == (i > 1), "%zu: %s", i, told);
        lint_free(&lint);
    }
}
END_TEST

static const char *person_name(const struct pair *pair, const char *mail)
{
    const json_t *person;
    size_t index;

    json_array_foreach(json_object_get(pair->world, "people"), index, person)
    {
        if (strcmp(json_string_value(json_object_get(person, "mail")), mail) == 0)
            return json_string_value(json_object_get(person, "name"));
    }
    return "";
}

/* A lure that was given real people may name them, and nobody whom the installation made up. */
START_TEST(who_is_made_up_is_a_stranger_beside_real_people)
{
    struct pair pair;
    struct lint lint;
    const char *from, *to;
    json_t *real;

    pair_make(&pair);
    from = json_string_value(json_object_get(pair.meta, "from"));
    to = json_string_value(json_object_get(pair.meta, "to"));
    for (int i = 0; i < 3; i++) {
        real = json_array();
        if (i > 0)
            json_array_append_new(real, json_pack("{ss ss}", "name", i == 1 ? person_name(&pair, from) : "Ann Other", "mail",
                                                  from));
        json_array_append_new(real, json_pack("{ss ss}", "name", person_name(&pair, to), "mail", to));
        json_object_set_new(pair.meta, "people", real);
        lint_init(&lint, pair.world, JOBS_NOW);
        add(&lint, "p-1", "maildir:/m", pair.meta, pair.first, 0);
        add(&lint, "p-1", "maildir:/m", pair.meta, pair.second, 0);
        judge(&lint);
        if (i < 2) /* whether the third's text names the one who is not real is up to that person's hand */
            ck_assert_msg((times[LINT_STRANGER] > 0) == (i == 0), "%d: %s", i, told);
        ck_assert_msg((times[LINT_NAME] > 0) == (i == 2), "%d: %s", i, told);
        lint_free(&lint);
    }
    pair_free(&pair);
}
END_TEST

START_TEST(an_mbox_is_taken_apart)
{
    struct pair pair;
    struct lint_source source = {"box", "mbox:/m", NULL, 0};
    struct error error;
    struct lint lint;
    char *box;

    pair_make(&pair);
    ck_assert_int_gt(asprintf(&box, "From a Tue Nov 10 10:12:33 2026\n%s\nFrom b Tue Nov 10 10:12:33 2026\n%s\n",
                              pair.first, pair.second), 0);
    lint_init(&lint, pair.world, JOBS_NOW);
    ck_assert_int_eq(lint_add_mbox(&lint, &source, slice_of(box), &error), 0);
    ck_assert_uint_eq(lint.count, 2);
    ck_assert_str_eq(lint.mails[1].placement, "box:2");
    judge(&lint);
    ck_assert_msg(told[0] == 0, "%s", told);
    lint_free(&lint);
    free(box);
    pair_free(&pair);
}
END_TEST

/* What servers of others write: who had it, from whom, when. */
START_TEST(received_fields_are_read)
{
    static const struct {
        const char *field, *from, *name, *address, *by;
        int64_t time;
    } fields[] = {
        {"from mx.a.net (mx.b.net [192.0.2.7]) by mail.c.net (Postfix) with ESMTPS id 4Fx for <d@c.net>; Tue, 10 Nov 2026 "
         "10:12:33 +0100", "mx.a.net", "mx.b.net", "192.0.2.7", "mail.c.net", 1794301953},
        {"from EX01.c.local (10.1.2.3) by EX02.c.local (10.1.2.4) with Microsoft SMTP Server (version=TLS1_2, "
         "cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1118.7; Tue, 10 Nov 2026 09:12:33 +0000", "EX01.c.local",
         "10.1.2.3", "10.1.2.3", "EX02.c.local", 1794301953},
        {"by 2002:a05:6402:1 with SMTP id x1csp12; Tue, 10 Nov 2026 01:12:33 -0800 (PST)", "", "", "", "2002:a05:6402:1",
         1794301953},
        {"from [10.1.2.3] (ws-a12.c.net [10.1.2.3]) (Authenticated sender: by) by mail.c.net; 10 Nov 26", "10.1.2.3",
         "ws-a12.c.net", "10.1.2.3", "mail.c.net", 0},
        {"from a (HELO b.net) ([IPv6:2001:db8::1]) by c with SMTP; Tue, 10 Nov 2026 10:12:33 +0100", "a", "b.net", "", "c",
         1794301953},
        {"from", "", "", "", "", 0},
        {"", "", "", "", "", 0},
    };
    struct lint_hop hop;

    lint_hop_read(fields[_i].field, &hop);
    ck_assert_str_eq(hop.from, fields[_i].from);
    ck_assert_str_eq(hop.name, fields[_i].name);
    ck_assert_str_eq(hop.address, fields[_i].address);
    ck_assert_str_eq(hop.by, fields[_i].by);
    ck_assert_int_eq(hop.dated, fields[_i].time != 0);
    ck_assert_int_eq(hop.time, fields[_i].time);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("lint");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, what_is_shipped_is_clean, 0, 20);
    tcase_add_test(tcase, what_buries_a_secret_is_committed_at_work);
    tcase_add_loop_test(tcase, a_fault_in_the_head_is_found, 0, sizeof faults / sizeof *faults);
    tcase_add_loop_test(tcase, a_fault_in_the_text_is_found, 0, sizeof texts / sizeof *texts);
    tcase_add_test(tcase, a_link_in_a_page_is_found);
    tcase_add_test(tcase, when_it_came_is_compared);
    tcase_add_test(tcase, an_answer_to_nothing_is_found);
    tcase_add_test(tcase, what_comes_again_is_found);
    tcase_add_test(tcase, who_is_made_up_is_a_stranger_beside_real_people);
    tcase_add_test(tcase, what_a_house_adds_is_no_repetition);
    tcase_add_test(tcase, an_mbox_is_taken_apart);
    tcase_add_loop_test(tcase, received_fields_are_read, 0, 7);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
