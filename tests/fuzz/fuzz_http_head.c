/* SPDX-License-Identifier: ISC
 *
 * The head's parser: whole, and byte by byte, it must come to the same end. */
#include <stdint.h>
#include <stdlib.h>
#include "server/sensor/http/head.h"
#include "tests/fuzz/replay.h"

const unsigned fuzz_mutations = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum head_result feed(struct head *head, const uint8_t *data, size_t size, size_t step, size_t *start)
{
    enum head_result result = HEAD_MORE;
    size_t to = 0, from = 0;

    head_begin(head);
    do {
        to = size - to > step ? to + step : size;
        result = head_parse(head, (struct slice){data + from, to - from});
        *start = from + head->start;
        if (result == HEAD_MORE)
            from += head_skip(head);
    } while (result == HEAD_MORE && to < size);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct head whole, pieces;
    struct http_request request;
    size_t start, other;
    enum head_result result = feed(&whole, data, size, SIZE_MAX, &start);

    if (feed(&pieces, data, size, 1, &other) != result || whole.status != pieces.status ||
        (result != HEAD_MORE && (start != other || whole.count != pieces.count ||
                                 whole.path.length != pieces.path.length || whole.length != pieces.length)))
        abort();
    if (result == HEAD_MORE)
        return 0;
    head_request(&whole, (struct slice){data + start, result == HEAD_DONE ? whole.at - whole.start : size - start},
                 &request);
    if (result == HEAD_DONE && (request.path.length == 0 || request.method.length == 0 || whole.at > start + size))
        abort();
    return 0;
}
