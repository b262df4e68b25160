/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/minter/mime.h"

#define ENCODED_WORD 75
#define ENCODED_LEAST 30
#define QUOTED_LINE 75

bool mime_ascii(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static bool is_space(unsigned char c)
{
    return c <= ' ' || c == 0x7f;
}

/* Adds one word of a header, on a new line where it does not fit. `column` is that of the line under way. */
static void add_word(struct buffer *out, struct slice word, size_t *column)
{
    if (*column + 1 + word.length > MIME_FOLD && *column > 1) {
        buffer_add_char(out, '\n');
        *column = 0;
    }
    buffer_add_char(out, ' ');
    buffer_add_slice(out, word);
    *column += 1 + word.length;
}

static struct slice next_word(struct slice *text)
{
    struct slice word;
    size_t at = 0, end;

    while (at < text->length && is_space(text->data[at]))
        at++;
    for (end = at; end < text->length && !is_space(text->data[end]); end++)
        ;
    word = (struct slice){text->data + at, end - at};
    *text = (struct slice){text->data + end, text->length - end};
    return word;
}

static size_t begin(struct buffer *out, const char *name)
{
    buffer_add_text(out, name);
    buffer_add_char(out, ':');
    return strlen(name) + 1;
}

static void add_words(struct buffer *out, struct slice text, size_t *column)
{
    struct slice word;

    while ((word = next_word(&text)).length > 0)
        add_word(out, word, column);
}

static int end(struct buffer *out)
{
    buffer_add_char(out, '\n');
    return out->failed ? -1 : 0;
}

int mime_header(struct buffer *out, const char *name, const char *value)
{
    struct slice rest = slice_of(value), first = next_word(&rest);
    size_t column = begin(out, name) + 1 + first.length;

    /* As Gmail and Thunderbird do: a long id stays on the line of its name. */
    buffer_add_char(out, ' ');
    buffer_add_slice(out, first);
    add_words(out, rest, &column);
    return end(out);
}

static bool literal_in_q(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '!';
}

/* Bytes of the UTF-8 character at the start; 1 for what is none. */
static size_t character(struct slice text)
{
    size_t length = text.data[0] < 0xc0 ? 1 : text.data[0] < 0xe0 ? 2 : text.data[0] < 0xf0 ? 3 : 4;

    for (size_t i = 1; i < length; i++)
        if (i >= text.length || (text.data[i] & 0xc0) != 0x80)
            return 1;
    return length;
}

static void add_q(struct buffer *word, struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        if (is_space(bytes.data[i]))
            buffer_add_char(word, '_');
        else if (literal_in_q(bytes.data[i]))
            buffer_add_char(word, (char)bytes.data[i]);
        else
            buffer_add_format(word, "=%02X", bytes.data[i]);
    }
}

/* Encoded-words in Q (RFC 2047, section 4.2), each with whole characters only. */
static void add_encoded(struct buffer *out, struct slice text, size_t *column)
{
    struct buffer word;
    size_t length, left, most;

    buffer_init(&word, 256);
    while (text.length > 0 && !out->failed) {
        /* What is left of the line is used, unless that is next to nothing. */
        left = *column + 1 < MIME_FOLD ? MIME_FOLD - *column - 1 : 0;
        most = left >= ENCODED_LEAST && left < ENCODED_WORD ? left : ENCODED_WORD;
        buffer_clear(&word);
        buffer_add_text(&word, "=?UTF-8?Q?");
        while (text.length > 0 && (length = character(text)) * 3 + word.length <= most - 2) {
            add_q(&word, (struct slice){text.data, length});
            text = (struct slice){text.data + length, text.length - length};
        }
        buffer_add_text(&word, "?=");
        add_word(out, buffer_slice(&word), column);
    }
    buffer_free(&word);
}

