/* SPDX-License-Identifier: ISC
 *
 * A mail as the linter sees it. All bytes may be anybody's. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/minter/lint.h"
#include "server/minter/opened.h"
#include "server/wire/mime_read.h"

#define FIELD (64 * 1024)
#define LINKS 256
#define LINK 2048 /* bytes of one that are looked at */

/* ---- dates ---- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

/* "+0100" in minutes; names of zones are UTC (RFC 5322, 4.3). */
static int offset_of(const char *text)
{
    int digits[4];

    if ((text[0] != '+' && text[0] != '-') || strspn(text + 1, "0123456789") < 4)
        return 0;
    for (int i = 0; i < 4; i++)
        digits[i] = text[1 + i] - '0';
    return (text[0] == '-' ? -1 : 1) * ((digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]);
}

bool lint_date(const char *text, int64_t *seconds, int *offset, char weekday[4])
{
    const char *at = skip_blanks(text), *end;
    struct tm tm = {0};

    if (weekday != NULL)
        snprintf(weekday, 4, "%s", "");
    if (isalpha((unsigned char)at[0]) && strcspn(at, ",") == 3 && at[3] == ',') {
        if (weekday != NULL)
            snprintf(weekday, 4, "%.3s", at);
        at = skip_blanks(at + 4);
    }
    end = strptime(at, "%d %b %Y %H:%M:%S", &tm);
    if (end == NULL) {
        tm = (struct tm){0};
        end = strptime(at, "%d %b %Y %H:%M", &tm);
    }
    if (end == NULL || tm.tm_year < 0 || tm.tm_year > 1000)
        return false;
    *offset = offset_of(skip_blanks(end));
    *seconds = (int64_t)timegm(&tm) - 60LL * *offset;
    return true;
}

/* ---- Received ---- */

/* A word up to what cannot stand in a host's name. */
static const char *take_host(const char *at, char *out, size_t size)
{
    size_t length = strcspn(at, " ();[]<>\"");

    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), at);
    return at + length;
}

/* "(name [address])", "(address)", "([address])" behind what a client called itself. */
static void take_comment(const char *at, struct lint_hop *hop)
{
    const char *end = strchr(at, ')'), *bracket = strchr(at, '[');
    size_t length;

    at = skip_blanks(at + 1);
    if (end == NULL)
        return;
    if (strncasecmp(at, "HELO ", 5) == 0 || strncasecmp(at, "EHLO ", 5) == 0)
        at += 5;
    if (isalnum((unsigned char)*at))
        take_host(at, hop->name, sizeof hop->name);
    if (bracket != NULL && bracket < end) {
        bracket += strncasecmp(bracket + 1, "IPv6:", 5) == 0 ? 6 : 1;
        length = strcspn(bracket, "]) ");
        snprintf(hop->address, sizeof hop->address, "%.*s", (int)(length < 63 ? length : 63), bracket);
    } else if (hop->name[strspn(hop->name, "0123456789abcdefABCDEF.:")] == '\0') {
        snprintf(hop->address, sizeof hop->address, "%.63s", hop->name);
    }
}

/* The word `name` outside of comments; what stands behind it, or NULL. */
static const char *clause(const char *text, const char *name)
{
    size_t length = strlen(name);
    int depth = 0;

    for (const char *at = text; *at != '\0'; at++) {
        depth += *at == '(' ? 1 : *at == ')' && depth > 0 ? -1 : 0;
        if (depth == 0 && (at == text || at[-1] == ' ') && strncasecmp(at, name, length) == 0 && at[length] == ' ')
            return skip_blanks(at + length);
    }
    return NULL;
}

void lint_hop_read(const char *field, struct lint_hop *hop)
{
    const char *from = clause(field, "from"), *by = clause(field, "by"), *date = strrchr(field, ';');
    int offset;

    *hop = (struct lint_hop){0};
    if (from != NULL && (by == NULL || from < by)) {
        from += *from == '[';
        from = take_host(from, hop->from, sizeof hop->from);
        from = skip_blanks(from + (*from == ']'));
        if (*from == '(')
            take_comment(from, hop);
    }
    if (by != NULL)
        take_host(by, hop->by, sizeof hop->by);
    hop->dated = date != NULL && lint_date(date + 1, &hop->time, &offset, NULL);
}

