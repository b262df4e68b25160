/* SPDX-License-Identifier: ISC */
#ifndef SINK_PRINT_H
#define SINK_PRINT_H

#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/sink/verify.h"

struct print_alert {
    const char *id; /* webhook-id, or "" */
    struct slice body;
    enum verify_result verified;
    const char *scheme;
    bool duplicate;
};

/* In plain words: the alert's own text under a line that says whether to believe it. */
void print_words(const struct print_alert *alert);
/* One line: the event's members and "verified", "scheme", "duplicate", "webhook_id", "received". */
void print_json(const struct print_alert *alert);

#endif
