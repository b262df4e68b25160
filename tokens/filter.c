/* SPDX-License-Identifier: ISC
 *
 * What makes secret scanners take a find for an example and drop it. */
#include <string.h>
#include "tokens/kind.h"

#define RUN 5 /* equal or ascending characters in a row: aaaaa, 00000, *****, abcde, 12345 */

/* By first letter, so that most positions cost one comparison. */
static const char *const words[26][24] = {
    ['a' - 'a'] = {"account", "admin", "alpha", "apikey", "array", "auth", "azerty"},
    ['b' - 'a'] = {"backend", "badpass", "base64", "beta", "bogus", "bool", "buffer"},
    ['c' - 'a'] = {"cache", "canary", "change", "char", "class", "client", "code", "config", "const", "contoso",
                   "credential"},
    ['d' - 'a'] = {"data", "debug", "decoy", "default", "demo", "derp", "dummy"},
    ['e' - 'a'] = {"encrypt", "enum", "error", "exam", "example"},
    ['f' - 'a'] = {"fake", "false", "file", "fixme", "float", "foobar", "func"},
    ['g' - 'a'] = {"generic", "getenv", "guest"},
    ['h' - 'a'] = {"hash", "hello", "honey", "host"},
    ['i' - 'a'] = {"import", "index", "input", "insert", "invalid"},
    ['j' - 'a'] = {"json"},
    ['k' - 'a'] = {"keys"},
    ['l' - 'a'] = {"letmein", "local", "login", "lorem"},
    ['m' - 'a'] = {"mock", "monkey", "mypass"},
    ['n' - 'a'] = {"name", "node", "none", "null"},
    ['o' - 'a'] = {"object", "option", "output"},
    ['p' - 'a'] = {"param", "pass", "phrase", "placeholder", "private", "prod", "public", "pwned"},
    ['q' - 'a'] = {"qwer", "query"},
    ['r' - 'a'] = {"random", "replace", "result", "return", "root"},
    ['s' - 'a'] = {"sample", "sandbox", "secret", "select", "server", "some", "stage", "string", "struct", "system"},
    ['t' - 'a'] = {"temp", "test", "text", "time", "todo", "token", "trap", "true", "type"},
    ['u' - 'a'] = {"undef", "update", "user", "uuid"},
    ['v' - 'a'] = {"value", "void"},
    ['w' - 'a'] = {"welcome", "word"},
    ['x' - 'a'] = {"xxxx"},
    ['y' - 'a'] = {"your"},
    ['z' - 'a'] = {"zzzz"},
};

static const char *const others[] = {"2048", "2019-", "key=", "0x00", "p@ss", "pa$$"};

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* All of these: does it stand there, and reach behind the fixed beginning? */
static bool word_at(struct slice text, size_t at, size_t fixed, const char *word)
{
    for (; *word != 0; word++, at++)
        if (at >= text.length || lower(text.data[at]) != (unsigned char)*word)
            return false;
    return at > fixed;
}

static bool run_at(struct slice text, size_t at, size_t fixed, int step)
{
    if (at + RUN > text.length || at + RUN <= fixed)
        return false;
    for (size_t i = at + 1; i < at + RUN; i++)
        if (lower(text.data[i]) != lower(text.data[i - 1]) + step)
            return false;
    return true;
}

bool kind_filtered_behind(struct slice text, size_t fixed)
{
    unsigned char c;

    for (size_t at = 0; at < text.length; at++) {
        c = lower(text.data[at]);
        if (run_at(text, at, fixed, 0) || run_at(text, at, fixed, 1))
            return true;
        for (const char *const *word = words[(c - 'a') % 26U]; c >= 'a' && c <= 'z' && *word != NULL; word++)
            if (word_at(text, at, fixed, *word))
                return true;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            if (c == (unsigned char)others[i][0] && word_at(text, at, fixed, others[i]))
                return true;
    }
    return false;
}

bool kind_filtered(struct slice text)
{
    return kind_filtered_behind(text, 0);
}

/* The binary logarithm of a number but 0, in 65536ths, by squaring. */
static uint64_t logarithm(uint32_t number)
{
    unsigned whole = 31 - (unsigned)__builtin_clz(number);
    uint64_t rest = (uint64_t)number << (31 - whole), result = whole;

    for (unsigned i = 0; i < 16; i++) {
        rest = rest * rest >> 31;
        result = result << 1 | rest >> 32;
        rest >>= rest >> 32;
    }
    return result;
}

unsigned kind_entropy(struct slice text)
{
    uint32_t counts[256] = {0};
    uint64_t sum = 0;

    for (size_t i = 0; i < text.length; i++)
        counts[text.data[i]]++;
    for (size_t i = 0; i < 256; i++)
        sum += counts[i] > 1 ? counts[i] * logarithm(counts[i]) : 0;
    return text.length == 0 ? 0 : (unsigned)((logarithm((uint32_t)text.length) - sum / text.length) * 100 >> 16);
}

static bool is_dull(struct slice text, unsigned floor)
{
    uint64_t most = text.length == 0 ? 0 : logarithm((uint32_t)text.length) * 100 >> 16;
    unsigned entropy = kind_entropy(text);

    return entropy <= floor && entropy + 50 <= most;
}

static bool is_name(struct slice text)
{
    bool name = true;

    for (size_t i = 0; i < text.length && name; i++)
        name = (lower(text.data[i]) >= 'a' && lower(text.data[i]) <= 'z') || memchr("_.-", text.data[i], 3) != NULL;
    return name;
}

bool kind_skipped_behind(struct slice secret, size_t fixed, unsigned floor)
{
    return kind_filtered_behind(secret, fixed) || is_dull(secret, floor) || (floor >= KIND_FLOOR && is_name(secret));
}

bool kind_skipped(struct slice secret, unsigned floor)
{
    return kind_skipped_behind(secret, 0, floor);
}
