/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/planter/secret.h"
#include "server/planter/use.h"
#include "templates/render.h"

#define BODY (64 * 1024)
#define STATUS 12 /* "HTTP/1.1 401" */
#define AGENT "curl/7.88.1"

/* The texts of `drill: KIND:` in a site's site.yaml. */
struct said {
    const char *request, *headers, *body;
};

static const struct said basic = {"GET /", "Authorization: Basic {{basic}}\n", ""};

/* Renders a template over the credential. */
static int render(const char *text, json_t *view, enum render_escape escape, struct buffer *out, struct error *error)
{
    static const struct template_partials none = {NULL, NULL};
    struct template *parsed = NULL;
    int result = template_parse(slice_of(text), "drill", &parsed, error);

    if (result == 0 && template_render(parsed, &view, 1, escape, &none, out) != 0)
        result = error_set(error, "the drill's request does not fit");
    template_free(parsed);
    return result;
}

static json_t *view_of(const struct use *use)
{
    struct buffer pair;
    char *coded;
    json_t *view;

    buffer_init(&pair, BODY);
    buffer_add_text(&pair, use->identity);
    buffer_add_char(&pair, ':');
    buffer_add_slice(&pair, use->secret);
    coded = secret_base64(buffer_slice(&pair), sodium_base64_VARIANT_ORIGINAL);
    view = json_pack("{s:s, s:o, s:s}", "identity", use->identity, "secret",
                     json_stringn((const char *)use->secret.data, use->secret.length), "basic",
                     coded != NULL ? coded : "");
    secret_free(coded);
    buffer_free(&pair);
    return view;
}

static enum render_escape escape_of(const char *headers)
{
    return strcasestr(headers, "json") != NULL ? RENDER_JSON : RENDER_URL;
}

/* Lines that end in "\n" become ones that end in "\r\n". */
static void add_lines(struct buffer *request, struct slice lines)
{
    for (size_t i = 0; i < lines.length; i++) {
        if (lines.data[i] == '\n')
            buffer_add_char(request, '\r');
        buffer_add_char(request, (char)lines.data[i]);
    }
    if (lines.length > 0 && lines.data[lines.length - 1] != '\n')
        buffer_add_text(request, "\r\n");
}

static void add_host(const struct use *use, struct buffer *request)
{
    buffer_add_format(request, strchr(use->host, ':') != NULL ? "Host: [%s]" : "Host: %s", use->host);
    if (use->port != (use->tls ? 443 : 80))
        buffer_add_format(request, ":%u", use->port);
    buffer_add_text(request, "\r\nUser-Agent: " AGENT "\r\nAccept: */*\r\n");
}

static int compose(const struct use *use, const struct said *said, struct buffer *request, struct error *error)
{
    struct buffer headers, body;
    json_t *view = view_of(use);
    int result = -1;

    buffer_init(&headers, BODY);
    buffer_init(&body, BODY);
    if (view == NULL)
        error_set(error, "the secret is no text that HTTP can carry");
    else if (render(said->request, view, RENDER_URL, request, error) == 0 &&
             render(said->headers, view, RENDER_PLAIN, &headers, error) == 0 &&
             render(said->body, view, escape_of(said->headers), &body, error) == 0)
        result = 0;
    if (result == 0) {
        buffer_add_text(request, " HTTP/1.1\r\n");
        add_host(use, request);
        add_lines(request, buffer_slice(&headers));
        if (body.length > 0)
            buffer_add_format(request, "Content-Length: %zu\r\n", body.length);
        buffer_add_text(request, "Connection: close\r\n\r\n");
        buffer_add_slice(request, buffer_slice(&body));
        if (request->failed)
            result = error_set(error, "the drill's request does not fit");
    }
    buffer_free(&headers);
    buffer_free(&body);
    json_decref(view);
    return result;
}

static int read_said(const struct yaml *root, const char *kind, struct said *said, struct error *error)
{
    static const char *const keys[] = {"request", "headers", "body", NULL};
    const struct yaml *drill = yaml_get(root, "drill");
    const struct yaml *map = drill != NULL && drill->type == YAML_MAP ? yaml_get(drill, kind) : NULL;

    *said = basic;
    if (map == NULL)
        return 0;
    *said = (struct said){NULL, "", ""};
    if (yaml_only(map, keys, error) != 0 || yaml_text(map, "request", &said->request, error) != 0 ||
        yaml_text(map, "headers", &said->headers, error) != 0 || yaml_text(map, "body", &said->body, error) != 0)
        return -1;
    if (said->request == NULL || strchr(said->request, ' ') == NULL)
        return yaml_fault(map, error, "\"request\" must be a method and a path, such as GET /api/v4/user");
    return 0;
}

int use_http_request(const struct use *use, struct buffer *request, struct error *error)
{
    char *sites = paths_join(paths_data(), "site"), *folder = sites != NULL ? paths_join(sites, use->site) : NULL;
    char *file = folder != NULL ? paths_join(folder, "site.yaml") : NULL;
    struct yaml *root = NULL;
    struct said said;
    int result = -1;

    if (file == NULL)
        error_set(error, "out of memory");
    else if (yaml_load_file(file, &root, error) == 0 && read_said(root, use->kind, &said, error) == 0)
        result = compose(use, &said, request, error);
    yaml_discard(root);
    free(sites);
    free(folder);
    free(file);
    return result;
}

/* "HTTP/1.1 401 Unauthorized" → "401 Unauthorized". */
static int read_status(struct slice line, char answered[80], struct error *error)
{
    size_t used = 0;

    if (line.length < STATUS || memcmp(line.data, "HTTP/1.", 7) != 0)
        return error_set(error, "what answers does not speak HTTP");
    for (size_t i = 9; i < line.length && used < 79; i++)
        if (line.data[i] >= ' ' && line.data[i] < 127)
            answered[used++] = (char)line.data[i];
    answered[used] = '\0';
    return 0;
}

int use_http(struct door *door, const struct buffer *request, char answered[80], struct error *error)
{
    const unsigned char *end = NULL;
    int got = 1;

    if (door_write(door, buffer_slice(request), error) != 0)
        return -1;
    while (end == NULL && got == 1) {
        got = door_read(door, error);
        end = door->input.length > 0 ? memchr(door->input.data, '\n', door->input.length) : NULL;
    }
    if (end == NULL)
        return got < 0 ? -1 : error_set(error, "the connection was closed without an answer");
    return read_status((struct slice){door->input.data, (size_t)(end - door->input.data)}, answered, error);
}
