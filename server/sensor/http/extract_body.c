/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/extract_body.h"

#include <string.h>
#include "server/sensor/http/text.h"

#define TEXT_WHOLE 8192 /* longer texts are no credential as a whole */
#define TEXT_WORDS 64
#define TEXT_LINES 512
#define TEXT_END 2048
#define QUOTES 64
#define RUN_LEAST 8
#define KEY_LEAST 16 /* shorter names in JSON are no tokens */
#define SNIFFED 512

void extract_form(struct extract *extract, uint8_t rank, const char *where, struct slice text)
{
    bool coded = text_find_char(text, '%') != TEXT_NONE || text_find_char(text, '+') != TEXT_NONE;
    struct slice pair, name;

    while (text.length > 0) {
        pair = text_cut(&text, '&');
        if (pair.length == 0)
            continue;
        name = text_find_char(pair, '=') == TEXT_NONE ? SLICE_NONE : text_cut(&pair, '=');
        if (coded) {
            name = field_percent(extract, name, true);
            pair = field_percent(extract, pair, true);
        }
        field_add(extract, rank, where, name, pair);
    }
    field_take(extract, rank, where);
}

/* The string behind the quote at `at` of JSON, or of what is written like it with other quotes: its raw content; *at
 * goes behind it. */
static struct slice json_string(struct slice text, size_t *at)
{
    size_t from = *at + 1, i = from;
    unsigned char quote = text.data[*at];

    while (i < text.length && text.data[i] != quote)
        i += text.data[i] == '\\' && i + 1 < text.length ? 2 : 1;
    *at = i < text.length ? i + 1 : text.length;
    return text_before(text_from(text, from), i - from);
}

static size_t skip_white(struct slice text, size_t at)
{
    while (at < text.length && strchr(" \t\r\n", text.data[at]) != NULL && text.data[at] != 0)
        at++;
    return at;
}

/* Numbers and unquoted words. */
static struct slice json_scalar(struct slice text, size_t *at)
{
    size_t from = *at;

    while (*at < text.length && text.data[*at] > 0x20 &&
           (text.data[*at] >= 0x7f || strchr(",:{}[]\"", text.data[*at]) == NULL))
        ++*at;
    return text_before(text_from(text, from), *at - from);
}

void extract_json(struct extract *extract, struct slice text)
{
    struct slice key = SLICE_NONE, value;
    size_t at = 0, next;

    while ((at = skip_white(text, at)) < text.length) {
        if (text.data[at] == '"' || text.data[at] == '\'') {
            value = field_json(extract, json_string(text, &at));
        } else {
            value = json_scalar(text, &at);
            if (value.length == 0) {
                at++;
                continue;
            }
        }
        next = skip_white(text, at);
        if (next < text.length && text.data[next] == ':') {
            if (value.length >= KEY_LEAST)
                field_value(extract, CANDIDATE_EITHER, 6, "json", value);
            key = value;
            at = next + 1;
            continue;
        }
        field_add(extract, 1, "json", key, value);
        if (text_find_char(value, '"') != TEXT_NONE || text_find_char(value, '<') != TEXT_NONE)
            extract_quoted(extract, 4, "json text", value);
    }
    field_take(extract, 1, "json");
}

void extract_quoted(struct extract *extract, uint8_t rank, const char *where, struct slice text)
{
    size_t count = 0, at = 0;

    while (count++ < QUOTES && at < text.length) {
        size_t quote = text_find_char(text_from(text, at), '"');

        if (quote == TEXT_NONE)
            break;
        at += quote;
        field_value(extract, CANDIDATE_EITHER, rank, where, json_string(text, &at));
    }
}

static void text_line(struct extract *extract, uint8_t rank, const char *where, struct slice line)
{
    size_t sign = text_find_char(line, '='), colon = text_find_char(line, ':');
    struct slice value;

    if (colon < sign)
        sign = colon;
    if (sign == TEXT_NONE)
        return;
    value = text_trim(text_from(line, sign + 1));
    if (value.length > 1 && (value.data[0] == '"' || value.data[0] == '\'') &&
        value.data[value.length - 1] == value.data[0])
        value = text_before(text_from(value, 1), value.length - 2);
    field_add(extract, rank, where, text_trim(text_before(line, sign)), value);
}

