/* SPDX-License-Identifier: ISC
 *
 * From site.yaml to a site. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/paths.h"

static int load_top(struct site *site, struct error *error)
{
    static const char *const keys[] = {"product", "summary", "server", "body-limit", "order",  "runtime", "empty-head",
                                       "session", "front",   "heads",  "answers",    "routes", "missing", "plain-port",
                                       "drill",   NULL};
    const struct yaml *root = site->tree;
    const char *order = "given";

    site->server = "nginx";
    site->body_limit = 1024 * 1024;
    if (yaml_only(root, keys, error) != 0 || yaml_text(root, "product", &site->product, error) != 0 ||
        yaml_text(root, "summary", &site->summary, error) != 0 ||
        yaml_text(root, "server", &site->server, error) != 0 ||
        yaml_size(root, "body-limit", &site->body_limit, error) != 0 || yaml_text(root, "order", &order, error) != 0 ||
        yaml_bool(root, "empty-head", &site->empty_head, error) != 0 ||
        site_load_runtime(root, &site->runtime_low, &site->runtime_high, error) != 0)
        return -1;
    if (site->product == NULL || site->summary == NULL)
        return yaml_fault(root, error, "a site has a 'product' and a 'summary'");
    if (strcmp(order, "given") != 0 && strcmp(order, "name") != 0)
        return yaml_fault(yaml_get(root, "order"), error, "'order' is 'given' or 'name', not '%s'", order);
    site->sorted = strcmp(order, "name") == 0;
    return 0;
}

/* A name that may hold facts of the face; *name stays NULL where there is none. */
static int load_name(const struct site *site, const struct yaml *map, const char *key, char **name, struct error *error)
{
    const char *text = NULL;

    if (yaml_text(map, key, &text, error) != 0)
        return -1;
    return text == NULL ? 0 : site_facts(name, site, yaml_get(map, key), text, error);
}

static int load_session(struct site *site, struct error *error)
{
    static const char *const keys[] = {"cookie", "field", "header", "age", "same-origin", NULL};
    const struct yaml *session = yaml_get(site->tree, "session");

    site->session_age = 7200;
    if (session == NULL)
        return 0;
    if (yaml_only(session, keys, error) != 0 || load_name(site, session, "cookie", &site->cookie, error) != 0 ||
        load_name(site, session, "field", &site->field, error) != 0 ||
        load_name(site, session, "header", &site->field_header, error) != 0 ||
        yaml_duration(session, "age", &site->session_age, error) != 0 ||
        yaml_bool(session, "same-origin", &site->same_origin, error) != 0)
        return -1;
    return site->cookie != NULL && site->field != NULL ? 0 : yaml_fault(session, error, "needs 'cookie' and 'field'");
}

static int load_statuses(struct site *site, const struct yaml *list, struct error *error)
{
    char *end;
    long status;

    if (list == NULL)
        return 0;
    if (list->type != YAML_LIST || list->count > SITE_STATUSES)
        return yaml_fault(list, error, "'statuses' is a list of at most %d status codes", SITE_STATUSES);
    for (size_t i = 0; i < list->count; i++) {
        status = list->items[i]->type == YAML_TEXT ? strtol(list->items[i]->text, &end, 10) : 0;
        if (status < 100 || status > 599 || *end != '\0')
            return yaml_fault(list->items[i], error, "this is no status code");
        site->front_statuses[site->front_count++] = (unsigned)status;
    }
    return 0;
}

static int load_front(struct site *site, struct error *error)
{
    static const char *const keys[] = {"statuses", "headers", NULL};
    const struct yaml *front = yaml_get(site->tree, "front");
    struct buffer lines;

    if (front == NULL)
        return 0;
    if (yaml_only(front, keys, error) != 0 || load_statuses(site, yaml_get(front, "statuses"), error) != 0 ||
        yaml_text(front, "headers", &site->front_head, error) != 0)
        return -1;
    buffer_init(&lines, 65536);
    for (const char *at = site->front_head == NULL ? "" : site->front_head, *end; *at != '\0'; at = end + (*end != 0)) {
        end = strchrnul(at, '\n');
        if (end > at)
            buffer_add_format(&lines, "%.*s\r\n", (int)(end - at), at);
    }
    site->front_lines = lines.failed ? NULL : slice_copy(buffer_slice(&lines));
    buffer_free(&lines);
    return site->front_lines == NULL ? yaml_fault(front, error, "out of memory") : 0;
}

static int load_answers(struct site *site, const char *folder, struct error *error)
{
    const struct yaml *answers = yaml_get(site->tree, "answers");

    if (answers == NULL)
        return 0;
    if (answers->type != YAML_MAP)
        return yaml_fault(answers, error, "'answers' is a map");
    for (size_t i = 0; i < answers->count; i++) {
        if (answers->items[i]->type != YAML_MAP)
            return yaml_fault(answers->items[i], error, "an answer is a map");
        if (site_load_reply(site, folder, answers->items[i], answers->keys[i]->text, error) == NULL)
            return -1;
    }
    return 0;
}

