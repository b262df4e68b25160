/* SPDX-License-Identifier: ISC
 *
 * From the answers of site.yaml to replies. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"

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

bool site_knows(const char *name)
{
    bool known = false;

    for (size_t i = 0; !known && i < sizeof(need_names) / sizeof(*need_names); i++)
        known = strcmp(need_names[i].name, name) == 0;
    return known;
}

static void load_body(struct site *site, struct site_reply *reply, const char *folder, const struct yaml *node)
{
    struct error *error = &site->faults->now;
    const char *page = NULL, *body = NULL, *file = NULL;

    site_note(site, yaml_text(node, "page", &page, error));
    site_note(site, yaml_text(node, "body", &body, error));
    site_note(site, yaml_text(node, "file", &file, error));
    if ((page != NULL) + (body != NULL) + (file != NULL) > 1)
        site_fault(site, node, "this answer has more than one body; keep one of page, body and file");
    if (file == NULL && yaml_get(node, "facts") != NULL)
        site_fault(site, yaml_get(node, "facts"), "only a file is filled with facts; pages and bodies have them anyhow");
    reply->constant = slice_of("");
    if (file != NULL) {
        site_load_file(site, reply, node, folder, file);
        return;
    }
    if (body != NULL && (reply->inline_body = site_template(site, yaml_get(node, "body"), slice_of(body), 0)) != NULL) {
        site_check_partials(site, reply->inline_body, yaml_get(node, "body"), NULL);
        reply->body = reply->inline_body;
    }
    if (page != NULL && (reply->body = site_page(page, site)) == NULL)
        site_fault(site, yaml_get(node, "page"), "there is no page '%.100s'; put it into pages/%.100s" SITE_SUFFIX, page,
                   page);
    if (reply->body != NULL)
        reply->constant = template_constant(reply->body);
}

static void load_with(struct site *site, struct site_reply *reply, const struct yaml *with)
{
    if (with == NULL)
        return;
    reply->with = json_object();
    if (with->type != YAML_MAP)
        site_fault(site, with, "'with' is no map; write {name: text}");
    for (size_t i = 0; with->type == YAML_MAP && i < with->count; i++)
        if (with->items[i]->type != YAML_TEXT ||
            json_object_set_new(reply->with, with->keys[i]->text, json_string(with->items[i]->text)) != 0)
            site_fault(site, with->items[i], "'%.80s' is no text; write one, in UTF-8", with->keys[i]->text);
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
        result = yaml_fault(yaml_get(node, "modified"), error, "this is no date; write one such as 2025-02-26T09:00:00Z");
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
        return yaml_fault(range, error, "'runtime' is not two numbers; write [2100, 5200], in microseconds");
    for (size_t i = 0; i < 2; i++) {
        if (range->items[i]->type != YAML_TEXT)
            return yaml_fault(range->items[i], error, "this is no number; write microseconds, such as 2100");
        *ends[i] = strtoll(range->items[i]->text, &end, 10);
        if (*end != '\0' || end == range->items[i]->text || *ends[i] < 0 || *ends[i] > 60000000 || *low > *ends[i])
            return yaml_fault(range->items[i], error,
                              "this does not fit; write microseconds from 0 to 60000000, the lower number first");
    }
    return 0;
}

/* Who gives the answer out. A file of nginx's own and a cached one have a date: nginx always says it. */
static void load_served(struct site *site, struct site_reply *reply, const struct yaml *node)
{
    static const char *const names[] = {[SITE_BEHIND] = "behind", [SITE_CACHED] = "cached", [SITE_FRONT] = "front"};
    const struct yaml *served = yaml_get(node, "served");
    size_t i = 0;

    if (served == NULL)
        return;
    while (i < 3 && (served->type != YAML_TEXT || strcmp(served->text, names[i]) != 0))
        i++;
    if (i == 3) {
        site_fault(site, served, "nobody gives this out so; write front, cached or behind");
        return;
    }
    reply->served = (enum site_served)i;
    if (reply->served != SITE_BEHIND && reply->file && yaml_get(node, "modified") == NULL)
        site_fault(site, served, "a file that nginx gives out has a date; write it in 'modified'");
    if (reply->served == SITE_CACHED && !reply->file)
        site_fault(site, served, "only a file is cached; write behind, or give the answer a 'file'");
    if (reply->served == SITE_CACHED && (reply->cache = calloc(1, sizeof(*reply->cache))) == NULL)
        site_fault(site, served, "out of memory");
    if (reply->served == SITE_FRONT && !reply->file && (reply->status < 300 || reply->constant.length > 0 ||
                                                 reply->body != NULL))
        site_fault(site, served,
                   "nginx alone cannot say this; give the answer a 'file', or a status from 300 on and no body");
}

