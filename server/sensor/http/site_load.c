/* SPDX-License-Identifier: ISC
 *
 * From site.yaml to a site. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/paths.h"

static void load_top(struct site *site)
{
    static const char *const keys[] = {"product", "summary", "server", "body-limit", "order",  "runtime", "empty-head",
                                       "session", "front",   "heads",  "answers",    "routes", "missing", "plain-port",
                                       "drill",   "slashes", NULL};
    const struct yaml *root = site->tree;
    struct error *error = &site->faults->now;
    const char *order = "given", *slashes = "counted";

    site->server = "nginx";
    site->body_limit = 1024 * 1024;
    site_keys(site, root, keys);
    site_note(site, yaml_text(root, "product", &site->product, error));
    site_note(site, yaml_text(root, "summary", &site->summary, error));
    site_note(site, yaml_text(root, "server", &site->server, error));
    site_note(site, yaml_size(root, "body-limit", &site->body_limit, error));
    site_note(site, yaml_text(root, "order", &order, error));
    site_note(site, yaml_text(root, "slashes", &slashes, error));
    site_note(site, yaml_bool(root, "empty-head", &site->empty_head, error));
    site_note(site, site_load_runtime(root, &site->runtime_low, &site->runtime_high, error));
    if (yaml_get(root, "product") == NULL || (site->product != NULL && *site->product == '\0'))
        site_fault(site, root, "the site says no 'product'; write what it looks like, with its version");
    if (yaml_get(root, "summary") == NULL || (site->summary != NULL && *site->summary == '\0'))
        site_fault(site, root, "the site has no 'summary'; write one line on it, for listings");
    if (strcmp(order, "given") != 0 && strcmp(order, "name") != 0)
        site_fault(site, yaml_get(root, "order"), "'order' is not '%s'; write given or name", order);
    if (strcmp(slashes, "counted") != 0 && strcmp(slashes, "merged") != 0)
        site_fault(site, yaml_get(root, "slashes"), "'slashes' are not '%s'; write counted or merged", slashes);
    site->sorted = strcmp(order, "name") == 0;
    site->merges = strcmp(slashes, "merged") == 0;
}

/* A name that may hold facts of the face; *name stays NULL where there is none. */
static void load_name(struct site *site, const struct yaml *map, const char *key, char **name)
{
    const char *text = NULL;

    if (site_note(site, yaml_text(map, key, &text, &site->faults->now)) == 0 && text != NULL)
        site_note(site, site_facts(name, site, yaml_get(map, key), text, &site->faults->now));
}

