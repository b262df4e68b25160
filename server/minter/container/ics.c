/* SPDX-License-Identifier: ISC
 *
 * A calendar entry (RFC 5545) as Outlook saves it: the heading is its subject, the rest its description. */
#include <stdio.h>
#include <time.h>
#include "server/minter/container/containers.h"

#define LINE 74 /* bytes, without the end */
#define TEXT_BYTES (64 * 1024)
#define DAY 86400
#define HALF_HOUR 1800

/* TEXT (section 3.3.11). */
static void add_text(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = (char)text.data[i];

        if (c == '\\' || c == ';' || c == ',')
            buffer_add_char(out, '\\');
        buffer_add_char(out, c == '\t' ? ' ' : c);
    }
}

/* A content line, folded between characters. */
static void add_folded(struct buffer *out, struct buffer *line)
{
    struct slice rest = buffer_slice(line);
    size_t most = LINE;

    out->failed |= line->failed;
    while (rest.length > most) {
        size_t count = most;

        while (count > 1 && (rest.data[count] & 0xc0) == 0x80)
            count--;
        buffer_add(out, rest.data, count);
        buffer_add_text(out, "\r\n\t");
        rest = (struct slice){rest.data + count, rest.length - count};
        most = LINE - 1;
    }
    buffer_add_slice(out, rest);
    buffer_add_text(out, "\r\n");
    buffer_clear(line);
}

static void add_time(struct buffer *out, const char *name, int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    buffer_add_format(out, "%s:%s\r\n", name, text);
}

static void add_description(const struct contents *contents, struct buffer *line)
{
    struct slice rest = contents->text;
    struct document_line part;

    buffer_add_text(line, "DESCRIPTION:");
    while (document_next(&rest, &part)) {
        if (part.type == LINE_HEADING)
            continue;
        add_text(line, part.text);
        buffer_add_text(line, "\\n");
    }
}

static void add_name(const struct contents *contents, struct buffer *line)
{
    buffer_add_text(line, "ORGANIZER;CN=\"");
    for (const char *c = contents->author; *c != 0; c++)
        buffer_add_char(line, *c == '"' ? '\'' : *c);
    buffer_add_text(line, "\":invalid:nomail");
}

/* A global object id ([MS-OXOCAL], section 2.2.1.27): no date of an exception, when it was made, and 16 bytes of data. */
static void add_uid(const struct contents *contents, struct buffer *out)
{
    uint64_t made = filetime(contents->time, contents->draw);
    unsigned char data[16];

    contents->draw->bytes(contents->draw->context, data, sizeof data);
    buffer_add_text(out, "UID:040000008200E00074C5B7101A82E00800000000");
    for (int i = 0; i < 8; i++)
        buffer_add_format(out, "%02X", (unsigned)(made >> 8 * i & 0xff));
    buffer_add_text(out, "000000000000000010000000");
    for (size_t i = 0; i < sizeof data; i++)
        buffer_add_format(out, "%02X", data[i]);
    buffer_add_text(out, "\r\n");
}

int container_ics(const struct contents *contents, struct buffer *out, struct error *error)
{
    int64_t begins = when_between(&contents->zone, contents->time + DAY, contents->time + 6 * DAY, contents->draw);
    struct buffer line;

    begins -= begins % HALF_HOUR;
    buffer_init(&line, TEXT_BYTES);
    buffer_add_text(out, "BEGIN:VCALENDAR\r\nPRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r\nVERSION:2.0\r\n"
                         "METHOD:PUBLISH\r\nBEGIN:VEVENT\r\nCLASS:PUBLIC\r\n");
    add_time(out, "CREATED", contents->time);
    add_description(contents, &line);
    add_folded(out, &line);
    add_time(out, "DTEND", begins + 2 * HALF_HOUR);
    add_time(out, "DTSTAMP", contents->time);
    add_time(out, "DTSTART", begins);
    add_time(out, "LAST-MODIFIED", contents->time);
    add_name(contents, &line);
    add_folded(out, &line);
    buffer_add_format(out, "PRIORITY:5\r\nSEQUENCE:0\r\n");
    buffer_add_format(&line, "SUMMARY;LANGUAGE=%s:", strcmp(contents->language, "fr") == 0 ? "fr" : "en-gb");
    add_text(&line, document_title(contents->text));
    add_folded(out, &line);
    buffer_add_text(out, "TRANSP:OPAQUE\r\n");
    add_uid(contents, out);
    buffer_add_text(out, "X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\nX-MICROSOFT-CDO-IMPORTANCE:1\r\nEND:VEVENT\r\n"
                         "END:VCALENDAR\r\n");
    buffer_free(&line);
    return out->failed ? error_set(error, "a calendar entry is too long, or memory ran out") : 0;
}
