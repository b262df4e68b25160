/* SPDX-License-Identifier: ISC
 *
 * sink [--port P] [--address A] [--key K] [--json] [--fail MODE[:N]] [--count N]: a small receiver of alerts. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/sink/sink.h"
#include "server/wire/help.h"

#define DEFAULT_PORT 8181

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static int take_option(int option, const char *value, struct sink_options *options, struct error *error)
{
    uint64_t number = 0;

    switch (option) {
    case 'p':
        if (sink_number(value, 0, 65535, &number) != 0)
            return error_usage(error, "--port takes a number from 0 to 65535");
        options->port = (uint16_t)number;
        return 0;
    case 'a':
        options->address = value;
        return 0;
    case 'k':
        return verify_keys_add(value, &options->keys, error);
    case 'j':
        options->json = true;
        return 0;
    case 'f':
        if (sink_fail_parse(value, options) != 0)
            return error_usage(error,
                               "--fail takes 500, 410, 429, slow, hang, redirect or close, and :N for how often");
        return 0;
    case 'n':
        if (sink_number(value, 1, UINT64_MAX - 1, &options->count) != 0)
            return error_usage(error, "--count takes a number from 1 on");
        return 0;
    default:
        return error_usage(error, "unknown option");
    }
}

/* 0, or -1 with the error's text; 1 when help or version were answered. */
static int read_options(int argc, char **argv, struct sink_options *options, struct error *error)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'}, {"address", required_argument, NULL, 'a'},
        {"key", required_argument, NULL, 'k'},  {"json", no_argument, NULL, 'j'},
        {"fail", required_argument, NULL, 'f'}, {"count", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},       {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0}};
    static char help[] = "--help", version[] = "--version";
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h' || option == 'v')
            return help_asked("sink", 2, (char *[]){argv[0], option == 'h' ? help : version, NULL});
        if (option == '?')
            return error_usage(error, "%s is no option, or lacks its value", argv[optind - 1]);
        if (take_option(option, optarg, options, error) != 0)
            return -1;
    }
    return optind == argc ? 0 : error_usage(error, "%s is one word too many", argv[optind]);
}

static void announce(const struct sink *sink, const struct sink_options *options)
{
    const char *open = strchr(options->address, ':') != NULL ? "[" : "", *close = open[0] == '[' ? "]" : "";
    FILE *people = options->json ? stderr : stdout;

    fprintf(people, "listening on http://%s%s%s:%u/\n", open, options->address, close, sink_port(sink));
    if (options->json)
        printf("{\"listening\":\"http://%s%s%s:%u/\"}\n", open, options->address, close, sink_port(sink));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct sink_options options = {.address = "127.0.0.1", .port = DEFAULT_PORT};
    struct sigaction action = {.sa_handler = on_signal};
    struct error error;
    struct sink *sink;
    int rc =
        sodium_init() < 0 ? error_set(&error, "libsodium does not start") : read_options(argc, argv, &options, &error);

    if (rc == 1)
        return 0;
    if (rc != 0) {
        fprintf(stderr, "sink: %s%s\n", error.text, error.status == 2 ? "; see: sundew sink --help" : "");
        return error.status;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    sink = sink_new(&options, &error);
    if (sink == NULL) {
        fprintf(stderr, "sink: %s\n", error.text);
        return error.status;
    }
    announce(sink, &options);
    while (!stopped && !sink_step(sink, 500))
        continue;
    sink_free(sink);
    sodium_memzero(&options.keys, sizeof(options.keys));
    return 0;
}
