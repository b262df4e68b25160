/* SPDX-License-Identifier: ISC
 *
 * lmtp://USER@HOST and smtp://USER@HOST: mails handed to a server, which delivers them (RFC 2033, RFC 5321). The way
 * to take where there is no other: the server writes its own trace of today above the mail's old ones, filters see it,
 * it lies in the inbox as new, what the owner wrote is left out, and nobody can look at it or take it out again. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/letters.h"
#include "server/planter/oauth.h"
#include "server/planter/place.h"
#include "server/planter/secret.h"
#include "server/planter/visit.h"
#include "server/wire/remote.h"

#define LINES 64
#define REPLY_MS 600000 /* RFC 5321, 4.5.3.2: so long may a server think about a mail */
#define REPLY_BYTES (LINES * 2048)
#define SECRET_BYTES (2 * CREDENTIALS_FILE)

enum smtp_can { SMTP_STARTTLS = 1 << 0, SMTP_8BIT = 1 << 1 };

struct smtp {
    const struct task *task;
    struct door door;
    struct remote place;
    unsigned can;
    char line[512]; /* the last line of the last reply */
    bool local;     /* LMTP */
};

/* ---- talking ---- */

static int read_line(struct smtp *smtp, struct error *error)
{
    const unsigned char *end = NULL;
    size_t length;
    int got = 1;

    while (got == 1 && (smtp->door.input.length == 0 ||
                        (end = memchr(smtp->door.input.data, '\n', smtp->door.input.length)) == NULL)) {
        door_wait(&smtp->door, VISIT_TIMEOUT_MS);
        got = door_read(&smtp->door, error);
    }
    if (end == NULL)
        return got == 0 ? error_set(error, "%s closed the connection", smtp->place.host) : -1;
    length = (size_t)(end - smtp->door.input.data);
    snprintf(smtp->line, sizeof smtp->line, "%.*s", (int)(length < 500 ? length : 500), smtp->door.input.data);
    smtp->line[strcspn(smtp->line, "\r")] = '\0';
    buffer_consume(&smtp->door.input, length + 1);
    return 0;
}

static void take_extension(struct smtp *smtp, const char *words)
{
    if (strcasecmp(words, "STARTTLS") == 0)
        smtp->can |= SMTP_STARTTLS;
    else if (strcasecmp(words, "8BITMIME") == 0)
        smtp->can |= SMTP_8BIT;
}

/* The code of a whole reply, or -1. */
static int read_reply(struct smtp *smtp, struct error *error)
{
    door_turn(&smtp->door, REPLY_MS, REPLY_BYTES);
    for (int i = 0; i < LINES; i++) {
        if (read_line(smtp, error) != 0)
            return -1;
        if (strlen(smtp->line) < 3 || strspn(smtp->line, "0123456789") < 3)
            return error_set(error, "%s says something that is no SMTP: %.100s", smtp->place.host, smtp->line);
        if (smtp->line[3] != '\0')
            take_extension(smtp, smtp->line + 4);
        if (smtp->line[3] != '-')
            return (int)strtol(smtp->line, NULL, 10);
    }
    return error_set(error, "%s does not come to an end", smtp->place.host);
}

static int say(struct smtp *smtp, struct slice line, struct error *error)
{
    door_wait(&smtp->door, VISIT_TIMEOUT_MS);
    return door_write(&smtp->door, line, error) != 0 ? -1 : read_reply(smtp, error);
}

/* A line whose reply must be of that hundred. */
static int must(struct smtp *smtp, const char *line, int hundred, const char *what, struct error *error)
{
    int code = say(smtp, slice_of(line), error);

    if (code < 0)
        return -1;
    return code / 100 == hundred ? 0 : error_set(error, "%s refuses %s: %.300s", smtp->place.host, what, smtp->line);
}

static int hello(struct smtp *smtp, struct error *error)
{
    const char *from = task_meta(smtp->task, "from"), *house = from != NULL ? strchr(from, '@') : NULL;
    char line[300];

    smtp->can = 0;
    snprintf(line, sizeof line, "%s %.250s\r\n", smtp->local ? "LHLO" : "EHLO", house != NULL ? house + 1 : "localhost");
    return must(smtp, line, 2, "the greeting", error);
}

static bool is_loopback(const struct door *door)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    struct address address;

    return getpeername(door->fd, (struct sockaddr *)&name, &length) == 0 &&
           address_of((struct sockaddr *)&name, &address, NULL) == 0 && address_is_loopback(&address);
}

static int secure(struct smtp *smtp, struct error *error)
{
    if ((smtp->can & SMTP_STARTTLS) == 0)
        return is_loopback(&smtp->door) ? 0
                                        : error_set(error, "%s offers no STARTTLS, and no lure goes over the network in "
                                                    "clear; turn TLS on there", smtp->place.host);
    if (must(smtp, "STARTTLS\r\n", 2, "STARTTLS", error) != 0)
        return -1;
    if (smtp->door.input.length > 0)
        return error_set(error, "%s sends plain text behind its answer to STARTTLS; somebody is in between",
                         smtp->place.host);
    return visit_tls(smtp->task->visit, &smtp->door, smtp->place.host, error) != 0 ? -1 : hello(smtp, error);
}

