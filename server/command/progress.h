/* SPDX-License-Identifier: ISC
 *
 * How far long work is: one line on standard error that is drawn again and again and taken away at the end, where that
 * is a terminal; nothing elsewhere. */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what;     /* "minting"; must stay */
    uint64_t total, done; /* total 0: not known, the seconds are shown */
    int64_t began, drawn; /* monotonic */
    bool active, visible;
};

void progress_begin(struct progress *progress, const char *what, uint64_t total);
/* So many more are done (0: only time went by). Draws a few times a second, the first time after half a second. */
void progress_step(struct progress *progress, uint64_t more);
/* Takes the line away, for what is printed next. */
void progress_hide(struct progress *progress);

#endif
