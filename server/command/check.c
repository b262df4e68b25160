/* SPDX-License-Identifier: ISC */
#include "server/command/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "server/command/text.h"

#define TEXT 1024

static const char *const states[] = {"ok", "warning", "wrong"};

/* ---- telling ---- */

static void paint(const struct output *output, enum check_state state, struct buffer *line)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31;1m"};

    buffer_add_format(line, "%s%-7s%s  ", output->table.colour ? colours[state] : "", states[state],
                      output->table.colour ? "\033[0m" : "");
}

static void tell_person(const struct checking *checking, enum check_state state, const json_t *row)
{
    const char *check = json_string_value(json_object_get(row, "check"));
    const char *subject = json_string_value(json_object_get(row, "subject"));
    const char *remedy = json_string_value(json_object_get(row, "remedy"));
    const char *file = json_string_value(json_object_get(row, "file"));
    struct buffer line;

    buffer_init(&line, 8 * TEXT);
    paint(checking->output, state, &line);
    buffer_add_format(&line, "%s%s", check, subject[0] != '\0' ? " " : "");
    text_clean(&line, subject);
    buffer_add_text(&line, ": ");
    text_clean(&line, json_string_value(json_object_get(row, "text")));
    if (file != NULL && state != CHECK_OK)
        buffer_add_format(&line, "\n         at %s:%" PRId64 ":%" PRId64, file,
                          (int64_t)json_integer_value(json_object_get(row, "line")),
                          (int64_t)json_integer_value(json_object_get(row, "column")));
    if (remedy[0] != '\0') {
        buffer_add_text(&line, "\n         ");
        text_clean(&line, remedy);
    }
    buffer_add_char(&line, '\n');
    fwrite(line.data, 1, line.length, checking->output->file);
    buffer_free(&line);
}

static void tell(struct checking *checking, enum check_state state, const char *check, const char *subject,
                 json_t *where, const char *text, const char *remedy)
{
    json_t *row = json_pack("{s:s, s:s, s:s}", "check", check, "state", states[state], "subject", subject);
    json_t *said = json_string(text);

    json_object_update(row, where);
    json_object_set_new(row, "text", said != NULL ? said : json_string(""));
    json_object_set_new(row, "remedy", json_string(remedy));
    checking->told[state]++;
    if (checking->output->json)
        output_json(checking->output, row);
    else
        tell_person(checking, state, row);
    json_decref(row);
    json_decref(where);
}

static json_t *where_of(const struct yaml *at)
{
    if (at == NULL)
        return json_pack("{s:n, s:n, s:n}", "file", "line", "column");
    return json_pack("{s:s, s:i, s:i}", "file", at->file, "line", at->line, "column", at->column);
}

void check_tell(struct checking *checking, enum check_state state, const char *check, const char *subject,
                const struct yaml *at, const char *remedy, const char *format, ...)
{
    char text[TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(checking, state, check, subject, where_of(at), text, remedy);
}

const struct yaml *check_root(const struct checking *checking, const char *key)
{
    return yaml_get(checking->tree, key);
}

const struct yaml *check_entry(const struct checking *checking, const char *map, size_t index, const char *key)
{
    const struct yaml *entries = yaml_get(checking->tree, map), *found = NULL;

    if (entries == NULL || entries->type != YAML_MAP || index >= entries->count)
        return entries;
    if (key != NULL)
        found = yaml_get(entries->items[index], key);
    return found != NULL ? found : entries->keys[index];
}

/* ---- the configuration's own faults ---- */

/* Up to the ": " behind FILE:LINE:COLUMN. */
static const char *read_place(const char *fault, json_t **where)
{
    const char *end = strstr(fault, ": "), *column = end, *line;
    char *file;

    *where = NULL;
    if (end == NULL)
        return fault;
    while (column > fault && column[-1] != ':')
        column--;
    for (line = column - (column > fault); line > fault && line[-1] != ':';)
        line--;
    if (line <= fault || strspn(line, "0123456789") == 0 || strspn(column, "0123456789") == 0)
        return fault;
    file = strndup(fault, (size_t)(line - 1 - fault));
    *where = json_pack("{s:s, s:i, s:i}", "file", file != NULL ? file : "", "line", (int)strtol(line, NULL, 10),
                       "column", (int)strtol(column, NULL, 10));
    free(file);
    return end + 2;
}

/* "what is wrong; what to do" in two. */
static void on_fault(const char *fault, void *context)
{
    struct checking *checking = context;
    json_t *where;
    const char *text = read_place(fault, &where), *semicolon = strstr(text, "; ");
    char *first = strndup(text, semicolon != NULL ? (size_t)(semicolon - text) : strlen(text));

    tell(checking, CHECK_WRONG, "configuration", "", where != NULL ? where : where_of(NULL),
         first != NULL ? first : text,
         semicolon != NULL ? semicolon + 2 : "correct it there; sundew.yaml(5) says what may stand where");
    free(first);
}

static int read_configuration(struct checking *checking, const char *file, struct error *error)
{
    const struct configuration_faults faults = {on_fault, checking};

    if (yaml_load_file(file, &checking->tree, error) < 0 ||
        configuration_examine(file, &faults, &checking->configuration, error) < 0)
        return -1;
    if (checking->told[CHECK_WRONG] == 0)
        check_tell(checking, CHECK_OK, "configuration", "", NULL, "", "%s is read without a fault",
                   checking->configuration->file);
    return 0;
}

/* ---- the command ---- */

static void find_keeper(struct checking *checking)
{
    struct error why = {""};

    checking->link = (struct link){.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    checking->linked = link_open(&checking->link, checking->configuration, &why) == 0;
    checking->daemon = checking->linked && checking->link.keeper.pid == 0;
    if (!checking->linked)
        check_tell(checking, CHECK_WRONG, "keeper", "", check_root(checking, "state"),
                   "put right what it says; as who runs the daemon, or as root, check can see more", "%s", why.text);
    else if (checking->daemon)
        check_tell(checking, CHECK_OK, "daemon", "", NULL, "", "it runs, and its keeper answers");
    else
        check_tell(checking, CHECK_WARNING, "daemon", "", NULL, "start it by sundewd -c FILE, or its systemd unit",
                   "no daemon runs on this state, so nothing listens and no alert goes out");
}

int run_check(struct invocation *invocation, struct error *error)
{
    struct checking checking = {.output = &invocation->output};
    int code = 3;

    if (read_configuration(&checking, configuration_file(invocation->options->config), error) < 0)
        goto out;
    if (checking.told[CHECK_WRONG] == 0)
        find_keeper(&checking);
    check_sense(&checking);
    check_host(&checking);
    check_doors(&checking);
    if (checking.linked)
        check_ledger(&checking);
    code = checking.told[CHECK_WRONG] > 0 ? 1 : 0;
    error_set(error, "%zu wrong, %zu warnings, %zu well", checking.told[CHECK_WRONG], checking.told[CHECK_WARNING],
              checking.told[CHECK_OK]);
out:
    link_close(&checking.link);
    yaml_discard(checking.tree);
    configuration_free(checking.configuration);
    return code;
}