/* What is left of a long text when its front was looked at: its end. */
static struct slice end_of(struct slice rest)
{
    return rest.length > TEXT_END ? text_from(rest, rest.length - TEXT_END) : rest;
}

static struct slice text_lines(struct extract *extract, uint8_t rank, const char *where, struct slice rest,
                               size_t most)
{
    for (size_t i = 0; i < most && rest.length > 0; i++)
        text_line(extract, rank, where, text_cut(&rest, '\n'));
    return end_of(rest);
}

static struct slice text_words(struct extract *extract, uint8_t rank, const char *where, struct slice rest,
                               size_t most)
{
    struct slice word;

    for (size_t i = 0; i < most && (word = text_word(&rest)).length > 0; i++)
        field_value(extract, CANDIDATE_EITHER, rank, where, word);
    return end_of(rest);
}

void extract_text(struct extract *extract, uint8_t rank, const char *where, struct slice text)
{
    struct slice rest;

    text = text_trim(text);
    if (text.length <= TEXT_WHOLE)
        field_value(extract, CANDIDATE_EITHER, rank, where, text);
    rest = text_lines(extract, rank, where, text, TEXT_LINES);
    (void)text_lines(extract, rank, where, rest, TEXT_END);
    field_take(extract, rank, where);
    rest = text;
    if (text_word(&rest).length == text.length)
        return;
    rest = text_words(extract, (uint8_t)(rank + 3), where, text, TEXT_WORDS);
    (void)text_words(extract, (uint8_t)(rank + 3), where, rest, TEXT_END);
}

#define CDATA "![CDATA["

/* Texts between tags under the tag's name, attributes under theirs. */
static void extract_xml(struct extract *extract, struct slice text)
{
    struct slice tag, name = SLICE_NONE, attribute, quoted, content;
    size_t equals;

    while (text.length > 0) {
        (void)text_cut(&text, '<');
        if (text_starts_nocase(text, CDATA)) {
            content = text_before(text, text_find(text, "]]>"));
            text = text_from(text, content.length);
            field_add(extract, 1, "xml", name, text_from(content, sizeof CDATA - 1));
            continue;
        }
        tag = text_cut(&text, '>');
        name = text_word(&tag);
        while ((equals = text_find_char(tag, '=')) != TEXT_NONE) {
            attribute = text_trim(text_before(tag, equals));
            tag = text_from(tag, equals + 1);
            if (tag.length == 0)
                break;
            quoted = text_from(tag, 1);
            content = text_cut(&quoted, (char)tag.data[0]);
            tag = quoted;
            field_add(extract, 1, "xml", attribute, field_xml(extract, content));
        }
        content = text_trim(text_before(text, text_find_char(text, '<')));
        if (content.length > 0)
            field_add(extract, 1, "xml", name, field_xml(extract, content));
    }
    field_take(extract, 1, "xml");
}

/* The value of a parameter such as name="x" or boundary=x; NONE without it. */
static struct slice parameter(struct slice header, const char *name)
{
    size_t at = 0, found;
    struct slice rest;

    for (;;) {
        found = text_find_nocase(text_from(header, at), name);
        if (found == TEXT_NONE)
            return SLICE_NONE;
        at += found;
        if (at == 0 || strchr("; \t", header.data[at - 1]) != NULL)
            break;
        at++;
    }
    rest = text_from(header, at + strlen(name));
    if (rest.length > 0 && rest.data[0] == '"') {
        rest = text_from(rest, 1);
        return text_cut(&rest, '"');
    }
    return text_trim(text_cut(&rest, ';'));
}