/* ---- logging in ---- */

/* The code of the reply, or -1. */
static int authenticate(struct smtp *smtp, const char *mechanism, const struct buffer *plain, struct error *error)
{
    char *text = secret_base64(buffer_slice(plain), sodium_base64_VARIANT_ORIGINAL);
    struct buffer line;
    int code;

    buffer_init(&line, SECRET_BYTES * 2);
    buffer_add_format(&line, "AUTH %s ", mechanism);
    buffer_add_text(&line, text != NULL ? text : "");
    buffer_add_text(&line, "\r\n");
    code = text == NULL || line.failed ? error_set(error, "the account's files are too long")
                                       : say(smtp, buffer_slice(&line), error);
    if (code == 334)
        code = say(smtp, slice_of("\r\n"), error);
    secret_free(text);
    buffer_free(&line);
    return code;
}

static int give_token(struct smtp *smtp, const char *user, struct slice token, struct error *error)
{
    struct buffer plain;
    int code;

    buffer_init(&plain, SECRET_BYTES);
    buffer_add_format(&plain, "user=%s\1auth=Bearer ", user);
    buffer_add_slice(&plain, token);
    buffer_add_text(&plain, "\1\1");
    code = authenticate(smtp, "XOAUTH2", &plain, error);
    buffer_free(&plain);
    return code;
}

/* One that was kept may have ended before its time: then another is asked for, once. */
static int by_token(struct smtp *smtp, const char *user, struct error *error)
{
    struct slice token = SLICE_NONE;
    bool kept = false;
    int code = 0;

    for (int turn = 0; turn == 0 || (turn == 1 && code / 100 == 5 && kept); turn++) {
        if (oauth_bearer(smtp->task->visit, smtp->place.host, user, turn == 1, &token, &kept, error) != 0)
            return -1;
        code = give_token(smtp, user, token, error);
    }
    return code;
}

static int by_password(struct smtp *smtp, const char *user, struct slice password, struct error *error)
{
    struct buffer plain;
    int code;

    buffer_init(&plain, SECRET_BYTES);
    buffer_add_char(&plain, '\0');
    buffer_add_text(&plain, user);
    buffer_add_char(&plain, '\0');
    buffer_add_slice(&plain, password);
    code = authenticate(smtp, "PLAIN", &plain, error);
    buffer_free(&plain);
    return code;
}

static int log_in(struct smtp *smtp, struct error *error)
{
    const struct credentials *credentials = &smtp->task->visit->credentials;
    struct slice password = credentials_file(credentials, ACCOUNT_PASSWORD);
    char *user = credentials_user(credentials, smtp->place.user);
    bool token = oauth_is_way(credentials);
    int code = 250;

    if (user == NULL)
        return error_set(error, "out of memory");
    if ((token || password.length > 0) && smtp->door.ssl == NULL && !is_loopback(&smtp->door))
        code = error_set(error, "no password goes to %s in clear", smtp->place.host);
    else if (token)
        code = by_token(smtp, user, error);
    else if (password.length > 0)
        code = by_password(smtp, user, password, error);
    free(user);
    if (code < 0 || code / 100 == 2)
        return code < 0 ? -1 : 0;
    return error_set(error, "%s refused the login (%.200s): check user: and the files of the account %s", smtp->place.host,
                     smtp->line, credentials->name);
}

static int enter(struct smtp *smtp, struct error *error)
{
    uint16_t port = smtp->place.port != 0 ? smtp->place.port : smtp->local ? 24 : 587;
    int code;

    if (visit_door(&smtp->door, smtp->place.host, port, error) != 0)
        return -1;
    code = read_reply(smtp, error);
    if (code / 100 != 2)
        return code < 0 ? error_prefix(error, "%s does not greet", smtp->place.host)
                        : error_set(error, "%s does not greet: %.300s", smtp->place.host, smtp->line);
    return hello(smtp, error) != 0 || secure(smtp, error) != 0 ? -1 : log_in(smtp, error);
}

/* ---- delivering ---- */

/* Without the line that the delivering server writes itself, with CRLF, its dots doubled, and the dot at the end. */
static int stuff(struct buffer *out, struct slice message)
{
    size_t at = 0;

    if (message.length > 12 && strncasecmp((const char *)message.data, "Return-Path:", 12) == 0)
        at = (size_t)((const unsigned char *)memchr(message.data, '\n', message.length) - message.data) + 1;
    for (bool start = true; at < message.length; at++) {
        unsigned char c = message.data[at];

        if (start && c == '.')
            buffer_add_char(out, '.');
        if (c == '\n' && (at == 0 || message.data[at - 1] != '\r'))
            buffer_add_char(out, '\r');
        buffer_add(out, &c, 1);
        start = c == '\n';
    }
    buffer_add_text(out, out->length > 0 && out->data[out->length - 1] == '\n' ? ".\r\n" : "\r\n.\r\n");
    return out->failed ? -1 : 0;
}

