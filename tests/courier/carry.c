/* SPDX-License-Identifier: ISC
 *
 * carry URL [allow=CIDR] [ca=FILE] [certificate=FILE] [key=FILE] [pins=P]: one body to one route; prints what became
 * of it. For tests of TLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/courier/carrier.h"

static void on_done(const struct carrier_answer *answer, void *context)
{
    static const char *const results[] = {"", "delivered", "again", "refused"};

    (void)context;
    printf("%s %u %s\n", results[answer->result], answer->status, answer->text);
}

static const char *value_of(int argc, char **argv, const char *name)
{
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], name, strlen(name)) == 0 && argv[i][strlen(name)] == '=')
            return argv[i] + strlen(name) + 1;
    }
    return "";
}

int main(int argc, char **argv)
{
    const struct carrier_limits limits = {2000, 5000};
    struct network allow;
    static char name[] = "route";
    struct route route = {.name = name};
    struct event_base *base = event_base_new();
    struct carrier *carrier = NULL;
    struct error error = {"usage: carry URL [NAME=VALUE...]"};
    int rc = 1;

    route.allow = &allow;
    route.allow_count = value_of(argc, argv, "allow")[0] != '\0';
    route.url = argv[1];
    route.ca = (char *)(uintptr_t)value_of(argc, argv, "ca");
    route.certificate = (char *)(uintptr_t)value_of(argc, argv, "certificate");
    route.key = (char *)(uintptr_t)value_of(argc, argv, "key");
    route.pins = (char *)(uintptr_t)value_of(argc, argv, "pins");
    if (argc > 1 && (route.allow_count == 0 || network_parse(value_of(argc, argv, "allow"), &allow, &error) == 0) &&
        carrier_library(&error) == 0)
        carrier = carrier_new(base, &route, &limits, &error);
    if (carrier != NULL && carrier_send(carrier, NULL, 0, slice_of("{}"), on_done, NULL) == 0)
        rc = event_base_dispatch(base) >= 0 ? 0 : 1;
    else
        fprintf(stderr, "carry: %s\n", error.text);
    carrier_free(carrier);
    event_base_free(base);
    return rc;
}
