/* SPDX-License-Identifier: ISC
 *
 * Rules on what a mail says: words that scanners look away from, and links that lead past the decoys. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "server/minter/lint.h"
#include "tokens/kind.h"

#define SECRET_LEAST 8
#define SECRET_MOST 200 /* with what it stands behind */

/* What tells scanners, or people, that this is none. */
static const char *const markers[] = {
    "gitleaks:allow", "pragma: allowlist", "nosec",        "noqa",         "secretlint-disable", "trufflehog:ignore",
    "ggignore",       "changeme",          "change-me",    "your-password", "your_password",     "your-token",
    "your_token",     "xxxxx",             "lorem ipsum",  "placeholder",  "dummy password",     "fake password",
    "honeytoken",     "honeypot",          "canary token", "canarytoken",  "decoy"};

/* As a word of its own. */
static bool says(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; (at = strcasestr(at, word)) != NULL; at++)
        if ((at == text || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[length]))
            return true;
    return false;
}

void lint_markers(struct lint *lint, const struct lint_mail *mail, const char *it, const char *text)
{
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
        if (says(text, markers[i]))
            lint_tell(lint, mail, LINT_MARKER, "%s says \"%s\"", it, markers[i]);
}

/* What is looked at. */
struct place {
    struct lint *lint;
    const struct lint_mail *mail;
    const char *it;
};

/* Letters of both cases and digits: what people do not write as words. */
static bool like_secret(const char *word, size_t length)
{
    bool lower = false, upper = false, digit = false;

    for (size_t i = 0; i < length; i++) {
        lower = lower || islower((unsigned char)word[i]);
        upper = upper || isupper((unsigned char)word[i]);
        digit = digit || isdigit((unsigned char)word[i]);
    }
    return length >= SECRET_LEAST && lower && upper && digit;
}

/* The first of the filtered words that stands in it, by its shortest end. */
static void check_secret(const struct place *place, struct slice word)
{
    size_t from = 0, until = 1;

    while (until < word.length && !kind_filtered((struct slice){word.data, until}))
        until++;
    while (from < until && kind_filtered((struct slice){word.data + from, until - from}))
        from++;
    lint_tell(place->lint, place->mail, LINT_WORD, "%s has a secret (%zu characters) that holds \"%.*s\"", place->it,
              word.length, (int)(until - from) + 1, (const char *)word.data + from - 1);
}

/* What stands behind the last "=", ":" or "://user:" of a word is the secret; addresses of hosts are none. */
static void check_word(const struct place *place, const char *word, size_t length)
{
    const char *scheme = memmem(word, length, "://", 3), *at, *mark;

    if (scheme != NULL) {
        at = memchr(scheme, '@', (size_t)(word + length - scheme));
        mark = at != NULL ? memrchr(scheme + 3, ':', (size_t)(at - scheme) - 3) : NULL;
        if (mark == NULL)
            return;
        length = (size_t)(at - mark) - 1;
        word = mark + 1;
    } else if ((mark = memchr(word, '=', length)) != NULL && (size_t)(word + length - mark) > SECRET_LEAST) {
        length -= (size_t)(mark + 1 - word);
        word = mark + 1;
    }
    while (length > 0 && strchr("\"'`,;", word[0]) != NULL)
        word++, length--;
    while (length > 0 && strchr("\"'`,;", word[length - 1]) != NULL)
        length--;
    if (like_secret(word, length) && memchr(word, '@', length) == NULL && memchr(word, '/', length) == NULL &&
        word[0] != '[' &&
        kind_filtered((struct slice){(const unsigned char *)word, length}))
        check_secret(place, (struct slice){(const unsigned char *)word, length});
}

static void check_line(const struct place *place, const char *line, const char *end)
{
    for (const char *at = line; at < end;) {
        size_t blank = strspn(at, " \t\r"), word = strcspn(at + blank, " \t\r\n");

        if (word > 0 && word <= SECRET_MOST && at + blank < end)
            check_word(place, at + blank, word);
        at += blank + word;
    }
}

/* Lures write identity and secret on lines of their own, indented. What stands in PEM is no secret that people chose. */
void lint_secrets(struct lint *lint, const struct lint_mail *mail, const char *it, const char *text, bool everywhere)
{
    const struct place place = {lint, mail, it};
    bool pem = false;

    for (const char *line = text; *line != '\0'; line += *line != '\0') {
        size_t length = strcspn(line, "\n");

        if (strncmp(line, "-----BEGIN ", 11) == 0)
            pem = true;
        if (!pem && (everywhere || *line == ' ' || *line == '\t'))
            check_line(&place, line, line + length);
        if (strncmp(line, "-----END ", 9) == 0)
            pem = false;
        line += length;
    }
}

static bool leads_to_decoy(const struct lint *lint, const char *host)
{
    size_t index;
    json_t *name;

    json_array_foreach(json_object_get(lint->world, "hosts"), index, name)
    {
        if (json_is_string(name) && strcasecmp(json_string_value(name), host) == 0)
            return true;
    }
    return false;
}

void lint_lead(struct lint *lint, const struct lint_mail *mail, const char *it, const json_t *links)
{
    size_t index;
    json_t *link;

    if (json_array_size(json_object_get(lint->world, "hosts")) == 0)
        return;
    json_array_foreach(links, index, link)
    {
        const char *host = json_string_value(link);
        bool before = false;

        for (size_t i = 0; i < index; i++)
            before = before || json_equal(json_array_get(links, i), link);
        if (host != NULL && !before && !leads_to_decoy(lint, host))
            lint_tell(lint, mail, LINT_LINK, "%s leads to %s, which is none of our decoys", it, host);
    }
}

void lint_text(struct lint *lint, const struct lint_mail *mail)
{
    lint_markers(lint, mail, "it", mail->text);
    lint_secrets(lint, mail, "it", mail->text, false);
    lint_lead(lint, mail, "it", mail->links);
}
