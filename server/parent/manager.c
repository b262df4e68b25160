/* SPDX-License-Identifier: ISC */
#include "server/parent/manager.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include "server/base/address.h"

#define TEXT 512

void passed_take(struct passed *passed)
{
    *passed = (struct passed){SD_LISTEN_FDS_START, sd_listen_fds(0)};
    for (int n = 0; n < passed->count; n++) {
        int fd = passed->first + n, flags = fcntl(fd, F_GETFL);

        if (flags >= 0)
            fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
}

bool passed_holds(const struct passed *passed, int fd)
{
    return fd >= passed->first && fd < passed->first + passed->count;
}

/* 0, or -1 for what is no listening TCP socket. */
static int name_of(int fd, struct address *address, uint16_t *port)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);

    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
        getsockname(fd, (struct sockaddr *)&name, &length) < 0)
        return -1;
    return address_of((struct sockaddr *)&name, address, port);
}

int passed_find(const struct passed *passed, const char *address, uint16_t port)
{
    struct address wanted, found;
    uint16_t at;

    if (address_parse(address, &wanted) < 0)
        return -1;
    for (int n = 0; n < passed->count; n++)
        if (name_of(passed->first + n, &found, &at) == 0 && at == port &&
            memcmp(&found, &wanted, sizeof(found)) == 0)
            return passed->first + n;
    return -1;
}

const char *passed_name(const struct passed *passed, int n, char *text, unsigned size)
{
    char name[ADDRESS_TEXT];
    struct address address;
    uint16_t port;

    text[0] = '\0';
    if (name_of(passed->first + n, &address, &port) == 0)
        snprintf(text, size, address_is_v4(&address) ? "%s:%u" : "[%s]:%u", address_text(&address, name), port);
    return text;
}

void passed_keep(const struct passed *passed)
{
    for (int n = 0; n < passed->count; n++)
        fcntl(passed->first + n, F_SETFD, 0);
}

void manager_tell(const char *format, ...)
{
    char text[TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sd_notify(0, text);
}

uint64_t manager_watchdog(void)
{
    uint64_t microseconds = 0;

    return sd_watchdog_enabled(0, &microseconds) > 0 ? microseconds : 0;
}
