/* SPDX-License-Identifier: ISC
 *
 * Lures as they leave the minter. */
#include <sodium.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/minter/lure.h"
#include "server/minter/when.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"

#define DAY 86400
#define TOPICS 64 /* of a lure, at most */

static struct jobs jobs;

static void setup(void)
{
    jobs_open(&jobs);
    jobs_personas(&jobs);
}

static void teardown(void)
{
    jobs_close(&jobs);
}

static json_t *parameters(const char *kind, const char *identity, const char *secret, const char *service,
                          const char *place, int french)
{
    return json_pack("{ss ss ss ss ss sO so}", "kind", kind, "form", strcmp(kind, "password") == 0 ? "human" : "pat",
                     "identity", identity, "secret", secret, "place", place, "persona", jobs.personas[french], "decoy",
                     jobs_decoy(service, 21001, true));
}

static json_t *with(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_msg(text != NULL, "no '%s'", key);
    return text;
}

static int64_t seconds(const json_t *object, const char *key)
{
    int64_t time = 0;

    ck_assert_int_eq(clock_parse(text_of(object, key), &time), 0);
    return time / 1000000;
}

/* Is that line, from 1, the one with the secret? */
static bool stands_on(const char *text, int line, const char *secret)
{
    for (int i = 1; i < line; i++)
        text = strchr(text, '\n') == NULL ? "" : strchr(text, '\n') + 1;
    return memmem(text, strcspn(text, "\n"), secret, strlen(secret)) != NULL;
}

/* The mail with the secret, and what holds for each of its thread. */
static void check_mail(const char *identity, const char *secret)
{
    json_t *meta = jobs_json(&jobs, "meta"), *messages = json_object_get(meta, "messages"), *message;
    const char *raw = jobs_text(&jobs, "file", text_of(meta, "secret_file")), *body, *before = "";
    int64_t time = 0;
    size_t index;

    ck_assert_str_eq(text_of(meta, "type"), "mail");
    ck_assert_ptr_nonnull(raw);
    ck_assert_ptr_nonnull(strstr(raw, identity));
    ck_assert(stands_on(raw, (int)json_integer_value(json_object_get(meta, "line")), secret));
    body = strstr(raw, "\n\n");
    ck_assert_ptr_nonnull(body);
    ck_assert_ptr_nonnull(strstr(body, secret));
    ck_assert_ptr_nonnull(strstr(raw, text_of(meta, "message_id")));
    ck_assert_int_lt(seconds(meta, "date"), JOBS_NOW);
    json_array_foreach(messages, index, message)
    {
        raw = jobs_text(&jobs, "file", text_of(message, "file"));
        ck_assert_ptr_null(strstr(raw, "base64"));
        ck_assert_ptr_null(strchr(raw, '\r'));
        ck_assert_ptr_null(strstr(raw, "{{"));
        for (const char *line = raw; *line != 0; line += strcspn(line, "\n") + 1)
            ck_assert_uint_le(strcspn(line, "\n"), 998);
        ck_assert_ptr_nonnull(strstr(raw, text_of(message, "message_id")));
        ck_assert_msg(before[0] == 0 || strstr(raw, before) != NULL, "it does not name the mail that it answers");
        ck_assert_int_gt(seconds(message, "date"), time);
        ck_assert_int_eq(json_is_true(json_object_get(message, "own")), strstr(raw, "\nReceived: ") == NULL);
        time = seconds(message, "date");
        before = text_of(message, "message_id");
        if (strlen(secret) > 12 && strcmp(text_of(message, "file"), text_of(meta, "secret_file")) != 0)
            ck_assert_msg(strstr(raw, secret) == NULL, "the secret stands in two mails:\n%s", raw);
    }
    ck_assert_int_lt(time, JOBS_NOW);
    ck_assert_uint_eq(json_array_size(messages), jobs.count - 1);
    json_decref(meta);
}