static int load_match(struct site *site, struct site_route *route, const struct yaml *node, struct error *error)
{
    const char *match = NULL, *space;

    if (yaml_text(node, "match", &match, error) != 0)
        return -1;
    space = match == NULL ? NULL : strchr(match, ' ');
    if (space == NULL || space == match)
        return yaml_fault(match == NULL ? node : yaml_get(node, "match"), error,
                          "a route has 'match: METHOD /path', methods with | between them, or *");
    route->methods = match;
    route->methods_length = (size_t)(space - match);
    if (pattern_parse(&route->pattern, site, yaml_get(node, "match"), space + 1, error) != 0)
        return -1;
    return pattern_literals(&route->pattern, site) == 0 ? 0 : yaml_fault(node, error, "out of memory");
}

static int load_conditions(struct site_route *route, const struct yaml *where, struct error *error)
{
    if (where == NULL)
        return 0;
    if (where->type != YAML_MAP || where->count > SITE_CONDITIONS)
        return yaml_fault(where, error, "'where' is a map of at most %d fields", SITE_CONDITIONS);
    for (size_t i = 0; i < where->count; i++) {
        if (where->items[i]->type != YAML_TEXT)
            return yaml_fault(where->items[i], error, "a field's value is a text, '*' for any, '!' for none");
        route->conditions[route->condition_count++] =
            (struct site_condition){where->keys[i]->text, where->items[i]->text};
    }
    return 0;
}

static int load_form(struct site *site, struct site_route *route, const char *folder, const struct yaml *node,
                     struct error *error)
{
    static const char *const keys[] = {"identity", "secret", "rejected", NULL};
    const struct yaml *rejected;

    if (node == NULL)
        return 0;
    if (yaml_only(node, keys, error) != 0 || load_name(site, node, "identity", &route->form.identity, error) != 0 ||
        load_name(site, node, "secret", &route->form.secret, error) != 0)
        return -1;
    rejected = yaml_get(node, "rejected");
    if (rejected == NULL)
        return 0;
    if (site->cookie == NULL)
        return yaml_fault(rejected, error, "only a site with a 'session' can reject a form");
    route->form.guarded = true;
    route->form.rejected = site_load_reply(site, folder, rejected, NULL, error);
    return route->form.rejected == NULL ? -1 : 0;
}

/* 'answer', or 'plain' and 'refused'. */
static int load_replies(struct site *site, struct site_route *route, const char *folder, const struct yaml *node,
                        struct error *error)
{
    const struct yaml *both = yaml_get(node, "answer"), *plain = yaml_get(node, "plain"),
                      *refused = yaml_get(node, "refused");

    if ((both == NULL) == (plain == NULL || refused == NULL) || (both != NULL && (plain != NULL || refused != NULL)))
        return yaml_fault(node, error, "a route has 'answer', or both 'plain' and 'refused'");
    route->plain = site_load_reply(site, folder, both == NULL ? plain : both, NULL, error);
    if (route->plain == NULL)
        return -1;
    route->refused = both == NULL ? site_load_reply(site, folder, refused, NULL, error) : route->plain;
    return route->refused == NULL ? -1 : 0;
}

static int load_route(struct site *site, const char *folder, const struct yaml *node, struct error *error)
{
    static const char *const keys[] = {"match", "host",    "where",      "form", "answer",
                                       "plain", "refused", "body-limit", NULL};
    struct site_route *route = &site->routes[site->route_count++];

    route->body_limit = -1;
    if (yaml_only(node, keys, error) != 0 || load_match(site, route, node, error) != 0 ||
        yaml_text(node, "host", &route->host, error) != 0 ||
        yaml_size(node, "body-limit", &route->body_limit, error) != 0 ||
        load_conditions(route, yaml_get(node, "where"), error) != 0 ||
        load_form(site, route, folder, yaml_get(node, "form"), error) != 0)
        return -1;
    site->own_limits = site->own_limits || route->body_limit >= 0;
    return load_replies(site, route, folder, node, error);
}

/* The last route is the one for all else. */
static int load_missing(struct site *site, const char *folder, struct error *error)
{
    const struct yaml *missing = yaml_get(site->tree, "missing");
    struct site_route *route = &site->routes[site->route_count++];

    route->body_limit = -1;
    route->methods = "*";
    route->methods_length = 1;
    if (missing == NULL)
        return yaml_fault(site->tree, error, "a site has an answer for what no route fits: 'missing'");
    route->plain = route->refused = site_load_reply(site, folder, missing, NULL, error);
    return route->plain == NULL ? -1 : 0;
}

