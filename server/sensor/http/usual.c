/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/usual.h"

#include "server/sensor/http/fields.h"
#include "server/sensor/http/text.h"
#include "server/sensor/proxy.h"

#define RUN_LEAST 16

/* ---- what ordinarily stands there ---- */

static bool made_of(struct slice value, const char *others, bool (*is_letter)(unsigned char))
{
    for (size_t i = 0; i < value.length; i++)
        if (!is_letter(value.data[i]) && (value.data[i] == 0 || strchr(others, value.data[i]) == NULL))
            return false;
    return true;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hexadecimal(unsigned char c)
{
    return text_hex(c) >= 0;
}

static bool is_lower(unsigned char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_anything(struct slice value)
{
    (void)value;
    return true;
}

static bool is_hops(struct slice value)
{
    struct address address;
    uint16_t port;
    bool are = true;

    while (are && value.length > 0)
        are = proxy_hop(text_cut(&value, ','), &address, &port) == 0;
    return are;
}

static bool is_range(struct slice value)
{
    return text_starts_nocase(value, "bytes=") && made_of(text_from(value, 6), "-, ", is_digit);
}

static bool is_expected(struct slice value)
{
    return slice_is_nocase(value, "100-continue");
}

/* A date, or entity tags as nginx and Rails make them. */
static bool is_condition(struct slice value)
{
    return (value.length <= 32 && value.length > 4 && slice_is(text_from(value, value.length - 4), " GMT")) ||
           made_of(value, "\"W/*-, ", is_hexadecimal);
}

static bool is_trace(struct slice value)
{
    return made_of(value, "-", is_hexadecimal);
}

static bool is_names(struct slice value)
{
    return made_of(value, ".-:/[], ", is_lower);
}

/* Words and numbers: nothing that looks like a token. */
static bool is_words(struct slice value)
{
    return !field_tokenlike(value, RUN_LEAST);
}

/* ---- the headers ---- */

struct usual {
    const char *name;
    bool (*is)(struct slice value);
};

/* By the first letter. What the context keeps (User-Agent, Accept, Content-) is looked through elsewhere. */
static const struct usual exact[26][13] = {
    ['a' - 'a'] = {{"Alt-Used", is_names}},
    ['c' - 'a'] = {{"Connection", is_words},
                   {"Cache-Control", is_words},
                   {"Content-Length", is_anything},
                   {"Content-Type", is_anything},
                   {"Content-Encoding", is_anything},
                   {"Content-Language", is_anything},
                   {"Content-Disposition", is_anything},
                   {"Content-MD5", is_anything},
                   {"Content-Range", is_anything},
                   {"Content-Location", is_anything},
                   {"CF-Connecting-IP", is_hops}},
    ['d' - 'a'] = {{"Date", is_words}, {"DNT", is_words}, {"Depth", is_words}, {"Destination", is_names}},
    ['e' - 'a'] = {{"Expect", is_expected}, {"Early-Data", is_words}},
    ['f' - 'a'] = {{"Forwarded", is_words}},
    ['g' - 'a'] = {{"Git-Protocol", is_words}},
    ['h' - 'a'] = {{"Host", is_anything}},
    ['k' - 'a'] = {{"Keep-Alive", is_words}},
    ['m' - 'a'] = {{"Max-Forwards", is_words}},
    ['o' - 'a'] = {{"Origin", is_names}, {"Overwrite", is_words}},
    ['p' - 'a'] = {{"Pragma", is_words}, {"Priority", is_words}, {"Proxy-Connection", is_words}},
    ['r' - 'a'] = {{"Range", is_range}},
    ['s' - 'a'] = {{"Save-Data", is_words}, {"Sec-WebSocket-Key", is_anything}, {"Sec-WebSocket-Protocol", is_names}},
    ['t' - 'a'] = {{"TE", is_words},
                   {"Trailer", is_words},
                   {"Transfer-Encoding", is_words},
                   {"True-Client-IP", is_hops},
                   {"Timeout", is_words},
                   {"traceparent", is_trace},
                   {"tracestate", is_anything}},
    ['u' - 'a'] = {{"User-Agent", is_anything}, {"Upgrade", is_words}, {"Upgrade-Insecure-Requests", is_words}},
    ['v' - 'a'] = {{"Via", is_names}},
    ['x' - 'a'] = {{"X-Requested-With", is_words},
                   {"X-Real-IP", is_hops},
                   {"X-Client-IP", is_hops},
                   {"X-Forwarded-For", is_hops},
                   {"X-Forwarded-Host", is_names},
                   {"X-Forwarded-Server", is_names}},
};

static const struct usual starts[] = {
    {"Accept", is_anything}, {"Sec-", is_words},           {"If-", is_condition},
    {"X-Forwarded-", is_words}, {"Access-Control-", is_words}, {NULL, NULL},
};

bool usual_header(struct slice name, struct slice value)
{
    unsigned letter = name.length > 0 ? (name.data[0] | 0x20u) - 'a' : 26;
    const struct usual *at;

    if (letter >= 26)
        return false;
    for (at = exact[letter]; at->name != NULL; at++)
        if (slice_is_nocase(name, at->name))
            return at->is(value);
    for (at = starts; at->name != NULL; at++)
        if (((at->name)[0] | 0x20u) - 'a' == letter && text_starts_nocase(name, at->name))
            return at->is(value);
    return false;
}
