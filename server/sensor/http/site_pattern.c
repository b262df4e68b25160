/* SPDX-License-Identifier: ISC
 *
 * Path patterns: /users/{id}/keys, /{project…}.git/info/refs. {name} is one segment or the part of it before the
 * text that follows; {name=a|b} the same, but one of these; {name…} is anything, slashes included, and stands at most
 * once. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

int site_facts(char **out, const struct site *site, const struct yaml *at, const char *text, struct error *error)
{
    struct template *t = NULL;
    struct buffer path;
    struct error why = {""};
    json_t *face = site->face;
    int result;

    buffer_init(&path, SITE_PATH);
    *out = NULL;
    if (template_parse(slice_of(text), "", &t, &why) != 0)
        result = yaml_fault(at, error, "%s", strstr(why.text, ": ") != NULL ? strstr(why.text, ": ") + 2 : why.text);
    else if (template_render(t, &face, 1, RENDER_PLAIN, NULL, &path) != 0 ||
             (*out = slice_copy(buffer_slice(&path))) == NULL)
        result = yaml_fault(at, error, "this text is too long; make it shorter");
    else
        result = 0;
    template_free(t);
    buffer_free(&path);
    return result;
}

static struct slice between(const char *from, const char *to)
{
    return (struct slice){(const unsigned char *)from, (size_t)(to - from)};
}

static int add_token(struct pattern *pattern, enum token_type type, struct slice text, struct slice choices)
{
    struct pattern_token *tokens = realloc(pattern->tokens, (pattern->count + 1) * sizeof(*tokens));

    if (tokens == NULL)
        return -1;
    pattern->tokens = tokens;
    tokens[pattern->count++] = (struct pattern_token){type, text, choices};
    return 0;
}

/* One {name} or {name…}; *text is at its brace and moves behind it. */
static int parse_capture(struct pattern *pattern, const struct yaml *at, const char **text, struct error *error)
{
    const char *name = *text + 1, *close = strchr(name, '}'), *end = close, *equals;
    struct slice choices = SLICE_NONE;
    enum token_type type = TOKEN_ONE;
    size_t captures = 0;

    if (close == NULL || close == name || *name == '=')
        return yaml_fault(at, error, "this capture is not closed or has no name; write {name}, {name=a|b} or {name" ELLIPSIS "}");
    equals = memchr(name, '=', (size_t)(close - name));
    if (equals != NULL) {
        choices = between(equals + 1, close);
        end = equals;
    }
    if (equals == NULL && (size_t)(close - name) > strlen(ELLIPSIS) &&
        memcmp(close - strlen(ELLIPSIS), ELLIPSIS, strlen(ELLIPSIS)) == 0) {
        type = TOKEN_REST;
        end -= strlen(ELLIPSIS);
    }
    for (size_t i = 0; i < pattern->count; i++) {
        captures += pattern->tokens[i].type != TOKEN_TEXT;
        if (type == TOKEN_REST && pattern->tokens[i].type == TOKEN_REST)
            return yaml_fault(at, error, "a path has at most one {name" ELLIPSIS "}; make another {name}");
    }
    if (captures == SITE_PARTS)
        return yaml_fault(at, error, "a path has at most %d captures; write two routes", SITE_PARTS);
    if (pattern->count > 0 && pattern->tokens[pattern->count - 1].type != TOKEN_TEXT)
        return yaml_fault(at, error, "two captures need text between them; put a slash there");
    *text = close + 1;
    return add_token(pattern, type, between(name, end), choices) == 0 ? 0 : yaml_fault(at, error, "out of memory");
}

int pattern_parse(struct pattern *pattern, const struct site *site, const struct yaml *at, const char *text,
                  struct error *error)
{
    const char *brace;

    *pattern = (struct pattern){0};
    if (site_facts(&pattern->text, site, at, text, error) != 0)
        return -1;
    text = pattern->text;
    if (*text != '/')
        return yaml_fault(at, error, "this is no path; a path begins with a slash");
    while (*text != '\0') {
        brace = strchrnul(text, '{');
        if (brace > text && add_token(pattern, TOKEN_TEXT, between(text, brace), SLICE_NONE) != 0)
            return yaml_fault(at, error, "out of memory");
        text = brace;
        if (*text == '{' && parse_capture(pattern, at, &text, error) != 0)
            return -1;
    }
    return 0;
}

void pattern_free(struct pattern *pattern)
{
    free(pattern->text);
    free(pattern->tokens);
    *pattern = (struct pattern){0};
}

/* start is not empty. The last byte tells paths apart sooner than the first. */
static bool starts_with(struct slice text, struct slice start)
{
    return text.length >= start.length && text.data[start.length - 1] == start.data[start.length - 1] &&
           memcmp(text.data, start.data, start.length) == 0;
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.length >= end.length && memcmp(text.data + text.length - end.length, end.data, end.length) == 0;
}

static struct slice behind(struct slice text, size_t length)
{
    return (struct slice){text.data + length, text.length - length};
}

