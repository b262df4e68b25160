/* SPDX-License-Identifier: ISC */
#include "server/minter/opened.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "server/minter/container/unzip.h"

#define PART_BYTES (512 * 1024)
#define UNREADABLE 0x20 /* below it, and no blank: no text */

static bool begins(struct slice text, const char *with)
{
    return text.length >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

static const unsigned char *find(struct slice text, const char *what)
{
    return text.length > 0 ? memmem(text.data, text.length, what, strlen(what)) : NULL;
}

static struct slice from(struct slice text, const unsigned char *at)
{
    return (struct slice){at, (size_t)(text.data + text.length - at)};
}

/* What does not fit is left out. */
static void add_byte(struct opened *opened, unsigned char byte)
{
    if (opened->text.length < opened->text.maximum)
        buffer_add_char(&opened->text, (char)byte);
}

static void add_code(struct opened *opened, unsigned long code)
{
    if (code < 0x80) {
        add_byte(opened, (unsigned char)code);
    } else if (code < 0x800) {
        add_byte(opened, (unsigned char)(0xc0 | code >> 6));
        add_byte(opened, (unsigned char)(0x80 | (code & 63)));
    } else if (code < 0x10000) {
        add_byte(opened, (unsigned char)(0xe0 | code >> 12));
        add_byte(opened, (unsigned char)(0x80 | (code >> 6 & 63)));
        add_byte(opened, (unsigned char)(0x80 | (code & 63)));
    } else {
        add_byte(opened, '?');
    }
}

static void end_line(struct opened *opened)
{
    if (opened->text.length > 0 && opened->text.data[opened->text.length - 1] != '\n')
        add_byte(opened, '\n');
}

static void note_saved(struct opened *opened, struct tm tm, bool local)
{
    if (tm.tm_mday > 0 && opened->saved == 0) {
        opened->saved = (int64_t)timegm(&tm);
        opened->local = local;
    }
}

/* "20261103T101233Z", "2026-11-03T10:12:33Z", "20261103101233". */
static bool read_time(const char *text, struct tm *tm)
{
    static const char *const forms[] = {"%Y%m%dT%H%M%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S"};

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        *tm = (struct tm){0};
        if (strptime(text, forms[i], tm) != NULL)
            return true;
    }
    *tm = (struct tm){0};
    return false;
}

/* ---- XML (only as far as its texts: no document type, no names of anybody's own) ---- */

