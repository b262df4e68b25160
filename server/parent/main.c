/* SPDX-License-Identifier: ISC */
#include "config.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "server/base/error.h"
#include "server/base/log.h"
#include "server/base/nearest.h"
#include "server/parent/parent.h"
#include "server/wire/configuration.h"
#include "server/wire/help.h"

#define PATH 4096
#define FILES 66000 /* a sensor's connections, each of which is one, and some */

struct arguments {
    const char *config;
    bool check, help, version;
};

static int set_log(const char *value)
{
    if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
        return -1;
    log_format(value[0] == 'j' ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
    return 0;
}

/* The value of an option that stands as "--name value", "--name=value" or "-nvalue"; NULL when argv[*i] is another. */
static const char *value_of(const char *name, int argc, char *const *argv, int *i)
{
    size_t length = strlen(name);

    if (strncmp(argv[*i], name, length) != 0)
        return NULL;
    if (argv[*i][length] == '=')
        return argv[*i] + length + 1;
    if (name[1] != '-' && argv[*i][length] != '\0')
        return argv[*i] + length;
    return argv[*i][length] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

/* Says what is wrong with an argument, and what might have been meant. */
static int not_understood(const char *given)
{
    static const char *const words[] = {"-c", "--config", "--log", "--check", "--help", "--version", NULL};
    const char *near = nearest_word(given, words);

    if (strcmp(given, "-c") == 0 || strcmp(given, "--config") == 0 || strncmp(given, "--log", 5) == 0)
        fprintf(stderr, "sundewd: %s needs %s\n", given, given[2] == 'l' ? "json or text" : "a file");
    else if (near != NULL)
        fprintf(stderr, "sundewd: cannot understand %s; did you mean %s?\n", given, near);
    else
        fprintf(stderr, "sundewd: cannot understand %s; see: sundewd --help\n", given);
    return -1;
}

static int read_arguments(int argc, char *const *argv, struct arguments *arguments)
{
    const char *value;

    for (int i = 1; i < argc; i++) {
        if ((value = value_of("-c", argc, argv, &i)) != NULL || (value = value_of("--config", argc, argv, &i)) != NULL)
            arguments->config = value;
        else if ((value = value_of("--log", argc, argv, &i)) != NULL && set_log(value) == 0)
            continue;
        else if (strcmp(argv[i], "--check") == 0)
            arguments->check = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            arguments->help = true;
        else if (strcmp(argv[i], "--version") == 0)
            arguments->version = true;
        else
            return not_understood(value != NULL ? "--log" : argv[i]);
    }
    return 0;
}

static int check(const char *file)
{
    struct configuration *configuration = NULL;
    struct error error;

    if (configuration_load(file, &configuration, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    printf("%s: %zu decoys, %zu routes\n", configuration->file, configuration->decoy_count, configuration->route_count);
    configuration_free(configuration);
    return 0;
}

/* The program's own file, told before an upgrade replaces it. */
static void own_path(char path[PATH])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH - 1);

    path[length > 0 ? length : 0] = '\0';
}

/* Roles inherit it and use what there is. Only root may allow itself more. */
static void allow_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max >= FILES)
        return;
    limit.rlim_max = FILES;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {NULL};
    char path[PATH];
    bool again = false;
    int code;

    own_path(path);
    log_open("sundewd");
    if (read_arguments(argc, argv, &arguments) < 0)
        return 2;
    if (arguments.help || arguments.version) {
        if (arguments.help)
            help_write(stdout, "sundewd");
        else
            printf("sundewd " PACKAGE_VERSION "\n");
        return 0;
    }
    if (arguments.check)
        return check(configuration_file(arguments.config));
    allow_files();
    code = parent_run(configuration_file(arguments.config), &again);
    unsetenv("SUNDEWD_RESTARTED");
    if (again) {
        setenv("SUNDEWD_RESTARTED", "1", 1);
        execv(path, argv);
        log_error("cannot execute %s anew; start sundewd by hand", path);
        code = 3;
    }
    return code;
}
