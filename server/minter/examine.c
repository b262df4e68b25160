/* SPDX-License-Identifier: ISC */
#include "server/minter/examine.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/learn.h"
#include "server/minter/lint.h"
#include "server/minter/minter.h"
#include "server/minter/profile.h"

#define LINE (1024 * 1024)
#define BYTES (256 * 1024 * 1024) /* of an mbox */

/* What is done with the mails. */
struct examination {
    int (*take)(void *context, const json_t *line, struct slice bytes, struct error *error);
    int (*end)(void *context, struct error *error);
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* ---- what comes ---- */

/* A line of JSON. NULL at the end, or with the error's text. */
static json_t *next_line(struct error *error)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, stdin);
    json_t *value = length > 0 && length < LINE ? json_loadb(line, (size_t)length, 0, NULL) : NULL;

    if (length > 0 && !json_is_object(value)) {
        error_set(error, "what came to be looked at is damaged");
        json_decref(value);
        value = NULL;
    }
    free(line);
    return value;
}

static int pass_on(const struct examination *examination, void *context, const json_t *line, struct error *error)
{
    json_int_t bytes = json_integer_value(json_object_get(line, "bytes"));
    unsigned char *data = bytes >= 0 && bytes <= BYTES ? malloc((size_t)bytes + 1) : NULL;
    int rc = -1;

    if (data == NULL || fread(data, 1, (size_t)bytes, stdin) != (size_t)bytes)
        error_set(error, "%s is cut short, or of more than %d MiB", text_of(line, "placement"), BYTES >> 20);
    else
        rc = examination->take(context, line, (struct slice){data, (size_t)bytes}, error);
    if (data != NULL)
        sodium_memzero(data, (size_t)bytes);
    free(data);
    return rc;
}

static int pass_all(const struct examination *examination, void *context, struct error *error)
{
    json_t *line;
    int rc = 0;

    while (rc == 0 && (line = next_line(error)) != NULL) {
        rc = pass_on(examination, context, line, error);
        json_decref(line);
    }
    return error->text[0] != '\0' ? -1 : examination->end(context, error);
}

/* ---- to look for what gives lures away ---- */

/* As JSON text; of bytes that are no UTF-8, those beyond ASCII become '?'. */
static json_t *lenient(const char *text)
{
    json_t *value = json_string(text);
    char *copy = value == NULL ? strdup(text) : NULL;

    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    if (copy != NULL)
        value = json_string(copy);
    free(copy);
    return value;
}

