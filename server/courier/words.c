/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/courier/text.h"

#define POINT_BAD 0xffffffffu

/* One character off the front (RFC 3629); POINT_BAD and one byte where it is broken. */
static uint32_t next_point(const unsigned char **at, const unsigned char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = *(*at)++;
    size_t more = first < 0x80 ? 0 : first < 0xc2 ? 9 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 9;
    uint32_t point = first;

    if (more == 0)
        return point;
    if (more == 9 || more > (size_t)(end - *at))
        return POINT_BAD;
    point = first & (0x3fu >> more);
    for (size_t i = 0; i < more; i++) {
        if (((*at)[i] & 0xc0) != 0x80)
            return POINT_BAD;
        point = point << 6 | ((*at)[i] & 0x3f);
    }
    if (point < least[more + 1] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return POINT_BAD;
    *at += more;
    return point;
}

static bool is_markup(uint32_t point)
{
    return point == '"' || point == '<' || point == '>' || point == '\\' || point == '`';
}

/* Does the character hide, reorder or break lines? */
static bool misleads(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},     {0x34f, 0x34f},      {0x61c, 0x61c},
        {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},    {0x2028, 0x202f},
        {0x205f, 0x206f}, {0x3000, 0x3000}, {0x3164, 0x3164}, {0xe000, 0xf8ff},    {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    }
    return false;
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_word(unsigned char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool is_prefix(const unsigned char *at, const unsigned char *end, const char *prefix)
{
    return (size_t)(end - at) >= strlen(prefix) && strncasecmp((const char *)at, prefix, strlen(prefix)) == 0;
}

/* Turns what programs make a link of into what they do not. Returns how many bytes of `at` were taken, 0 for none. */
static size_t defang(struct buffer *out, const unsigned char *begin, const unsigned char *at, const unsigned char *end)
{
    size_t left = (size_t)(end - at);
    bool fresh = at == begin || !is_word(at[-1]);

    if (fresh && (is_prefix(at, end, "http:") || is_prefix(at, end, "https:"))) {
        buffer_add_text(out, "hxxp");
        return 4;
    }
    if (is_prefix(at, end, "://")) {
        buffer_add_text(out, "[:]//");
        return 3;
    }
    if (at[0] == '.' && at > begin && is_word(at[-1]) && left >= 2 && is_letter(at[1])) {
        buffer_add_text(out, "[.]");
        return 1;
    }
    if (at[0] == '@') {
        buffer_add_text(out, "[@]");
        return 1;
    }
    return 0;
}

static int add_words(struct buffer *out, const char *words, size_t most, bool foreign)
{
    const unsigned char *begin = (const unsigned char *)words, *at = begin;
    const unsigned char *end = at + strlen(words);

    for (size_t i = 0; at < end && i < most; i++) {
        const unsigned char *from = at;
        size_t taken = foreign ? defang(out, begin, at, end) : 0;
        uint32_t point;

        if (taken > 0) {
            at += taken;
            continue;
        }
        point = next_point(&at, end);
        if (point == POINT_BAD)
            buffer_add_format(out, "\\x%02x", from[0]);
        else if (misleads(point) || (foreign && is_markup(point)))
            buffer_add_format(out, point < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned)point);
        else
            buffer_add(out, from, (size_t)(at - from));
    }
    return at < end ? buffer_add_text(out, "…") : out->failed ? -1 : 0;
}

int text_foreign(struct buffer *out, const char *words, size_t most)
{
    return add_words(out, words, most, true);
}

int text_own(struct buffer *out, const char *words, size_t most)
{
    return add_words(out, words, most, false);
}