static int load_routes(struct site *site, const char *folder, struct error *error)
{
    const struct yaml *routes = yaml_get(site->tree, "routes");
    size_t count = routes != NULL && routes->type == YAML_LIST ? routes->count : 0;

    if (routes != NULL && routes->type != YAML_LIST)
        return yaml_fault(routes, error, "'routes' is a list");
    site->routes = calloc(count + 1, sizeof(*site->routes));
    if (site->routes == NULL)
        return error_set(error, "%s: out of memory", folder);
    for (size_t i = 0; i < count; i++)
        if (load_route(site, folder, routes->items[i], error) != 0)
            return -1;
    return load_missing(site, folder, error);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int load_face(struct site *site, const char *folder, const char *face, struct error *error)
{
    json_error_t why;

    site->face = json_loads(face == NULL || *face == '\0' ? "{}" : face, 0, &why);
    if (!json_is_object(site->face))
        return error_set(error, "%s: the decoy's face is no JSON object: %s", folder, why.text);
    return 0;
}

static int load_all(struct site *site, const char *folder, const char *face, struct error *error)
{
    if (load_face(site, folder, face, error) != 0 || load_top(site, error) != 0 || load_session(site, error) != 0 ||
        load_front(site, error) != 0 || site_load_pages(site, folder, error) != 0 ||
        load_answers(site, folder, error) != 0 || load_routes(site, folder, error) != 0 ||
        site_load_plain(site, folder, error) != 0)
        return -1;
    if (site->literal_count > 0)
        qsort(site->literals, site->literal_count, sizeof(char *), compare_texts);
    return 0;
}

/* Takes over the tree. */
static int load_tree(struct yaml *tree, const char *folder, const struct decoy *decoy, const char *face,
                     const unsigned char salt[32], struct site **out, struct error *error)
{
    struct site *site = calloc(1, sizeof(*site));
    int result = -1;

    *out = NULL;
    if (site == NULL) {
        yaml_discard(tree);
        return error_set(error, "%s: out of memory", folder);
    }
    site->tree = tree;
    site->decoy = decoy;
    csrf_init(&site->csrf, salt);
    result = load_all(site, folder, face, error);
    if (result == 0)
        *out = site;
    else
        site_free(site);
    return result;
}

int site_load(const char *folder, const struct decoy *decoy, const char *face, const unsigned char salt[32],
              struct site **site, struct error *error)
{
    char *file = paths_join(folder, "site.yaml");
    struct yaml *tree = NULL;
    int result;

    *site = NULL;
    if (file == NULL)
        return error_set(error, "%s: out of memory", folder);
    result = yaml_load_file(file, &tree, error);
    free(file);
    return result == 0 ? load_tree(tree, folder, decoy, face, salt, site, error) : -1;
}

int site_load_text(struct slice text, const char *folder, const struct decoy *decoy, const char *face,
                   const unsigned char salt[32], struct site **site, struct error *error)
{
    struct yaml *tree = NULL;

    *site = NULL;
    if (yaml_load(text, "site.yaml", &tree, error) != 0)
        return -1;
    return load_tree(tree, folder, decoy, face, salt, site, error);
}

static void free_reply(struct site_reply *reply)
{
    template_free(reply->head);
    template_free(reply->inline_body);
    buffer_free(&reply->content);
    free(reply->cache);
    json_decref(reply->with);
    free(reply);
}

void site_free(struct site *site)
{
    if (site == NULL)
        return;
    for (size_t i = 0; i < site->page_count; i++) {
        template_free(site->pages[i].template);
        free(site->pages[i].name);
    }
    for (size_t i = 0; i < site->reply_count; i++)
        free_reply(site->replies[i]);
    for (size_t i = 0; i < site->route_count; i++) {
        pattern_free(&site->routes[i].pattern);
        free(site->routes[i].form.identity);
        free(site->routes[i].form.secret);
    }
    for (size_t i = 0; i < site->literal_count; i++)
        free(site->literals[i]);
    free(site->pages);
    free(site->replies);
    free(site->routes);
    free(site->literals);
    free(site->front_lines);
    free(site->cookie);
    free(site->field);
    free(site->field_header);
    json_decref(site->face);
    yaml_discard(site->tree);
    free(site);
}

bool site_literal(const struct site *site, struct slice segment)
{
    size_t low = 0, high = site->literal_count, middle;
    const char *text = (const char *)segment.data;
    int order;

    if (segment.length == 0 || memchr(text, '\0', segment.length) != NULL)
        return false;
    while (low < high) {
        middle = (low + high) / 2;
        order = strncmp(text, site->literals[middle], segment.length);
        if (order == 0 && site->literals[middle][segment.length] == '\0')
            return true;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

const char *site_identity_field(const struct site_route *route)
{
    return route->form.identity;
}

const char *site_secret_field(const struct site_route *route)
{
    return route->form.secret;
}

uint64_t site_route_limit(const struct site *site, const struct site_route *route)
{
    return (uint64_t)(route->body_limit >= 0 ? route->body_limit : site->body_limit);
}

uint64_t site_body_limit(const struct site *site, const struct http_request *request)
{
    return site->own_limits ? site_route_limit(site, site_route(site, request)) : (uint64_t)site->body_limit;
}

const char *site_server(const struct site *site)
{
    return site->server;
}

const char *site_summary(const struct site *site)
{
    return site->summary;
}
