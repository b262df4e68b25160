/* SPDX-License-Identifier: ISC */
#include "tests/sensor/fake_site.h"

#include <stdlib.h>
#include <string.h>

struct site_route {
    const char *identity, *secret;
};

struct site {
    int nothing;
};

static const struct site_route sign_in = {"user[login]", "user[password]"}, other = {NULL, NULL}, moved = {NULL, NULL};
static const struct site site;

const struct site *fake_site(void)
{
    return &site;
}

const struct site_route *site_route(const struct site *which, const struct http_request *request)
{
    (void)which;
    return slice_is(request->path, "/users/sign_in") ? &sign_in : &other;
}

bool site_own(const struct site *which, struct slice value)
{
    (void)which;
    return slice_is(value, FAKE_OWN);
}

bool site_literal(const struct site *which, struct slice segment)
{
    static const char *const literals[] = {"users", "sign_in", "api", "v4"};
    size_t i;

    (void)which;
    for (i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
        if (slice_is(segment, literals[i]))
            return true;
    return false;
}

const char *site_identity_field(const struct site_route *route)
{
    return route->identity;
}

const char *site_secret_field(const struct site_route *route)
{
    return route->secret;
}

int site_load(const char *folder, const struct decoy *decoy, const char *face, const unsigned char salt[32],
              struct site **out, struct error *error)
{
    (void)folder;
    (void)decoy;
    (void)face;
    (void)salt;
    *out = calloc(1, sizeof(**out));
    return *out == NULL ? error_set(error, "out of memory") : 0;
}

void site_free(struct site *which)
{
    free(which);
}

int site_answer(const struct site *which, const struct site_route *route, const struct http_request *request,
                enum site_outcome outcome, struct site_answer *answer)
{
    (void)which;
    if (route == &moved) {
        answer->served = SITE_FRONT;
        answer->status = 301;
        return buffer_add_text(&answer->headers, "Location: https://x/\r\n");
    }
    answer->status = outcome == SITE_REFUSED ? 401 : 200;
    answer->content_type = "text/plain";
    (void)buffer_add_text(&answer->headers, "X-A: 1\r\n");
    (void)buffer_add_slice(&answer->body, request->method);
    (void)buffer_add_char(&answer->body, ' ');
    (void)buffer_add_slice(&answer->body, request->path);
    (void)buffer_add_char(&answer->body, ' ');
    return buffer_add_slice(&answer->body, request->body);
}

uint64_t site_body_limit(const struct site *which, const struct http_request *request)
{
    return site_route(which, request) == &sign_in ? 1024 : 0;
}

uint64_t site_route_limit(const struct site *which, const struct site_route *route)
{
    (void)which;
    return route == &sign_in ? 1024 : 0;
}

const struct site_route *site_plain_route(const struct site *which, const struct http_request *request)
{
    (void)which;
    return slice_is(request->path, "/api/v4") ? NULL : &moved;
}

const struct site_route *site_front_route(const struct site *which, const struct http_request *request)
{
    (void)which;
    (void)request;
    return NULL;
}

bool site_front_errs(const struct site_route *route)
{
    (void)route;
    return false;
}

const char *site_server(const struct site *which)
{
    (void)which;
    return "nginx";
}

bool site_grants(const struct site *which, const struct site_route *route)
{
    (void)which;
    (void)route;
    return false;
}

int site_later_step(const struct site *which, const struct site_route *route, const struct http_request *request,
                    unsigned char seal[32])
{
    (void)which;
    (void)route;
    (void)request;
    (void)seal;
    return -1;
}