static void print_row(json_t *row)
{
    json_dumpf(row, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(row);
}

static void print_finding(const struct lint_finding *finding, void *context)
{
    json_t *row = json_object();

    (void)context;
    json_object_set_new(row, "placement", lenient(finding->mail->placement));
    json_object_set_new(row, "message_id", lenient(lint_is_mail(finding->mail) ? finding->mail->id : ""));
    if (finding->mail->commit != NULL)
        json_object_set_new(row, "commit", lenient(finding->mail->id));
    if (finding->mail->entry != NULL)
        json_object_set_new(row, "dn", lenient(finding->mail->id));
    json_object_set_new(row, "rule", json_string(finding->rule));
    json_object_set_new(row, "what", lenient(finding->what));
    json_object_set_new(row, "why", json_string(finding->why));
    json_object_set_new(row, "remedy", json_string(finding->remedy));
    print_row(row);
}

/* An IMAP server's "10-Nov-2026 10:12:33 +0100" (RFC 9051), or seconds; 0 where it is not known. */
static int64_t arrived(const json_t *line)
{
    char text[64];
    int64_t seconds = json_integer_value(json_object_get(line, "arrived"));
    int offset;

    snprintf(text, sizeof text, "%s", text_of(line, "internaldate"));
    for (char *at = text; *at != '\0' && at < text + 12; at++)
        *at = *at == '-' ? ' ' : *at;
    if (seconds == 0 && !lint_date(text, &seconds, &offset, NULL))
        seconds = 0;
    return seconds;
}

static int lint_take(void *context, const json_t *line, struct slice bytes, struct error *error)
{
    const struct lint_source source = {text_of(line, "placement"), text_of(line, "mailbox"),
                                       json_object_get(line, "meta"), arrived(line)};

    if (json_is_true(json_object_get(line, "change")))
        return lint_add_change(context, &source, bytes, error);
    if (json_is_true(json_object_get(line, "entry")))
        return lint_add_entries(context, &source, bytes, error);
    return json_is_true(json_object_get(line, "mbox")) ? lint_add_mbox(context, &source, bytes, error)
                                                       : lint_add(context, &source, bytes, error);
}

static int lint_end(void *context, struct error *error)
{
    struct lint *lint = context;
    size_t commits = 0, entries = 0;

    if (lint_judge(lint, print_finding, NULL, error) != 0)
        return -1;
    for (size_t i = 0; i < lint->count; i++) {
        commits += lint->mails[i].commit != NULL;
        entries += lint->mails[i].entry != NULL;
    }
    print_row(json_pack("{s:I, s:I, s:I, s:I}", "mails", (json_int_t)(lint->count - commits - entries), "commits",
                        (json_int_t)commits, "entries", (json_int_t)entries, "findings", (json_int_t)lint->found));
    return 0;
}

static int run_lint(const json_t *first, struct error *error)
{
    static const struct examination examination = {lint_take, lint_end};
    json_t *world = json_deep_copy(json_object_get(first, "persona"));
    struct lint lint;
    int rc;

    json_object_set(world, "hosts", json_object_get(first, "hosts"));
    lint_init(&lint, world, minter_now());
    rc = pass_all(&examination, &lint, error);
    lint_free(&lint);
    json_decref(world);
    return rc == 0 ? 0 : 3;
}

/* ---- to learn ---- */

static int learn_one(struct slice message, void *context, struct error *error)
{
    return learn_add(context, message, error);
}

static int learn_take(void *context, const json_t *line, struct slice bytes, struct error *error)
{
    return json_is_true(json_object_get(line, "mbox")) ? lint_entries(bytes, learn_one, context, error)
                                                       : learn_add(context, bytes, error);
}

/* The profile is read once more, as lures will. */
static int learn_end(void *context, struct error *error)
{
    struct learn *learn = context;
    struct profile profile = {.root = NULL};
    struct buffer text;
    int rc;

    buffer_init(&text, PROFILE_BYTES);
    rc = learn_write(learn, &text, error);
    if (rc == 0)
        rc = profile_read(&profile, buffer_slice(&text), "profile", error);
    if (rc == 0)
        print_row(json_pack("{s:I, s:I, s:s}", "mails", (json_int_t)learn->count, "house", (json_int_t)learn->house,
                            "profile", buffer_text(&text)));
    profile_free(&profile);
    buffer_free(&text);
    return rc;
}

static int run_learn(const json_t *first, struct error *error)
{
    static const struct examination examination = {learn_take, learn_end};
    struct learn learn;
    int rc;

    learn_init(&learn, text_of(first, "domain"));
    rc = pass_all(&examination, &learn, error);
    learn_free(&learn);
    return rc == 0 ? 0 : 1;
}

/* ---- all ---- */

bool examine_asked(int argc, char *const *argv)
{
    return argc == 2 && (strcmp(argv[1], "--lint") == 0 || strcmp(argv[1], "--learn") == 0);
}

int examine_main(char *const *argv)
{
    struct error error = {""};
    json_t *first = NULL;
    int code = 3;

    if (sodium_init() >= 0 && minter_shut(&error) == 0 && (first = next_line(&error)) != NULL)
        code = strcmp(argv[1], "--lint") == 0 ? run_lint(first, &error) : run_learn(first, &error);
    json_decref(first);
    if (code != 0)
        fprintf(stderr, "minter: %s\n", error.text[0] != '\0' ? error.text : "nothing came to be looked at");
    return fflush(stdout) != 0 ? 3 : code;
}