static void multipart_part(struct extract *extract, struct slice part)
{
    struct slice name = SLICE_NONE, line, rest = part;
    bool file = false;

    while (rest.length > 0) {
        line = text_trim(text_cut(&rest, '\n'));
        if (line.length == 0)
            break;
        if (!text_starts_nocase(line, "content-disposition"))
            continue;
        name = parameter(line, "name=");
        file = parameter(line, "filename=").data != NULL || parameter(line, "filename*=").data != NULL;
    }
    if (rest.length > 0 && rest.data[rest.length - 1] == '\n')
        rest.length--;
    if (rest.length > 0 && rest.data[rest.length - 1] == '\r')
        rest.length--;
    if (!file)
        field_add(extract, 1, "form", name, rest);
    else if (rest.length <= TEXT_WHOLE)
        extract_text(extract, 4, "file", rest);
}

/* -1 when no part was found. */
static int extract_multipart(struct extract *extract, struct slice type, struct slice body)
{
    struct slice boundary = parameter(type, "boundary="), part;
    char delimiter[128];
    size_t at;
    int found = -1;

    if (boundary.length == 0 && body.length > 2 && memcmp(body.data, "--", 2) == 0) {
        part = body;
        boundary = text_from(text_trim(text_cut(&part, '\n')), 2);
    }
    if (boundary.length == 0 || boundary.length > sizeof(delimiter) - 3 || memchr(boundary.data, 0, boundary.length))
        return -1;
    memcpy(delimiter, "--", 2);
    memcpy(delimiter + 2, boundary.data, boundary.length);
    delimiter[boundary.length + 2] = '\0';
    while ((at = text_find(body, delimiter)) != TEXT_NONE) {
        body = text_from(body, at + boundary.length + 2);
        if (body.length >= 2 && memcmp(body.data, "--", 2) == 0)
            break;
        (void)text_cut(&body, '\n');
        multipart_part(extract, text_before(body, text_find(body, delimiter)));
        found = 0;
    }
    field_take(extract, 1, "form");
    return found;
}

/* Runs of printable bytes in something binary. What is left. */
static struct slice binary_runs(struct extract *extract, struct slice body, size_t most)
{
    size_t i, from = 0, count = 0;

    for (i = 0; i <= body.length && count < most; i++) {
        if (i < body.length && body.data[i] > 0x20 && body.data[i] < 0x7f)
            continue;
        if (i - from >= RUN_LEAST) {
            field_value(extract, CANDIDATE_EITHER, 8, "body", text_before(text_from(body, from), i - from));
            count++;
        }
        from = i + 1;
    }
    return end_of(text_from(body, from));
}

static bool is_binary(struct slice body)
{
    size_t i;

    body = text_before(body, SNIFFED);
    for (i = 0; i < body.length; i++)
        if (body.data[i] < 0x20 && (body.data[i] < '\t' || body.data[i] > '\r') && body.data[i] != 0x1b)
            return true;
    return false;
}

/* name=value&… without white space. */
static bool is_form(struct slice body)
{
    size_t i;

    body = text_before(body, SNIFFED);
    for (i = 0; i < body.length; i++)
        if (body.data[i] <= 0x20)
            return false;
    return text_find_char(body, '=') != TEXT_NONE;
}

void extract_body(struct extract *extract, struct slice type, struct slice body)
{
    struct slice text = text_trim(body);
    int first = text.length > 0 ? text.data[0] : 0;
    bool form = slice_is_nocase(type, "application/x-www-form-urlencoded"); /* and so nothing else */

    if (text.length == 0)
        return;
    if (((!form && text_find_nocase(type, "multipart/") != TEXT_NONE) || first == '-') &&
        extract_multipart(extract, type, body) == 0)
        return;
    if (first == '{' || first == '[' || first == '"' || (!form && text_find_nocase(type, "json") != TEXT_NONE))
        extract_json(extract, text);
    else if (first == '<' || (!form && text_find_nocase(type, "xml") != TEXT_NONE))
        extract_xml(extract, text);
    else if (form || text_find_nocase(type, "form-urlencoded") != TEXT_NONE || is_form(text))
        extract_form(extract, 1, "form", text);
    else if (is_binary(body))
        (void)binary_runs(extract, binary_runs(extract, body, TEXT_WORDS), TEXT_END);
    else
        extract_text(extract, 4, "body", text);
}
