/* SPDX-License-Identifier: ISC */
#include "server/command/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/terminal.h"

#define SECOND 1000000
#define PATIENCE (SECOND / 2)
#define OFTEN (SECOND / 5)

void progress_begin(struct progress *progress, const char *what, uint64_t total)
{
    const char *term = getenv("TERM");

    *progress = (struct progress){.what = what, .total = total, .began = clock_monotonic()};
    progress->active = terminal_is(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static void draw(struct progress *progress, int64_t now)
{
    if (progress->total > 0)
        fprintf(stderr, "\r\033[K%s: %" PRIu64 " of %" PRIu64, progress->what, progress->done, progress->total);
    else
        fprintf(stderr, "\r\033[K%s: %d s", progress->what, (int)((now - progress->began) / SECOND));
    fflush(stderr);
    progress->drawn = now;
    progress->visible = true;
}

void progress_step(struct progress *progress, uint64_t more)
{
    int64_t now;

    progress->done += more;
    if (!progress->active)
        return;
    now = clock_monotonic();
    if (now - progress->began >= PATIENCE && now - progress->drawn >= OFTEN)
        draw(progress, now);
}

void progress_hide(struct progress *progress)
{
    if (progress->visible)
        fputs("\r\033[K", stderr);
    progress->visible = false;
}
