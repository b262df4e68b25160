/* SPDX-License-Identifier: ISC
 *
 * Alert records of any shape through each format: what comes out is JSON again, and text without control characters. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "server/courier/format.h"
#include "server/courier/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const json_t *record)
{
    struct buffer out;

    buffer_init(&out, 1024 * 1024);
    if (text_full(&out, record) == 0) {
        for (size_t i = 0; i < out.length; i++) {
            if ((out.data[i] < 0x20 && out.data[i] != '\n') || out.data[i] == 0x7f)
                abort();
        }
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct format_context context = {"0.1.0"};
    json_t *record = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL), *event;
    struct buffer out;
    struct error error;

    if (record == NULL)
        return 0;
    buffer_init(&out, 1024 * 1024);
    if (format_cloudevents.write(record, &context, &out, &error) == 0) {
        event = json_loadb((const char *)out.data, out.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        if (event == NULL)
            abort();
        json_decref(event);
    }
    check_text(record);
    buffer_free(&out);
    json_decref(record);
    return 0;
}