/* A reference, from behind its '&'; how long it is with its ';', 0 where it is none. */
static size_t add_reference(struct opened *opened, struct slice text)
{
    static const struct {
        const char *name;
        char c;
    } names[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    char digits[12];
    char *end;
    unsigned long code;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (begins(text, names[i].name)) {
            add_byte(opened, (unsigned char)names[i].c);
            return strlen(names[i].name);
        }
    if (!begins(text, "#"))
        return 0;
    snprintf(digits, sizeof digits, "%.*s", (int)(text.length - 1 < 10 ? text.length - 1 : 10), (const char *)text.data + 1);
    code = digits[0] == 'x' ? strtoul(digits + 1, &end, 16) : strtoul(digits, &end, 10);
    if (*end != ';' || code == 0)
        return 0;
    add_code(opened, code);
    return (size_t)(end - digits) + 2;
}

/* Ends of paragraphs, rows and strings are ends of lines; a cell's is a tab. */
static void add_tag(struct opened *opened, struct slice tag)
{
    static const char *const lines[] = {"/w:p>", "w:br/>", "/si>", "/is>", "/row>", "/a:p>"};

    if (begins(tag, "w:tab/>"))
        add_byte(opened, '\t');
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (begins(tag, lines[i]))
            end_line(opened);
}

static void add_markup(struct opened *opened, struct slice xml)
{
    const unsigned char *last = xml.length > 0 ? memrchr(xml.data, '>', xml.length) : NULL;

    for (size_t i = 0; i < xml.length; i++) {
        bool tag = xml.data[i] == '<' && last != NULL && xml.data + i < last;
        const unsigned char *close = tag ? memchr(xml.data + i, '>', xml.length - i) : NULL;

        if (close != NULL) {
            add_tag(opened, from(xml, xml.data + i + 1));
            i = (size_t)(close - xml.data);
        } else if (xml.data[i] == '&') {
            i += add_reference(opened, from(xml, xml.data + i + 1));
        } else if (xml.data[i] != '<' && xml.data[i] != '\0') {
            add_byte(opened, xml.data[i]);
        }
    }
    end_line(opened);
}

/* What the first element of that name holds, its references resolved. */
static void element(struct slice xml, const char *name, char *out, size_t size)
{
    struct opened value = {.saved = 0};
    const unsigned char *at = find(xml, name), *open, *end;

    out[0] = '\0';
    open = at != NULL ? memchr(at, '>', from(xml, at).length) : NULL;
    end = open != NULL ? memchr(open, '<', from(xml, open).length) : NULL;
    if (end == NULL)
        return;
    buffer_init(&value.text, size - 1);
    add_markup(&value, (struct slice){open + 1, (size_t)(end - open) - 1});
    snprintf(out, size, "%.*s", (int)strcspn(buffer_text(&value.text), "\n"), buffer_text(&value.text));
    buffer_free(&value.text);
}

/* ---- documents of Office ---- */

static void read_properties(struct opened *opened, struct slice xml)
{
    char text[64];
    struct tm tm;

    element(xml, "<cp:lastModifiedBy", opened->author, sizeof opened->author);
    if (opened->author[0] == '\0')
        element(xml, "<dc:creator", opened->author, sizeof opened->author);
    element(xml, "<dcterms:modified", text, sizeof text);
    if (read_time(text, &tm))
        note_saved(opened, tm, false);
}

static bool has_words(struct slice name)
{
    return slice_is(name, "word/document.xml") || begins(name, "word/header") || begins(name, "word/footer") ||
           slice_is(name, "xl/sharedStrings.xml");
}

static void read_part(struct opened *opened, const struct unzip_member *member)
{
    struct buffer xml;

    buffer_init(&xml, PART_BYTES);
    (void)unzip_member(member, &xml);
    if (slice_is(member->name, "docProps/core.xml"))
        read_properties(opened, buffer_slice(&xml));
    else
        add_markup(opened, buffer_slice(&xml));
    buffer_free(&xml);
}

/* ---- archives ---- */

static void read_any(struct slice file, struct opened *opened, unsigned depth);

static void read_member(struct opened *opened, const struct unzip_member *member, unsigned depth)
{
    struct buffer file;

    buffer_init(&file, PART_BYTES);
    note_saved(opened, member->saved, true);
    if (unzip_member(member, &file) == 0 || file.length > 0)
        read_any(buffer_slice(&file), opened, depth + 1);
    buffer_free(&file);
}

static void read_archive(struct slice file, struct opened *opened, unsigned depth)
{
    struct unzip_member member;
    struct unzip unzip;
    bool office = find((struct slice){file.data, file.length < 128 ? file.length : 128}, "[Content_Types].xml") != NULL;

    opened->document = opened->document || office;
    if (!unzip_open(&unzip, file))
        return;
    while (opened->members < OPENED_MEMBERS && unzip_next(&unzip, &member)) {
        opened->members++;
        if (!office)
            read_member(opened, &member, depth);
        else if (has_words(member.name) || slice_is(member.name, "docProps/core.xml"))
            read_part(opened, &member);
    }
}

/* ---- PDF (ISO 32000-1): strings that are shown, of fonts that have bytes for letters ---- */

static void add_windows(struct opened *opened, unsigned char byte)
{
    static const unsigned short special[] = {0x20ac, 0, 0, 0, 0, 0x2026, 0, 0, 0, 0, 0, 0, 0x152, 0, 0, 0,
                                             0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0, 0, 0, 0, 0x153};

    if (byte >= 0x80 && byte < 0x80 + sizeof special / sizeof *special)
        add_code(opened, special[byte - 0x80] != 0 ? special[byte - 0x80] : '?');
    else if (byte != '\0')
        add_code(opened, byte == 0xa0 ? ' ' : byte);
}

/* A literal string, from behind its '('; how long it is with its ')'. */
static size_t add_string(struct opened *opened, struct slice text)
{
    int open = 1;
    size_t i;

    for (i = 0; i < text.length && open > 0; i++) {
        unsigned char c = text.data[i];

        if (c == '\\' && i + 1 < text.length) {
            add_windows(opened, text.data[++i] == 'r' ? ' ' : text.data[i]);
            continue;
        }
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (open > 0)
            add_windows(opened, c);
    }
    return i;
}

/* Each text object is a line. */
static void read_page(struct opened *opened, struct slice page)
{
    for (size_t i = 0; i < page.length; i++) {
        if (page.data[i] == '(')
            i += add_string(opened, from(page, page.data + i + 1));
        else if (page.data[i] == 'E' && begins(from(page, page.data + i), "ET"))
            end_line(opened);
    }
    end_line(opened);
}

static void read_stream(struct opened *opened, struct slice stream, bool packed)
{
    struct buffer page;

    buffer_init(&page, PART_BYTES);
    if (packed)
        (void)unzip_inflate(stream, false, &page);
    else
        buffer_add(&page, stream.data, stream.length < PART_BYTES ? stream.length : PART_BYTES);
    if (find(buffer_slice(&page), "BT") != NULL) /* else a picture, or a font */
        read_page(opened, buffer_slice(&page));
    buffer_free(&page);
}

static void read_information(struct opened *opened, struct slice file)
{
    const unsigned char *at = find(file, "/CreationDate (D:");
    char text[16];
    struct tm tm;

    if (at == NULL || from(file, at).length < 31)
        return;
    snprintf(text, sizeof text, "%.14s", (const char *)at + 17);
    if (read_time(text, &tm))
        note_saved(opened, tm, true); /* in its zone, or the one of who reads it where it says none */
}

static void read_pdf(struct slice file, struct opened *opened)
{
    struct slice rest = file;
    const unsigned char *at, *end;

    opened->document = true;
    read_information(opened, file);
    while (opened->members < OPENED_MEMBERS && (at = find(rest, "stream")) != NULL) {
        struct slice head = {rest.data, (size_t)(at - rest.data)}, body = from(rest, at + 6);

        while (body.length > 0 && (body.data[0] == '\r' || body.data[0] == '\n'))
            body = from(body, body.data + 1);
        end = find(body, "endstream");
        if (end == NULL)
            break;
        opened->members++;
        read_stream(opened, (struct slice){body.data, (size_t)(end - body.data)}, find(head, "/FlateDecode") != NULL);
        rest = from(rest, end + 9);
    }
}

/* ---- calendar entries (RFC 5545) ---- */

static void add_calendar_text(struct opened *opened, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' && (at[1] == 'n' || at[1] == 'N'))
            add_byte(opened, '\n'), at++;
        else if (*at == '\\' && at[1] != '\0')
            add_byte(opened, (unsigned char)*++at);
        else
            add_byte(opened, (unsigned char)*at);
    }
    end_line(opened);
}

