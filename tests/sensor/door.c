/* SPDX-License-Identifier: ISC
 *
 * A sensor's heart with a keeper that knows nothing, behind a door on loopback, to be compared with the product that
 * it imitates. door SERVICE NAME [none|starttls|tls [FACE [REFERRAL...]]]: FACE is a file, a JSON object as the minter
 * draws it. Prints the port, and lives until standard input ends. */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "tests/sensor/rig.h"

static void on_input(evutil_socket_t fd, short what, void *context)
{
    char byte;

    (void)what;
    if (read(fd, &byte, 1) <= 0)
        event_base_loopbreak(context);
}

static const char *read_face(const char *file, struct buffer *face)
{
    struct error error;

    if (paths_read(file, face, &error) == 0)
        return buffer_text(face);
    fprintf(stderr, "%s\n", error.text);
    exit(2);
}

int main(int argc, char **argv)
{
    static struct rig rig;
    struct rig_options options = {.tls = TLS_NONE};
    struct event *input;
    struct buffer face;

    if (argc < 3 || sodium_init() < 0)
        return 2;
    buffer_init(&face, CHANNEL_MESSAGE);
    signal(SIGPIPE, SIG_IGN);
    options.service = argv[1];
    options.name = argv[2];
    if (argc > 3 && strcmp(argv[3], "none") != 0)
        options.tls = strcmp(argv[3], "tls") == 0 ? TLS_DIRECT : TLS_STARTTLS;
    if (argc > 4)
        options.face = read_face(argv[4], &face);
    if (argc > 5) {
        options.referrals = argv + 5;
        options.referral_count = (size_t)argc - 5;
    }
    rig_begin(&rig, &options);
    printf("%u\n", rig.sensor->doors[0].port);
    fflush(stdout);
    input = event_new(rig.base, 0, EV_READ | EV_PERSIST, on_input, rig.base);
    event_add(input, NULL);
    event_base_dispatch(rig.base);
    event_free(input);
    rig_end(&rig);
    buffer_free(&face);
    return 0;
}
