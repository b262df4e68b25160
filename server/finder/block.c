/* SPDX-License-Identifier: ISC */
#include "server/finder/block.h"

#include <stdio.h>
#include "server/base/unzeroed.h"
#include "server/finder/unpack.h"

#define FIRST 16     /* digits by which a block is told from words */
#define FULL 60      /* digits of a text's first line: shorter ones are words that happen to be base64 of a text */
#define LINE 1024    /* digits of a line that are looked at together, more than a mail's have (RFC 5322: 998) */
#define LOOK LINE    /* characters in front of a block, line breaks among them, that make UNPACK_LOOK bytes */
#define LONG 200     /* bytes of a line that may have a block within a string */
#define DIGITS 768   /* that make UNPACK_LOOK bytes */
#define HEADERS 4096 /* bytes before a block in which its name stands */
#define NAME 256
#define ESCAPE 6 /* characters of the longest one in a string */

/* ---- base64 ---- */

/* From a character to its six bits; 0: it is none of them. */
static const signed char steps[256] = {
    ['A' ... 'Z'] = -'A', ['a' ... 'z'] = 26 - 'a', ['0' ... '9'] = 52 - '0', ['+'] = 62 - '+', ['/'] = 63 - '/',
};

static size_t digits_of(struct slice front, size_t most)
{
    size_t length = 0;

    while (length < front.length && length < most && steps[front.data[length]] != 0)
        length++;
    return length;
}

/* Up to what is no base64. Returns the bytes made. */
static size_t decode(struct base64 *state, struct slice digits, unsigned char *bytes)
{
    size_t made = 0;

    for (size_t i = 0; i < digits.length; i++) {
        unsigned char c = digits.data[i];

        state->bits = state->bits << 6 | (uint32_t)(c + steps[c]);
        state->count += 6;
        if (state->count >= 8) {
            state->count -= 8;
            bytes[made++] = (unsigned char)(state->bits >> state->count);
        }
    }
    return made;
}

static size_t break_of(struct slice front)
{
    if (front.length > 1 && front.data[0] == '\r' && front.data[1] == '\n')
        return 2;
    return front.length > 0 && front.data[0] == '\n' ? 1 : 0;
}

/* Digits of a line, at most LINE; 0: it has others than base64's. */
static size_t line_of(struct slice front)
{
    size_t length = digits_of(front, LINE);

    return length == LINE || length == front.length || memchr("=\r\n", front.data[length], 3) != NULL ? length : 0;
}

/* The same of the next line, whose break is behind then, or of what is next of a long one. */
static size_t next_line(struct input *from, bool goes_on)
{
    struct slice front = input_need(from, LINE + 2);
    size_t before = break_of(front), length;

    front = slice_behind(front, before);
    length = goes_on && before == 0 ? digits_of(front, LINE) : line_of(front);
    if (length > 0)
        input_skip(from, before);
    return length;
}

static ssize_t read_block(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    struct base64 *state = &input->base64;
    size_t made = 0;

    (void)error;
    while (made == 0) {
        struct slice front;

        if (state->line == 0)
            state->line = state->last = next_line(input->from, state->last == LINE);
        if (state->line == 0)
            return 0;
        front = input_need(input->from, 1);
        front.length = front.length < state->line ? front.length : state->line;
        front.length = front.length < size ? front.length : size;
        made = decode(state, front, bytes);
        state->line -= front.length;
        input_skip(input->from, front.length);
    }
    return (ssize_t)made;
}

