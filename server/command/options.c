/* SPDX-License-Identifier: ISC */
#include "server/command/options.h"

#include <stdio.h>
#include <string.h>
#include "server/base/nearest.h"
#include "server/wire/usage.h"

#define WORDS 64
#define GENERAL (sizeof(general) / sizeof(general[0]))

static const char *const general[] = {"json", "help", "config", "version"};

static const struct command_entry commands[] = {
#define COMMAND(symbol, name, usage, summary, where) {#symbol, name, usage, summary, where},
#include "server/wire/tables/commands.def"
#undef COMMAND
    {NULL, NULL, NULL, NULL, here},
};

const struct command_entry *command_at(size_t index)
{
    return index < sizeof(commands) / sizeof(commands[0]) - 1 ? &commands[index] : NULL;
}

const struct command_entry *command_find(const char *name)
{
    for (size_t i = 0; command_at(i) != NULL; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* The names of a command's options behind those of the general ones, NULL-ended; texts in `store`. */
static void option_names(const struct command_entry *command, char store[WORDS][USAGE_NAME],
                         const char *words[GENERAL + WORDS + 1])
{
    const char *usage = command != NULL ? command->usage : "";
    struct usage_word word;
    size_t count = 0;

    memcpy(words, general, sizeof(general));
    while (count < WORDS && (usage = usage_next(usage, &word)) != NULL) {
        if (!word.option)
            continue;
        memcpy(store[count], word.name, USAGE_NAME);
        words[GENERAL + count] = store[count];
        count++;
    }
    words[GENERAL + count] = NULL;
}

static int unknown_option(const struct options *options, const char *given, const char *name, struct error *error)
{
    const char *words[GENERAL + WORDS + 1], *near;
    char store[WORDS][USAGE_NAME];

    option_names(options->command, store, words);
    near = nearest_word(name, words);
    if (near != NULL)
        return error_set(error, "unknown option %.80s; did you mean --%s?", given, near);
    return error_set(error, "unknown option %.80s; see: sundew %s%s--help", given,
                     options->command != NULL ? options->command->name : "", options->command != NULL ? " " : "");
}

static int unknown_command(const char *given, struct error *error)
{
    const char *words[sizeof(commands) / sizeof(commands[0])], *near;
    size_t i;

    for (i = 0; command_at(i) != NULL; i++)
        words[i] = commands[i].name;
    words[i] = NULL;
    near = nearest_word(given, words);
    if (near != NULL)
        return error_set(error, "unknown command %.80s; did you mean %s?", given, near);
    return error_set(error, "unknown command %.80s; see: sundew --help", given);
}

static int add_value(struct options *options, const char *name, const char *value, struct error *error)
{
    struct option_value *slot;

    if (options->count == OPTIONS_ARGUMENTS)
        return error_set(error, "too many arguments; at most %d", OPTIONS_ARGUMENTS);
    slot = &options->values[options->count++];
    snprintf(slot->name, sizeof(slot->name), "%s", name);
    slot->value = value;
    return 0;
}

/* Finds the command word first, for options may stand before it. Words behind options that take a value are not
 * commands, so only those of the general options are skipped. */
static const char *command_word(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0)
            i++;
        else if (argv[i][0] != '-' && command_find(argv[i]) != NULL)
            return argv[i];
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0)
            i++;
        else if (argv[i][0] != '-')
            return argv[i];
    }
    return NULL;
}

/* A general option: 1 when it was one, 0 when not, -1 for a fault. */
static int general_option(struct options *options, const char *name, const char *inline_value, char *const *argv,
                          int argc, int *i, struct error *error)
{
    if (strcmp(name, "config") == 0) {
        if (inline_value == NULL && *i + 1 >= argc)
            return error_set(error, "%s needs a file", argv[*i]);
        options->config = inline_value != NULL ? inline_value : argv[++*i];
        return 1;
    }
    if (strcmp(name, "json") != 0 && strcmp(name, "help") != 0 && strcmp(name, "version") != 0)
        return 0;
    if (inline_value != NULL)
        return error_set(error, "--%s takes no value", name);
    if (name[0] == 'j')
        options->json = true;
    else if (name[0] == 'h')
        options->help = true;
    else
        options->version = true;
    return 1;
}