START_TEST(mails_hold_identity_and_secret_unbroken)
{
    static const char *const services[] = {"http", "ldap"};

    for (int i = 0; i < 40; i++) {
        ck_assert_msg(jobs_run(&jobs, "lure",
                               parameters("password", "svc-mirror-dwh417", "Bovirel.Tanusor4172!", services[i % 2],
                                          "maildir", i / 2 % 2)) == 0,
                      "%s", jobs.error.text);
        check_mail("svc-mirror-dwh417", "Bovirel.Tanusor4172!");
    }
}
END_TEST

/* Secrets of hostile lengths, with blanks, with what MIME would encode, with other letters. */
START_TEST(mails_with_hostile_secrets)
{
    static const char *const secrets[] = {"=20=3D", "From here", "a  b   c", "é=é", ".", "--", "> quoted", "&lt;&amp;"};
    char secret[500];

    for (size_t length = 1; length < sizeof secret; length += length < 100 ? 7 : 133) {
        memset(secret, 'k', length);
        secret[length] = 0;
        ck_assert_msg(jobs_run(&jobs, "lure", parameters("password", "some one", secret, "http", "maildir", 0)) == 0,
                      "%zu: %s", length, jobs.error.text);
        check_mail("some one", secret);
    }
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        ck_assert_msg(jobs_run(&jobs, "lure", parameters("password", "x", secrets[i], "http", "maildir", 1)) == 0, "%s",
                      jobs.error.text);
        check_mail("x", secrets[i]);
    }
}
END_TEST

START_TEST(a_secret_longer_than_a_line_is_refused)
{
    char secret[1200];

    memset(secret, 'k', sizeof secret - 1);
    secret[sizeof secret - 1] = 0;
    ck_assert_int_eq(
        jobs_run(&jobs, "lure", with(parameters("password", "x", secret, "http", "maildir", 0), "lure", "access")), -1);
    ck_assert_ptr_nonnull(strstr(jobs.error.text, "998"));
}
END_TEST

START_TEST(the_owner_is_addressed)
{
    const char *raw;
    json_t *meta;

    ck_assert_int_eq(jobs_run(&jobs, "lure",
                              with(parameters("password", "i-1", "s-1", "http", "maildir", 0), "owner",
                                   "Zoë Quill <zoe@corp.marais.internal>")),
                     0);
    meta = jobs_json(&jobs, "meta");
    ck_assert_str_eq(text_of(meta, "to"), "zoe@corp.marais.internal");
    ck_assert_str_ne(text_of(meta, "from"), "zoe@corp.marais.internal");
    raw = jobs_text(&jobs, "file", text_of(meta, "secret_file"));
    ck_assert_ptr_nonnull(strstr(raw, ": =?UTF-8?Q?Zo=C3=AB_Quill?= <zoe@"));
    ck_assert_ptr_nonnull(strstr(raw, "\nDelivered-To: zoe@corp.marais.internal\n"));
    json_decref(meta);
}
END_TEST

START_TEST(language_and_name_choose_the_lure)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(jobs_run(&jobs, "lure", parameters("password", "i-1", "s-1", "http", "maildir", i % 2)), 0);
        ck_assert_ptr_nonnull(strstr(jobs_text(&jobs, "meta", NULL), i % 2 ? "\"language\":\"fr\"" : "\"language\":\"en\""));
    }
    ck_assert_int_eq(
        jobs_run(&jobs, "lure", with(parameters("password", "i-1", "s-1", "http", "maildir", 0), "lure", "access")),
        0);
    ck_assert_int_eq(
        jobs_run(&jobs, "lure", with(parameters("password", "i-1", "s-1", "http", "maildir", 0), "lure", "deploy-env")),
        -1);
    ck_assert_ptr_nonnull(strstr(jobs.error.text, "deploy-env"));
    ck_assert_int_eq(
        jobs_run(&jobs, "lure", with(parameters("password", "i-1", "s-1", "http", "git", 0), "lure", "no")), -1);
    ck_assert_ptr_nonnull(strstr(jobs.error.text, "sundew lures"));
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(jobs_run(&jobs, "lure", parameters("password", "i-1", "s-1", "ldap", "git", i % 2)), 0);
        ck_assert_ptr_nonnull(strstr(jobs_text(&jobs, "meta", NULL), i % 2 ? "\"language\":\"fr\"" : "\"language\":\"en\""));
    }
}
END_TEST

