/* SPDX-License-Identifier: ISC
 *
 * What a listener answers the planter. The first byte says how it is read: HTTP, a bind, StartTLS. */
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/planter/use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(uint8_t way, struct door *door)
{
    const struct use use = {.identity = "j.doe", .domain = "corp.example", .secret = {(const unsigned char *)"x", 1}};
    struct buffer request;
    struct error error;
    char answered[80];

    buffer_init(&request, 64);
    buffer_add_text(&request, "GET / HTTP/1.1\r\n\r\n");
    if (way % 3 == 0)
        use_http(door, &request, answered, &error);
    else if (way % 3 == 1)
        use_ldap(door, &use, answered, &error);
    else
        use_ldap_starttls(door, &error);
    buffer_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct door door;
    int pair[2];

    if (size < 1 || size > 100000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 0;
    door_init(&door);
    door.fd = pair[0];
    door.deadline = clock_monotonic() + 1000000;
    if (send(pair[1], data + 1, size - 1, MSG_NOSIGNAL) >= 0 && shutdown(pair[1], SHUT_WR) == 0)
        read_as(data[0], &door);
    door_close(&door);
    close(pair[1]);
    return 0;
}
