/* SPDX-License-Identifier: ISC */
#include "server/planter/imap_talk.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/place.h"
#include "server/wire/remote.h"

#define COMMAND_BYTES (TASK_BYTES + 65536)
#define TEXT_BYTES 4096
#define WRITING_MS (5 * VISIT_TIMEOUT_MS) /* a mail may be long, and the line slow */
#define SYNCHRONOUS 4096 /* larger literals wait for the server's word, so that it can refuse them */

/* ---- sending ---- */

void imap_begin(struct imap *imap, const char *format, ...)
{
    va_list arguments;
    char line[1024];

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_clear(&imap->command);
    buffer_add_format(&imap->command, "a%u %s", ++imap->tag, line);
}

void imap_add(struct imap *imap, const char *format, ...)
{
    va_list arguments;
    char line[1024];

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    buffer_add_text(&imap->command, line);
}

int imap_add_literal(struct imap *imap, struct slice data, struct error *error)
{
    bool plus = (imap->can & IMAP_LITERAL_PLUS) != 0 && data.length <= SYNCHRONOUS;
    int went = 1;

    buffer_add_format(&imap->command, plus ? "{%zu+}\r\n" : "{%zu}\r\n", data.length);
    if (!plus)
        went = imap_continue(imap, error);
    if (went == 0)
        return error_set(error, "the server says: %.300s", buffer_text(&imap->text));
    if (went < 0)
        return -1;
    return buffer_add_slice(&imap->command, data) == 0 ? 0 : error_set(error, "the mail is too long");
}

int imap_add_string(struct imap *imap, struct slice text, struct error *error)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < 0x20 || text.data[i] >= 0x7f)
            return imap_add_literal(imap, text, error);
    buffer_add_char(&imap->command, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_add_char(&imap->command, '\\');
        buffer_add_char(&imap->command, (char)text.data[i]);
    }
    return buffer_add_char(&imap->command, '"') == 0 ? 0 : error_set(error, "a name is too long for a command");
}

static int broken(struct imap *imap, struct error *error)
{
    imap->broken = true;
    return error_prefix(error, "%s", imap->host);
}

static int send_command(struct imap *imap, struct error *error)
{
    int rc = imap->command.failed ? error_set(error, "the mail is too long") : 0;

    door_turn(&imap->door, IMAP_ANSWERS_MS, IMAP_ANSWERS);
    door_wait(&imap->door, WRITING_MS);
    if (rc == 0)
        rc = door_write(&imap->door, buffer_slice(&imap->command), error);
    buffer_clear(&imap->command);
    return rc == 0 ? 0 : broken(imap, error);
}

/* ---- receiving ---- */

/* The next response; the one before it is gone. */
static int next_response(struct imap *imap, struct slice *response, struct error *error)
{
    int64_t length;
    int got = 1;

    buffer_consume(&imap->door.input, imap->taken);
    imap->taken = 0;
    imap->scan = (struct imap_scan){0, 0};
    while ((length = imap_whole(buffer_slice(&imap->door.input), &imap->scan)) == 0 && got == 1) {
        door_wait(&imap->door, VISIT_TIMEOUT_MS);
        got = door_read(&imap->door, error);
    }
    if (got == 0)
        error_set(error, "the server closed the connection");
    else if (length < 0)
        error_set(error, "the server's answer is too long");
    if (length <= 0)
        return broken(imap, error);
    imap->taken = (size_t)length;
    *response = (struct slice){imap->door.input.data, (size_t)length};
    while (response->length > 0 && (response->data[response->length - 1] == '\n' ||
                                    response->data[response->length - 1] == '\r'))
        response->length--;
    return 0;
}

static void keep_text(struct imap *imap, const struct imap_cursor *cursor)
{
    size_t length = (size_t)(cursor->end - cursor->at);

    buffer_clear(&imap->text);
    buffer_add(&imap->text, cursor->at, length < TEXT_BYTES / 2 ? length : TEXT_BYTES / 2);
    for (size_t i = 0; i < imap->text.length; i++)
        if (imap->text.data[i] < 0x20 || imap->text.data[i] == 0x7f)
            imap->text.data[i] = ' ';
}

