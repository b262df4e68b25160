/* SPDX-License-Identifier: ISC
 *
 * Mailbox files of any bytes, and any mail put into one: it comes out as it went in, and as one. */
#include <stdint.h>
#include <stdlib.h>
#include "server/planter/mailbox.h"
#include "server/planter/mbox_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct slice text)
{
    struct mbox_entry entry;
    struct buffer canonical;
    size_t at = 0, before = 0;
    char id[MAILBOX_ID];

    buffer_init(&canonical, 1 << 22);
    while (mbox_next(text, &at, &entry)) {
        if (entry.start != before || entry.end <= entry.start || entry.end != at || at > text.length ||
            entry.message.data < text.data + entry.start ||
            entry.message.data + entry.message.length > text.data + entry.end)
            abort();
        before = at;
        buffer_clear(&canonical);
        mbox_canonical(&canonical, entry.message, true);
        if (mailbox_message_id(entry.message, id) == 0 && !mbox_find(text, id, &entry))
            abort();
    }
    if (mbox_position(text, 1780000000) > text.length)
        abort();
    buffer_free(&canonical);
}

static void there_and_back(struct slice message, const struct mbox_style *style)
{
    struct buffer file, in, out;
    struct mbox_entry entry;
    size_t at = 0;

    buffer_init(&file, 1 << 22);
    buffer_init(&in, 1 << 22);
    buffer_init(&out, 1 << 22);
    if (mbox_add_entry(&file, message, 1780000000, style) == 0 && mbox_canonical(&in, message, false) == 0) {
        if (!mbox_next(buffer_slice(&file), &at, &entry) || at != file.length || entry.time != 1780000000 ||
            mbox_canonical(&out, entry.message, true) != 0 || !slice_equal(buffer_slice(&in), buffer_slice(&out)))
            abort();
    }
    buffer_free(&file);
    buffer_free(&in);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {data, size};
    struct mbox_style style = mbox_style(text);

    walk(text);
    there_and_back(text, &style);
    return 0;
}
