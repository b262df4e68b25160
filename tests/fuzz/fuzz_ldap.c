/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/sensor/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig rig;

static void leave(void)
{
    rig_end(&rig);
}

/* A client sends the bytes, in two pieces, to a whole sensor. Every presentation must have had its verdict at the
 * end, and no connection may stay behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rig_options options = {.service = "ldap", .name = "ldap.corp.example"};
    static char answer[65536];
    bool closed;
    int fds[2];

    if (rig.base == NULL) {
        signal(SIGPIPE, SIG_IGN);
        if (sodium_init() < 0)
            abort();
        rig_begin(&rig, &options);
        atexit(leave);
    }
    if (size > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    sensor_adopt(rig.sensor, &rig.sensor->doors[0], fds[1], NULL);
    rig_ask(&rig, fds[0], data, size / 2, answer, sizeof answer, &closed);
    if (!closed)
        rig_ask(&rig, fds[0], data + size / 2, size - size / 2, answer, sizeof answer, &closed);
    close(fds[0]);
    rig_turn(&rig, 0);
    if (rig.sensor->connection_count != 0 || link_waiting(rig.sensor->link) != 0)
        abort();
    return 0;
}
