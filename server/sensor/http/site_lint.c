/* SPDX-License-Identifier: ISC
 *
 * What a site can be loaded with, but cannot be meant: routes that are never reached, what nothing uses, redirects to
 * nowhere, cookies that clash. Its pages are site_lint_page.c's. */
#include "config.h"
#include "server/sensor/http/site_lint.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/base/paths.h"

#define PROBE "q7x" /* stands for what a capture takes; no literal of any site */

/* ---- routes ---- */

static struct slice next_method(struct slice *rest)
{
    const unsigned char *bar = memchr(rest->data, '|', rest->length);
    struct slice method = {rest->data, bar == NULL ? rest->length : (size_t)(bar - rest->data)};
    size_t used = method.length + (bar != NULL);

    rest->data += used;
    rest->length -= used;
    return method;
}

static struct slice methods_of(const struct site_route *route)
{
    return (struct slice){(const unsigned char *)route->methods, route->methods_length};
}

static bool methods_cover(const struct site_route *a, const struct site_route *b)
{
    struct slice wanted = methods_of(b), method;
    bool all = true;

    if (slice_is(methods_of(a), "*"))
        return true;
    while (all && wanted.length > 0) {
        struct slice given = methods_of(a);

        method = next_method(&wanted);
        for (all = false; !all && given.length > 0;)
            all = slice_equal(next_method(&given), method);
    }
    return all;
}

static bool conditions_cover(const struct site_route *a, const struct site_route *b)
{
    bool all = true;

    for (size_t i = 0; all && i < a->condition_count; i++) {
        all = false;
        for (size_t j = 0; !all && j < b->condition_count; j++)
            all = strcmp(a->conditions[i].field, b->conditions[j].field) == 0 &&
                  strcmp(a->conditions[i].value, b->conditions[j].value) == 0;
    }
    return all;
}

/* A path that the pattern takes: the `choice`-th of each list; `rest` for {name…}. */
static bool make_path(const struct pattern *pattern, size_t choice, const char *rest, struct buffer *path)
{
    bool made = true;

    buffer_clear(path);
    for (size_t i = 0; made && i < pattern->count; i++) {
        const struct pattern_token *token = &pattern->tokens[i];
        struct slice left = token->choices, part = SLICE_NONE;

        for (size_t j = 0; j <= choice && token->choices.data != NULL; j++) {
            made = left.length > 0;
            part = made ? next_method(&left) : part;
        }
        if (token->type == TOKEN_TEXT)
            part = token->text;
        else if (token->choices.data == NULL)
            part = slice_of(token->type == TOKEN_REST ? rest : PROBE);
        made = made && buffer_add_slice(path, part) == 0;
    }
    return made;
}

static bool has_choices(const struct pattern *pattern)
{
    bool has = false;

    for (size_t i = 0; i < pattern->count; i++)
        has = has || pattern->tokens[i].choices.data != NULL;
    return has;
}

/* Tried with paths that b takes, which settles it for all but contrived ones. */
static bool pattern_covers(const struct pattern *a, const struct pattern *b)
{
    static const char *const rests[] = {PROBE, PROBE "/" PROBE "/" PROBE};
    size_t choices = has_choices(b) ? SIZE_MAX : 1;
    struct buffer path;
    bool all = true;

    buffer_init(&path, SITE_PATH);
    for (size_t i = 0; all && i < sizeof(rests) / sizeof(*rests); i++)
        for (size_t choice = 0; all && choice < choices && make_path(b, choice, rests[i], &path); choice++)
            all = pattern_match(a, buffer_slice(&path), NULL);
    buffer_free(&path);
    return all;
}

static bool covers(const struct site_route *a, const struct site_route *b)
{
    return (a->host == NULL || (b->host != NULL && strcasecmp(a->host, b->host) == 0)) && methods_cover(a, b) &&
           conditions_cover(a, b) && pattern_covers(&a->pattern, &b->pattern);
}

