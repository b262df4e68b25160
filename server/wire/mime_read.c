/* SPDX-License-Identifier: ISC */
#include "server/wire/mime_read.h"
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD 16384
#define DATA (24 * 1024 * 1024)

/* ---- heads ---- */

static size_t line_end(struct slice text, size_t at)
{
    const unsigned char *end = at < text.length ? memchr(text.data + at, '\n', text.length - at) : NULL;

    return end != NULL ? (size_t)(end - text.data) + 1 : text.length;
}

struct slice mime_head(struct slice message, struct slice *body)
{
    size_t at = 0, next;

    for (; at < message.length; at = next) {
        next = line_end(message, at);
        if (message.data[at] == '\n' || (message.data[at] == '\r' && next == at + 2)) {
            *body = (struct slice){message.data + next, message.length - next};
            return (struct slice){message.data, at};
        }
    }
    *body = SLICE_NONE;
    return message;
}

static bool is_folded(struct slice head, size_t at)
{
    return at < head.length && (head.data[at] == ' ' || head.data[at] == '\t');
}

static void add_unfolded(struct slice value, struct buffer *out)
{
    size_t at = 0;

    while (at < value.length && isspace(value.data[at]))
        at++;
    for (; at < value.length; at++)
        if (value.data[at] != '\r' && value.data[at] != '\n')
            buffer_add_char(out, value.data[at] == '\t' ? ' ' : (char)value.data[at]);
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->length--;
}

/* The next field as it stands; lines that are none are passed over. False at the end. */
bool mime_next_raw(struct slice *head, struct slice *name, struct slice *value)
{
    const unsigned char *colon = NULL;
    size_t end = 0;

    while (head->length > 0 && colon == NULL) {
        for (end = line_end(*head, 0); is_folded(*head, end);)
            end = line_end(*head, end);
        colon = memchr(head->data, ':', end);
        if (colon != NULL) {
            *name = (struct slice){head->data, (size_t)(colon - head->data)};
            *value = (struct slice){colon + 1, end - name->length - 1};
        }
        *head = (struct slice){head->data + end, head->length - end};
    }
    return colon != NULL;
}

bool mime_next(struct slice *head, struct slice *name, struct buffer *out)
{
    struct slice value;

    if (!mime_next_raw(head, name, &value))
        return false;
    add_unfolded(value, out);
    return true;
}

/* Unfolded, not decoded. */
static int raw_field(struct slice head, const char *name, struct buffer *out)
{
    struct slice found, value;

    while (mime_next_raw(&head, &found, &value))
        if (slice_is_nocase(found, name)) {
            add_unfolded(value, out);
            return out->failed ? -1 : 0;
        }
    return 0;
}

/* ---- encodings ---- */

static int hex_of(unsigned char c)
{
    return isdigit(c) ? c - '0' : isxdigit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

static int quoted_printable(struct slice text, bool word, struct buffer *out)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = text.data[i];
        size_t left = text.length - i;

        if (c == '=' && left > 2 && hex_of(text.data[i + 1]) >= 0 && hex_of(text.data[i + 2]) >= 0) {
            buffer_add_char(out, (char)(hex_of(text.data[i + 1]) * 16 + hex_of(text.data[i + 2])));
            i += 2;
        } else if (c == '=' && !word && left > 1 && (text.data[i + 1] == '\n' || text.data[i + 1] == '\r')) {
            i += text.data[i + 1] == '\r' && left > 2 && text.data[i + 2] == '\n' ? 2 : 1;
        } else {
            buffer_add_char(out, word && c == '_' ? ' ' : (char)c);
        }
    }
    return out->failed ? -1 : 0;
}

static int base64(struct slice text, struct buffer *out)
{
    unsigned char *room = buffer_reserve(out, text.length / 4 * 3 + 3);
    size_t size = 0;

    if (room == NULL)
        return -1;
    if (sodium_base642bin(room, text.length / 4 * 3 + 3, (const char *)text.data, text.length, " \t\r\n", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return -1;
    buffer_grow(out, size);
    return 0;
}

/* Latin-1 to UTF-8; others stay. */
static int add_text(struct buffer *out, struct slice text, const char *charset)
{
    if (strcasecmp(charset, "iso-8859-1") != 0 && strcasecmp(charset, "windows-1252") != 0)
        return buffer_add_slice(out, text);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] >= 0x80)
            buffer_add_char(out, (char)(0xc0 | text.data[i] >> 6));
        buffer_add_char(out, (char)(text.data[i] < 0x80 ? text.data[i] : 0x80 | (text.data[i] & 0x3f)));
    }
    return out->failed ? -1 : 0;
}

