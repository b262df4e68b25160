/* SPDX-License-Identifier: ISC
 *
 * Help for commands and programs, from the tables: commands.def, programs.def and roles.def say what there is,
 * options.def explains each word of their usage, help.def adds details and examples. The manual and the completion are
 * made of the same tables. */
#ifndef WIRE_HELP_H
#define WIRE_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum help_type { HELP_COMMAND, HELP_PROGRAM, HELP_ROLE };

struct help_entry {
    enum help_type type;
    const char *name, *usage, *summary;
};

struct help_option {
    const char *commands, *word, *values, *explanation; /* see options.def */
};

struct help_text {
    const char *name, *details, *wanting, *see; /* see help.def */
};

struct help_example {
    const char *name, *line, *explanation;
};

/* The n-th, or NULL behind the last. */
const struct help_entry *help_entry(size_t n);
const struct help_option *help_option(size_t n);
const struct help_text *help_text(size_t n);
const struct help_example *help_example(size_t n);

/* What explains that word of the usage of a command or program: NULL for none. */
const struct help_option *help_explain(const char *name, const char *word, size_t length);

/* All about a command, program or role; wrapped to the width of the terminal. */
void help_write(FILE *file, const char *name);

/* For programs whose options are --help and --version alone: true when one of them stands there and was answered. */
bool help_asked(const char *name, int argc, char *const *argv);

#endif