static void lint_route(struct site *site, size_t index)
{
    const struct site_route *route = &site->routes[index], *before;
    const struct yaml *at = yaml_get(route->at, "match");

    for (size_t i = 0; at != NULL && i < index; i++) {
        before = &site->routes[i];
        if (before->pattern.count == 0 || route->pattern.count == 0 || !covers(before, route))
            continue;
        if (strcmp(before->pattern.text, route->pattern.text) == 0 && covers(route, before))
            site_fault(site, at, "this route stands here twice (first in line %d); keep one of them", before->at->line);
        else
            site_fault(site, at, "no request comes here: the route in line %d takes them all; put this one before it",
                       before->at->line);
        return;
    }
}

/* ---- answers ---- */

static bool has_header(const struct yaml *block, const char *name)
{
    const char *at = block != NULL && block->type == YAML_TEXT ? block->text : "", *end;
    size_t length = strlen(name);
    bool has = false;

    for (; !has && *at != '\0'; at = *end == '\n' ? end + 1 : end) {
        end = at + strcspn(at, "\n");
        if (*at == '[')
            at += strcspn(at, "]\n") + 1;
        at += strspn(at, " ");
        has = strncasecmp(at, name, length) == 0 && at[length] == ':';
    }
    return has;
}

static bool sends_header(const struct site *site, const struct site_reply *reply, const char *name)
{
    const struct yaml *use = yaml_get(reply->at, "use"), *heads = yaml_get(site->tree, "heads");
    bool has = has_header(yaml_get(reply->at, "headers"), name);

    if (use != NULL && use->type == YAML_TEXT)
        has = has || has_header(yaml_get(heads, use->text), name);
    for (size_t i = 0; use != NULL && use->type == YAML_LIST && !has && i < use->count; i++)
        has = use->items[i]->type == YAML_TEXT && has_header(yaml_get(heads, use->items[i]->text), name);
    return has;
}

static void lint_reply(struct site *site, const struct site_reply *reply)
{
    static const unsigned moves[] = {301, 302, 303, 307, 308};
    const struct yaml *status = yaml_get(reply->at, "status");
    bool moved = false;

    for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++)
        moved = moved || reply->status == moves[i];
    if (moved && !sends_header(site, reply, "Location"))
        site_fault(site, status, "status %u goes nowhere; add the header Location", reply->status);
    if (reply->status == 401 && reply->served == SITE_FRONT && !sends_header(site, reply, "WWW-Authenticate"))
        site_fault(site, status, "nginx's 401 asks for nothing; add the header WWW-Authenticate");
    if (!reply->used)
        site_fault(site, reply->at, "no route uses the answer '%.80s'; take it out, or name it in a route",
                   reply->name);
}

/* A cookie of the session's name that is no session would end it. */
static void lint_cookies(struct site *site, const struct yaml *block)
{
    const char *at = block != NULL && block->type == YAML_TEXT ? block->text : "", *end, *cookie;
    size_t length = site->cookie == NULL ? 0 : strlen(site->cookie), line = 0;

    for (; length > 0 && *at != '\0'; at = *end == '\n' ? end + 1 : end, line++) {
        end = at + strcspn(at, "\n");
        cookie = memmem(at, (size_t)(end - at), "Set-Cookie: ", 12);
        if (cookie != NULL && strncmp(cookie + 12, site->cookie, length) == 0 && cookie[12 + length] == '=' &&
            strncmp(cookie + 13 + length, "{{session}}", 11) != 0)
            site_fault_in(site, block, line, 0, "the cookie '%s' is the session's; give this one another name, or the "
                                                "value {{session}}",
                          site->cookie);
    }
}

/* ---- what nothing uses ---- */

static bool in_use(const struct yaml *use, const char *name)
{
    bool used = use != NULL && use->type == YAML_TEXT && strcmp(use->text, name) == 0;

    for (size_t i = 0; use != NULL && use->type == YAML_LIST && !used && i < use->count; i++)
        used = use->items[i]->type == YAML_TEXT && strcmp(use->items[i]->text, name) == 0;
    return used;
}

static bool is_named(const struct site *site, const char *key, const char *name)
{
    bool named = false;

    for (size_t i = 0; !named && i < site->reply_count; i++)
        named = in_use(yaml_get(site->replies[i]->at, key), name);
    return named;
}

