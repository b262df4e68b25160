/* SPDX-License-Identifier: ISC
 *
 * Any bytes as mails that are learned from, whose profile must be one; and as a profile. */
#include <stdint.h>
#include <stdlib.h>
#include "server/minter/learn.h"
#include "server/minter/lint.h"
#include "server/minter/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(struct slice message, void *context, struct error *error)
{
    return learn_add(context, message, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {data, size};
    struct profile profile;
    struct buffer written;
    struct learn learn;
    struct error error;

    learn_init(&learn, "corp.example");
    buffer_init(&written, PROFILE_BYTES);
    if (lint_entries(text, take, &learn, &error) != 0)
        abort();
    if (learn_write(&learn, &written, &error) == 0) {
        if (profile_read(&profile, buffer_slice(&written), "profile", &error) != 0 || profile.house_count == 0)
            abort();
        profile_free(&profile);
    }
    (void)profile_read(&profile, text, "profile", &error);
    profile_free(&profile);
    buffer_free(&written);
    learn_free(&learn);
    return 0;
}
