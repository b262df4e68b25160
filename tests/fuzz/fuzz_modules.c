/* SPDX-License-Identifier: ISC
 *
 * .gitmodules of any bytes: a submodule that is added is found, and the text without it is what it was. */
#include <stdint.h>
#include <stdlib.h>
#include "server/planter/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATH "vendor/deploy"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {data, size}, section;
    struct buffer longer, again;

    buffer_init(&longer, 1 << 20);
    buffer_init(&again, 1 << 20);
    if (modules_find(text, PATH, &section)) {
        if (section.data < data || section.data + section.length > data + size || section.length == 0)
            abort();
        modules_remove(&again, text, section);
        if (again.length != size - section.length)
            abort();
    } else {
        modules_add(&longer, text, PATH, slice_of("https://a:b@git.example/a.git"));
        if (!modules_find(buffer_slice(&longer), PATH, &section) ||
            section.data + section.length != longer.data + longer.length)
            abort();
        modules_remove(&again, buffer_slice(&longer), section);
        if (again.length < size || again.length > size + 1 || (size > 0 && memcmp(again.data, data, size) != 0))
            abort();
    }
    buffer_free(&longer);
    buffer_free(&again);
    return 0;
}
