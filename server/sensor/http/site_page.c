/* SPDX-License-Identifier: ISC
 *
 * Pages and answers of a site. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/paths.h"

#define SUFFIX ".mustache"

static int compare_pages(const void *a, const void *b)
{
    return strcmp(((const struct site_page *)a)->name, ((const struct site_page *)b)->name);
}

const struct template *site_page(const char *name, void *context)
{
    const struct site *site = context;
    const struct site_page key = {(char *)(uintptr_t)name, NULL}, *found;

    found = site->page_count == 0 ? NULL
                                  : bsearch(&key, site->pages, site->page_count, sizeof(*site->pages), compare_pages);
    return found == NULL ? NULL : found->template;
}

static int read_file(const char *folder, const char *part, const char *name, char **path, struct buffer *content,
                     struct error *error)
{
    char *inner = paths_join(folder, part);
    int result = -1;

    *path = inner == NULL ? NULL : paths_join(inner, name);
    free(inner);
    buffer_init(content, SITE_PAGE);
    if (*path == NULL)
        error_set(error, "%s: out of memory", folder);
    else
        result = paths_read(*path, content, error);
    return result;
}

static int add_page(struct site *site, const char *folder, const char *file, struct error *error)
{
    struct site_page *pages = realloc(site->pages, (site->page_count + 1) * sizeof(*pages)), *page;
    struct buffer content;
    char *path = NULL;
    int result = -1;

    if (pages == NULL)
        return error_set(error, "%s: out of memory", folder);
    site->pages = pages;
    if (read_file(folder, "pages", file, &path, &content, error) == 0) {
        page = &pages[site->page_count];
        page->name = strndup(file, strlen(file) - strlen(SUFFIX));
        result = template_parse(buffer_slice(&content), path, &page->template, error);
        if (page->name == NULL)
            result = error_set(error, "%s: out of memory", path);
        site->page_count++;
    }
    buffer_free(&content);
    free(path);
    return result;
}

static int check_partials(struct site *site, const char *name, const struct template *t, struct error *error)
{
    const char *partial;

    for (size_t i = 0; (partial = template_partial(t, i)) != NULL; i++)
        if (site_page(partial, site) == NULL)
            return error_set(error, "%s asks for the page '%s', which is not there", name, partial);
    return 0;
}

int site_load_pages(struct site *site, const char *folder, struct error *error)
{
    char *path = paths_join(folder, "pages");
    DIR *dir = path == NULL ? NULL : opendir(path);
    const struct dirent *entry;
    int result = 0;

    if (dir == NULL && errno != ENOENT)
        result = error_errno(error, "%s", path == NULL ? folder : path);
    while (result == 0 && dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length > strlen(SUFFIX) && strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0)
            result = add_page(site, folder, entry->d_name, error);
    }
    if (result == 0 && site->page_count > 0)
        qsort(site->pages, site->page_count, sizeof(*site->pages), compare_pages);
    for (size_t i = 0; result == 0 && i < site->page_count; i++)
        result = check_partials(site, site->pages[i].name, site->pages[i].template, error);
    if (dir != NULL)
        closedir(dir);
    free(path);
    return result;
}

static const struct {
    const char *name;
    unsigned needs;
} need_names[] = {
    {"session", SITE_NEED_SESSION},
    {"csrf_token", SITE_NEED_SESSION | SITE_NEED_FIELD},
    {"csrf_meta", SITE_NEED_SESSION | SITE_NEED_META},
    {"flash", SITE_NEED_SESSION | SITE_NEED_FLASH},
    {"session_expires", SITE_NEED_EXPIRES},
    {"part", SITE_NEED_PART},
    {"cookie", SITE_NEED_COOKIE},
    {"identity", SITE_NEED_IDENTITY},
    {"request_id", SITE_NEED_REQUEST_ID},
    {"runtime", SITE_NEED_RUNTIME},
    {"etag", SITE_NEED_ETAG},
    {"nonce", SITE_NEED_NONCE},
    {"path", SITE_NEED_PATH},
    {"host", SITE_NEED_URL},
    {"url", SITE_NEED_URL},
    {"modified", SITE_NEED_MODIFIED},
    {"query", SITE_NEED_PATH},
    {"in_a_year", SITE_NEED_YEAR},
    {"tls", SITE_NEED_TLS},
    {"home", SITE_NEED_SERVER},
    {"server_name", SITE_NEED_SERVER},
    {"tls_port", SITE_NEED_SERVER},
    {"odd_port", SITE_NEED_SERVER},
    {"request_uri", SITE_NEED_SERVER},
};

static unsigned needs_of(struct site *site, const struct template *t, int depth)
{
    unsigned needs = 0;
    const char *partial;

    if (t == NULL || depth > RENDER_DEPTH)
        return 0;
    for (size_t i = 0; i < sizeof(need_names) / sizeof(*need_names); i++)
        needs |= template_uses(t, need_names[i].name) ? need_names[i].needs : 0;
    for (size_t i = 0; (partial = template_partial(t, i)) != NULL; i++)
        needs |= needs_of(site, site_page(partial, site), depth + 1);
    return needs;
}

/* The face's facts, put into a file once and for all. */
static int fill_file(const struct site *site, struct site_reply *reply, const char *path, struct error *error)
{
    struct template *t = NULL;
    struct buffer filled;
    json_t *face = site->face;
    int result = template_parse(buffer_slice(&reply->content), path, &t, error);

    if (result != 0)
        return -1;
    buffer_init(&filled, SITE_PAGE);
    if (template_render(t, &face, 1, reply->escape, NULL, &filled) != 0)
        result = error_set(error, "%s: larger than %d bytes with its facts; make it smaller", path, SITE_PAGE);
    template_free(t);
    buffer_free(&reply->content);
    reply->content = filled;
    return result;
}