/* "=?utf-8?q?…?=" at the front; its length, or 0. */
static size_t take_word(struct slice text, struct buffer *out)
{
    const unsigned char *end = text.data + text.length, *charset = text.data + 2, *mark, *data, *close;
    struct buffer plain;
    char name[32] = "";
    size_t used = 0;

    if (text.length < 8 || text.data[0] != '=' || text.data[1] != '?' ||
        (mark = memchr(charset, '?', (size_t)(end - charset))) == NULL || end - mark < 5 || mark[2] != '?' ||
        (size_t)(mark - charset) >= sizeof name)
        return 0;
    data = mark + 3;
    close = memmem(data, (size_t)(end - data), "?=", 2);
    if (close == NULL)
        return 0;
    memcpy(name, charset, (size_t)(mark - charset));
    buffer_init(&plain, FIELD);
    if (((mark[1] | 0x20) == 'b' ? base64((struct slice){data, (size_t)(close - data)}, &plain)
                                 : quoted_printable((struct slice){data, (size_t)(close - data)}, true, &plain)) == 0 &&
        add_text(out, buffer_slice(&plain), name) == 0)
        used = (size_t)(close - text.data) + 2;
    buffer_free(&plain);
    return used;
}

/* Space between two encoded words is none (RFC 2047, 6.2). */
static int decode_words(struct slice text, struct buffer *out)
{
    bool after = false;

    for (size_t i = 0; i < text.length;) {
        size_t blank = 0, used;

        while (after && i + blank < text.length && text.data[i + blank] == ' ')
            blank++;
        used = take_word((struct slice){text.data + i + blank, text.length - i - blank}, out);
        after = used > 0;
        if (used > 0)
            i += blank + used;
        else
            buffer_add(out, text.data + i++, 1);
    }
    return out->failed ? -1 : 0;
}

int mime_field(struct slice head, const char *name, struct buffer *out)
{
    struct buffer raw;
    int rc;

    buffer_init(&raw, FIELD);
    rc = raw_field(head, name, &raw) != 0 ? -1 : decode_words(buffer_slice(&raw), out);
    buffer_free(&raw);
    return rc;
}

/* ---- people ---- */

static void add_person(json_t *people, struct slice text)
{
    const unsigned char *open = text.length > 0 ? memrchr(text.data, '<', text.length) : NULL, *close;
    struct slice name = {text.data, open != NULL ? (size_t)(open - text.data) : 0}, address = text;
    struct buffer shown;
    json_t *person;

    if (open != NULL) {
        close = memchr(open, '>', (size_t)(text.data + text.length - open));
        address = (struct slice){open + 1, (size_t)((close != NULL ? close : text.data + text.length) - open) - 1};
    }
    while (name.length > 0 && (name.data[0] == '"' || name.data[0] == ' '))
        name.data++, name.length--;
    while (name.length > 0 && (name.data[name.length - 1] == '"' || name.data[name.length - 1] == ' '))
        name.length--;
    while (address.length > 0 && address.data[0] == ' ')
        address.data++, address.length--;
    buffer_init(&shown, FIELD);
    decode_words(name, &shown);
    person = json_object();
    json_object_set_new(person, "name", json_stringn(buffer_text(&shown), shown.length));
    json_object_set_new(person, "address", json_stringn((const char *)address.data, address.length));
    if (address.length > 0)
        json_array_append(people, person);
    json_decref(person);
    buffer_free(&shown);
}

json_t *mime_people(struct slice head, const char *name)
{
    json_t *people = json_array();
    bool quoted = false;
    struct buffer raw;
    size_t from = 0;

    buffer_init(&raw, FIELD);
    raw_field(head, name, &raw);
    for (size_t i = 0; i <= raw.length; i++) {
        if (i < raw.length && raw.data[i] == '"')
            quoted = !quoted;
        if (i == raw.length || (raw.data[i] == ',' && !quoted)) {
            add_person(people, (struct slice){raw.data + from, i - from});
            from = i + 1;
        }
    }
    buffer_free(&raw);
    return people;
}

/* ---- parts ---- */