/* UTF-8 (RFC 3629), without what no text has; the last character may be cut. */
static bool is_text(struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char c = bytes.data[i];
        size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

        if (c == 0x7f || (c >= 0x80 && c < 0xc2) || c > 0xf4 || (c < ' ' && memchr("\t\n\f\r", c, 4) == NULL))
            return false;
        for (; more > 0 && ++i < bytes.length; more--)
            if ((bytes.data[i] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* ---- within a string of JSON ---- */

/* Characters of what is next in it, and the digit; 0: it ends, or has others than base64's. '\0': no digit. */
static size_t next_in_string(struct slice front, unsigned char *digit)
{
    static const char *const codes[] = {"002b", "002B", "002f", "002F"};

    *digit = front.length > 0 ? front.data[0] : '\0';
    if (*digit != '\\')
        return steps[*digit] != 0;
    *digit = '\0';
    if (front.length > 1 && front.data[1] == '/')
        *digit = '/';
    if (front.length > 1 && (*digit != '\0' || front.data[1] == 'n' || front.data[1] == 'r'))
        return 2;
    for (size_t i = 0; front.length >= ESCAPE && front.data[1] == 'u' && i < 4; i++)
        if (memcmp(front.data + 2, codes[i], 4) == 0)
            *digit = i < 2 ? '+' : '/';
    return *digit != '\0' ? ESCAPE : 0;
}

/* Up to `most` digits, and which characters they took. */
static size_t string_digits(struct slice front, size_t most, unsigned char *digits, size_t *taken)
{
    size_t count = 0, length;

    *taken = 0;
    while (count < most && (length = next_in_string(slice_behind(front, *taken), &digits[count])) > 0) {
        count += digits[count] != '\0';
        *taken += length;
    }
    return count;
}

static ssize_t read_string(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    unsigned char digits[LINE];
    size_t made = 0, taken = 1, count;

    (void)error;
    while (made == 0 && taken > 0) {
        count = string_digits(input_need(input->from, ESCAPE), size < LINE ? size : LINE, digits, &taken);
        made = decode(&input->base64, (struct slice){digits, count}, bytes);
        input_skip(input->from, taken);
    }
    return (ssize_t)made;
}

/* Is a string of base64 in front, and is to be decoded? Not if it has anything else, as web tokens have. */
static bool is_string(struct slice front)
{
    unsigned char digits[DIGITS] UNZEROED, bytes[DIGITS] UNZEROED;
    struct base64 state = {.line = 0};
    size_t taken, count = string_digits(front, DIGITS, digits, &taken);
    struct slice made = {bytes, decode(&state, (struct slice){digits, count}, bytes)}, end = slice_behind(front, taken);

    if (count < FIRST || (count < DIGITS && end.length > 0 && memchr("=\"\\", end.data[0], 3) == NULL))
        return false;
    return unpacker_of(made) != NULL || (count >= FULL && is_text(made));
}

/* Does base64 follow the quotation mark there, as far as is seen? */
static bool begins_string(struct slice line, size_t at)
{
    struct slice behind = slice_behind(line, at + 1);
    unsigned char digits[FIRST];
    size_t taken;

    return string_digits(behind, FIRST, digits, &taken) == FIRST || behind.length - taken < ESCAPE;
}

/* Bytes up to behind the first quotation mark that base64 follows, or 0. Every FIRST-th byte is looked at: one of them is in
 * what follows such a mark. */
static size_t before_string(struct slice line)
{
    size_t begin;

    for (size_t at = FIRST; at < line.length; at += FIRST) {
        begin = at;
        while (begin > at - FIRST && (steps[line.data[begin]] != 0 || line.data[begin] == '\\'))
            begin--;
        if (line.data[begin] == '"' && begins_string(line, begin))
            return begin + 1;
    }
    for (begin = line.length - FIRST; begin < line.length; begin++)
        if (line.data[begin] == '"' && begins_string(line, begin))
            return begin + 1;
    return 0;
}

/* ---- what begins a block ---- */

/* What is there is searched before more is waited for. */
static struct slice need(struct source *source, struct input *input, size_t length)
{
    if (input == input->root && input->length - input->at < length && input->length < INPUT_BYTES)
        stream_search(source->stream, false);
    return input_need(input, length);
}

static bool is_quoted(const struct text *text)
{
    return text->length > 0 && text->bytes[text->length - 1] == '"';
}

/* Is an empty line, or nothing, at the text's end? */
static bool may_begin(const struct text *text)
{
    size_t length = text->length;

    if (length > 0 && text->bytes[length - 1] != '\n')
        return false;
    length -= length > 0;
    length -= length > 0 && text->bytes[length - 1] == '\r';
    return length == 0 || text->bytes[length - 1] == '\n';
}

/* Bytes up to where a block may begin again, at least one: behind an empty line, or within a string of a long line. */
static size_t before_next(struct slice front, bool strings)
{
    const unsigned char *at = front.data, *end = front.data + front.length;
    size_t start = 0, quoted;

    while (at != NULL && at < end) {
        const unsigned char *found = memchr(at, '\n', (size_t)(end - at));
        size_t line = found != NULL ? (size_t)(found - front.data) : front.length;

        if (strings && line - start >= LONG && (quoted = before_string((struct slice){at, line - start})) > 0)
            return start + quoted;
        at = found != NULL ? found + 1 : NULL;
        start = line + 1;
        line -= found != NULL && line > 0 && front.data[line - 1] == '\r';
        if (found != NULL && (line == 0 || front.data[line - 1] == '\n'))
            return start;
    }
    return front.length;
}

/* The first bytes, at most LOOK. */
static size_t decode_front(struct slice front, unsigned char bytes[LOOK])
{
    struct base64 state = {.line = 0};
    size_t made = 0;

    while (made < UNPACK_LOOK && front.length > 0) {
        struct slice digits = {front.data, digits_of(front, LOOK / 2)};
        size_t length = digits.length > 0 ? digits.length : break_of(front);

        if (length == 0)
            break;
        made += decode(&state, digits, bytes + made);
        front = slice_behind(front, length);
    }
    return made;
}

/* Is a block in front, and is to be decoded? */
static bool is_block(struct source *source, struct input *input)
{
    unsigned char bytes[LOOK] UNZEROED;
    struct slice front = need(source, input, FIRST), made;

    if (digits_of(front, FIRST) < FIRST)
        return false;
    front = need(source, input, LOOK);
    made = (struct slice){bytes, decode_front(front, bytes)};
    return line_of(front) > 0 && (unpacker_of(made) != NULL || (line_of(front) >= FULL && is_text(made)));
}

/* ---- its name ---- */

/* The value behind "name" of a header's parameter, or nothing: name="a b.zip", name*=UTF-8''a%20b.zip (RFC 2231). */
static struct slice value_of(struct slice text, bool *coded)
{
    size_t at = 0, end;

    while (at < text.length && at < 4 && strchr("*0", text.data[at]) != NULL && text.data[at] != '\0')
        at++;
    *coded = at > 0 && text.data[at - 1] == '*';
    if (at == text.length || text.data[at] != '=')
        return SLICE_NONE;
    text = slice_behind(text, at + 1);
    if (text.length > 0 && text.data[0] == '"') {
        text = slice_behind(text, 1);
        text.length = slice_find(text, "\"");
        return text;
    }
    for (end = 0; end < text.length && strchr("; \t\r\n", text.data[end]) == NULL; end++)
        continue;
    return (struct slice){text.data, end};
}

static int hex(unsigned char c)
{
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : (c & 15);
}

/* Percent-encoded, behind a character set and a language. */
static size_t uncode(struct slice value, char name[NAME])
{
    size_t length = 0;

    for (int i = 0; i < 2 && slice_find(value, "'") < value.length; i++)
        value = slice_behind(value, slice_find(value, "'") + 1);
    for (size_t i = 0; i < value.length && length < NAME; i++) {
        unsigned char c = value.data[i];

        if (c == '%' && i + 2 < value.length) {
            c = (unsigned char)(hex(value.data[i + 1]) << 4 | hex(value.data[i + 2]));
            i += 2;
        }
        name[length++] = (char)c;
    }
    return length;
}

/* As the headers say that stand at the text's end, or by its place. */
static struct slice name_block(const struct text *text, uint64_t position, char name[NAME])
{
    size_t length = text->length < HEADERS ? text->length : HEADERS, next;
    struct slice headers = {text->bytes + text->length - length, length}, value = SLICE_NONE;
    bool coded = false;

    while (headers.length > 0 && (next = before_next(headers, false)) < headers.length)
        headers = slice_behind(headers, next);
    while (value.length == 0 && (next = slice_find(headers, "name")) < headers.length) {
        headers = slice_behind(headers, next + strlen("name"));
        value = value_of(headers, &coded);
    }
    if (value.length > 0 && coded)
        return (struct slice){(unsigned char *)name, uncode(value, name)};
    if (value.length > 0)
        length = (size_t)snprintf(name, NAME, "%.*s", (int)slice_cut(value, NAME - 1), (const char *)value.data);
    else
        length = (size_t)snprintf(name, NAME, "base64 at %llu", (unsigned long long)position);
    return (struct slice){(unsigned char *)name, length};
}

/* ---- the text ---- */

/* A secret may itself be base64 of a text: the first line, or the first of a string. */
static void search_literally(struct source *source, struct slice front, uint64_t position)
{
    size_t length = 0;

    while (length < front.length && length < LOOK &&
           (steps[front.data[length]] != 0 || memchr("\\=", front.data[length], 2) != NULL))
        length++;
    source->stream->search->literal = true;
    source_text(source, (struct slice){front.data, length}, position);
    source->stream->search->literal = false;
}

/* Searches the block in front, and passes it; false: it is none. */
static bool search_block(struct source *source, struct input *input)
{
    struct stream *stream = source->stream;
    bool quoted = is_quoted(&stream->text);
    char name[NAME] UNZEROED;
    struct input *block;
    struct slice named;

    if (!(quoted ? is_string(need(source, input, LOOK)) : may_begin(&stream->text) && is_block(source, input)) ||
        !source_deeper(source, input))
        return false;
    named = name_block(&stream->text, input_position(input), name);
    stream_search(stream, true);
    search_literally(source, input_need(input, LOOK), input_position(input));
    block = input_behind(input, INPUT_ALL, quoted ? read_string : read_block);
    block->base64 = (struct base64){.line = 0};
    source_member(source, block, named);
    input_pass(block, INPUT_ALL);
    source_begin(source, input_position(input));
    return true;
}

void blocks_search(struct source *source, struct input *input)
{
    struct slice front;

    while (need(source, input, 1).length > 0) {
        if (search_block(source, input))
            continue;
        front = input_need(input, 1);
        front.length = before_next(front, true);
        stream_put(source->stream, front);
        input_skip(input, front.length);
    }
    stream_search(source->stream, true);
}