static char *body_copy(void)
{
    json_t *meta = jobs_json(&jobs, "meta");
    const char *raw = jobs_text(&jobs, "file", text_of(meta, "secret_file"));
    const char *body = raw == NULL ? NULL : strstr(raw, "\n\n");

    json_decref(meta);
    ck_assert_ptr_nonnull(body);
    return strdup(body);
}

START_TEST(no_two_mails_read_the_same)
{
    char *bodies[60];

    for (size_t i = 0; i < 60; i++) {
        ck_assert_int_eq(jobs_run(&jobs, "lure", parameters("password", "i-1", "s-1", "http", "maildir", (int)i % 2)),
                         0);
        bodies[i] = body_copy();
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(bodies[i], bodies[k]);
    }
    for (size_t i = 0; i < 60; i++)
        free(bodies[i]);
}
END_TEST

/* How many subjects the lure has in English. */
static size_t topics_of(const char *name)
{
    const struct catalogue *catalogue = jobs.minter.catalogue;
    size_t count = 0;

    for (size_t i = 0; i < catalogue->lure_count; i++) {
        const struct lure *lure = &catalogue->lures[i];

        for (size_t k = 0; k < lure->variables.count; k++)
            if (strcmp(lure->name, name) == 0 && strcmp(lure->language, "en") == 0 &&
                strcmp(lure->variables.items[k].name, "topic") == 0)
                count = lure->variables.items[k].choice_count;
    }
    ck_assert(count > 1 && count <= TOPICS);
    return count;
}

/* A lure's texts are taken in turn, however many others come between: none twice in a round. */
START_TEST(texts_have_their_turn)
{
    size_t count = topics_of("handover");
    char *subjects[TOPICS];

    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < count; i++) {
            json_t *asked = with(parameters("password", "svc-1", "Bovirel.Tanusor4172!", "http", "maildir", 0), "lure",
                                 "handover");
            json_t *meta;

            json_object_set_new(asked, "ordinal", json_integer((json_int_t)((round * count + i) * 7)));
            ck_assert_msg(jobs_run(&jobs, "lure", asked) == 0, "%s", jobs.error.text);
            meta = jobs_json(&jobs, "meta");
            subjects[i] = strdup(text_of(meta, "subject") + (strncmp(text_of(meta, "subject"), "Re: ", 4) == 0 ? 4 : 0));
            json_decref(meta);
            for (size_t k = 0; k < i; k++)
                ck_assert_str_ne(subjects[k], subjects[i]);
        }
        for (size_t i = 0; i < count; i++)
            free(subjects[i]);
    }
}
END_TEST

static const char *const mail_lures[] = {"access",     "assistant", "backup",      "certificate", "handover",    "invoice",
                                         "legal-hold", "pipeline",  "post-mortem", "supplier",    "test-tenant", "wire"};

