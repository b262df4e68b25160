/* SPDX-License-Identifier: ISC */
#include "server/keeper/shrink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void let_go(struct shrink *shrink)
{
    if (shrink->fd >= 0)
        close(shrink->fd);
    shrink->fd = -1;
}

static void go_on(struct shrink *shrink)
{
    const struct timeval pause = {0, 1000};

    if (shrink->size <= SHRINK_BYTES || event_add(shrink->event, &pause) < 0)
        let_go(shrink);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct shrink *shrink = context;

    (void)fd;
    (void)what;
    shrink->size -= SHRINK_BYTES;
    if (ftruncate(shrink->fd, shrink->size) < 0)
        let_go(shrink);
    else
        go_on(shrink);
}

int shrink_open(struct shrink *shrink, struct event_base *base, struct error *error)
{
    *shrink = (struct shrink){.event = evtimer_new(base, on_turn, shrink), .fd = -1};
    return shrink->event != NULL ? 0 : error_set(error, "out of memory");
}

void shrink_close(struct shrink *shrink)
{
    if (shrink->event == NULL)
        return;
    event_free(shrink->event);
    let_go(shrink);
    shrink->event = NULL;
}

void shrink_file(struct shrink *shrink, const char *path)
{
    struct stat status;

    if (shrink->event != NULL) {
        event_del(shrink->event);
        let_go(shrink);
        shrink->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    unlink(path);
    if (shrink->event == NULL || shrink->fd < 0)
        return;
    shrink->size = fstat(shrink->fd, &status) == 0 ? status.st_size : 0;
    go_on(shrink);
}
