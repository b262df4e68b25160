/* SPDX-License-Identifier: ISC
 *
 * What any server may say instead of IMAP: whole responses however they come in, and their values. */
#include <stdint.h>
#include <stdlib.h>
#include "server/planter/imap_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void values(struct slice response)
{
    struct imap_cursor cursor = imap_cursor(response), inside;
    const unsigned char *before;
    struct buffer text;
    uint32_t number;
    int64_t seconds;
    int offset;

    buffer_init(&text, 1 << 20);
    do {
        before = cursor.at;
        if (imap_list(&cursor, &inside) == 0 && (inside.at > inside.end || inside.end > cursor.at))
            abort();
        imap_number(&cursor, &number);
        imap_atom(&cursor);
        imap_string(&cursor, &text);
        imap_skip(&cursor);
        imap_take(&cursor, ')');
        if (cursor.at > cursor.end || cursor.at < before)
            abort();
    } while (cursor.at > before);
    buffer_clear(&text);
    imap_folder_name(response, &text);
    imap_received(response, &seconds, &offset);
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct imap_scan scan = {0, 0}, step = {0, 0};
    int64_t length = imap_whole((struct slice){data, size}, &scan), again = 0;

    if (length > (int64_t)size)
        abort();
    for (size_t n = 0; n <= size && again == 0; n++)
        again = imap_whole((struct slice){data, n}, &step);
    if (again != length)
        abort();
    values((struct slice){data, length > 0 ? (size_t)length : size});
    return 0;
}
