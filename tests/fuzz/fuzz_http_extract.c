/* SPDX-License-Identifier: ISC
 *
 * The search for credentials and the evidence, over heads whole and broken, with what is behind them as body. */
#include <stdint.h>
#include <stdlib.h>
#include "server/sensor/http/context.h"
#include "server/sensor/http/extract.h"
#include "server/sensor/http/head.h"
#include "tests/fuzz/replay.h"
#include "tests/sensor/fake_site.h"

const unsigned fuzz_mutations = 20000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct extract *extract = extract_new();
    struct credentials credentials;
    struct buffer context;
    struct head head;
    struct http_request request;
    struct slice raw;
    enum head_result result;

    head_begin(&head);
    result = head_parse(&head, (struct slice){data, size});
    raw = (struct slice){data + head.start, result == HEAD_DONE ? head.at - head.start : size - head.start};
    head_request(&head, raw, &request);
    if (result == HEAD_DONE)
        request.body = (struct slice){data + head.at, size - head.at};
    request.body_length = request.body.length;
    credentials_init(&credentials);
    buffer_init(&context, CONTEXT_MAXIMUM);
    if (extract != NULL)
        extract_request(extract, &request, fake_site(), site_route(fake_site(), &request), &credentials);
    context_write(&context, &request, fake_site(), head.status, &credentials);
    if (context.failed || credentials.count > OBSERVATION_CANDIDATES)
        abort();
    buffer_free(&context);
    credentials_free(&credentials);
    extract_free(extract);
    return 0;
}
