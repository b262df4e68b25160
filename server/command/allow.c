/* SPDX-License-Identifier: ISC
 *
 * allow-list: the keeper's entries, line by line, as the file that a scanner is given. */
#include <stdio.h>
#include <stdlib.h>
#include "server/command/command.h"
#include "server/command/connect.h"
#include "server/command/planting.h"

static int print_entry(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct output *output = context;
    json_t *row;

    (void)name;
    if (!slice_is(kind, "row"))
        return 0;
    if (output->json) {
        output_row(output, data);
        return output->failed ? -1 : 0;
    }
    row = json_loadb((const char *)data.data, data.length, 0, NULL);
    fprintf(output->file, "%s\n", row != NULL ? json_string_value(json_object_get(row, "entry")) : "");
    json_decref(row);
    return ferror(output->file) ? -1 : 0;
}

int run_allow_list(struct invocation *invocation, struct error *error)
{
    const struct link_rows rows = {print_entry, &invocation->output, NULL};
    struct link link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}};
    const char *format = options_value(invocation->options, "format");
    struct command command = {.name = slice_of("allow-list")};
    char *place;
    int code = place_given(options_value(invocation->options, "place"), &place, error);

    if (format != NULL)
        command_put(&command, "format", format);
    if (place != NULL)
        command_put(&command, "place", place);
    if (code == 0)
        code = link_open(&link, invocation->configuration, error) == 0 ? link_command(&link, &command, &rows, error) : 3;
    link_close(&link);
    free(place);
    return code;
}