/* RFC 9110's token, of which names of headers and cookies are. */
static bool is_token(const char *name)
{
    static const char allowed[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *name != '\0' && strspn(name, allowed) == strlen(name);
}

static void load_session(struct site *site)
{
    static const char *const keys[] = {"cookie", "field", "header", "age", "same-origin", NULL};
    const struct yaml *session = yaml_get(site->tree, "session");
    struct error *error = &site->faults->now;

    site->session_age = 7200;
    if (session == NULL)
        return;
    site_keys(site, session, keys);
    load_name(site, session, "cookie", &site->cookie);
    load_name(site, session, "field", &site->field);
    load_name(site, session, "header", &site->field_header);
    site_note(site, yaml_duration(session, "age", &site->session_age, error));
    site_note(site, yaml_bool(session, "same-origin", &site->same_origin, error));
    if (session->type == YAML_MAP && (yaml_get(session, "cookie") == NULL || yaml_get(session, "field") == NULL))
        site_fault(site, session, "a session needs 'cookie' and 'field'; name them as the product does");
    if (site->cookie != NULL && !is_token(site->cookie))
        site_fault(site, yaml_get(session, "cookie"), "'%.80s' cannot name a cookie; letters, digits, - and _ can",
                   site->cookie);
    if (site->field_header != NULL && !is_token(site->field_header))
        site_fault(site, yaml_get(session, "header"), "'%.80s' cannot name a header; letters, digits and - can",
                   site->field_header);
}

static void load_statuses(struct site *site, const struct yaml *list)
{
    char *end;
    long status;

    if (list == NULL)
        return;
    if (list->type != YAML_LIST || list->count > SITE_STATUSES) {
        site_fault(site, list, "'statuses' is no list of at most %d status codes; write [200, 302]", SITE_STATUSES);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        status = list->items[i]->type == YAML_TEXT ? strtol(list->items[i]->text, &end, 10) : 0;
        if (status < 100 || status > 599 || *end != '\0')
            site_fault(site, list->items[i], "this is no status code; write a number from 100 to 599");
        else
            site->front_statuses[site->front_count++] = (unsigned)status;
    }
}

static void load_front(struct site *site)
{
    static const char *const keys[] = {"statuses", "headers", NULL};
    const struct yaml *front = yaml_get(site->tree, "front");
    struct buffer lines;

    if (front == NULL)
        return;
    site_keys(site, front, keys);
    load_statuses(site, yaml_get(front, "statuses"));
    site_note(site, yaml_text(front, "headers", &site->front_head, &site->faults->now));
    if (site->front_head != NULL)
        site_check_head(site, yaml_get(front, "headers"));
    buffer_init(&lines, 65536);
    for (const char *at = site->front_head == NULL ? "" : site->front_head, *end; *at != '\0'; at = end + (*end != 0)) {
        end = strchrnul(at, '\n');
        if (end > at)
            buffer_add_format(&lines, "%.*s\r\n", (int)(end - at), at);
    }
    site->front_lines = lines.failed ? NULL : slice_copy(buffer_slice(&lines));
    buffer_free(&lines);
    if (site->front_lines == NULL)
        site_fault(site, front, "out of memory");
}

static void load_answers(struct site *site, const char *folder)
{
    const struct yaml *answers = yaml_get(site->tree, "answers");

    if (answers != NULL && answers->type != YAML_MAP) {
        site_fault(site, answers, "'answers' is no map; write 'NAME: {…}' for each answer");
        return;
    }
    for (size_t i = 0; answers != NULL && i < answers->count; i++) {
        const struct yaml *answer = answers->items[i], *name = answers->keys[i];

        for (size_t j = 0; j < i; j++)
            if (strcmp(name->text, answers->keys[j]->text) == 0)
                site_fault(site, name, "the answer '%.80s' stands here twice (first in line %d); keep one of them",
                           name->text, answers->keys[j]->line);
        if (answer->type != YAML_MAP)
            site_fault(site, answer, "an answer is no text; write a map with status, type and so on");
        else
            site_load_reply(site, folder, answer, name->text);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void load_face(struct site *site, const char *folder, const char *face)
{
    json_error_t why = {0};

    site->face = json_loads(face == NULL || *face == '\0' ? "{}" : face, 0, &why);
    if (!json_is_object(site->face))
        site_note(site, error_set(&site->faults->now, "%s: the decoy's face is no JSON object: %s", folder, why.text));
}

static void load_all(struct site *site, const char *folder, const char *face)
{
    load_face(site, folder, face);
    load_top(site);
    load_session(site);
    load_front(site);
    site_load_heads(site);
    site_load_pages(site, folder);
    load_answers(site, folder);
    site_load_routes(site, folder);
    site_load_plain(site, folder);
    if (site->literal_count > 0)
        qsort(site->literals, site->literal_count, sizeof(char *), compare_texts);
}

/* Takes over the tree. */
static int load_tree(struct yaml *tree, const struct site_source *source, struct site_faults *faults,
                     struct site **out, struct error *error)
{
    struct site *site = calloc(1, sizeof(*site));
    int result = -1;

    if (site == NULL) {
        yaml_discard(tree);
        return error_set(error, "%s: out of memory", source->folder);
    }
    site->tree = tree;
    site->decoy = source->decoy;
    site->faults = faults;
    csrf_init(&site->csrf, source->salt);
    load_all(site, source->folder, source->face);
    if (faults->lint && json_is_object(site->face) && site->routes != NULL)
        site_lint(site, source->folder);
    site->faults = NULL;
    if (faults->count == 0) {
        *out = site;
        result = 0;
    } else {
        *error = faults->first;
        site_free(site);
    }
    return result;
}

static int load_text(struct slice text, const char *file, const struct site_source *source,
                     struct site_faults *faults, struct site **out, struct error *error)
{
    struct yaml *tree = NULL;

    *out = NULL;
    faults->text = text;
    if (yaml_load(text, file, &tree, error) == 0)
        return load_tree(tree, source, faults, out, error);
    if (faults->tell != NULL)
        faults->tell(error->text, faults->context);
    faults->count++;
    return -1;
}

static int load_file(const struct site_source *source, struct site_faults *faults, struct site **out,
                     struct error *error)
{
    char *file = paths_join(source->folder, "site.yaml");
    struct buffer text;
    int result = -1;

    *out = NULL;
    buffer_init(&text, SITE_PAGE);
    if (file == NULL)
        error_set(error, "%s: out of memory", source->folder);
    else if (paths_read(file, &text, error) == 0)
        result = load_text(buffer_slice(&text), file, source, faults, out, error);
    buffer_free(&text);
    free(file);
    return result;
}

int site_load(const char *folder, const struct decoy *decoy, const char *face, const unsigned char salt[32],
              struct site **site, struct error *error)
{
    const struct site_source source = {folder, decoy, face, salt};
    struct site_faults faults = {0};
    int result = load_file(&source, &faults, site, error);

    if (faults.count > 1)
        error_prefix(error, "%zu faults (sundew site check DIR tells all); the first", faults.count);
    return result;
}

int site_load_text(struct slice text, const char *folder, const struct decoy *decoy, const char *face,
                   const unsigned char salt[32], struct site **site, struct error *error)
{
    const struct site_source source = {folder, decoy, face, salt};
    struct site_faults faults = {0};

    return load_text(text, "site.yaml", &source, &faults, site, error);
}

int site_examine(const char *folder, const struct decoy *decoy, const char *face, const struct site_examination *how,
                 struct error *error)
{
    static const unsigned char salt[32];
    const struct site_source source = {folder, decoy, face, salt};
    struct site_faults faults = {.tell = how->fault, .context = how->context, .lint = true};
    struct site *site = NULL;
    int result = load_file(&source, &faults, &site, error);

    site_free(site);
    return faults.count > 0 ? 1 : result;
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
        free(site->pages[i].path);
    }
    for (size_t i = 0; i < site->reply_count; i++)
        free_reply(site->replies[i]);
    for (size_t i = 0; i < site->route_count; i++) {
        pattern_free(&site->routes[i].pattern);
        free(site->routes[i].form.identity);
        free(site->routes[i].form.secret);
        free(site->routes[i].form.code);
    }
    for (size_t i = 0; i < site->literal_count; i++)
        free(site->literals[i]);
    free(site->pages);
    free(site->replies);
    free(site->routes);
    free(site->starts);
    free(site->order);
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
        order = segment.data[0] - (unsigned char)site->literals[middle][0];
        if (order == 0)
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