static int load_file(const struct site *site, struct site_reply *reply, const struct yaml *node, const char *folder,
                     const char *name, struct error *error)
{
    const struct yaml *at = yaml_get(node, "file");
    char *path = NULL;
    struct error why = {""};
    bool facts = false;
    int result = yaml_bool(node, "facts", &facts, error);

    if (strstr(name, "..") != NULL || *name == '/')
        return yaml_fault(at, error, "a file lies in the site's own folder 'static'");
    if (read_file(folder, "static", name, &path, &reply->content, &why) != 0)
        result = yaml_fault(at, error, "%s", why.text);
    else if (facts && result == 0)
        result = fill_file(site, reply, path, error);
    reply->file = true;
    reply->constant = buffer_slice(&reply->content);
    if (reply->constant.data == NULL)
        reply->constant = slice_of("");
    free(path);
    return result;
}

static int load_inline(struct site *site, struct site_reply *reply, const struct yaml *at, const char *body,
                       struct error *error)
{
    struct error why = {""};

    if (template_parse(slice_of(body), "body", &reply->inline_body, &why) != 0)
        return yaml_fault(at, error, "%s", why.text);
    if (check_partials(site, "this body", reply->inline_body, &why) != 0)
        return yaml_fault(at, error, "%s", why.text);
    reply->body = reply->inline_body;
    return 0;
}

static int load_body(struct site *site, struct site_reply *reply, const char *folder, const struct yaml *node,
                     struct error *error)
{
    const char *page = NULL, *body = NULL, *file = NULL;

    if (yaml_text(node, "page", &page, error) != 0 || yaml_text(node, "body", &body, error) != 0 ||
        yaml_text(node, "file", &file, error) != 0)
        return -1;
    if ((page != NULL) + (body != NULL) + (file != NULL) > 1)
        return yaml_fault(node, error, "an answer has one of page, body and file");
    if (file != NULL)
        return load_file(site, reply, node, folder, file, error);
    if (body != NULL && load_inline(site, reply, yaml_get(node, "body"), body, error) != 0)
        return -1;
    if (page != NULL && (reply->body = site_page(page, site)) == NULL)
        return yaml_fault(yaml_get(node, "page"), error, "there is no page pages/%s" SUFFIX, page);
    reply->constant = reply->body == NULL ? slice_of("") : template_constant(reply->body);
    return 0;
}

