/* SPDX-License-Identifier: ISC
 *
 * Names in templates that nothing gives a value; references that a browser follows by itself to another host; words
 * that give the site away. */
#include "config.h"
#include "server/sensor/http/site_lint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/base/nearest.h"
#include "server/base/paths.h"

#define NAMES 512

/* What is being looked at: a page or file of its own (path), or a text of site.yaml (at), `line` lines down. */
struct place {
    struct site *site;
    const char *path;
    const struct yaml *at;
    size_t line;
};

static void tell(const struct place *place, size_t line, size_t column, const char *text)
{
    if (place->at != NULL)
        site_fault_in(place->site, place->at, place->line + line - 1, column - 1, "%s", text);
    else
        site_fault_at(place->site, place->path, line, column, "%s", text);
}

/* ---- words and references in plain text ---- */

static const char *const markers[] = {"honeypot", "honeytoken",  "honeynet",    "canarytoken", "canary token", "sundew",
                                      "decoy",    "deception",   "lorem ipsum", "example.com", "example.org",  "example.net",
                                      "changeme", "placeholder text"};

static bool is_letter(int c)
{
    return isalnum(c) || c == '_';
}

static const char *marker_at(const char *text, size_t left, bool begins)
{
    const char *found = NULL;

    for (size_t i = 0; begins && found == NULL && i < sizeof(markers) / sizeof(*markers); i++) {
        size_t length = strlen(markers[i]);

        if (left >= length && strncasecmp(text, markers[i], length) == 0 &&
            (left == length || !is_letter((unsigned char)text[length]) || text[length] == 's'))
            found = markers[i];
    }
    return found;
}

static bool starts(const char *text, const char *end, const char *word)
{
    return (size_t)(end - text) >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

/* The attribute, if any, whose value a browser fetches or sends to by itself; its name's length. */
static size_t fetching(const char *text, const char *end)
{
    static const char *const attributes[] = {"src=", "srcset=", "action=", "formaction=", "poster=", "data=", "href=",
                                             "xlink:href=", "url(", "@import "};
    size_t length = 0;

    for (size_t i = 0; length == 0 && i < sizeof(attributes) / sizeof(*attributes); i++)
        length = starts(text, end, attributes[i]) ? strlen(attributes[i]) : 0;
    return length;
}

/* Does the tag around `at` only lead somewhere when a person follows it? */
static bool is_link(const char *text, const char *at)
{
    while (at > text && *at != '<')
        at--;
    return *at == '<' && (at[1] | 32) == 'a' && !is_letter((unsigned char)at[2]);
}

static bool leaves_host(const char *value, const char *end)
{
    while (value < end && (*value == '"' || *value == '\'' || *value == ' ' || *value == '('))
        value++;
    return starts(value, end, "http:") || starts(value, end, "https:") || starts(value, end, "//") ||
           starts(value, end, "ws:") || starts(value, end, "wss:");
}

static void lint_text(const struct place *place, const char *text, size_t length, size_t line, size_t column)
{
    const char *end = text + length, *marker;
    char said[160];
    bool begins = true;
    size_t name;

    for (const char *at = text; at < end; at++) {
        marker = marker_at(at, (size_t)(end - at), begins);
        name = begins || *at == '@' ? fetching(at, end) : 0;
        if (marker != NULL) {
            snprintf(said, sizeof said, "'%s' gives the site away; take the word out", marker);
            tell(place, line, column, said);
        }
        if (name > 0 && leaves_host(at + name, end) && !(*at == 'h' && is_link(text, at)))
            tell(place, line, column, "a browser would ask another host for this; keep the file in the site's static");
        begins = !is_letter((unsigned char)*at);
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
}

/* ---- names ---- */

struct scope {
    const json_t *values[RENDER_DEPTH];
    size_t depth;
};

static bool in_with(const struct site *site, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < site->reply_count; i++)
        found = json_object_get(site->replies[i]->with, name) != NULL;
    return found;
}

static bool is_flash(const struct site *site, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < site->flash_count; i++)
        found = strcmp(site->flashes[i], name) == 0;
    return found;
}

static bool is_part(const struct site *site, const char *name)
{
    bool found = false;

    for (size_t i = 0; !found && i < site->route_count; i++)
        for (size_t j = 0; !found && j < site->routes[i].pattern.count; j++)
            found = site->routes[i].pattern.tokens[j].type != TOKEN_TEXT &&
                    slice_is(site->routes[i].pattern.tokens[j].text, name);
    return found;
}

/* Names that the engine knows: some have parts of their own. */
static bool engine_knows(const struct site *site, const char *first, const char *rest)
{
    bool knows = site_knows(first);

    if (knows && strcmp(first, "flash") == 0)
        knows = *rest == '\0' || is_flash(site, rest);
    else if (knows && strcmp(first, "part") == 0)
        knows = *rest == '\0' || is_part(site, rest);
    return knows;
}

/* In a list, of whichever of its items has it: they may be drawn in any order. */
static const json_t *member(const json_t *value, const char *name)
{
    const json_t *found = json_object_get(value, name);

    for (size_t i = 0; found == NULL && i < json_array_size(value); i++)
        found = json_object_get(json_array_get(value, i), name);
    return found;
}

