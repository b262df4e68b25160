/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lint.h"
#include "server/minter/minter.h"

#define LINE (1024 * 1024)
#define BYTES (256 * 1024 * 1024) /* of an mbox */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

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

static void take(const struct lint_finding *finding, void *context)
{
    json_t *row = json_object();

    (void)context;
    json_object_set_new(row, "placement", lenient(finding->mail->placement));
    json_object_set_new(row, "message_id", lenient(finding->mail->id));
    json_object_set_new(row, "rule", json_string(finding->rule));
    json_object_set_new(row, "what", lenient(finding->what));
    json_object_set_new(row, "why", json_string(finding->why));
    json_object_set_new(row, "remedy", json_string(finding->remedy));
    json_dumpf(row, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(row);
}

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

static int take_mail(struct lint *lint, const json_t *line, struct error *error)
{
    const struct lint_source source = {text_of(line, "placement"), text_of(line, "mailbox"),
                                       json_object_get(line, "meta"), arrived(line)};
    json_int_t bytes = json_integer_value(json_object_get(line, "bytes"));
    unsigned char *data = bytes >= 0 && bytes <= BYTES ? malloc((size_t)bytes + 1) : NULL;
    int rc = -1;

    if (data == NULL || fread(data, 1, (size_t)bytes, stdin) != (size_t)bytes)
        error_set(error, "%s is cut short, or of more than %d MiB", source.placement, BYTES >> 20);
    else
        rc = json_is_true(json_object_get(line, "mbox"))
                 ? lint_add_mbox(lint, &source, (struct slice){data, (size_t)bytes}, error)
                 : lint_add(lint, &source, (struct slice){data, (size_t)bytes}, error);
    if (data != NULL)
        sodium_memzero(data, (size_t)bytes);
    free(data);
    return rc;
}

/* The persona, with what else a mail is held against. */
static json_t *world_of(const json_t *line)
{
    json_t *world = json_deep_copy(json_object_get(line, "persona"));

    json_object_set(world, "hosts", json_object_get(line, "hosts"));
    json_object_set(world, "id_hosts", json_object_get(line, "id_hosts"));
    return world;
}

int lint_main(void)
{
    struct error error = {""};
    json_t *line, *world = NULL;
    struct lint lint;
    int rc = 0;

    if (sodium_init() < 0 || minter_shut(&error) != 0 || (line = next_line(&error)) == NULL) {
        fprintf(stderr, "minter: %s\n", error.text[0] != '\0' ? error.text : "nothing came to be looked at");
        return 3;
    }
    world = world_of(line);
    lint_init(&lint, world, minter_now());
    for (json_decref(line); rc == 0 && (line = next_line(&error)) != NULL; json_decref(line))
        rc = take_mail(&lint, line, &error);
    if (error.text[0] == '\0' && lint_judge(&lint, take, NULL, &error) == 0)
        printf("{\"mails\":%zu,\"findings\":%zu}\n", lint.count, lint.found);
    else
        fprintf(stderr, "minter: %s\n", error.text);
    lint_free(&lint);
    json_decref(world);
    return error.text[0] != '\0' || fflush(stdout) != 0 ? 3 : 0;
}
