/* SPDX-License-Identifier: ISC
 *
 * sink: becomes the receiver's program. Without --port and --key they are those of the configuration's first route
 * to this machine. */
#include "server/command/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"

#define ARGUMENTS (2 * OPTIONS_ARGUMENTS + 8)
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
    bool port = options_value(options, "port") != NULL, key = options_value(options, "key") != NULL;
    const char *arguments[ARGUMENTS];
    const struct route *route = NULL;
    char names[OPTIONS_ARGUMENTS][USAGE_NAME + 2], found[PORT] = "", *program = paths_join(paths_libexec(), "sink");
    size_t count = 0;
    struct error ignored;

    if ((!port || !key) &&
        configuration_load(configuration_file(options->config), &invocation->configuration, &ignored) == 0)
        route = local_route(invocation->configuration, found);
    arguments[count++] = "sink";
    if (options->json)
        arguments[count++] = "--json";
    if (route != NULL && !port) {
        arguments[count++] = "--port";
        arguments[count++] = found;
    }
    if (route != NULL && !key) {
        arguments[count++] = "--key";
        arguments[count++] = route->secrets[0];
    }
    for (size_t i = 0; i < options->count; i++) {
        snprintf(names[i], sizeof(names[i]), "--%s", options->values[i].name);
        arguments[count++] = names[i];
        arguments[count++] = options->values[i].value;
    }
    arguments[count] = NULL;
    if (program != NULL)
        execv(program, (char *const *)(uintptr_t)arguments);
    error_errno(error, "cannot run %s; is Sundew installed completely?", program != NULL ? program : "sink");
    free(program);
    return 3;
}
