/* SPDX-License-Identifier: ISC
 *
 * What the planter is sent: messages, each behind its 16-bit length. Nothing is written: tasks for other places than
 * stdout: are read only as far as their changes and paths. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/changes.h"
#include "server/planter/mailbox.h"
#include "server/planter/planter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void carry_out(const struct task *task)
{
    struct place_result result;
    struct changes changes;
    struct error error;
    char id[MAILBOX_ID];
    int64_t time;

    place_result_init(&result);
    if (task->place != NULL && task->place->owner == NULL)
        planter_run(task, &result, &error);
    if (changes_read(task, &changes, &error) == 0)
        changes_date(&changes, 1700000000, 1780000000, task_option(task, "at") != NULL, NULL, &error);
    if (task->file_count > 0)
        mailbox_message_id(buffer_slice(&task->files[0].data), id);
    task_time(task, &time, &error);
    place_result_free(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct task task;
    int rc = 0;

    task_init(&task);
    while (size >= 2 && rc == 0) {
        size_t length = (size_t)data[0] << 8 | data[1];

        if (length > size - 2)
            length = size - 2;
        rc = task_take(&task, (struct slice){data + 2, length}, &error);
        data += 2 + length;
        size -= 2 + length;
    }
    if (rc == 1)
        carry_out(&task);
    task_free(&task);
    return 0;
}
