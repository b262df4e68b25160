/* SPDX-License-Identifier: ISC */
#include "tests/sensor/fake_site.h"

#include <string.h>

struct site_route {
    const char *identity, *secret;
};

struct site {
    int nothing;
};

static const struct site_route sign_in = {"user[login]", "user[password]"}, other = {NULL, NULL};
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
