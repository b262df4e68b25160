/* SPDX-License-Identifier: ISC
 *
 * From 'routes' and 'missing' of site.yaml to routes. */
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>
#include "server/wire/kinds.h"

static bool are_methods(const char *text, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t at = 0, word;

    if (length == 1 && *text == '*')
        return true;
    do {
        word = strspn(text + at, letters);
        at += word + 1;
    } while (word > 0 && at <= length && text[at - 1] == '|');
    return word > 0 && at == length + 1;
}

static void load_match(struct site *site, struct site_route *route, const struct yaml *node)
{
    const struct yaml *at = yaml_get(node, "match");
    const char *match = NULL, *space;

    if (site_note(site, yaml_text(node, "match", &match, &site->faults->now)) != 0)
        return;
    space = match == NULL ? NULL : strchr(match, ' ');
    if (space == NULL || space == match) {
        site_fault(site, at == NULL ? node : at, "this route does not say what it is for; write 'match: GET /path'");
        return;
    }
    route->methods = match;
    route->methods_length = (size_t)(space - match);
    if (!are_methods(match, route->methods_length))
        site_fault(site, at, "'%.*s' are no methods; write GET, GET|POST, or * for all", (int)(space - match), match);
    if (site_note(site, pattern_parse(&route->pattern, site, at, space + 1, &site->faults->now)) == 0 &&
        pattern_literals(&route->pattern, site) != 0)
        site_fault(site, node, "out of memory");
}

static void load_conditions(struct site *site, struct site_route *route, const struct yaml *where)
{
    if (where != NULL && (where->type != YAML_MAP || where->count > SITE_CONDITIONS)) {
        site_fault(site, where, "'where' is no map of at most %d fields; write {grant_type: password}",
                   SITE_CONDITIONS);
        return;
    }
    for (size_t i = 0; where != NULL && i < where->count; i++)
        if (where->items[i]->type != YAML_TEXT)
            site_fault(site, where->items[i], "a field's value is a text; write '*' for any, '!' for none");
        else
            route->conditions[route->condition_count++] =
                (struct site_condition){where->keys[i]->text, where->items[i]->text};
}

/* A field's name, which may hold facts of the face. */
static void load_field(struct site *site, const struct yaml *form, const char *key, char **name)
{
    const struct yaml *at = yaml_get(form, key);
    const char *text = NULL;

    if (site_note(site, yaml_text(form, key, &text, &site->faults->now)) != 0 || text == NULL)
        return;
    site_note(site, site_facts(name, site, at, text, &site->faults->now));
    if (*text == '\0' || (strchr(text, '[') != NULL && strchr(strchr(text, '['), ']') == NULL))
        site_fault(site, at, "'%.80s' names no field; write password, or user[password]", text);
}

static void load_form(struct site *site, struct site_route *route, const char *folder, const struct yaml *node)
{
    static const char *const keys[] = {"identity", "secret", "code", "rejected", NULL};
    const struct yaml *rejected = yaml_get(node, "rejected");

    if (node == NULL)
        return;
    site_keys(site, node, keys);
    load_field(site, node, "identity", &route->form.identity);
    load_field(site, node, "secret", &route->form.secret);
    load_field(site, node, "code", &route->form.code);
    if (yaml_get(node, "identity") != NULL && yaml_get(node, "secret") == NULL &&
        yaml_get(route->at, "refused") != NULL)
        site_fault(site, node, "this form can be refused but has no secret; name the field of the password in 'secret'");
    if (node->type == YAML_MAP && node->count == 0)
        site_fault(site, node, "this form says nothing; name its fields, or leave it out");
    if (rejected == NULL)
        return;
    if (site->tree != NULL && yaml_get(site->tree, "session") == NULL) {
        site_fault(site, rejected, "only a site with a 'session' can reject a form; add one, or take this out");
        return;
    }
    route->form.rejected = site_load_reply(site, folder, rejected, NULL);
    route->form.guarded = route->form.rejected != NULL && site->cookie != NULL && site->field != NULL;
}

/* What the right secret opens, by the kind of token that it is of. */
static void load_granted(struct site *site, struct site_route *route, const char *folder, const struct yaml *node)
{
    const struct yaml *granted = yaml_get(node, "granted"), *wrong = yaml_get(node, "wrong-code"),
                      *locked = yaml_get(node, "locked");

    if ((wrong == NULL) != (route->form.code == NULL) || (wrong != NULL && granted == NULL))
        site_fault(site, wrong != NULL ? wrong : node,
                   "'wrong-code', 'code' in 'form' and 'granted' go together; write all three, or 'granted' alone");
    if (locked != NULL && wrong == NULL)
        site_fault(site, locked, "'locked' is for too many wrong codes; say what one of them gets in 'wrong-code'");
    if (wrong != NULL)
        route->wrong_code = site_load_reply(site, folder, wrong, NULL);
    if (locked != NULL)
        route->locked = site_load_reply(site, folder, locked, NULL);
    if (granted == NULL)
        return;
    if (granted->type != YAML_MAP || granted->count == 0 || granted->count > SITE_OPENINGS) {
        site_fault(site, granted, "'granted' is no map of at most %d kinds; write {password: ANSWER}", SITE_OPENINGS);
        return;
    }
    for (size_t i = 0; i < granted->count; i++) {
        if (kind_row(granted->keys[i]->text) == NULL)
            site_fault(site, granted->keys[i], "there is no kind '%.80s'; `sundew kinds` lists them",
                       granted->keys[i]->text);
        route->openings[i] = site_load_reply(site, folder, granted->items[i], NULL);
    }
    if (yaml_get(yaml_get(node, "form"), "rejected") == NULL || yaml_get(yaml_get(node, "form"), "identity") == NULL)
        site_fault(site, granted, "only a form with 'identity', 'secret' and 'rejected' can let in; name them in 'form'");
    route->granted = granted;
}