/* Each mail lure by each mail program, into both sorts of mailboxes, in each kind that it carries. */
START_TEST(every_lure_by_every_program)
{
    const char *name = mail_lures[_i / 8];
    int french = _i / 4 % 2;
    static const char *const clients[] = {"thunderbird", "roundcube", "apple", "outlook"};
    static const char *const words[] = {"password", "pass", "pwd", "mdp", "mot de passe", "PASSWORD"};
    json_t *mail = json_object_get(jobs.personas[french], "mail"), *wanted, *meta, *person;
    size_t index;
    const char *raw;
    bool found = false;

    json_object_set_new(mail, "client", json_string(clients[_i % 4]));
    json_array_foreach(json_object_get(jobs.personas[french], "people"), index, person)
        json_object_set_new(person, "client", json_string(clients[_i % 4]));
    json_object_set_new(json_object_get(jobs.personas[french], "supplier"), "client",
                        json_string(_i % 4 == 3 ? "gmail" : clients[(_i + 1) % 4]));
    for (int i = 0; i < 6; i++) {
        wanted = parameters("password", "svc-mirror-dwh417", "Bovirel.Tanusor4172!", i % 3 == 2 ? "ldap" : "http",
                            i % 2 ? "mbox" : "maildir", french);
        json_object_set_new(json_object_get(wanted, "decoy"), "site",
                            json_string(i % 3 == 2                      ? ""
                                        : strcmp(name, "pipeline") == 0 ? "gitlab"
                                                                        : "portal"));
        ck_assert_msg(jobs_run(&jobs, "lure", with(wanted, "lure", name)) == 0, "%s", jobs.error.text);
        check_mail("svc-mirror-dwh417", "Bovirel.Tanusor4172!");
        meta = jobs_json(&jobs, "meta");
        raw = jobs_text(&jobs, "file", text_of(meta, "secret_file"));
        found = false;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            found = found || strcasestr(raw, words[w]) != NULL;
        ck_assert_msg(found, "no usual word finds it:\n%s", raw);
        ck_assert_int_eq(strstr(raw, "X-Original-To: ") != NULL, i % 2);
        ck_assert_int_eq(strstr(raw, " with LMTP\n") != NULL, !(i % 2));
        json_decref(meta);
    }
}
END_TEST

static const struct {
    const char *lure, *extension, *begins;
} attached[] = {{"access-sheet", ".docx", "PK\3\4"},
                {"accounts-list", ".xlsx", "PK\3\4"},
                {"welcome-letter", ".pdf", "%PDF-1.3\n"},
                {"appointment", ".ics", "BEGIN:VCALENDAR\r\n"},
                {"configuration", ".zip", "PK\3\4"}};

