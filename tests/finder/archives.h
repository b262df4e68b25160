/* SPDX-License-Identifier: ISC
 *
 * What tests of unpacking share: a search of bytes as a file's, and their making. Each program is of one such file. */
#ifndef TESTS_FINDER_ARCHIVES_H
#define TESTS_FINDER_ARCHIVES_H

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include "tests/finder/hunted.h"
#include "tests/test.h"

#define REFERENCE "cmVmdGtuOjAxOjAwMDAwMDAwMDA6QWI4dkdTNHg5cTJMbVdKN3JUekg1eWtOcDNk" /* base64 of a text */

static const char *const secrets[] = {"Tr0ub4dor", "correct-horse-battery", REFERENCE};
static struct hunted hunted;
static struct error error;

static void setup(void)
{
    hunted_open(&hunted, secrets, 3, true);
}

static void teardown(void)
{
    hunted_close(&hunted);
}

static int search(struct slice bytes)
{
    int fd = memfd_create("archive", MFD_CLOEXEC), result;

    ck_assert(fd >= 0 && write(fd, bytes.data, bytes.length) == (ssize_t)bytes.length && lseek(fd, 0, SEEK_SET) == 0);
    hunted.count = 0;
    error.text[0] = '\0';
    result = source_search(&hunted.source, fd, &error);
    close(fd);
    return result;
}

static void add_deflated(struct buffer *out, struct slice bytes)
{
    uLongf length = compressBound(bytes.length);
    unsigned char *packed = malloc(length);

    ck_assert(packed != NULL && compress2(packed, &length, bytes.data, bytes.length, 9) == Z_OK);
    buffer_add(out, packed, length);
    free(packed);
}

#endif
