/* SPDX-License-Identifier: ISC */
#include "server/command/options.h"
#include <stdio.h>
#include <string.h>

#define WORDS 64
#define DISTANCE_WORD 32

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

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance of two words cut to DISTANCE_WORD bytes. */
static size_t distance(const char *a, const char *b)
{
    size_t row[DISTANCE_WORD + 1], left = strnlen(a, DISTANCE_WORD), right = strnlen(b, DISTANCE_WORD);

    for (size_t j = 0; j <= right; j++)
        row[j] = j;
    for (size_t i = 1; i <= left; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= right; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = smaller(change, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[right];
}

const char *nearest_word(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t least = strlen(word) / 2 + 1;

    for (; *words != NULL; words++) {
        size_t far = distance(word, *words);

        if (far < least || (far <= least && best == NULL && strncmp(word, *words, 3) == 0)) {
            least = far;
            best = *words;
        }
    }
    return best;
}

/* The short name of an operand: lower case up to the first character that is no letter. */
static void operand_name(const char *text, size_t length, char name[OPTIONS_NAME])
{
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < OPTIONS_NAME; i++) {
        if (text[i] < 'A' || text[i] > 'Z')
            break;
        name[used++] = (char)(text[i] - 'A' + 'a');
    }
    name[used] = '\0';
}

/* The next word of a usage text: what stands in one pair of brackets, or up to a space. NULL at the end. */
static const char *usage_next(const char *at, const char **word, size_t *length, bool *bracket)
{
    const char *end;

    while (*at == ' ')
        at++;
    if (*at == '\0')
        return NULL;
    *bracket = *at == '[';
    if (*bracket) {
        at++;
        end = strchr(at, ']');
    } else {
        end = strchr(at, ' ');
    }
    if (end == NULL)
        end = at + strlen(at);
    *word = at;
    *length = (size_t)(end - at);
    return *end == '\0' ? end : end + 1;
}

bool usage_operand(const char *usage, size_t n, char name[OPTIONS_NAME], bool *optional, bool *repeated)
{
    const char *word;
    size_t length;

    while ((usage = usage_next(usage, &word, &length, optional)) != NULL) {
        if (length >= 2 && memcmp(word, "--", 2) == 0)
            continue;
        if (n-- > 0)
            continue;
        operand_name(word, length, name);
        *repeated = length > 3 && memcmp(word + length - 3, "...", 3) == 0;
        return true;
    }
    return false;
}

int usage_option(const char *usage, const char *name)
{
    const char *word;
    size_t length, wanted = strlen(name);
    bool bracket;

    while ((usage = usage_next(usage, &word, &length, &bracket)) != NULL) {
        if (length < wanted + 2 || memcmp(word, "--", 2) != 0 || memcmp(word + 2, name, wanted) != 0)
            continue;
        if (length == wanted + 2)
            return 0;
        if (word[wanted + 2] == ' ')
            return 1;
    }
    return -1;
}

/* All option names of a usage text, as texts in `store`, for the nearest one. */
static void usage_names(const char *usage, char store[WORDS][OPTIONS_NAME], const char *words[WORDS + 4])
{
    const char *word;
    size_t length, count = 0;
    bool bracket;

    words[count++] = "json";
    words[count++] = "help";
    words[count++] = "config";
    while (usage != NULL && (usage = usage_next(usage, &word, &length, &bracket)) != NULL) {
        size_t end = 2;

        if (length < 2 || memcmp(word, "--", 2) != 0 || count == WORDS)
            continue;
        while (end < length && word[end] != ' ')
            end++;
        snprintf(store[count], OPTIONS_NAME, "%.*s", (int)(end - 2), word + 2);
        words[count] = store[count];
        count++;
    }
    words[count] = NULL;
}

static int unknown_option(const struct options *options, const char *given, const char *name, struct error *error)
{
    char store[WORDS][OPTIONS_NAME];
    const char *words[WORDS + 4], *near;

    usage_names(options->command != NULL ? options->command->usage : NULL, store, words);
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
    char name[OPTIONS_NAME];
    int takes, general;

    snprintf(name, sizeof(name), "%.*s", (int)(equals != NULL ? equals - given - 2 : (long)strlen(given) - 2),
             given + 2);
    general = general_option(options, name, value, argv, argc, i, error);
    if (general != 0)
        return general < 0 ? -1 : 0;
    takes = options->command != NULL ? usage_option(options->command->usage, name) : -1;
    if (takes < 0)
        return unknown_option(options, given, name, error);
    if (takes == 0)
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
    char name[OPTIONS_NAME];
    bool optional, repeated;

    if (options->command == NULL)
        return unknown_command(value, error);
    if (!usage_operand(options->command->usage, *operand, name, &optional, &repeated))
        return error_set(error, "%s takes no operand %.80s; usage: sundew %s %s", options->command->name, value,
                         options->command->name, options->command->usage);
    if (!repeated)
        ++*operand;
    return add_value(options, name, value, error);
}

static int check_operands(const struct options *options, size_t given, struct error *error)
{
    char name[OPTIONS_NAME];
    bool optional, repeated;

    if (options->command == NULL || options->help ||
        !usage_operand(options->command->usage, given, name, &optional, &repeated) || optional)
        return 0;
    return error_set(error, "%s needs its operand %s; usage: sundew %s %s", options->command->name, name,
                     options->command->name, options->command->usage);
}

int options_read(int argc, char *const *argv, struct options *options, struct error *error)
{
    const char *word = command_word(argc, argv);
    bool only_operands = false, seen = false;
    size_t operand = 0;
    int result = 0;

    *options = (struct options){NULL};
    if (word != NULL && (options->command = command_find(word)) == NULL)
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

void options_help(void)
{
    printf("usage: sundew [-c FILE] [--json] COMMAND ...\n\n"
           "Mints secrets that look real, plants them, and tells when one is used.\n\n");
    for (size_t i = 0; command_at(i) != NULL; i++)
        printf("  %-11s %s\n", commands[i].name, commands[i].summary);
    printf("\nOptions may stand anywhere:\n"
           "  -c FILE     the configuration; else $SUNDEW_CONFIG, ./sundew.yaml, /etc/sundew/sundew.yaml\n"
           "  --json      JSON Lines on standard output\n"
           "  --help      this, or the usage of COMMAND\n"
           "  --version   the version\n\n"
           "Exit status: 0 done, 1 found wanting, 2 usage, 3 could not.\n");
}

void options_help_command(const struct command_entry *command)
{
    const char *summary = command->summary;

    printf("usage: sundew [-c FILE] [--json] %s%s%s\n\n%s%s\n", command->name, command->usage[0] != '\0' ? " " : "",
           command->usage, summary, strchr("?.", summary[strlen(summary) - 1]) == NULL ? "." : "");
}