/* The first bytes of the attachment: what stands in base64 behind its head. */
static void check_attachment(const char *raw, const char *name, const char *begins)
{
    const char *head = strstr(raw, name), *body = head == NULL ? NULL : strstr(head, "\n\n");
    unsigned char bytes[48];
    size_t length;

    ck_assert_msg(body != NULL, "no %s in\n%s", name, raw);
    ck_assert_int_eq(sodium_base642bin(bytes, sizeof bytes, body + 2, 64, NULL, &length, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    ck_assert_int_eq(memcmp(bytes, begins, strlen(begins)), 0);
}

START_TEST(attachments_by_every_program)
{
    static const char *const clients[] = {"thunderbird", "roundcube", "apple", "outlook", "gmail"};
    const char *name, *raw, *mixed;
    json_t *wanted, *meta, *person;
    size_t index;

    for (int i = 0; i < 10; i++) {
        json_array_foreach(json_object_get(jobs.personas[i % 2], "people"), index, person)
            json_object_set_new(person, "client", json_string(clients[_i]));
        wanted = parameters("password", "svc-mirror-dwh417", "Bovirel.Tanusor4172!", "http", "maildir", i % 2);
        ck_assert_msg(jobs_run(&jobs, "lure", with(wanted, "lure", attached[i / 2].lure)) == 0, "%s", jobs.error.text);
        meta = jobs_json(&jobs, "meta");
        raw = jobs_text(&jobs, "file", text_of(meta, "secret_file"));
        name = text_of(meta, "attachment");
        ck_assert_msg(strlen(name) > 5 && strcmp(strrchr(name, '.'), attached[i / 2].extension) == 0, "%s", name);
        mixed = strstr(raw, "Content-Type: multipart/mixed;");
        ck_assert_ptr_nonnull(mixed);
        ck_assert_int_eq(strstr(raw, "Content-Type: multipart/alternative;") != NULL, _i >= 3);
        ck_assert_ptr_null(strstr(raw, "Bovirel"));
        ck_assert_ptr_null(strstr(raw, "{{"));
        check_attachment(mixed, name, attached[i / 2].begins);
        json_decref(meta);
    }
}
END_TEST

START_TEST(people_answer_when_they_work)
{
    const struct zone paris = {.minutes = 60, .summer = true};
    char text[WHEN_TEXT];

    for (int i = 0; i < 400; i++) {
        int64_t time = when_between(&paris, JOBS_NOW - 40 * DAY, JOBS_NOW - 20 * DAY, &minter_draw);
        int64_t before = when_near(&paris, time, false, JOBS_NOW, &minter_draw);
        int64_t after = when_near(&paris, time, true, JOBS_NOW, &minter_draw);

        ck_assert(before <= time - 240 && before > time - 9 * DAY && after >= time + 240 && after < time + 9 * DAY);
        ck_assert_ptr_null(
            strpbrk(when_mail(&paris, before, text), "S")); /* Sat, Sun; the months of autumn have none */
    }
    ck_assert_int_eq(when_near(&paris, JOBS_NOW, true, JOBS_NOW, &minter_draw), 0);
    /* The eleventh of November is a holiday in France. */
    for (int i = 0; i < 400; i++)
        ck_assert_ptr_null(
            strstr(when_mail(&paris, when_between(&paris, 1794268800, 1794528000, &minter_draw), text), "11 Nov"));
}
END_TEST

/* The last mail of a thread that was kept without the others: it alone is made, and quotes what it answers. */
START_TEST(a_last_mail_alone_quotes_the_others)
{
    json_t *meta = NULL, *gone = NULL;
    const char *text;
    size_t index;
    json_t *item;

    for (int i = 0; i < 200 && gone == NULL; i++) {
        json_decref(meta);
        ck_assert_int_eq(jobs_run(&jobs, "lure",
                                  with(parameters("password", "svc-alone1", "s3cr3t-alone", "http", "maildir", 1),
                                       "lure", "backup")),
                         0);
        meta = jobs_json(&jobs, "meta");
        gone = json_object_get(meta, "gone");
    }
    ck_assert_uint_ge(json_array_size(gone), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(meta, "messages")), 1);
    text = jobs_text(&jobs, "file", text_of(meta, "secret_file"));
    ck_assert_ptr_nonnull(strstr(text, "s3cr3t-alone"));
    json_array_foreach(gone, index, item)
    {
        ck_assert_ptr_nonnull(strstr(text, text_of(item, "message_id")));
        ck_assert_int_lt(seconds(item, "date"), seconds(meta, "date"));
    }
    json_decref(meta);
}
END_TEST

START_TEST(at_is_the_date)
{
    json_t *meta;

    ck_assert_int_eq(
        jobs_run(&jobs, "lure",
                 with(parameters("password", "i-1", "s-1", "http", "maildir", 1), "at", "2026-03-02T09:14:33Z")),
        0);
    meta = jobs_json(&jobs, "meta");
    ck_assert_int_eq(seconds(meta, "date"), 1772442873);
    ck_assert_ptr_nonnull(strstr(jobs_text(&jobs, "file", text_of(meta, "secret_file")), "2 Mar 2026 "));
    json_decref(meta);
}
END_TEST

static const char *const secret_forms[] = {"glpat-Kd93jkQ7vLm2xRt8wPzB", "Bovirel.Tanusor4172!"};

START_TEST(changes_hold_the_secret_and_bury_it)
{
    for (int i = 0; i < 40; i++) {
        const char *secret = secret_forms[i % 2], *name;
        json_t *wanted = parameters(i % 2 ? "password" : "gitlab-token", "svc-mirror-dwh417", secret,
                                    i % 4 == 1 ? "ldap" : "http", "git", 0);
        json_t *meta, *changes;

        json_object_set_new(wanted, "buried", json_true());
        ck_assert_msg(jobs_run(&jobs, "lure", wanted) == 0, "%s", jobs.error.text);
        meta = jobs_json(&jobs, "meta");
        changes = json_object_get(meta, "changes");
        ck_assert_uint_eq(json_array_size(changes), 2);
        name = text_of(meta, "secret_file");
        ck_assert_uint_eq(lure_line(slice_of(jobs_text(&jobs, "file", name)), slice_of(secret)),
                          (size_t)json_integer_value(json_object_get(meta, "line")));
        ck_assert_uint_eq(lure_line(slice_of(jobs_text(&jobs, "file", "1")), slice_of(secret)), 0);
        ck_assert_int_lt(seconds(json_array_get(changes, 0), "date"), seconds(json_array_get(changes, 1), "date"));
        ck_assert_int_lt(seconds(json_array_get(changes, 1), "date"), JOBS_NOW);
        for (size_t k = 0; k < 2; k++) {
            const json_t *author = json_object_get(json_array_get(changes, k), "author");

            ck_assert_ptr_nonnull(strchr(text_of(author, "mail"), '@'));
            ck_assert_uint_gt(strlen(text_of(json_array_get(changes, k), "message")), 5);
        }
        json_decref(meta);
    }
}
END_TEST

START_TEST(a_path_is_taken_or_refused)
{
    static const char *const bad[] = {"/etc/passwd", "../x", "a/../b", ".git/config", "a//b", "a/", ".", "a/.GIT/x"};
    json_t *meta;

    ck_assert_int_eq(jobs_run(&jobs, "lure",
                              with(parameters("password", "i-1", "s-1", "http", "git", 0), "path", "srv/app/live.env")),
                     0);
    meta = jobs_json(&jobs, "meta");
    ck_assert_str_eq(
        text_of(json_array_get(json_object_get(json_array_get(json_object_get(meta, "changes"), 0), "files"), 0),
                "path"),
        "srv/app/live.env");
    json_decref(meta);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(
            jobs_run(&jobs, "lure", with(parameters("password", "i-1", "s-1", "http", "git", 0), "path", bad[i])) == -1,
            "%s was taken", bad[i]);
}
END_TEST

START_TEST(texts_are_chosen_by_their_file)
{
    static const struct {
        const char *path, *lure;
    } cases[] = {
        {"", ".env"},
        {"/home/a/.netrc", ".netrc"},
        {"/home/a/.git-credentials", ".git-credentials"},
        {"x/.git/config", ".git/config"},
        {"ci.yml", "ci-variables.yml"},
        {"/srv/production.env", ".env"},
        {"odd.bin", ".env"},
    };
    json_t *meta;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(jobs_run(&jobs, "lure",
                                  with(parameters("gitlab-token", "i-1", secret_forms[0], "http", "file", 0), "path",
                                       cases[i].path)),
                         0);
        meta = jobs_json(&jobs, "meta");
        ck_assert_msg(strcmp(text_of(meta, "lure"), cases[i].lure) == 0, "%s gave %s", cases[i].path,
                      text_of(meta, "lure"));
        ck_assert(stands_on(jobs_text(&jobs, "file", "0"), (int)json_integer_value(json_object_get(meta, "line")),
                            secret_forms[0]));
        json_decref(meta);
    }
}
END_TEST

