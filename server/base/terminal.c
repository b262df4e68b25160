/* SPDX-License-Identifier: ISC */
#include "server/base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STANDARD 80
#define LEAST 20

bool terminal_is(int fd)
{
    return isatty(fd) == 1;
}

bool terminal_colour(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return terminal_is(fd) && (no == NULL || no[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

size_t terminal_width(int fd)
{
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    unsigned long width = 0;

    if (!terminal_is(fd))
        return STANDARD;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else if (columns != NULL)
        width = strtoul(columns, NULL, 10);
    return width < LEAST ? STANDARD : width;
}