/* 'answer', or 'plain' and 'refused'. */
static void load_replies(struct site *site, struct site_route *route, const char *folder, const struct yaml *node)
{
    const struct yaml *both = yaml_get(node, "answer"), *plain = yaml_get(node, "plain"),
                      *refused = yaml_get(node, "refused");

    if ((both == NULL) == (plain == NULL || refused == NULL) || (both != NULL && (plain != NULL || refused != NULL))) {
        site_fault(site, node, "this route's answer is not clear; give 'answer', or both 'plain' and 'refused'");
        return;
    }
    route->plain = site_load_reply(site, folder, both == NULL ? plain : both, NULL);
    route->refused = both == NULL ? site_load_reply(site, folder, refused, NULL) : route->plain;
}

static void load_route(struct site *site, const char *folder, const struct yaml *node)
{
    static const char *const keys[] = {"match",   "host",    "where",      "form",       "answer", "plain",
                                       "refused", "granted", "wrong-code", "locked", "body-limit", NULL};
    struct site_route *route = &site->routes[site->route_count++];

    route->at = node;
    route->body_limit = -1;
    site_keys(site, node, keys);
    if (node->type != YAML_MAP)
        return;
    load_match(site, route, node);
    site_note(site, yaml_text(node, "host", &route->host, &site->faults->now));
    site_note(site, yaml_size(node, "body-limit", &route->body_limit, &site->faults->now));
    load_conditions(site, route, yaml_get(node, "where"));
    load_form(site, route, folder, yaml_get(node, "form"));
    load_replies(site, route, folder, node);
    load_granted(site, route, folder, node);
    site->own_limits = site->own_limits || route->body_limit >= 0;
}

/* The last route is the one for all else. */
static void load_missing(struct site *site, const char *folder)
{
    const struct yaml *missing = yaml_get(site->tree, "missing");
    struct site_route *route = &site->routes[site->route_count++];

    route->body_limit = -1;
    route->methods = "*";
    route->methods_length = 1;
    if (missing == NULL)
        site_fault(site, site->tree, "nothing is said of what no route fits; name an answer for it in 'missing'");
    else
        route->plain = route->refused = site_load_reply(site, folder, missing, NULL);
}

static void load_start(struct site_start *start, const struct site_route *route)
{
    struct slice text = route->pattern.count > 0 ? route->pattern.tokens[0].text : SLICE_NONE;

    text.length = text.length < sizeof start->bytes ? text.length : sizeof start->bytes;
    if (text.length > 0)
        memcpy(&start->bytes, text.data, text.length);
    memset(&start->mask, 0xff, text.length);
    start->behind = route->plain != NULL && route->plain->served == SITE_BEHIND;
}

/* Nearly all paths begin alike, with a slash. */
static void load_order(struct site *site)
{
    size_t count = site->route_count > 0 ? site->route_count - 1 : 0, at = 0;

    site->order = calloc(SITE_SECONDS * (count + 1), sizeof *site->order);
    for (size_t second = 0; site->order != NULL && second < SITE_SECONDS; second++) {
        site->firsts[second] = at;
        for (size_t i = 0; i < count; i++) {
            const struct pattern *pattern = &site->routes[i].pattern;
            struct slice text = pattern->count > 0 ? pattern->tokens[0].text : SLICE_NONE;

            if (text.length < 2 || text.data[1] == second || second == SITE_SECONDS - 1)
                site->order[at++] = (uint32_t)i;
        }
    }
    site->firsts[SITE_SECONDS] = at;
    if (site->order == NULL)
        site_fault(site, site->tree, "out of memory");
}

void site_load_routes(struct site *site, const char *folder)
{
    const struct yaml *routes = yaml_get(site->tree, "routes");
    size_t count = routes != NULL && routes->type == YAML_LIST ? routes->count : 0;

    if (routes != NULL && routes->type != YAML_LIST)
        site_fault(site, routes, "'routes' is no list; begin each route with '- match:'");
    site->routes = calloc(count + 1, sizeof(*site->routes));
    site->starts = calloc(count + 1, sizeof(*site->starts));
    if (site->routes == NULL || site->starts == NULL) {
        site_fault(site, site->tree, "out of memory");
        return;
    }
    for (size_t i = 0; i < count; i++)
        load_route(site, folder, routes->items[i]);
    load_missing(site, folder);
    for (size_t i = 0; i < site->route_count; i++) {
        const struct site_reply *plain = site->routes[i].plain;

        load_start(&site->starts[i], &site->routes[i]);
        site->own_fronts = site->own_fronts || (plain != NULL && plain->served == SITE_FRONT);
    }
    load_order(site);
}