/* How much of the path a {name} takes: its segment, or that up to the last place where the text behind it begins. */
static size_t one_length(struct slice path, struct slice next)
{
    const unsigned char *slash = memchr(path.data, '/', path.length);
    size_t segment = slash == NULL ? path.length : (size_t)(slash - path.data), text = next.length;
    const unsigned char *part = next.length > 0 ? memchr(next.data, '/', next.length) : NULL, *found;

    text = part == NULL ? text : (size_t)(part - next.data);
    if (text == 0)
        return segment;
    found = segment < text ? NULL : memrchr(path.data, next.data[0], segment - text + 1);
    while (found != NULL && memcmp(found, next.data, text) != 0)
        found = memrchr(path.data, next.data[0], (size_t)(found - path.data));
    return found == NULL ? 0 : (size_t)(found - path.data);
}

static bool is_chosen(struct slice choices, struct slice text)
{
    const unsigned char *bar;
    struct slice one;

    if (choices.data == NULL)
        return true;
    for (;;) {
        bar = memchr(choices.data, '|', choices.length);
        one = (struct slice){choices.data, bar == NULL ? choices.length : (size_t)(bar - choices.data)};
        if (slice_equal(one, text))
            return true;
        if (bar == NULL)
            return false;
        choices = behind(choices, one.length + 1);
    }
}

/* Matches the tokens from `at` on, with no {name…} among them, to the whole of the path. */
static bool match_simple(const struct pattern *pattern, size_t at, size_t end, struct slice *path, bool whole,
                         struct slice *parts)
{
    size_t length;

    for (; at < end; at++) {
        const struct pattern_token *token = &pattern->tokens[at];

        if (token->type == TOKEN_TEXT) {
            if (!starts_with(*path, token->text))
                return false;
            length = token->text.length;
        } else {
            length = one_length(*path, at + 1 < pattern->count ? pattern->tokens[at + 1].text : SLICE_NONE);
            if (length == 0 || !is_chosen(token->choices, (struct slice){path->data, length}))
                return false;
            if (parts != NULL)
                *parts++ = (struct slice){path->data, length};
        }
        *path = behind(*path, length);
    }
    return !whole || path->length == 0;
}

static size_t rest_at(const struct pattern *pattern)
{
    size_t at = 0;

    while (at < pattern->count && pattern->tokens[at].type != TOKEN_REST)
        at++;
    return at;
}

bool pattern_match(const struct pattern *pattern, struct slice path, struct slice parts[SITE_PARTS])
{
    struct slice left = path, tail;
    size_t rest, before = 0;

    if (pattern->count > 0 &&
        ((pattern->tokens[0].type == TOKEN_TEXT && !starts_with(path, pattern->tokens[0].text)) ||
         (pattern->tokens[pattern->count - 1].type == TOKEN_TEXT &&
          !ends_with(path, pattern->tokens[pattern->count - 1].text))))
        return false;
    rest = rest_at(pattern);
    for (size_t i = 0; i < rest; i++)
        before += pattern->tokens[i].type != TOKEN_TEXT;
    if (!match_simple(pattern, 0, rest, &left, rest == pattern->count, parts))
        return false;
    if (rest == pattern->count)
        return true;
    for (size_t length = left.length; length > 0; length--) {
        tail = behind(left, length);
        if (match_simple(pattern, rest + 1, pattern->count, &tail, true, parts == NULL ? NULL : parts + before + 1)) {
            if (parts != NULL)
                parts[before] = (struct slice){left.data, length};
            return true;
        }
    }
    return false;
}

static int add_literal(struct site *site, const char *from, size_t length)
{
    char **literals = realloc(site->literals, (site->literal_count + 1) * sizeof(*literals));

    if (literals == NULL)
        return -1;
    site->literals = literals;
    literals[site->literal_count] = slice_copy((struct slice){(const unsigned char *)from, length});
    return literals[site->literal_count++] == NULL ? -1 : 0;
}

static int add_choices(struct site *site, struct slice choices)
{
    const unsigned char *bar;
    size_t length;
    int result = 0;

    while (result == 0 && choices.length > 0) {
        bar = memchr(choices.data, '|', choices.length);
        length = bar == NULL ? choices.length : (size_t)(bar - choices.data);
        if (length > 0)
            result = add_literal(site, (const char *)choices.data, length);
        choices = behind(choices, length + (bar != NULL));
    }
    return result;
}

/* Segments without any capture in them, and what a capture may choose from. */
int pattern_literals(const struct pattern *pattern, struct site *site)
{
    const char *at = pattern->text, *end;
    int result = 0;

    for (size_t i = 0; result == 0 && i < pattern->count; i++)
        result = add_choices(site, pattern->tokens[i].choices);

    while (result == 0 && *at != '\0') {
        end = strchrnul(at + 1, '/');
        if (end > at + 1 && memchr(at, '{', (size_t)(end - at)) == NULL)
            result = add_literal(site, at + 1, (size_t)(end - at - 1));
        at = end;
    }
    return result;
}