/* ---- text ---- */

struct reading {
    struct lint_mail *mail;
    struct buffer plain, page; /* of the parts that are no attachments */
    bool failed;
};

/* The rest of a text that does not fit is left out. */
static int add_bounded(struct buffer *out, struct slice text)
{
    size_t room = out->maximum - out->length;

    return buffer_add(out, text.data, text.length < room ? text.length : room);
}

/* Files' wall clocks are taken for the sender's. */
static int take_file(const struct mime_part *part, struct reading *reading)
{
    struct lint_mail *mail = reading->mail;
    struct lint_file *file = &mail->files[mail->file_count];
    struct opened opened;

    if (mail->file_count == LINT_FILES)
        return 0;
    opened_read(buffer_slice(&part->data), &opened);
    *file = (struct lint_file){strdup(part->name), strdup(buffer_text(&opened.text)), strdup(opened.author), opened.saved,
                               opened.document, json_array()};
    mail->file_count++;
    if (opened.local)
        file->saved -= 60LL * mail->offset;
    opened_free(&opened);
    if (file->name == NULL || file->text == NULL || file->author == NULL || file->links == NULL)
        reading->failed = true;
    else
        lint_links(file->text, file->links);
    return reading->failed ? -1 : 0;
}

static int take_part(const struct mime_part *part, void *context)
{
    struct reading *reading = context;

    if (!part->attached && strcmp(part->type, "text/plain") == 0)
        return add_bounded(&reading->plain, buffer_slice(&part->data));
    if (!part->attached && strcmp(part->type, "text/html") == 0)
        return add_bounded(&reading->page, buffer_slice(&part->data));
    return take_file(part, reading);
}

/* The host of an address, from behind its "://". */
static void add_link(json_t *links, const char *at)
{
    size_t user = 0, length;
    char host[LINT_HOST];

    for (size_t i = 0; i < LINK && strchr("/?# \t\r\n<>\"')", at[i]) == NULL; i++)
        user = at[i] == '@' ? i + 1 : user;
    at += user;
    length = strcspn(at, ":/?# \t\r\n<>\"')");
    snprintf(host, sizeof host, "%.*s", (int)(length < sizeof host ? length : sizeof host - 1), at);
    while (host[0] != '\0' && strchr(".,;", host[strlen(host) - 1]) != NULL)
        host[strlen(host) - 1] = '\0';
    if (host[0] != '\0' && strpbrk(host, "${}") == NULL && json_array_size(links) < LINKS) /* of a script: no host */
        json_array_append_new(links, json_string(host)); /* nothing where it is not UTF-8 */
}

void lint_links(const char *text, json_t *links)
{
    for (const char *at = text; (at = strstr(at, "://")) != NULL; at += 3)
        add_link(links, at + 3);
}

/* Only what can be clicked at: pages also name their style's own addresses. */
static void links_of_page(const char *page, json_t *links)
{
    for (const char *at = page; (at = strcasestr(at, "href=\"")) != NULL; at += 6) {
        const char *slashes = memmem(at + 6, strcspn(at + 6, "\""), "://", 3);

        if (slashes != NULL)
            add_link(links, slashes + 3);
    }
}

/* A page without its marks. */
static void strip(struct slice page, struct buffer *out)
{
    bool tag = false;

    for (size_t i = 0; i < page.length; i++) {
        unsigned char c = page.data[i];

        if (c == '<' && i + 1 < page.length && strchr("pPbBdDtT/", page.data[i + 1]) != NULL && out->length > 0)
            buffer_add_char(out, ' ');
        tag = c == '<' || (tag && c != '>');
        if (!tag && c != '>' && c != '\0')
            buffer_add_char(out, (char)c);
    }
}

