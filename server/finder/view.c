/* SPDX-License-Identifier: ISC */
#include "server/finder/view.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FOLD_SHORTEST 20 /* characters of a line that was broken because it was full */
#define REFERENCE 11     /* characters between & and ; of HTML */
#define FOLD_INDENT 64   /* white space and marks of quotation in front of its rest */

static int byte_at(struct slice bytes, size_t at)
{
    return at < bytes.length ? bytes.data[at] : -1;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of `count` hexadecimal digits, or -1. */
static long hex_at(struct slice bytes, size_t at, size_t count)
{
    long value = 0;

    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(byte_at(bytes, at + i));

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void make(struct escape *escape, size_t consumed, int byte)
{
    escape->consumed = consumed;
    escape->made[0] = (unsigned char)byte;
    escape->made_length = 1;
}

static void make_nothing(struct escape *escape, size_t before, size_t consumed)
{
    escape->before = before;
    escape->consumed = consumed;
}

/* As UTF-8 (RFC 3629). */
static void make_code(struct escape *escape, size_t consumed, uint32_t code)
{
    unsigned char *made = escape->made;
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};

    made[0] = (unsigned char)(first[more] | code >> 6 * more);
    for (size_t i = 1; i <= more; i++)
        made[i] = (unsigned char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    escape->consumed = consumed;
    escape->made_length = more + 1;
}

static void read_percent(struct slice bytes, size_t at, struct escape *escape)
{
    long value = hex_at(bytes, at + 1, 2);

    if (value >= 0)
        make(escape, 3, (int)value);
}

/* A byte, or a soft line break with the white space that transport left before it. */
static void read_quoted_printable(struct slice bytes, size_t at, struct escape *escape)
{
    long value = hex_at(bytes, at + 1, 2);
    size_t end = at + 1;

    if (value >= 0) {
        make(escape, 3, (int)value);
        return;
    }
    while (byte_at(bytes, end) == ' ' || byte_at(bytes, end) == '\t')
        end++;
    if (byte_at(bytes, end) == '\r')
        end++;
    if (byte_at(bytes, end) == '\n')
        make_nothing(escape, 0, end + 1 - at);
}

static void read_backslash(struct slice bytes, size_t at, struct escape *escape)
{
    static const char letters[] = "abfnrtv", controls[] = "\a\b\f\n\r\t\v";
    int c = byte_at(bytes, at + 1);
    const char *letter = c > 0 ? strchr(letters, c) : NULL;
    long value = c == 'u' ? hex_at(bytes, at + 2, 4) : c == 'x' ? hex_at(bytes, at + 2, 2) : -1;

    if (value >= 0 && c == 'u')
        make_code(escape, 6, (uint32_t)value);
    else if (value >= 0)
        make(escape, 4, (int)value);
    else if (letter != NULL)
        make(escape, 2, controls[letter - letters]);
    else if (c == '\n' || (c == '\r' && byte_at(bytes, at + 2) == '\n'))
        make_nothing(escape, 0, c == '\n' ? 2 : 3);
    else if (c > 0 && c < 0x80 && ispunct(c))
        make(escape, 2, c);
}

/* Character references of HTML for what stands in secrets. */
static int named(const char *name)
{
    static const struct {
        const char *name;
        char c;
    } names[] = {
        {"amp", '&'},     {"lt", '<'},      {"gt", '>'},     {"quot", '"'},   {"apos", '\''},  {"AMP", '&'},
        {"LT", '<'},      {"GT", '>'},      {"QUOT", '"'},   {"excl", '!'},   {"num", '#'},    {"dollar", '$'},
        {"percnt", '%'},  {"lpar", '('},    {"rpar", ')'},   {"ast", '*'},    {"midast", '*'}, {"plus", '+'},
        {"comma", ','},   {"period", '.'},  {"sol", '/'},    {"colon", ':'},  {"semi", ';'},   {"equals", '='},
        {"quest", '?'},   {"commat", '@'},  {"lsqb", '['},   {"lbrack", '['}, {"bsol", '\\'},  {"rsqb", ']'},
        {"rbrack", ']'},  {"Hat", '^'},     {"lowbar", '_'}, {"grave", '`'},  {"lcub", '{'},   {"lbrace", '{'},
        {"verbar", '|'},  {"vert", '|'},    {"rcub", '}'},   {"rbrace", '}'}, {"Tab", '\t'},   {"NewLine", '\n'},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].c;
    return -1;
}

/* "#38", "#x26" or "amp"; -1 when it is none. */
static long reference(const char *text)
{
    long value = 0;
    int base = text[0] != '#' ? 0 : (text[1] | 0x20) == 'x' ? 16 : 10, digit;
    const char *digits = text + (base == 16 ? 2 : 1);

    if (base == 0)
        return named(text);
    if (*digits == '\0')
        return -1;
    for (; *digits != '\0'; digits++) {
        digit = hex_digit(*digits);
        if (digit < 0 || digit >= base)
            return -1;
        value = value * base + digit;
    }
    return value > 0 && value <= 0x10ffff ? value : -1;
}

static bool is_alphanumeric(int c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void read_html(struct slice bytes, size_t at, struct escape *escape)
{
    char text[REFERENCE + 1];
    size_t length = byte_at(bytes, at + 1) == '#' ? 1 : 0;
    long value;

    while (length < REFERENCE && is_alphanumeric(byte_at(bytes, at + 1 + length)))
        length++;
    if (length < 2 || byte_at(bytes, at + 1 + length) != ';')
        return;
    memcpy(text, bytes.data + at + 1, length);
    text[length] = '\0';
    value = reference(text);
    if (value >= 0)
        make_code(escape, length + 2, (uint32_t)value);
}

static bool is_graphic(unsigned char c)
{
    return c > ' ' && c < 0x7f;
}

/* A line that was full, broken between two characters; what the next one begins with is indentation or quotation. */
static void read_folded(struct slice bytes, size_t at, struct escape *escape)
{
    size_t before = at > 0 && bytes.data[at - 1] == '\r' ? 1 : 0, line = at - before, next = at + 1;

    if (line < FOLD_SHORTEST || !is_graphic(bytes.data[line - 1]))
        return;
    while (next < bytes.length && next - at <= FOLD_INDENT &&
           (bytes.data[next] == ' ' || bytes.data[next] == '\t' || bytes.data[next] == '>'))
        next++;
    if (next < bytes.length && is_graphic(bytes.data[next]) &&
        memchr(bytes.data + line - FOLD_SHORTEST, '\n', FOLD_SHORTEST) == NULL)
        make_nothing(escape, before, next - at);
}

/* The half of a character that is zero; not one of many zeros. */
static void read_utf16(struct slice bytes, size_t at, struct escape *escape)
{
    if ((at == 0 || bytes.data[at - 1] != 0) && (at + 1 == bytes.length || bytes.data[at + 1] != 0))
        make_nothing(escape, 0, 1);
}

const struct view views[VIEWS] = {
    {"percent", '%', read_percent},   {"quoted-printable", '=', read_quoted_printable},
    {"backslash", '\\', read_backslash}, {"html", '&', read_html},
    {"folded", '\n', read_folded, true},   {"utf-16", '\0', read_utf16},
};

size_t view_next(const struct view *view, struct slice bytes, size_t from, struct escape *escape)
{
    const unsigned char *found;

    *escape = (struct escape){.consumed = 0};
    while (from < bytes.length && (found = memchr(bytes.data + from, view->trigger, bytes.length - from)) != NULL) {
        from = (size_t)(found - bytes.data);
        view->read(bytes, from, escape);
        if (escape->consumed > 0)
            return from;
        from++;
    }
    return bytes.length;
}