static void take_capabilities(struct imap *imap, struct imap_cursor cursor)
{
    static const struct {
        const char *name;
        unsigned can;
    } known[] = {{"STARTTLS", IMAP_STARTTLS}, {"LOGINDISABLED", IMAP_NO_LOGIN}, {"AUTH=PLAIN", IMAP_PLAIN},
                 {"AUTH=XOAUTH2", IMAP_XOAUTH2}, {"AUTH=OAUTHBEARER", IMAP_OAUTHBEARER},
                 {"AUTH=EXTERNAL", IMAP_EXTERNAL}, {"SASL-IR", IMAP_SASL_IR}, {"LITERAL+", IMAP_LITERAL_PLUS},
                 {"LITERAL-", IMAP_LITERAL_PLUS}, {"UIDPLUS", IMAP_UIDPLUS}, {"SPECIAL-USE", IMAP_SPECIAL_USE},
                 {"QUOTA", IMAP_QUOTA}, {"LIST-STATUS", IMAP_LIST_STATUS}};
    struct slice word;

    imap->can = 0;
    while ((word = imap_atom(&cursor)).length > 0)
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (slice_is_nocase(word, known[i].name))
                imap->can |= known[i].can;
}

static void take_permanent(struct imap *imap, struct imap_cursor *cursor)
{
    struct imap_cursor inside;
    struct slice flag;

    imap->keywords = false;
    if (imap_list(cursor, &inside) == 0)
        while ((flag = imap_atom(&inside)).length > 0)
            imap->keywords = imap->keywords || slice_is(flag, "\\*");
}

/* "[UIDVALIDITY 4]" and its like, wherever they stand. */
static void take_code(struct imap *imap, struct imap_cursor cursor)
{
    if (!imap_take(&cursor, '['))
        return;
    if (imap_word(&cursor, "CAPABILITY"))
        take_capabilities(imap, cursor);
    else if (imap_word(&cursor, "UIDVALIDITY"))
        imap_number(&cursor, &imap->validity);
    else if (imap_word(&cursor, "PERMANENTFLAGS"))
        take_permanent(imap, &cursor);
}

static int take_untagged(struct imap *imap, struct imap_cursor cursor, imap_take_answer *take, void *context)
{
    struct imap_cursor whole = cursor;
    uint32_t number;

    if (imap_word(&cursor, "CAPABILITY"))
        take_capabilities(imap, cursor);
    else if (imap_word(&cursor, "OK") || imap_word(&cursor, "NO") || imap_word(&cursor, "BYE"))
        take_code(imap, cursor);
    else if (imap_number(&cursor, &number) && imap_word(&cursor, "EXISTS"))
        imap->count = number;
    return take != NULL ? take(imap, &whole, context) : 0;
}

/* 1: the tagged answer; 2: "+"; 0: an untagged one, passed on; -1. */
static int one_answer(struct imap *imap, imap_take_answer *take, void *context, struct error *error)
{
    struct imap_cursor cursor;
    struct slice response;
    char tag[16];

    if (next_response(imap, &response, error) != 0)
        return -1;
    cursor = imap_cursor(response);
    snprintf(tag, sizeof tag, "a%u", imap->tag);
    if (imap_word(&cursor, "*")) {
        if (take_untagged(imap, cursor, take, context) == 0)
            return 0;
    } else if (imap_word(&cursor, "+")) {
        keep_text(imap, &cursor);
        return 2;
    } else if (imap_word(&cursor, tag)) {
        imap->said = imap_word(&cursor, "OK") ? IMAP_OK : imap_word(&cursor, "NO") ? IMAP_NO : IMAP_BAD;
        if (imap->said == IMAP_OK)
            take_code(imap, cursor);
        keep_text(imap, &cursor);
        return 1;
    }
    error_set(error, "the server says something that is no IMAP");
    return broken(imap, error);
}

int imap_run(struct imap *imap, imap_take_answer *take, void *context, struct error *error)
{
    int got = 0;

    buffer_add_text(&imap->command, "\r\n");
    if (send_command(imap, error) != 0)
        return -1;
    while (got == 0)
        got = one_answer(imap, take, context, error);
    if (got == 2) {
        error_set(error, "the server waits for more than there is");
        return broken(imap, error);
    }
    return got < 0 ? -1 : (int)imap->said;
}

int imap_must(struct imap *imap, imap_take_answer *take, void *context, const char *what, struct error *error)
{
    int said = imap_run(imap, take, context, error);

    if (said > IMAP_OK)
        error_set(error, "%s: the server says: %.300s", what, buffer_text(&imap->text));
    return said == IMAP_OK ? 0 : -1;
}