static bool holds_partial(const struct template *t, const char *name)
{
    const char *partial;
    bool holds = false;

    for (size_t i = 0; t != NULL && !holds && (partial = template_partial(t, i)) != NULL; i++)
        holds = strcmp(partial, name) == 0;
    return holds;
}

static void lint_unused_pages(struct site *site)
{
    for (size_t i = 0; i < site->page_count; i++) {
        const char *name = site->pages[i].name;
        bool used = is_named(site, "page", name);

        for (size_t j = 0; !used && j < site->page_count; j++)
            used = j != i && holds_partial(site->pages[j].template, name);
        for (size_t j = 0; !used && j < site->reply_count; j++)
            used = holds_partial(site->replies[j]->inline_body, name);
        if (!used)
            site_fault_at(site, site->pages[i].path, 1, 1, "nothing shows this page; take it out, or name it in an answer");
    }
}

static void lint_files(struct site *site, const char *folder)
{
    char *path = paths_join(folder, "static"), *file;
    DIR *dir = path == NULL ? NULL : opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        file = site_file(folder, "static", entry->d_name);
        if (file != NULL && !is_named(site, "file", entry->d_name))
            site_fault_at(site, file, 1, 1, "nothing gives this file out; take it out, or name it in an answer");
        else if (file != NULL)
            site_lint_file(site, file);
        free(file);
    }
    if (dir != NULL)
        closedir(dir);
    free(path);
}

/* ---- forms ---- */

static bool shows_field(const struct site *site)
{
    bool shows = false;

    for (size_t i = 0; i < site->page_count; i++)
        shows = shows || template_uses(site->pages[i].template, "csrf_token") ||
                template_uses(site->pages[i].template, "csrf_meta");
    for (size_t i = 0; i < site->reply_count; i++)
        shows = shows || (site->replies[i]->inline_body != NULL &&
                          template_uses(site->replies[i]->inline_body, "csrf_token"));
    return shows;
}

static void lint_forms(struct site *site)
{
    const struct yaml *guarded = NULL;

    for (size_t i = 0; i + 1 < site->route_count; i++) {
        const struct site_form *form = &site->routes[i].form;
        const struct yaml *at = yaml_get(site->routes[i].at, "form");

        guarded = form->guarded && guarded == NULL ? yaml_get(at, "rejected") : guarded;
        if (form->identity != NULL && form->secret != NULL && strcmp(form->identity, form->secret) == 0)
            site_fault(site, yaml_get(at, "secret"), "identity and secret are the same field; name the password's field");
        if (form->secret != NULL && site->field != NULL && strcmp(form->secret, site->field) == 0)
            site_fault(site, yaml_get(at, "secret"), "this is the session's own field; name the password's field");
    }
    if (guarded != NULL && !shows_field(site))
        site_fault(site, guarded, "no page holds {{csrf_token}}, so every form is rejected; put it into the form's page");
}

void site_lint(struct site *site, const char *folder)
{
    const struct yaml *heads = yaml_get(site->tree, "heads");

    for (size_t i = 0; i + 1 < site->route_count; i++)
        lint_route(site, i);
    for (size_t i = 0; i < site->reply_count; i++) {
        lint_reply(site, site->replies[i]);
        lint_cookies(site, yaml_get(site->replies[i]->at, "headers"));
        site_lint_head(site, yaml_get(site->replies[i]->at, "headers"));
        site_lint_body(site, site->replies[i]);
    }
    for (size_t i = 0; heads != NULL && heads->type == YAML_MAP && i < heads->count; i++) {
        lint_cookies(site, heads->items[i]);
        site_lint_head(site, heads->items[i]);
        if (!is_named(site, "use", heads->keys[i]->text))
            site_fault(site, heads->keys[i], "no answer uses the head '%.80s'; take it out, or name it in 'use'",
                       heads->keys[i]->text);
    }
    for (size_t i = 0; i < site->page_count; i++)
        site_lint_page(site, &site->pages[i]);
    lint_unused_pages(site);
    lint_files(site, folder);
    lint_forms(site);
}
