/* SPDX-License-Identifier: ISC
 *
 * What any server may answer instead of HTTP: heads and chunks, however they come in. */
#include <stdint.h>
#include <stdlib.h>
#include "server/planter/web_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head is whole at the same place however it comes in. */
static void heads(struct slice input)
{
    struct web_head head, again = {.status = 0};
    int whole = web_head(input, &head), got = 0;

    if (whole == 1 && (head.length > input.length || head.body < -1 || head.later < 0))
        abort();
    for (size_t n = 0; n <= input.length && n < 4096 && got == 0; n++)
        got = web_head((struct slice){input.data, n}, &again);
    if (whole == 1 && input.length < 4096 && (got != 1 || again.length != head.length || again.status != head.status))
        abort();
}

/* Chunks come to the same in one piece and byte by byte. */
static void chunks(struct slice input)
{
    struct buffer once, pieces, waiting;
    bool last = false, end = false;
    int64_t used, step = 0;

    buffer_init(&once, 1 << 20);
    buffer_init(&pieces, 1 << 20);
    buffer_init(&waiting, 1 << 20);
    used = web_chunks(input, &once, &last);
    if (used > (int64_t)input.length)
        abort();
    for (size_t i = 0; i < input.length && i < 4096 && step >= 0 && !end; i++) {
        buffer_add(&waiting, input.data + i, 1);
        step = web_chunks(buffer_slice(&waiting), &pieces, &end);
        buffer_consume(&waiting, step > 0 ? (size_t)step : 0);
    }
    if (used >= 0 && input.length < 4096 && (step < 0 || last != end || !slice_equal(buffer_slice(&once),
                                                                                     buffer_slice(&pieces))))
        abort();
    buffer_free(&once);
    buffer_free(&pieces);
    buffer_free(&waiting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {data, size};

    heads(input);
    chunks(input);
    return 0;
}
