/* SPDX-License-Identifier: ISC
 *
 * What standard output or error is connected to. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_BOLD "\033[1m"
#define TERMINAL_PLAIN "\033[0m"

bool terminal_is(int fd);
/* A terminal that may be sent colours: NO_COLOR (no-color.org) is unset or empty, TERM is not "dumb". */
bool terminal_colour(int fd);
/* Columns of the terminal; $COLUMNS where that cannot be told; 80 elsewhere. */
size_t terminal_width(int fd);

#endif
