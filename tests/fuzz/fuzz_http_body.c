/* SPDX-License-Identifier: ISC
 *
 * Chunked bodies: whole and byte by byte, with the same end and the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include "server/sensor/http/body.h"
#include "tests/fuzz/replay.h"

const unsigned fuzz_mutations = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum body_result feed(struct body *body, const uint8_t *data, size_t size, size_t step, struct buffer *kept)
{
    enum body_result result = BODY_MORE;
    size_t at = 0, used;

    body_begin(body, true, 0, 100000);
    while (result == BODY_MORE && at < size) {
        result = body_take(body, (struct slice){data + at, size - at < step ? size - at : step}, &used, kept);
        at += used;
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct body whole, pieces;
    struct buffer one, other;

    buffer_init(&one, BODY_KEPT);
    buffer_init(&other, BODY_KEPT);
    if (feed(&whole, data, size, SIZE_MAX, &one) != feed(&pieces, data, size, 1, &other) ||
        whole.status != pieces.status || whole.length != pieces.length ||
        !slice_equal(buffer_slice(&one), buffer_slice(&other)) || one.length > whole.length)
        abort();
    buffer_free(&one);
    buffer_free(&other);
    return 0;
}