static struct slice trimmed(struct slice text)
{
    while (text.length > 0 && is_space(text.data[0]))
        text = (struct slice){text.data + 1, text.length - 1};
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

int mime_header_text(struct buffer *out, const char *name, const char *text)
{
    size_t column = begin(out, name);

    if (mime_ascii(slice_of(text)))
        add_words(out, slice_of(text), &column);
    else
        add_encoded(out, trimmed(slice_of(text)), &column);
    return end(out);
}

/* An atom's characters and spaces need no quotes (RFC 5322, section 3.2.3). */
static bool is_phrase(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (strchr("\"(),.:;<>@[\\]", text.data[i]) != NULL || text.data[i] < ' ')
            return false;
    return true;
}

static void add_quoted(struct buffer *out, struct slice text, size_t *column)
{
    struct buffer quoted;

    buffer_init(&quoted, 1024);
    buffer_add_char(&quoted, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_add_char(&quoted, '\\');
        buffer_add_char(&quoted, (char)(is_space(text.data[i]) ? ' ' : text.data[i]));
    }
    buffer_add_char(&quoted, '"');
    out->failed |= quoted.failed;
    add_word(out, buffer_slice(&quoted), column);
    buffer_free(&quoted);
}

static int end_address(struct buffer *out, const char *mail, bool brackets, size_t *column)
{
    struct buffer address;

    buffer_init(&address, 1024);
    buffer_add_format(&address, brackets ? "<%s>" : "%s", mail);
    out->failed |= address.failed;
    for (size_t i = 0; i < address.length; i++)
        if (is_space(address.data[i]))
            address.data[i] = '_';
    add_word(out, buffer_slice(&address), column);
    buffer_free(&address);
    return end(out);
}

int mime_header_address(struct buffer *out, const char *name, const char *display, const char *mail)
{
    struct slice shown = trimmed(slice_of(display == NULL ? "" : display));
    size_t column = begin(out, name);

    if (shown.length > 0 && !mime_ascii(shown))
        add_encoded(out, shown, &column);
    else if (shown.length > 0 && is_phrase(shown))
        add_words(out, shown, &column);
    else if (shown.length > 0)
        add_quoted(out, shown, &column);
    return end_address(out, mail, shown.length > 0, &column);
}

int mime_header_quoted(struct buffer *out, const char *name, const char *display, const char *mail)
{
    size_t column = begin(out, name);

    add_quoted(out, trimmed(slice_of(display)), &column);
    return end_address(out, mail, true, &column);
}

/* ---- the body ---- */

static bool within(struct slice line, size_t at, const struct slice *keep, size_t keep_count)
{
    for (size_t k = 0; k < keep_count; k++)
        for (size_t start = at < keep[k].length ? 0 : at - keep[k].length + 1; start <= at; start++)
            if (keep[k].length > 0 && start + keep[k].length <= line.length &&
                memcmp(line.data + start, keep[k].data, keep[k].length) == 0)
                return true;
    return false;
}

/* Where to break: the last space within the width, else the first behind it; the line's length where there is none. */
static size_t break_at(struct slice line, size_t width, const struct slice *keep, size_t keep_count)
{
    size_t best = line.length, columns = 0;

    for (size_t i = 0; i < line.length; i++) {
        columns += (line.data[i] & 0xc0) != 0x80;
        if (columns > width + 1 && best < line.length)
            break;
        if (line.data[i] == ' ' && i > 0 && !within(line, i, keep, keep_count))
            best = i;
    }
    return columns > width ? best : line.length;
}

static int fill_line(struct buffer *out, struct slice line, size_t width, const struct slice *keep, size_t keep_count,
                     struct error *error)
{
    const char *mark = line.length > 1 && line.data[0] == '>' && line.data[1] == ' ' ? "> " : "";
    size_t used = strlen(mark), at;

    if (line.length > 0 && line.data[0] == ' ')
        width = line.length;
    line = (struct slice){line.data + used, line.length - used};
    do {
        at = break_at(line, width - used, keep, keep_count);
        if (at + used > MIME_LINE)
            return error_set(error,
                             "a line of the mail has %zu bytes; identity and secret can stand unbroken only in "
                             "lines of %d",
                             at + used, MIME_LINE);
        buffer_add_text(out, mark);
        buffer_add(out, line.data, at);
        buffer_add_char(out, '\n');
        if (out->failed)
            return error_set(error, "the mail is too long");
        at += at < line.length;
        line = (struct slice){line.data + at, line.length - at};
    } while (line.length > 0);
    return 0;
}

/* Can quoted-printable hold it as it is, on one line? */
static bool plain_in_q(struct slice keep)
{
    return keep.length < QUOTED_LINE && mime_ascii(keep) && memchr(keep.data, '=', keep.length) == NULL;
}

bool mime_quotable(const struct slice *keep, size_t keep_count)
{
    for (size_t i = 0; i < keep_count; i++)
        if (!plain_in_q(keep[i]))
            return false;
    return true;
}

/* How many bytes from here on must stay on one line: those of a `keep` that begins here, else one. */
static size_t together(struct slice rest, const struct slice *keep, size_t keep_count)
{
    size_t most = 1;

    for (size_t i = 0; i < keep_count; i++)
        if (keep[i].length > most && keep[i].length <= rest.length && memcmp(rest.data, keep[i].data, keep[i].length) == 0)
            most = keep[i].length;
    return most;
}

static void add_quoted_line(struct buffer *out, struct slice line, const struct slice *keep, size_t keep_count)
{
    size_t column = 0, at = 0, count, width;

    for (; at < line.length; at += count) {
        unsigned char c = line.data[at];
        bool last = at + 1 == line.length, code = c == '=' || c >= 0x7f || (c < ' ' && c != '\t') || (last && c <= ' ');

        count = together((struct slice){line.data + at, line.length - at}, keep, keep_count);
        width = count > 1 ? count : code ? 3 : 1;
        if (column + width > QUOTED_LINE) {
            buffer_add_text(out, "=\n");
            column = 0;
        }
        if (count == 1 && code)
            buffer_add_format(out, "=%02X", c);
        else
            buffer_add(out, line.data + at, count);
        column += width;
    }
    buffer_add_char(out, '\n');
}

int mime_quoted(struct buffer *out, struct slice text, const struct slice *keep, size_t keep_count)
{
    while (text.length > 0) {
        const unsigned char *newline = memchr(text.data, '\n', text.length);
        size_t length = newline == NULL ? text.length : (size_t)(newline - text.data);

        add_quoted_line(out, (struct slice){text.data, length}, keep, keep_count);
        length += newline != NULL;
        text = (struct slice){text.data + length, text.length - length};
    }
    return out->failed ? -1 : 0;
}

int mime_fill(struct buffer *out, struct slice text, size_t width, const struct slice *keep, size_t keep_count,
              struct error *error)
{
    const unsigned char *newline;
    size_t length;

    while (text.length > 0) {
        newline = memchr(text.data, '\n', text.length);
        length = newline == NULL ? text.length : (size_t)(newline - text.data);
        if (fill_line(out, (struct slice){text.data, length}, width, keep, keep_count, error) != 0)
            return -1;
        length += newline != NULL;
        text = (struct slice){text.data + length, text.length - length};
    }
    return 0;
}
