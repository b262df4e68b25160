/* SPDX-License-Identifier: ISC
 *
 * Jobs for the minter: whole JOB messages, and parameters alone behind a byte that names the job. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/base/channel.h"
#include "server/base/paths.h"
#include "server/minter/job.h"
#include "server/minter/minter.h"

#define STEPS 4
#define STEP_RESULTS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(const struct result *result, void *context)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (result_add(&message, result) != 0)
        abort(); /* a result that fits no message */
    buffer_free(&message);
    (void)context;
    return 0;
}

static void run(struct minter *minter, const struct job *job)
{
    const struct job_sink sink = {take, NULL};
    struct error error = {""};
    struct job_work *work = job_begin(minter, job, &error);

    for (int i = 0; work != NULL && i < STEPS; i++)
        if (job_step(work, STEP_RESULTS, &sink, &error) != 1)
            break;
    job_free(work);
}

static struct minter *opened(void)
{
    static struct minter minter;
    struct error error = {""};

    if (minter.catalogue == NULL &&
        (sodium_init() < 0 || minter_open(&minter, paths_data(), &minter_draw, minter_now, &error) != 0)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return &minter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const whats[] = {"mint",      "artifacts", "lure",        "persona",
                                        "authority", "face",      "certificate", "self-signed"};
    struct reader reader = reader_of((struct slice){data, size});
    struct job job;

    if (message_type(&reader) == MESSAGE_JOB && job_get(&reader, &job) == 0)
        run(opened(), &job);
    if (size == 0)
        return 0;
    job = (struct job){.what = slice_of(whats[data[0] % 8]), .parameters = {data + 1, size - 1}};
    run(opened(), &job);
    return 0;
}
