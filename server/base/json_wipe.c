/* SPDX-License-Identifier: ISC */
#include <jansson.h>
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include "server/base/json.h"

static void wiping_free(void *memory)
{
    if (memory != NULL)
        sodium_memzero(memory, malloc_usable_size(memory));
    free(memory);
}

void json_wipe_always(void)
{
    json_set_alloc_funcs(malloc, wiping_free);
}