static int load_with(struct site_reply *reply, const struct yaml *with, struct error *error)
{
    if (with == NULL)
        return 0;
    if (with->type != YAML_MAP)
        return yaml_fault(with, error, "'with' is a map of names and texts");
    reply->with = json_object();
    for (size_t i = 0; i < with->count; i++)
        if (with->items[i]->type != YAML_TEXT ||
            json_object_set_new(reply->with, with->keys[i]->text, json_string(with->items[i]->text)) != 0)
            return yaml_fault(with->items[i], error, "'with' is a map of names and texts");
    return 0;
}

/* A date, which may come from the face: "{{release.date}}"; a face that was drawn before that fact has none. */
static int load_modified(const struct site *site, struct site_reply *reply, const struct yaml *node,
                         struct error *error)
{
    const char *text = NULL;
    struct template *t = NULL;
    struct buffer date;
    json_t *face = site->face;
    int64_t when = 0;
    int result = yaml_text(node, "modified", &text, error);

    if (result != 0 || text == NULL)
        return result;
    buffer_init(&date, 256);
    if (template_parse(slice_of(text), "modified", &t, error) != 0 ||
        template_render(t, &face, 1, RENDER_PLAIN, NULL, &date) != 0 ||
        (date.length > 0 && clock_parse(buffer_text(&date), &when) != 0))
        result = yaml_fault(yaml_get(node, "modified"), error, "'modified' is a date, as 2025-02-26T09:00:00Z");
    reply->modified = when / 1000000;
    template_free(t);
    buffer_free(&date);
    return result;
}

int site_load_runtime(const struct yaml *node, int64_t *low, int64_t *high, struct error *error)
{
    const struct yaml *range = yaml_get(node, "runtime");
    int64_t *const ends[2] = {low, high};
    char *end;

    if (range == NULL)
        return 0;
    if (range->type != YAML_LIST || range->count != 2)
        return yaml_fault(range, error, "'runtime' is a list of two numbers of microseconds");
    for (size_t i = 0; i < 2; i++) {
        if (range->items[i]->type != YAML_TEXT)
            return yaml_fault(range->items[i], error, "'runtime' is a list of two numbers of microseconds");
        *ends[i] = strtoll(range->items[i]->text, &end, 10);
        if (*end != '\0' || end == range->items[i]->text || *ends[i] < 0 || *ends[i] > 60000000 || *low > *ends[i])
            return yaml_fault(range->items[i], error, "microseconds, from 0 to 60000000, the lower number first");
    }
    return 0;
}

/* Who gives the answer out. A file of nginx's own and a cached one have a date: nginx always says it. */
static int load_served(struct site *site, struct site_reply *reply, const struct yaml *node, struct error *error)
{
    static const char *const names[] = {[SITE_BEHIND] = "behind", [SITE_CACHED] = "cached", [SITE_FRONT] = "front"};
    const struct yaml *served = yaml_get(node, "served");
    size_t i = 0;

    if (served == NULL)
        return 0;
    while (i < 3 && (served->type != YAML_TEXT || strcmp(served->text, names[i]) != 0))
        i++;
    if (i == 3)
        return yaml_fault(served, error, "'served' is front, cached or behind");
    reply->served = (enum site_served)i;
    site->own_fronts = site->own_fronts || reply->served == SITE_FRONT;
    if (reply->served != SITE_BEHIND && reply->file && yaml_get(node, "modified") == NULL)
        return yaml_fault(served, error, "a file that nginx gives out has a date: 'modified'");
    if (reply->served == SITE_CACHED && !reply->file)
        return yaml_fault(served, error, "only a 'file' is cached");
    if (reply->served == SITE_CACHED && (reply->cache = calloc(1, sizeof(*reply->cache))) == NULL)
        return yaml_fault(served, error, "out of memory");
    if (reply->served == SITE_FRONT && !reply->file && (reply->status < 300 || reply->constant.length > 0 ||
                                                 reply->body != NULL))
        return yaml_fault(served, error, "nginx alone answers with a 'file', or with its own page for a status from 300");
    return 0;
}

