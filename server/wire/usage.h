/* SPDX-License-Identifier: ISC
 *
 * The usage texts of commands.def and programs.def, which are also what is accepted: "KIND [--form F] [ID...]". Operands
 * are upper case, options begin with dashes, what may be left out stands in brackets. */
#ifndef WIRE_USAGE_H
#define WIRE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/buffer.h"

#define USAGE_NAME 32

struct usage_word {
    char name[USAGE_NAME]; /* "form"; of an operand in lower case up to the first that is no letter: "token" */
    struct slice text;     /* as it stands there, without brackets and dots: "--form", "TOKEN|KIND" */
    struct slice value;    /* of an option: "F"; empty where it takes none */
    bool option, optional, repeated;
};

/* Reads the word at `usage`; what is behind it, or NULL at the end. */
const char *usage_next(const char *usage, struct usage_word *word);
/* The operand or option under that name, or false. */
bool usage_find(const char *usage, struct slice name, bool option, struct usage_word *word);
/* The n-th operand; false behind the last. */
bool usage_operand(const char *usage, size_t n, struct usage_word *word);

#endif