/* What the next page says once. Each name gets a number, which the session carries. */
static void load_flash(struct site *site, struct site_reply *reply, const struct yaml *node)
{
    const struct yaml *at = yaml_get(node, "flash");
    const char *name = NULL;
    size_t i = 0;

    if (site_note(site, yaml_text(node, "flash", &name, &site->faults->now)) != 0 || name == NULL)
        return;
    if (yaml_get(site->tree, "session") == NULL)
        site_fault(site, at, "only a site with a 'session' has a next page; add one, or take this out");
    while (i < site->flash_count && strcmp(site->flashes[i], name) != 0)
        i++;
    if (i == SITE_FLASHES) {
        site_fault(site, at, "more than %d flashes are too many; use one of them again", SITE_FLASHES);
        return;
    }
    if (i == site->flash_count)
        site->flashes[site->flash_count++] = name;
    reply->flash = (unsigned char)(i + 1);
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

static const unsigned sent_needs =
    SITE_NEED_PART | SITE_NEED_IDENTITY | SITE_NEED_PATH | SITE_NEED_URL | SITE_NEED_SERVER;

/* What clients send is made harmless in a text of such a type, or cannot harm. */
static bool is_safe(const char *type)
{
    static const char *const plain[] = {"text/plain", "text/markdown", "text/csv"};
    bool safe = type != NULL && escape_of(type) != RENDER_PLAIN;

    for (size_t i = 0; type != NULL && !safe && i < sizeof(plain) / sizeof(*plain); i++)
        safe = strncmp(type, plain[i], strlen(plain[i])) == 0;
    return safe;
}

static void check_reply(struct site *site, const struct site_reply *reply, const struct yaml *node)
{
    const struct yaml *type = yaml_get(node, "type");
    bool bare = reply->status == 204 || reply->status == 304, sent;

    sent = site->faults->count == 0 && reply->constant.data == NULL && (needs_of(site, reply->body, 0) & sent_needs) != 0;
    if (sent && !is_safe(reply->type))
        site_fault(site, type == NULL ? node : type,
                   "it is not known how to escape what clients send in %s; use HTML, XML, JSON or plain text there",
                   reply->type == NULL ? "a body without a type" : reply->type);
    if (bare && (reply->constant.data == NULL || reply->constant.length > 0))
        site_fault(site, node, "an answer with status %u has no body; take it out", reply->status);
    if (reply->type != NULL && (strpbrk(reply->type, "\r\n") != NULL || strchr(reply->type, '/') == NULL))
        site_fault(site, type, "this is no type; write one such as text/html; charset=utf-8");
}

static void fill_reply(struct site *site, struct site_reply *reply, const char *folder, const struct yaml *node)
{
    static const char *const keys[] = {"status", "use",      "headers", "type",   "page",  "body",  "file",
                                       "with",   "modified", "runtime", "served", "facts", "flash", NULL};
    struct error *error = &site->faults->now;
    size_t before = site->faults->count;
    int64_t status = 200;

    reply->at = node;
    site_keys(site, node, keys);
    site_note(site, yaml_integer(node, "status", 200, 599, &status, error));
    site_note(site, yaml_text(node, "type", &reply->type, error));
    reply->status = (unsigned)status;
    reply->escape = escape_of(reply->type);
    reply->runtime_low = site->runtime_low;
    reply->runtime_high = site->runtime_high;
    site_load_head(site, reply, node);
    load_body(site, reply, folder, node);
    load_with(site, reply, yaml_get(node, "with"));
    site_note(site, load_modified(site, reply, node, error));
    load_served(site, reply, node);
    load_flash(site, reply, node);
    site_note(site, site_load_runtime(node, &reply->runtime_low, &reply->runtime_high, error));
    if (site->faults->count == before)
        check_reply(site, reply, node);
    if (site->faults->count == 0)
        reply->needs =
            needs_of(site, reply->head, 0) | (reply->constant.data == NULL ? needs_of(site, reply->body, 0) : 0);
}

static const struct site_reply *named_reply(struct site *site, const struct yaml *node)
{
    const struct yaml *answers = yaml_get(site->tree, "answers");

    for (size_t i = 0; i < site->reply_count; i++)
        if (site->replies[i]->name != NULL && strcmp(site->replies[i]->name, node->text) == 0) {
            site->replies[i]->used = true;
            return site->replies[i];
        }
    if (yaml_get(answers, node->text) == NULL)
        site_fault(site, node, "there is no '%.100s' among the answers; write it there, or name another", node->text);
    return NULL;
}

const struct site_reply *site_load_reply(struct site *site, const char *folder, const struct yaml *node,
                                         const char *name)
{
    struct site_reply **replies, *reply;

    if (node->type == YAML_TEXT)
        return named_reply(site, node);
    if (node->type != YAML_MAP) {
        site_fault(site, node, "an answer is no list; name one of 'answers', or write a map");
        return NULL;
    }
    replies = realloc(site->replies, (site->reply_count + 1) * sizeof(struct site_reply *));
    reply = calloc(1, sizeof(*reply));
    if (replies != NULL)
        site->replies = replies;
    if (replies == NULL || reply == NULL) {
        free(reply);
        site_fault(site, node, "out of memory");
        return NULL;
    }
    buffer_init(&reply->content, SITE_PAGE);
    reply->name = name;
    reply->used = name == NULL;
    site->replies[site->reply_count++] = reply;
    fill_reply(site, reply, folder, node);
    return reply;
}
