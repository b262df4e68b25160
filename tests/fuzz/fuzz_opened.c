/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a file that a mail brings. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/opened.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct opened opened;

    opened_read((struct slice){data, size}, &opened);
    if (opened.text.length > OPENED_TEXT || opened.members > OPENED_MEMBERS || strlen(opened.author) >= OPENED_NAME ||
        strlen(buffer_text(&opened.text)) != opened.text.length)
        abort();
    opened_free(&opened);
    return 0;
}
