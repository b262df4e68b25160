/* SPDX-License-Identifier: ISC
 *
 * sink: becomes the receiver's program. Without --port and --key they are those of the configuration's first route
 * to this machine. */
#include "server/command/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"

#define ARGUMENTS 16
#define PORT 8

/* The port of "http://127.0.0.1:PORT/..."; false for other URLs. */
static bool local_port(const char *url, char port[PORT])
{
    static const char *const hosts[] = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const char *text = url + strlen(hosts[i]);
        size_t digits;

        if (strncmp(url, hosts[i], strlen(hosts[i])) != 0)
            continue;
        digits = strspn(text, "0123456789");
        if (digits == 0 || digits >= PORT)
            return false;
        memcpy(port, text, digits);
        port[digits] = '\0';
        return true;
    }
    return false;
}

static const struct route *local_route(const struct configuration *configuration, char port[PORT])
{
    for (size_t i = 0; configuration != NULL && i < configuration->route_count; i++)
        if (local_port(configuration->routes[i].url, port) && configuration->routes[i].secret_count > 0)
            return &configuration->routes[i];
    return NULL;
}

int run_sink(struct invocation *invocation, struct error *error)
{
    const struct options *options = invocation->options;
    const char *port = options_value(options, "port"), *key = options_value(options, "key");
    const char *fail = options_value(options, "fail"), *arguments[ARGUMENTS];
    const struct route *route = NULL;
    char found[PORT] = "", *program = paths_join(paths_libexec(), "sink");
    size_t count = 0;
    struct error ignored;

    if ((port == NULL || key == NULL) &&
        configuration_load(configuration_file(options->config), &invocation->configuration, &ignored) == 0)
        route = local_route(invocation->configuration, found);
    if (port == NULL && route != NULL)
        port = found;
    if (key == NULL && route != NULL)
        key = route->secrets[0];
    arguments[count++] = "sink";
    if (port != NULL)
        arguments[count++] = "--port", arguments[count++] = port;
    if (key != NULL)
        arguments[count++] = "--key", arguments[count++] = key;
    if (fail != NULL)
        arguments[count++] = "--fail", arguments[count++] = fail;
    if (options->json)
        arguments[count++] = "--json";
    arguments[count] = NULL;
    if (program != NULL)
        execv(program, (char *const *)(uintptr_t)arguments);
    error_errno(error, "cannot run %s; is Sundew installed completely?", program != NULL ? program : "sink");
    free(program);
    return 3;
}
