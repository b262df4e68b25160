/* SPDX-License-Identifier: ISC
 *
 * What the keeper says: its findings, as they come. */
#include <string.h>
#include "server/command/check.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static int on_row(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct checking *checking = context;
    json_t *row = slice_is(kind, "row") ? json_loadb((const char *)data.data, data.length, 0, NULL) : NULL;
    const char *state = text_of(row, "state");

    (void)name;
    if (row != NULL)
        check_tell(checking,
                   strcmp(state, "wrong") == 0     ? CHECK_WRONG
                   : strcmp(state, "warning") == 0 ? CHECK_WARNING
                                                   : CHECK_OK,
                   text_of(row, "check"), text_of(row, "subject"), NULL, text_of(row, "remedy"), "%s",
                   text_of(row, "text"));
    json_decref(row);
    return 0;
}

void check_ledger(struct checking *checking)
{
    const struct command command = {.name = slice_of("check")};
    const struct link_rows rows = {on_row, checking};
    struct error why = {""};

    if (link_command(&checking->link, &command, &rows, &why) != 0)
        check_tell(checking, CHECK_WRONG, "keeper", "", NULL, "look into the daemon's log", "%s", why.text);
}