static bool is_address(const char *text)
{
    return strchr(text, '@') != NULL && text[strcspn(text, " <>\"\\\r\n")] == '\0' && strlen(text) < 250;
}

static int envelope(struct smtp *smtp, struct error *error)
{
    const char *from = task_meta(smtp->task, "from"), *to = task_meta(smtp->task, "to");
    char line[600];

    if (strchr(smtp->place.user, '@') != NULL || to == NULL)
        to = smtp->place.user;
    if (from == NULL || !is_address(from) || !is_address(to))
        return error_set(error, "\"%.100s\" is no mail address; write it into the place: %s://NAME%%40DOMAIN@%s", to,
                         smtp->task->place->scheme, smtp->place.host);
    snprintf(line, sizeof line, "MAIL FROM:<%s>%s\r\n", from, (smtp->can & SMTP_8BIT) != 0 ? " BODY=8BITMIME" : "");
    if (must(smtp, line, 2, "the sender", error) != 0)
        return -1;
    snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", to);
    return must(smtp, line, 2, to, error);
}

static int deliver(struct smtp *smtp, const struct letter *letter, struct place_result *result, struct error *error)
{
    struct buffer body;
    int code = -1;

    if (envelope(smtp, error) != 0 || must(smtp, "DATA\r\n", 3, "the mail", error) != 0)
        return -1;
    buffer_init(&body, 2 * TASK_BYTES);
    result->unsure = true;
    if (stuff(&body, letter->message) == 0)
        code = say(smtp, buffer_slice(&body), error);
    else
        error_set(error, "the lure's mail is too long");
    buffer_free(&body);
    if (code < 0 || code / 100 == 2)
        return code < 0 ? -1 : 0;
    return error_set(error, "%s does not take the mail: %.300s", smtp->place.host, smtp->line);
}

static int deliver_all(struct smtp *smtp, const struct letters *letters, struct place_result *result,
                       struct error *error)
{
    size_t delivered = 0;
    int rc = 0;

    for (size_t i = 0; i < letters->count && rc == 0; i++) {
        if (letters->list[i].own)
            continue;
        rc = deliver(smtp, &letters->list[i], result, error);
        delivered += rc == 0;
    }
    if (rc != 0 && delivered == 0 && smtp->line[0] >= '4' && smtp->line[0] <= '5')
        result->unsure = false; /* it said no to the first one */
    if (rc == 0)
        say(smtp, slice_of("QUIT\r\n"), &(struct error){""});
    return rc;
}

static void tell_weaknesses(const struct letters *letters, struct place_result *result)
{
    size_t own = 0;

    for (size_t i = 0; i < letters->count; i++)
        own += letters->list[i].own;
    place_note(result, "Delivered, not placed: it lies in the inbox as new, with the server's trace of today above a date "
               "of the past (--at sets it), and filters have seen it.");
    if (own > 0)
        place_note(result, "%zu mails that the owner wrote were left out; they are quoted in the answers.", own);
    place_note(result, "It cannot be looked at or taken out from here; with an account for imaps: that could be done.");
}

static int tell_where(const char *user, const char *id, struct place_result *result, struct error *error)
{
    json_decref(result->where);
    result->where = json_pack("{s:s, s:s, s:s}", "mailbox", user, "folder", "INBOX", "message_id", id);
    return result->where != NULL ? 0 : error_set(error, "out of memory");
}

static int smtp_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct smtp smtp = {.task = task, .local = strcmp(task->place->scheme, "lmtp") == 0};
    struct letters letters;
    int rc = letters_read(task, &letters, error);

    door_init(&smtp.door);
    if (rc == 0 && (rc = task_remote(task, &smtp.place, error)) == 0 && (rc = enter(&smtp, error)) == 0) {
        if (task_flag(task, "dry_run"))
            place_note(result, "Would deliver \"%.200s\" to %s.", task_meta(task, "subject"), smtp.place.user);
        else
            rc = deliver_all(&smtp, &letters, result, error);
        if (rc == 0 && !task_flag(task, "dry_run"))
            tell_weaknesses(&letters, result);
        result->state = task_flag(task, "dry_run") ? "planned" : "there";
        if (rc == 0)
            rc = tell_where(smtp.place.user, letters.chief->id, result, error);
    }
    door_close(&smtp.door);
    remote_free(&smtp.place);
    letters_free(&letters);
    return rc;
}

/* ---- later ---- */

static int cannot_look(const struct task *task, struct place_result *result, struct error *error)
{
    (void)error;
    json_decref(result->where);
    result->where = json_incref(json_object_get(task->options, "where"));
    result->state = "unknown";
    place_note(result, "It was delivered by a server, and only the mailbox's owner or administrator can look at it, or "
               "take it out.");
    return 0;
}

#define DELIVERED(symbol, name)                                                                                        \
    const struct place place_##symbol = {                                                                              \
        .scheme = name, .remote = true, .plant = smtp_plant, .inspect = cannot_look, .uproot = cannot_look}

DELIVERED(lmtp, "lmtp");
DELIVERED(smtp, "smtp");
