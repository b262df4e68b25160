/* SPDX-License-Identifier: ISC */
#include "server/planter/secret.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

char *secret_base64(struct slice data, int variant)
{
    size_t size = sodium_base64_ENCODED_LEN(data.length, variant);
    char *text = malloc(size);

    return text != NULL ? sodium_bin2base64(text, size, data.data, data.length, variant) : NULL;
}

void secret_free(char *text)
{
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    free(text);
}