static int read_option(struct options *options, char *const *argv, int argc, int *i, struct error *error)
{
    const char *given = argv[*i], *equals = strchr(given, '='), *value = equals != NULL ? equals + 1 : NULL;
    struct usage_word word;
    char name[USAGE_NAME];
    int taken;

    snprintf(name, sizeof(name), "%.*s", (int)(equals != NULL ? equals - given - 2 : (long)strlen(given) - 2),
             given + 2);
    taken = general_option(options, name, value, argv, argc, i, error);
    if (taken != 0)
        return taken < 0 ? -1 : 0;
    if (options->command == NULL || !usage_find(options->command->usage, slice_of(name), true, &word))
        return unknown_option(options, given, name, error);
    if (word.value.length == 0)
        return value != NULL ? error_set(error, "--%s takes no value", name) : add_value(options, name, "true", error);
    if (value == NULL && *i + 1 >= argc)
        return error_set(error, "--%s needs a value; see: sundew %s --help", name, options->command->name);
    return add_value(options, name, value != NULL ? value : argv[++*i], error);
}

static int read_short(struct options *options, char *const *argv, int argc, int *i, struct error *error)
{
    if (strcmp(argv[*i], "-h") == 0) {
        options->help = true;
        return 0;
    }
    if (strncmp(argv[*i], "-c", 2) != 0)
        return unknown_option(options, argv[*i], argv[*i] + 1, error);
    if (argv[*i][2] != '\0') {
        options->config = argv[*i] + 2;
        return 0;
    }
    return general_option(options, "config", NULL, argv, argc, i, error) < 0 ? -1 : 0;
}

static int read_operand(struct options *options, size_t *operand, const char *value, struct error *error)
{
    struct usage_word word;

    if (options->command == NULL)
        return unknown_command(value, error);
    if (!usage_operand(options->command->usage, *operand, &word))
        return error_set(error, "%s takes no operand %.80s; usage: sundew %s %s", options->command->name, value,
                         options->command->name, options->command->usage);
    if (!word.repeated)
        ++*operand;
    return add_value(options, word.name, value, error);
}

static int check_operands(const struct options *options, size_t given, struct error *error)
{
    struct usage_word word;

    if (options->command == NULL || options->help || !usage_operand(options->command->usage, given, &word) ||
        word.optional || (word.repeated && options_value(options, word.name) != NULL))
        return 0;
    return error_set(error, "%s needs its operand %.*s; usage: sundew %s %s", options->command->name,
                     (int)word.text.length, (const char *)word.text.data, options->command->name,
                     options->command->usage);
}

int options_read(int argc, char *const *argv, struct options *options, struct error *error)
{
    const char *word = command_word(argc, argv);
    bool only_operands = false, seen = false;
    size_t operand = 0;
    int result = 0;

    *options = (struct options){NULL};
    options->help = word != NULL && strcmp(word, "help") == 0;
    if (word != NULL && (options->command = command_find(word)) == NULL && !options->help)
        return unknown_command(word, error);
    for (int i = 1; i < argc && result == 0; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (!only_operands && strncmp(argv[i], "--", 2) == 0)
            result = read_option(options, argv, argc, &i, error);
        else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0')
            result = read_short(options, argv, argc, &i, error);
        else if (!seen && argv[i] == word)
            seen = true;
        else if (!seen && strcmp(argv[i], "help") == 0)
            options->help = true;
        else
            result = read_operand(options, &operand, argv[i], error);
    }
    return result == 0 ? check_operands(options, operand, error) : result;
}

const char *options_value(const struct options *options, const char *name)
{
    for (size_t i = options->count; i > 0; i--)
        if (strcmp(options->values[i - 1].name, name) == 0)
            return options->values[i - 1].value;
    return NULL;
}