START_TEST(people_work_in_daylight)
{
    const struct zone zones[] = {{.minutes = 60, .summer = true}, {.minutes = 0}, {.minutes = -300}};
    char text[WHEN_TEXT];

    for (int i = 0; i < 600; i++) {
        const struct zone *zone = &zones[i % 3];
        int64_t now = JOBS_NOW - i * 7919LL * 61, time = when_between(zone, now - 20 * DAY, now - DAY, &minter_draw);
        int hour, day = (int)(((time + 60LL * zone_offset(zone, time)) / DAY + 4) % 7);

        ck_assert(time <= now - DAY && time >= now - 20 * DAY);
        ck_assert_int_eq(sscanf(strchr(when_text(zone, time, text), 'T'), "T%d:", &hour), 1);
        ck_assert_msg(hour >= 8 && hour <= 17 && day != 0 && day != 6, "%s", text);
    }
}
END_TEST

START_TEST(summer_time_begins_and_ends)
{
    const struct zone paris = {.minutes = 60, .summer = true};
    char text[WHEN_TEXT];

    ck_assert_int_eq(zone_offset(&paris, 1774745999), 60);
    ck_assert_int_eq(zone_offset(&paris, 1774746000), 120);
    ck_assert_int_eq(zone_offset(&paris, 1792889999), 120);
    ck_assert_int_eq(zone_offset(&paris, 1792890000), 60);
    ck_assert_str_eq(when_mail(&paris, 1774746000, text), "Sun, 29 Mar 2026 03:00:00 +0200");
    ck_assert_str_eq(when_text(&paris, 1774745999, text), "2026-03-29T01:59:59+01:00");
    ck_assert_str_eq(when_quoted(&paris, 1774745999, WHEN_WORDS, true, text), "29 mars 2026 à 01:59");
    ck_assert_str_eq(when_quoted(&paris, 1774745999, WHEN_LONG, true, text), "dimanche 29 mars 2026 01:59");
    ck_assert_str_eq(when_quoted(&paris, 1774745999, WHEN_LONG, false, text), "29 March 2026 01:59");
    ck_assert_str_eq(when_quoted(&paris, 1774745999, WHEN_SLASHES, true, text), "29/03/2026 à 01:59");
    ck_assert_str_eq(when_quoted(&paris, 1774745999, WHEN_DASHES, false, text), "2026-03-29 01:59");
}
END_TEST