int imap_continue(struct imap *imap, struct error *error)
{
    int got = 0;

    if (send_command(imap, error) != 0)
        return -1;
    while (got == 0)
        got = one_answer(imap, NULL, NULL, error);
    return got < 0 ? -1 : got == 2;
}

/* ---- sessions ---- */

static void leave(void *session)
{
    struct imap *imap = session;
    struct error ignored;

    if (!imap->broken && imap->door.fd >= 0) {
        imap_begin(imap, "LOGOUT");
        imap_run(imap, NULL, NULL, &ignored);
    }
    door_close(&imap->door);
    buffer_free(&imap->command);
    buffer_free(&imap->text);
    buffer_free(&imap->scratch);
    free(imap->host);
    free(imap->user);
    free(imap->folder);
    free(imap);
}

static struct imap *imap_new(const struct remote *remote)
{
    struct imap *imap = calloc(1, sizeof *imap);

    if (imap == NULL)
        return NULL;
    door_init(&imap->door);
    imap->door.input.maximum = IMAP_RESPONSE + 65536;
    buffer_init(&imap->command, COMMAND_BYTES);
    buffer_init(&imap->text, TEXT_BYTES);
    buffer_init(&imap->scratch, IMAP_RESPONSE);
    imap->host = strdup(remote->host);
    imap->user = strdup(remote->user);
    return imap;
}

static int greet(struct imap *imap, struct error *error)
{
    struct imap_cursor cursor;
    struct slice response;

    if (next_response(imap, &response, error) != 0)
        return -1;
    cursor = imap_cursor(response);
    if (!imap_word(&cursor, "*") || (!imap_word(&cursor, "OK") && !imap_word(&cursor, "PREAUTH"))) {
        keep_text(imap, &cursor);
        error_set(error, "the server does not greet as IMAP does: %.200s", buffer_text(&imap->text));
        return broken(imap, error);
    }
    take_code(imap, cursor);
    return 0;
}

static int start_tls(struct imap *imap, const struct visit *visit, struct error *error)
{
    int said;

    imap_begin(imap, "STARTTLS");
    said = imap_run(imap, NULL, NULL, error);
    if (said > IMAP_OK)
        return error_set(error, "%s offers no STARTTLS, and no password goes out in clear; use imaps://", imap->host);
    /* What came in clear behind the answer is not the server's word (RFC 9051, 11.1). */
    if (said == IMAP_OK && imap->door.input.length > imap->taken)
        return error_set(error, "%s sends plain text behind its answer to STARTTLS; somebody is in between", imap->host);
    imap->can = 0;
    return said < 0 ? -1 : visit_tls(visit, &imap->door, imap->host, error);
}

static int open_session(struct imap *imap, const struct task *task, uint16_t port, struct error *error)
{
    struct visit *visit = task->visit;
    bool direct = strcmp(task->place->scheme, "imaps") == 0;

    if (visit_door(&imap->door, imap->host, port != 0 ? port : direct ? 993 : 143, error) != 0 ||
        (direct && visit_tls(visit, &imap->door, imap->host, error) != 0) || greet(imap, error) != 0 ||
        (!direct && start_tls(imap, visit, error) != 0))
        return -1;
    return imap_log_in(imap, visit, error);
}

static bool still_open(struct imap *imap)
{
    struct error ignored;

    imap_begin(imap, "NOOP");
    return !imap->broken && imap_run(imap, NULL, NULL, &ignored) == IMAP_OK;
}

struct imap *imap_enter(const struct task *task, struct error *error)
{
    struct remote remote = {NULL};
    struct imap *imap = NULL;
    char key[1024];

    if (task_remote(task, &remote, error) != 0)
        goto out;
    snprintf(key, sizeof key, "%s %s %u %s", task->place->scheme, remote.host, remote.port, remote.user);
    imap = visit_session(task->visit, key);
    if (imap != NULL && still_open(imap))
        goto out;
    visit_leave(task->visit);
    imap = imap_new(&remote);
    if (imap == NULL || imap->host == NULL || imap->user == NULL) {
        error_set(error, "out of memory");
    } else if (open_session(imap, task, remote.port, error) == 0) {
        imap = visit_keep(task->visit, key, imap, leave, error) == 0 ? imap : NULL;
        goto out;
    }
    if (imap != NULL)
        imap->broken = true, leave(imap);
    imap = NULL;
out:
    remote_free(&remote);
    return imap;
}