/* NULL, with *open set where the name is known but its value is not. */
static const json_t *value_of(const struct site *site, const struct scope *scope, const char *name, bool *open)
{
    const json_t *value = NULL;
    char first[256];
    const char *rest = name;
    size_t length = strcspn(name, ".");

    snprintf(first, sizeof first, "%.*s", (int)length, name);
    rest += length + (name[length] == '.');
    for (size_t i = scope->depth; value == NULL && i > 0; i--)
        value = member(scope->values[i - 1], first);
    value = value == NULL ? json_object_get(site->face, first) : value;
    *open = value == NULL && (engine_knows(site, first, rest) || (*rest == '\0' && in_with(site, first)));
    if (value != NULL && *rest != '\0') {
        *open = json_is_object(value); /* a choice may have drawn another of its maps, with other names */
        value = NULL;
    }
    return value;
}

static const char *suggest(const struct site *site, const char *name)
{
    static const char *const engine[] = {"session", "csrf_token", "csrf_meta", "identity", "host",   "url",
                                         "path",    "query",      "tls",       "home",     "request_id", "part", "cookie"};
    const char *names[NAMES + 1], *key;
    size_t count = 0;
    const json_t *value;

    for (size_t i = 0; i < sizeof(engine) / sizeof(*engine); i++)
        names[count++] = engine[i];
    json_object_foreach(site->face, key, value) if (count < NAMES) names[count++] = key;
    for (size_t i = 0; i < site->reply_count; i++)
        json_object_foreach(site->replies[i]->with, key, value) if (count < NAMES) names[count++] = key;
    names[count] = NULL;
    return nearest_word(name, names);
}

static void unknown(const struct place *place, const struct template_tag *tag)
{
    const char *near = suggest(place->site, tag->name);
    char said[420];

    if (near != NULL && strcmp(near, tag->name) != 0)
        snprintf(said, sizeof said, "nothing gives '%.100s' a value; did you mean '%.100s'?", tag->name, near);
    else
        snprintf(said, sizeof said, "nothing gives '%.100s' a value; draw it in face.yaml, or give it in 'with'",
                 tag->name);
    tell(place, tag->line, tag->column, said);
}

static void enter(struct scope *scope, const json_t *value)
{
    if (scope->depth < RENDER_DEPTH)
        scope->values[scope->depth++] = value;
}

static void lint_template(const struct place *place, const struct template *t, bool texts)
{
    struct scope scope = {{NULL}, 0};
    struct template_tag tag;
    const json_t *value;
    bool open;

    for (size_t i = 0; template_tag(t, i, &tag); i++) {
        if (tag.sigil == 't' && texts)
            lint_text(place, (const char *)tag.text.data, tag.text.length, tag.line, tag.column);
        if (tag.sigil == '/' && scope.depth > 0 && tag.name[0] != '\0')
            scope.depth -= scope.depth > 0;
        if (strchr("t/>", tag.sigil) != NULL && tag.sigil != '\0')
            continue;
        open = true;
        value = tag.name[0] == '\0' ? NULL : value_of(place->site, &scope, tag.name, &open);
        if (value == NULL && !open)
            unknown(place, &tag);
        if (tag.sigil == '#' || tag.sigil == '^')
            enter(&scope, value);
    }
}

void site_lint_page(struct site *site, const struct site_page *page)
{
    const struct place place = {.site = site, .path = page->path};

    lint_template(&place, page->template, true);
}

void site_lint_body(struct site *site, const struct site_reply *reply)
{
    const struct place place = {.site = site, .at = yaml_get(reply->at, "body")};

    if (reply->inline_body != NULL && place.at != NULL)
        lint_template(&place, reply->inline_body, true);
}

void site_lint_head(struct site *site, const struct yaml *block)
{
    struct place place = {.site = site, .at = block};
    const char *at = block != NULL && block->type == YAML_TEXT ? block->text : "", *end;
    struct template *t;
    struct error ignored;

    for (; *at != '\0'; at = *end == '\n' ? end + 1 : end, place.line++) {
        end = strchrnul(at, '\n');
        if (template_parse((struct slice){(const unsigned char *)at, (size_t)(end - at)}, "", &t, &ignored) == 0)
            lint_template(&place, t, false);
        template_free(t);
    }
}

static bool is_text(const char *path)
{
    static const char *const ends[] = {".css", ".svg", ".js", ".html", ".txt", ".json", ".xml", ".webmanifest"};
    size_t length = strlen(path);
    bool text = false;

    for (size_t i = 0; !text && i < sizeof(ends) / sizeof(*ends); i++)
        text = length > strlen(ends[i]) && strcasecmp(path + length - strlen(ends[i]), ends[i]) == 0;
    return text;
}

/* A file with the face's facts in it is a template. */
static bool has_facts(const struct site *site, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    bool facts = false;

    for (size_t i = 0; !facts && i < site->reply_count; i++) {
        const struct yaml *at = site->replies[i]->at, *file = yaml_get(at, "file");

        facts = file != NULL && file->type == YAML_TEXT && strcmp(file->text, name) == 0 &&
                yaml_get(at, "facts") != NULL;
    }
    return facts;
}

void site_lint_file(struct site *site, const char *path)
{
    const struct place place = {.site = site, .path = path};
    struct template *t = NULL;
    struct buffer content;
    struct error ignored;

    buffer_init(&content, SITE_PAGE);
    if (is_text(path) && paths_read(path, &content, &ignored) == 0) {
        if (has_facts(site, path) && template_parse(buffer_slice(&content), path, &t, &ignored) == 0)
            lint_template(&place, t, true);
        else if (content.length > 0)
            lint_text(&place, buffer_text(&content), content.length, 1, 1);
    }
    template_free(t);
    buffer_free(&content);
}