/* "; NAME=value" or "; NAME="value"" of a field. */
static void parameter(const char *field, const char *name, char *out, size_t size)
{
    const char *at = field, *end;
    size_t length = strlen(name);

    out[0] = '\0';
    while ((at = strchr(at, ';')) != NULL) {
        at += 1 + strspn(at + 1, " ");
        if (strncasecmp(at, name, length) != 0 || at[length] != '=')
            continue;
        at += length + 1;
        end = *at == '"' ? strchr(at + 1, '"') : at + strcspn(at, "; ");
        at += *at == '"';
        if (end != NULL)
            snprintf(out, size, "%.*s", (int)(end - at), at);
        return;
    }
}

struct walk {
    int (*take)(const struct mime_part *part, void *context);
    void *context;
    size_t count;
};

static int leaf(struct walk *walk, struct slice head, struct slice body, const char *type)
{
    struct mime_part part = {.type = ""};
    char charset[32], encoding[32];
    struct buffer field, plain;
    int rc;

    buffer_init(&field, FIELD);
    buffer_init(&plain, DATA);
    buffer_init(&part.data, DATA);
    snprintf(part.type, sizeof part.type, "%.*s", (int)strcspn(type, "; "), type);
    parameter(type, "charset", charset, sizeof charset);
    parameter(type, "name", part.name, sizeof part.name);
    raw_field(head, "Content-Disposition", &field);
    part.attached = strncasecmp(buffer_text(&field), "attachment", 10) == 0;
    if (part.name[0] == '\0')
        parameter(buffer_text(&field), "filename", part.name, sizeof part.name);
    buffer_clear(&field);
    raw_field(head, "Content-ID", &field);
    if (field.length > 2)
        snprintf(part.id, sizeof part.id, "%.*s", (int)field.length - 2, buffer_text(&field) + 1);
    buffer_clear(&field);
    raw_field(head, "Content-Transfer-Encoding", &field);
    snprintf(encoding, sizeof encoding, "%s", buffer_text(&field));
    rc = strcasecmp(encoding, "base64") == 0             ? base64(body, &plain)
         : strcasecmp(encoding, "quoted-printable") == 0 ? quoted_printable(body, false, &plain)
                                                         : buffer_add_slice(&plain, body);
    if (rc == 0)
        rc = add_text(&part.data, buffer_slice(&plain), strncmp(part.type, "text/", 5) == 0 ? charset : "");
    if (rc == 0)
        rc = walk->take(&part, walk->context);
    buffer_free(&part.data);
    buffer_free(&plain);
    buffer_free(&field);
    return rc;
}

static int walk_part(struct walk *walk, struct slice part, int depth);

/* The pieces between lines that are "--BOUNDARY". */
static int walk_pieces(struct walk *walk, struct slice body, const char *boundary, int depth)
{
    size_t size = strlen(boundary), start = 0, end;
    bool inside = false;
    int rc = 0;

    for (size_t at = 0; at < body.length && rc == 0; at = end) {
        end = line_end(body, at);
        if (end - at < size + 2 || memcmp(body.data + at, "--", 2) != 0 || memcmp(body.data + at + 2, boundary, size) != 0)
            continue;
        if (inside)
            rc = walk_part(walk, (struct slice){body.data + start, at - start}, depth + 1);
        inside = !(end - at >= size + 4 && memcmp(body.data + at + 2 + size, "--", 2) == 0);
        start = end;
    }
    return rc;
}

static int walk_part(struct walk *walk, struct slice part, int depth)
{
    struct slice body, head = mime_head(part, &body);
    char boundary[128];
    struct buffer field;
    int rc;

    if (depth > MIME_DEPTH || ++walk->count > MIME_PARTS)
        return -1;
    buffer_init(&field, FIELD);
    raw_field(head, "Content-Type", &field);
    if (field.length == 0)
        buffer_add_text(&field, "text/plain");
    (void)buffer_text(&field);
    for (size_t i = 0; i < field.length && field.data[i] != ';'; i++)
        field.data[i] = (unsigned char)tolower(field.data[i]);
    parameter(buffer_text(&field), "boundary", boundary, sizeof boundary);
    if (strncmp(buffer_text(&field), "multipart/", 10) == 0 && boundary[0] != '\0')
        rc = walk_pieces(walk, body, boundary, depth);
    else
        rc = leaf(walk, head, body, buffer_text(&field));
    buffer_free(&field);
    return rc;
}

int mime_parts(struct slice message, int (*take)(const struct mime_part *part, void *context), void *context)
{
    struct walk walk = {take, context, 0};

    return walk_part(&walk, message, 0);
}
