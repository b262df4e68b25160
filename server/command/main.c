/* SPDX-License-Identifier: ISC */
#include "config.h"
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/log.h"
#include "server/command/command.h"
#include "server/command/text.h"
#include "server/wire/help.h"

static const struct command_way ways[] = {
    {"kinds", NEEDS_NOTHING, run_kinds},         {"sites", NEEDS_NOTHING, run_sites},
    {"services", NEEDS_NOTHING, run_services},   {"places", NEEDS_NOTHING, run_places},
    {"lures", NEEDS_NOTHING, run_lures},         {"formats", NEEDS_NOTHING, run_formats},
    {"decoys", NEEDS_CONFIGURATION, run_decoys}, {"init", NEEDS_NOTHING, run_init},
    {"plant", NEEDS_CONFIGURATION, run_plant},   {"inspect", NEEDS_CONFIGURATION, run_plant},
    {"uproot", NEEDS_CONFIGURATION, run_plant},  {"artifacts", NEEDS_CONFIGURATION, run_artifacts},
    {"reload", NEEDS_CONFIGURATION, run_reload}, {"sink", NEEDS_NOTHING, run_sink},
    {"recognise", NEEDS_CONFIGURATION, run_recognise},
    {"drill", NEEDS_CONFIGURATION, run_drill},   {"check", NEEDS_NOTHING, run_check},
    {"watch", NEEDS_CONFIGURATION, run_watch},
    {"backup", NEEDS_CONFIGURATION, run_backup}, {"site", NEEDS_NOTHING, run_site},
    {"plan", NEEDS_CONFIGURATION, run_plan},     {"lure", NEEDS_CONFIGURATION, run_lure},
    {"rotate", NEEDS_CONFIGURATION, run_rotate}, {"allow-list", NEEDS_CONFIGURATION, run_allow_list},
};

static const struct command_way generic = {"", NEEDS_CONFIGURATION, run_generic};

const struct command_way *command_way(const char *name)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    return &generic;
}

static int usage(const struct error *error)
{
    text_tell("%s", error->text);
    return 2;
}

static int run(const struct options *options, struct error *error)
{
    const struct command_way *way = command_way(options->command->name);
    struct invocation invocation = {.options = options};
    int code;

    if (way->need == NEEDS_CONFIGURATION &&
        configuration_load(configuration_file(options->config), &invocation.configuration, error) < 0)
        return 3;
    output_open(&invocation.output, stdout, options->json, options->command->name);
    code = way->run(&invocation, error);
    if (output_close(&invocation.output) < 0 && code == 0)
        code = error_status(error, 3, "not all could be written to standard output; is the disk full?");
    configuration_free(invocation.configuration);
    return code;
}

int main(int argc, char **argv)
{
    struct error error = {""};
    struct options options;
    int code;

    text_open();
    log_open("sundew");
    log_threshold(LOG_LEVEL_WARNING);
    signal(SIGPIPE, SIG_DFL);
    if (sodium_init() < 0)
        return 3;
    if (options_read(argc, argv, &options, &error) < 0)
        return usage(&error);
    if (options.command == NULL && !options.version && !options.help) {
        help_write(stderr, "sundew");
        return 2;
    }
    if (options.version)
        printf("sundew " PACKAGE_VERSION "\n");
    else if (options.help)
        help_write(stdout, options.command != NULL ? options.command->name : "sundew");
    code = options.version || options.help ? 0 : run(&options, &error);
    if (fflush(stdout) != 0 && code == 0)
        code = error_status(&error, 3, "not all could be written to standard output; is the disk full?");
    if (error.text[0] != '\0')
        text_tell("%s", error.text);
    return code;
}