/* What the next page says once. Each name gets a number, which the session carries. */
static int load_flash(struct site *site, struct site_reply *reply, const struct yaml *node, struct error *error)
{
    const char *name = NULL;
    size_t i = 0;

    if (yaml_text(node, "flash", &name, error) != 0)
        return -1;
    if (name == NULL)
        return 0;
    if (site->cookie == NULL)
        return yaml_fault(yaml_get(node, "flash"), error, "only a site with a 'session' has a next page");
    while (i < site->flash_count && strcmp(site->flashes[i], name) != 0)
        i++;
    if (i == SITE_FLASHES)
        return yaml_fault(yaml_get(node, "flash"), error, "more than %d flashes are too many", SITE_FLASHES);
    if (i == site->flash_count)
        site->flashes[site->flash_count++] = name;
    reply->flash = (unsigned char)(i + 1);
    return 0;
}

static enum render_escape escape_of(const char *type)
{
    enum render_escape escape = RENDER_PLAIN;

    if (type != NULL && (strncmp(type, "text/html", 9) == 0 || strstr(type, "xml") != NULL))
        escape = RENDER_HTML;
    else if (type != NULL && strstr(type, "json") != NULL)
        escape = RENDER_JSON;
    return escape;
}

static int fill_reply(struct site *site, struct site_reply *reply, const char *folder, const struct yaml *node,
                      struct error *error)
{
    static const char *const keys[] = {"status", "use",  "headers",  "type",    "page", "body",
                                       "file",   "with", "modified", "runtime", "served", "facts", "flash", NULL};
    int64_t status = 200;

    if (yaml_only(node, keys, error) != 0 || yaml_integer(node, "status", 200, 599, &status, error) != 0 ||
        yaml_text(node, "type", &reply->type, error) != 0)
        return -1;
    reply->status = (unsigned)status;
    reply->escape = escape_of(reply->type);
    reply->runtime_low = site->runtime_low;
    reply->runtime_high = site->runtime_high;
    if (site_load_head(site, reply, node, error) != 0 || load_body(site, reply, folder, node, error) != 0 ||
        load_with(reply, yaml_get(node, "with"), error) != 0 || load_modified(site, reply, node, error) != 0 ||
        load_served(site, reply, node, error) != 0 || load_flash(site, reply, node, error) != 0 ||
        site_load_runtime(node, &reply->runtime_low, &reply->runtime_high, error) != 0)
        return -1;
    reply->needs = needs_of(site, reply->head, 0) | (reply->constant.data == NULL ? needs_of(site, reply->body, 0) : 0);
    return 0;
}

static const struct site_reply *named_reply(const struct site *site, const struct yaml *node, struct error *error)
{
    for (size_t i = 0; i < site->reply_count; i++)
        if (site->replies[i]->name != NULL && strcmp(site->replies[i]->name, node->text) == 0)
            return site->replies[i];
    yaml_fault(node, error, "there is no '%s' among the answers", node->text);
    return NULL;
}

const struct site_reply *site_load_reply(struct site *site, const char *folder, const struct yaml *node,
                                         const char *name, struct error *error)
{
    struct site_reply **replies, *reply;

    if (node->type == YAML_TEXT)
        return named_reply(site, node, error);
    replies = realloc(site->replies, (site->reply_count + 1) * sizeof(struct site_reply *));
    reply = calloc(1, sizeof(*reply));
    if (replies != NULL)
        site->replies = replies;
    if (replies == NULL || reply == NULL) {
        free(reply);
        yaml_fault(node, error, "out of memory");
        return NULL;
    }
    buffer_init(&reply->content, SITE_PAGE);
    reply->name = name;
    site->replies[site->reply_count++] = reply;
    return fill_reply(site, reply, folder, node, error) == 0 ? reply : NULL;
}