static bool is_property(const char *line, const char *name)
{
    size_t length = strcspn(line, ":;");

    return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

static void read_property(struct opened *opened, const char *line)
{
    const char *value = strchr(line, ':'), *name = strstr(line, "CN=");
    struct tm tm;

    if (value == NULL)
        return;
    if (is_property(line, "ORGANIZER") && name != NULL && name < value) {
        name += 3 + (name[3] == '"');
        snprintf(opened->author, sizeof opened->author, "%.*s", (int)strcspn(name, "\";:"), name);
    } else if (is_property(line, "LAST-MODIFIED") && read_time(value + 1, &tm)) {
        note_saved(opened, tm, false);
    } else if (is_property(line, "SUMMARY") || is_property(line, "DESCRIPTION") || is_property(line, "LOCATION")) {
        add_calendar_text(opened, value + 1);
    }
}

/* Lines unfolded. */
static void read_calendar(struct slice file, struct opened *opened)
{
    struct buffer line;

    opened->document = true;
    buffer_init(&line, OPENED_TEXT);
    for (size_t i = 0; i < file.length; i++) {
        unsigned char c = file.data[i];
        bool folded = c == '\n' && i + 1 < file.length && (file.data[i + 1] == ' ' || file.data[i + 1] == '\t');

        if (folded)
            i++;
        else if (c != '\n' && c != '\r' && c != '\0' && line.length < line.maximum)
            buffer_add_char(&line, (char)c);
        if (!folded && (c == '\n' || i + 1 == file.length)) {
            read_property(opened, buffer_text(&line));
            buffer_clear(&line);
        }
    }
    buffer_free(&line);
}

/* ---- texts ---- */

static bool is_text(struct slice file)
{
    for (size_t i = 0; i < file.length && i < OPENED_TEXT; i++)
        if (file.data[i] < UNREADABLE && !isspace(file.data[i]))
            return false;
    return true;
}

static void read_text(struct slice file, struct opened *opened)
{
    for (size_t i = 0; i < file.length; i++)
        if (file.data[i] != '\r')
            add_byte(opened, file.data[i]);
    end_line(opened);
}

/* ---- all ---- */

static void read_any(struct slice file, struct opened *opened, unsigned depth)
{
    if (begins(file, "PK\x03\x04") && depth < OPENED_DEPTH)
        read_archive(file, opened, depth);
    else if (begins(file, "%PDF-"))
        read_pdf(file, opened);
    else if (begins(file, "BEGIN:VCALENDAR"))
        read_calendar(file, opened);
    else if (is_text(file))
        read_text(file, opened);
}

void opened_read(struct slice file, struct opened *opened)
{
    *opened = (struct opened){.saved = 0};
    buffer_init(&opened->text, OPENED_TEXT);
    read_any(file, opened, 0);
}

void opened_free(struct opened *opened)
{
    buffer_free(&opened->text);
}
