/* SPDX-License-Identifier: ISC */
#include "server/sink/print.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"

/* The text goes to a terminal: whoever sent it, it steers nothing. */
static void print_safe(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x20 && *text != 0x7f)
            putchar(*text);
        else if (*text == '\n')
            fputs("\n  ", stdout);
        else
            printf("\\x%02x", (unsigned char)*text);
    }
}

static const char *text_at(const json_t *event, const char *a, const char *b, const char *c)
{
    const json_t *value = json_object_get(event, a);

    if (b != NULL)
        value = json_object_get(value, b);
    if (c != NULL)
        value = json_object_get(value, c);
    return json_string_value(value);
}

void print_words(const struct print_alert *alert)
{
    json_t *event = json_loadb((const char *)alert->body.data, alert->body.length, 0, NULL);
    const char *words = text_at(event, "data", "finding_info", "desc");
    char now[CLOCK_TEXT];

    if (words == NULL)
        words = text_at(event, "data", "message", NULL);
    printf("---- %s%s%s ", alert->verified == VERIFY_GOOD ? "VERIFIED " : verify_text(alert->verified), alert->scheme,
           alert->duplicate ? ", duplicate" : "");
    print_safe(alert->id);
    printf(" received %s\n  ", clock_text(clock_wall(), now));
    print_safe(words != NULL ? words : event != NULL ? "(an event that holds no alert)" : "(a body that is no JSON)");
    putchar('\n');
    fflush(stdout);
    json_decref(event);
}

void print_json(const struct print_alert *alert)
{
    json_t *event = json_loadb((const char *)alert->body.data, alert->body.length, 0, NULL);
    char now[CLOCK_TEXT];
    char *line;

    if (!json_is_object(event)) {
        json_decref(event);
        event = json_object();
    }
    json_object_set_new(event, "verified", json_boolean(alert->verified == VERIFY_GOOD));
    json_object_set_new(event, "scheme", json_string(alert->scheme));
    json_object_set_new(event, "duplicate", json_boolean(alert->duplicate));
    json_object_set_new(event, "webhook_id", json_string(alert->id));
    json_object_set_new(event, "received", json_string(clock_text(clock_wall(), now)));
    if (alert->verified != VERIFY_GOOD)
        json_object_set_new(event, "why", json_string(verify_text(alert->verified)));
    line = json_dumps(event, JSON_COMPACT);
    if (line != NULL)
        puts(line);
    fflush(stdout);
    free(line);
    json_decref(event);
}
