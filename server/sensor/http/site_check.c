/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/site_check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/base/fault.h"
#include "server/sensor/http/site.h"

#define FACE (1024 * 1024)

struct checking {
    bool json;
};

static void tell(const char *text, void *context)
{
    const struct checking *checking = context;

    fault_print(stdout, text, checking->json);
}

static int read_face(struct buffer *face)
{
    unsigned char piece[4096];
    ssize_t got;

    while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0)
        if (buffer_add(face, piece, (size_t)got) != 0)
            return -1;
    return got < 0 ? -1 : 0;
}

int site_check(int argc, char **argv)
{
    struct checking checking = {.json = argc > 3 && strcmp(argv[3], "--json") == 0};
    const struct site_examination how = {tell, &checking};
    char name[] = "git.corp.example", *names[] = {name};
    const struct decoy decoy = {.names = names, .name_count = 1};
    struct error error = {""};
    struct buffer face;
    int result = 3;

    buffer_init(&face, FACE);
    if (argc < 3 || read_face(&face) != 0)
        error_set(&error, "usage: sensor --check DIR [--json], with the face on standard input");
    else
        result = site_examine(argv[2], &decoy, buffer_text(&face), &how, &error);
    if (result < 0 || result == 3)
        fprintf(stderr, "sensor: %s\n", error.text);
    buffer_free(&face);
    return fflush(stdout) != 0 || result < 0 ? 3 : result;
}