static int read_text(struct slice message, struct lint_mail *mail)
{
    struct reading reading = {.mail = mail};
    struct buffer text;

    buffer_init(&reading.plain, LINT_TEXT);
    buffer_init(&reading.page, 4 * LINT_TEXT);
    buffer_init(&text, 4 * LINT_TEXT);
    (void)mime_parts(message, take_part, &reading); /* as far as it is a mail */
    mail->links = json_array();
    if (reading.plain.length == 0)
        strip(buffer_slice(&reading.page), &text);
    else
        buffer_add_slice(&text, buffer_slice(&reading.plain));
    mail->text = strdup(buffer_text(&text));
    lint_links(buffer_text(&text), mail->links);
    links_of_page(buffer_text(&reading.page), mail->links);
    buffer_free(&text);
    buffer_free(&reading.plain);
    buffer_free(&reading.page);
    return mail->text != NULL && mail->links != NULL && !reading.failed ? 0 : -1;
}

/* ---- the head ---- */

static char *field_of(struct slice head, const char *name)
{
    struct buffer value;
    char *text;

    buffer_init(&value, FIELD);
    (void)mime_field(head, name, &value);
    text = strdup(buffer_text(&value));
    buffer_free(&value);
    return text;
}

static void read_hops(struct slice head, struct lint_mail *mail)
{
    struct buffer value;
    struct slice name;

    buffer_init(&value, FIELD);
    while (mail->hop_count < LINT_HOPS && mime_next(&head, &name, &value)) {
        if (slice_is_nocase(name, "Received"))
            lint_hop_read(buffer_text(&value), &mail->hops[mail->hop_count++]);
        buffer_clear(&value);
    }
    buffer_free(&value);
}

static json_t *people_of(struct slice head)
{
    json_t *people = mime_people(head, "To"), *copy = mime_people(head, "Cc");

    json_array_extend(people, copy);
    json_decref(copy);
    return people;
}

/* Without the angle brackets of an address. */
static char *bare(char *text)
{
    char *open = text != NULL ? strchr(text, '<') : NULL, *copy;

    if (open == NULL)
        return text;
    open[strcspn(open, ">")] = '\0';
    copy = strdup(open + 1);
    free(text);
    return copy;
}

int lint_read(struct slice message, struct lint_mail *mail)
{
    struct slice body, head = mime_head(message, &body);
    char *date = field_of(head, "Date");

    mail->id = field_of(head, "Message-ID");
    mail->answers = field_of(head, "In-Reply-To");
    mail->references = field_of(head, "References");
    mail->subject = field_of(head, "Subject");
    mail->sender = bare(field_of(head, "Return-Path"));
    mail->delivered = bare(field_of(head, "Delivered-To"));
    mail->from = mime_people(head, "From");
    mail->people = people_of(head);
    mail->dated = date != NULL && lint_date(date, &mail->date, &mail->offset, mail->weekday);
    free(date);
    read_hops(head, mail);
    return read_text(message, mail) == 0 && mail->id != NULL && mail->answers != NULL && mail->references != NULL &&
                   mail->subject != NULL && mail->sender != NULL && mail->delivered != NULL && mail->from != NULL &&
                   mail->people != NULL
               ? 0
               : -1;
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void lint_mail_free(struct lint_mail *mail)
{
    for (size_t i = 0; i < mail->file_count; i++) {
        free(mail->files[i].name);
        wipe(mail->files[i].text);
        free(mail->files[i].author);
        json_decref(mail->files[i].links);
    }
    free(mail->placement);
    free(mail->mailbox);
    free(mail->id);
    free(mail->answers);
    free(mail->references);
    free(mail->subject);
    free(mail->sender);
    free(mail->delivered);
    wipe(mail->text);
    json_decref(mail->meta);
    json_decref(mail->commit);
    json_decref(mail->entry);
    json_decref(mail->from);
    json_decref(mail->people);
    json_decref(mail->links);
}

const char *lint_address(const json_t *people, size_t index)
{
    const char *text = json_string_value(json_object_get(json_array_get(people, index), "address"));

    return text != NULL ? text : "";
}

const char *lint_domain(const char *address, char domain[LINT_HOST])
{
    const char *at = strrchr(address, '@');

    domain[0] = '\0';
    if (at != NULL)
        take_host(at + 1, domain, LINT_HOST);
    return domain;
}

bool lint_within(const char *host, const char *domain)
{
    size_t length = strlen(host), tail = strlen(domain);

    return tail > 0 && length >= tail && strcasecmp(host + length - tail, domain) == 0 &&
           (length == tail || host[length - tail - 1] == '.');
}
