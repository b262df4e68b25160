/* SPDX-License-Identifier: ISC
 *
 * The command line of `sundew`, read by the usage texts of commands.def: operands and options of a command are what
 * its usage text says, so a new command needs nothing here. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/error.h"
#include "server/wire/usage.h"

#define OPTIONS_ARGUMENTS 64 /* of wire/message.h */

enum command_where { here, keeper };

struct command_entry {
    const char *symbol, *name, *usage, *summary;
    enum command_where where;
};

/* NULL behind the last. */
const struct command_entry *command_at(size_t index);
const struct command_entry *command_find(const char *name);

struct option_value {
    char name[USAGE_NAME]; /* without "--", or the operand's: "token", "place", ... */
    const char *value;       /* of argv; "true" for an option without a value */
};

struct options {
    const char *config; /* as given with -c, or NULL */
    bool json, help, version;
    const struct command_entry *command; /* NULL: none given */
    struct option_value values[OPTIONS_ARGUMENTS];
    size_t count;
};

/* Options may stand anywhere, as "--name value" or "--name=value"; "--" ends them. -1 is a usage error, whose text
 * names the nearest word. Texts point into argv. */
int options_read(int argc, char *const *argv, struct options *options, struct error *error);
/* The last value under that name, or NULL. */
const char *options_value(const struct options *options, const char *name);

#endif
