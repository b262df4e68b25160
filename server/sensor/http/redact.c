/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/redact.h"

#include <stdio.h>
#include <string.h>

#define LONG 512

const char *redact_mark(struct slice value, char text[REDACT_MARK])
{
    char classes[SESSION_CLASSES];

    (void)snprintf(text, REDACT_MARK, "{%zu:%s}", value.length, session_classes(value, classes));
    return text;
}

static void add_mark(struct buffer *out, struct slice value)
{
    char text[REDACT_MARK];

    (void)buffer_add_text(out, redact_mark(value, text));
}

/* Between words, as in "curl/7.88.1 (x86_64; linux) token". What is in one with a secret may be part of it. */
static bool is_between(unsigned char c)
{
    return c <= ' ' || c == '(' || c == ')' || c == ';' || c == ',';
}

/* secret[i]: byte i stands in what was presented; spread over the words that it touches. */
static void spread(struct slice value, bool secret[LONG])
{
    for (size_t i = 1; i < value.length; i++)
        secret[i] = secret[i] || (secret[i - 1] && !is_between(value.data[i]));
    for (size_t i = value.length; i-- > 1;)
        secret[i - 1] = secret[i - 1] || (secret[i] && !is_between(value.data[i - 1]));
}

void redact_words(struct buffer *out, struct slice value, const struct credentials *presented)
{
    bool secret[LONG] = {false};

    if (presented == NULL || !credentials_within(presented, value, NULL)) {
        (void)buffer_add_slice(out, value);
        return;
    }
    if (value.length > LONG) {
        add_mark(out, value);
        return;
    }
    (void)credentials_within(presented, value, secret);
    spread(value, secret);
    for (size_t from = 0, i = 0; i < value.length; from = i) {
        while (i < value.length && secret[i] == secret[from])
            i++;
        if (secret[from])
            add_mark(out, (struct slice){value.data + from, i - from});
        else
            (void)buffer_add(out, value.data + from, i - from);
    }
}
