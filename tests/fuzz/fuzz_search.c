/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a file: unpacked, decoded and searched. The first byte says in what pieces they come. What is told lies
 * within the file, or within what came out of it. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "tests/finder/hunted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const secrets[] = {"Tr0ub4dor", "correct-horse-battery", "a<b&c=\"d\"'e/f+g%h=41j\\u0041k?lmnop"};

static void search_file(struct hunted *hunted, struct slice bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct error error;

    if (fd < 0 || write(fd, bytes.data, bytes.length) != (ssize_t)bytes.length || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    (void)source_search(&hunted->source, fd, &error);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hunted hunted;
    static bool open;
    struct slice bytes = {data + 1, size - 1};

    if (!open)
        hunted_open(&hunted, secrets, 3, true);
    open = true;
    if (size < 2)
        return 0;
    hunted_search(&hunted, bytes, (size_t)data[0] + 1);
    for (size_t i = 0; i < hunted.count; i++)
        if (hunted.told[i].offset + hunted.told[i].length > bytes.length || hunted.told[i].length < 8)
            abort();
    hunted.count = 0;
    search_file(&hunted, bytes);
    return 0;
}