START_TEST(the_machines_zone_is_kept)
{
    struct zone zone;

    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    tzset();
    zone = zone_of("fr", JOBS_NOW);
    ck_assert(zone.system);
    ck_assert_int_eq(zone_offset(&zone, JOBS_NOW), -300);
    ck_assert_int_eq(zone_offset(&zone, JOBS_NOW - 150LL * DAY), -240);
    setenv("TZ", "UTC", 1);
    tzset();
    zone = zone_of("fr", JOBS_NOW);
    ck_assert(!zone.system && zone.summer && zone.minutes == 60);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("lure");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, mails_hold_identity_and_secret_unbroken);
    tcase_add_test(tcase, mails_with_hostile_secrets);
    tcase_add_test(tcase, a_secret_longer_than_a_line_is_refused);
    tcase_add_test(tcase, the_owner_is_addressed);
    tcase_add_test(tcase, language_and_name_choose_the_lure);
    tcase_add_test(tcase, no_two_mails_read_the_same);
    tcase_add_test(tcase, texts_have_their_turn);
    tcase_add_loop_test(tcase, every_lure_by_every_program, 0, 96);
    tcase_add_loop_test(tcase, attachments_by_every_program, 0, 5);
    tcase_add_test(tcase, people_answer_when_they_work);
    tcase_add_test(tcase, a_last_mail_alone_quotes_the_others);
    tcase_add_test(tcase, at_is_the_date);
    tcase_add_test(tcase, changes_hold_the_secret_and_bury_it);
    tcase_add_test(tcase, a_path_is_taken_or_refused);
    tcase_add_test(tcase, texts_are_chosen_by_their_file);
    tcase_add_test(tcase, people_work_in_daylight);
    tcase_add_test(tcase, summer_time_begins_and_ends);
    tcase_add_test(tcase, the_machines_zone_is_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
