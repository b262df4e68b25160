/* SPDX-License-Identifier: ISC */
#include "server/planter/mbox_file.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "server/planter/mailbox.h"

#define SENDER 100 /* bytes of a sender on a "From " line */
#define NEWEST 50  /* mails whose heads tell the style */

/* ---- lines ---- */

static struct slice line_at(struct slice text, size_t at)
{
    const unsigned char *end = memchr(text.data + at, '\n', text.length - at);

    return (struct slice){text.data + at, end == NULL ? text.length - at : (size_t)(end - text.data) - at + 1};
}

static bool starts_with(struct slice text, const char *start)
{
    return text.length >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static const char *year_in(const char *text)
{
    while ((text = strchr(text, ' ')) != NULL && strspn(++text, "0123456789") != 4)
        ;
    return text;
}

/* Thu Nov 26 09:14:03 2026, as asctime() writes it; some programs put a zone before or behind the year. */
static int64_t read_date(struct slice line)
{
    char text[160];
    const char *at = text, *year;
    struct tm tm = {0};

    snprintf(text, sizeof text, "%.*s", (int)(line.length < 159 ? line.length : 159), (const char *)line.data);
    while ((at = strchr(at, ' ')) != NULL) {
        const char *end = strptime(++at, "%a %b %e %H:%M:%S", &tm);

        year = end != NULL ? year_in(end) : NULL;
        if (year != NULL && strptime(year, "%Y", &tm) != NULL)
            return (int64_t)timegm(&tm);
    }
    return 0;
}

bool mbox_next(struct slice text, size_t *at, struct mbox_entry *entry)
{
    struct slice first, line;
    bool empty = false;
    size_t end;

    if (*at >= text.length)
        return false;
    first = line_at(text, *at);
    if (!starts_with(first, "From "))
        return false;
    for (end = *at + first.length; end < text.length; end += line.length) {
        line = line_at(text, end);
        if (empty && starts_with(line, "From ") && read_date(line) != 0)
            break;
        empty = line.length == 1;
    }
    *entry = (struct mbox_entry){.start = *at, .end = end, .time = read_date(first)};
    entry->message = (struct slice){text.data + *at + first.length, end - *at - first.length};
    if (empty)
        entry->message.length--;
    *at = end;
    return true;
}

bool mbox_find(struct slice text, const char *id, struct mbox_entry *entry)
{
    char found[MAILBOX_ID];
    size_t at = 0;

    while (mbox_next(text, &at, entry))
        if (mailbox_message_id(entry->message, found) == 0 && strcmp(found, id) == 0)
            return true;
    return false;
}

size_t mbox_position(struct slice text, int64_t time)
{
    struct mbox_entry entry;
    size_t at = 0;

    while (mbox_next(text, &at, &entry))
        if (entry.time > time)
            return entry.start;
    return text.length;
}

/* ---- heads ---- */

static size_t head_length(struct slice message)
{
    size_t at = 0;

    while (at < message.length && message.data[at] != '\n')
        at += line_at(message, at).length;
    return at;
}

/* The field's line, or one of length 0. */
static struct slice field_of(struct slice message, const char *name)
{
    size_t end = head_length(message), length = strlen(name);
    struct slice line;

    for (size_t at = 0; at < end; at += line.length) {
        line = line_at(message, at);
        if (line.length > length && line.data[length] == ':' && strncasecmp((const char *)line.data, name, length) == 0)
            return line;
    }
    return SLICE_NONE;
}

struct mbox_style mbox_style(struct slice text)
{
    struct mbox_style style = {false};
    struct mbox_entry entry, newest[NEWEST];
    size_t at = 0, count = 0, keywords = 0, lengths = 0, lines = 0, kept;

    for (; mbox_next(text, &at, &entry); count++) {
        newest[count % NEWEST] = entry;
        style.numbered = style.numbered || field_of(entry.message, "X-UID").length > 0 ||
                         field_of(entry.message, "X-IMAPbase").length > 0 ||
                         field_of(entry.message, "X-IMAP").length > 0;
    }
    kept = count < NEWEST ? count : NEWEST;
    for (size_t i = 0; i < kept; i++) {
        keywords += field_of(newest[i].message, "X-Status").length > 0;
        lengths += field_of(newest[i].message, "Content-Length").length > 0;
        lines += field_of(newest[i].message, "Lines").length > 0;
    }
    style.keywords = kept > 0 && keywords > kept / 2;
    style.length = kept > 0 && lengths > kept / 2;
    style.lines = kept > 0 && lines > kept / 2;
    return style;
}

/* ---- writing ---- */

static bool is_from(struct slice line)
{
    size_t marks = 0;

    while (marks < line.length && line.data[marks] == '>')
        marks++;
    return starts_with((struct slice){line.data + marks, line.length - marks}, "From ");
}

static void add_quoted(struct buffer *out, struct slice body)
{
    struct slice line;

    for (size_t at = 0; at < body.length; at += line.length) {
        line = line_at(body, at);
        if (is_from(line))
            buffer_add_char(out, '>');
        buffer_add_slice(out, line);
    }
    if (body.length > 0 && body.data[body.length - 1] != '\n')
        buffer_add_char(out, '\n');
}

/* What stands between < and >, else the field's last word. */
static struct slice address_in(struct slice line)
{
    const unsigned char *open = line.length > 0 ? memchr(line.data, '<', line.length) : NULL;
    const unsigned char *close = open != NULL ? memchr(open, '>', line.length - (size_t)(open - line.data)) : NULL;
    size_t start;

    if (close != NULL)
        return (struct slice){open + 1, (size_t)(close - open - 1)};
    while (line.length > 0 && line.data[line.length - 1] <= ' ')
        line.length--;
    for (start = line.length; start > 0 && line.data[start - 1] > ' ' && line.data[start - 1] != ':'; start--)
        ;
    return (struct slice){line.data + start, line.length - start};
}

/* Whom the mail is from on its envelope: Return-Path, else the address of From. */
static struct slice sender_of(struct slice message)
{
    struct slice path = field_of(message, "Return-Path");
    struct slice address = address_in(path.length > 0 ? path : field_of(message, "From"));

    for (size_t i = 0; i < address.length; i++)
        if (address.data[i] <= ' ')
            address.length = 0;
    return address.length > 0 && address.length <= SENDER ? address : slice_of("MAILER-DAEMON");
}

int mbox_add_entry(struct buffer *out, struct slice message, int64_t time, const struct mbox_style *style)
{
    size_t head = head_length(message), skip = head < message.length, lines = 0;
    struct slice sender = sender_of(message);
    struct tm tm = {0};
    time_t seconds = (time_t)time;
    struct buffer body;
    char date[64];

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm);
    buffer_init(&body, out->maximum);
    add_quoted(&body, (struct slice){message.data + head + skip, message.length - head - skip});
    for (size_t i = 0; i < body.length; i++)
        lines += body.data[i] == '\n';
    buffer_add_format(out, "From %.*s %s\n", (int)sender.length, (const char *)sender.data, date);
    buffer_add(out, message.data, head);
    if (head > 0 && message.data[head - 1] != '\n')
        buffer_add_char(out, '\n');
    buffer_add_text(out, style->keywords ? "Status: RO\nX-Status: \n" : "Status: RO\n");
    if (style->length)
        buffer_add_format(out, "Content-Length: %zu\n", body.length);
    if (style->lines)
        buffer_add_format(out, "Lines: %zu\n", lines);
    buffer_add_char(out, '\n');
    buffer_add_slice(out, buffer_slice(&body));
    buffer_add_char(out, '\n');
    out->failed |= body.failed;
    buffer_free(&body);
    return out->failed ? -1 : 0;
}

static bool is_readers(struct slice line)
{
    static const char *const names[] = {
        "Status:",     "X-Status:", "X-Keywords:",     "X-UID:",           "X-IMAP:",
        "X-IMAPbase:", "Lines:",    "Content-Length:", "X-Mozilla-Status", "X-Mozilla-Keys:"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (line.length >= strlen(names[i]) && strncasecmp((const char *)line.data, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

int mbox_canonical(struct buffer *out, struct slice message, bool quoted)
{
    size_t head = head_length(message);
    struct slice line;

    for (size_t at = 0; at < message.length; at += line.length) {
        line = line_at(message, at);
        if (at < head && is_readers(line))
            continue;
        if (quoted && at > head && line.data[0] == '>' && is_from(line))
            buffer_add(out, line.data + 1, line.length - 1);
        else
            buffer_add_slice(out, line);
    }
    while (out->length > 0 && out->data[out->length - 1] == '\n')
        out->length--;
    return out->failed ? -1 : 0;
}
