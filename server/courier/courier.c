/* SPDX-License-Identifier: ISC */
#include "server/courier/courier.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "server/base/clock.h"
#include "server/base/channel.h"
#include "server/base/log.h"
#include "server/courier/format.h"
#include "server/courier/sign.h"

#define COURIER_BODY (256 * 1024)

struct line {
    struct courier *courier;
    const struct route *route;
    const struct alert_format *format;
    struct carrier *carrier;
    struct sign_keys keys;
    struct error fault; /* why the route cannot be used, or "" */
};

enum errand_state { ERRAND_WAITS, ERRAND_UNDER_WAY, ERRAND_DONE };

struct errand {
    struct line *line; /* NULL: no such route */
    struct id delivery, alert;
    struct buffer record;
    enum errand_state state;
    struct carrier_answer answer;
    struct errand *next;
};

struct courier {
    const struct courier_events *events;
    void *context;
    struct line *lines;
    size_t line_count;
    struct errand *first, **last; /* in order of arrival */
    size_t bytes;                 /* of all errands' records */
};

/* ---- routes ---- */

static int line_open(struct line *line, struct event_base *base, const struct carrier_limits *limits,
                     struct error *error)
{
    line->format = format_find(line->route->format);
    if (line->format == NULL)
        return error_set(error, "there is no alert format \"%s\"; see: sundew formats", line->route->format);
    for (size_t i = 0; i < line->route->secret_count; i++) {
        if (sign_keys_load(line->route->secrets[i], &line->keys, error) != 0)
            return -1;
    }
    if (line->keys.count == 0)
        return error_set(error, "it has no signing key; name a file with a whsec_ key under secret");
    line->carrier = carrier_new(base, line->route, limits, error);
    return line->carrier == NULL ? -1 : 0;
}

struct courier *courier_new(struct event_base *base, const struct configuration *configuration,
                            const struct carrier_limits *limits, const struct courier_events *events, void *context)
{
    struct courier *courier = calloc(1, sizeof(*courier));

    if (courier == NULL)
        return NULL;
    courier->events = events;
    courier->context = context;
    courier->last = &courier->first;
    courier->lines = calloc(configuration->route_count + 1, sizeof(*courier->lines));
    if (courier->lines == NULL) {
        free(courier);
        return NULL;
    }
    courier->line_count = configuration->route_count;
    for (size_t i = 0; i < courier->line_count; i++) {
        struct line *line = &courier->lines[i];

        line->courier = courier;
        line->route = &configuration->routes[i];
        if (line_open(line, base, limits, &line->fault) != 0)
            log_error("route %s cannot be used: %s", line->route->name, line->fault.text);
    }
    return courier;
}

static void errand_free(struct errand *errand)
{
    buffer_free(&errand->record);
    free(errand);
}

void courier_free(struct courier *courier)
{
    if (courier == NULL)
        return;
    for (size_t i = 0; i < courier->line_count; i++) {
        carrier_free(courier->lines[i].carrier);
        sign_keys_wipe(&courier->lines[i].keys);
    }
    while (courier->first != NULL) {
        struct errand *errand = courier->first;

        courier->first = errand->next;
        errand_free(errand);
    }
    free(courier->lines);
    free(courier);
}

static struct line *line_find(struct courier *courier, struct slice name)
{
    for (size_t i = 0; i < courier->line_count; i++) {
        if (slice_is(name, courier->lines[i].route->name))
            return &courier->lines[i];
    }
    return NULL;
}

/* ---- errands ---- */

static void unlink_errand(struct courier *courier, struct errand **at)
{
    struct errand *errand = *at;

    *at = errand->next;
    if (courier->last == &errand->next)
        courier->last = at;
    courier->bytes -= errand->record.length;
    errand_free(errand);
}

static int tell(struct courier *courier, struct id delivery, const struct carrier_answer *answer)
{
    struct outcome outcome = {.delivery = delivery,
                              .result = (uint8_t)answer->result,
                              .status = answer->status,
                              .retry_after = answer->retry_after,
                              .text = slice_of(answer->text)};

    return courier->events->outcome(&outcome, courier->context);
}

void courier_tell(struct courier *courier)
{
    struct errand **at = &courier->first;

    while (*at != NULL) {
        if ((*at)->state == ERRAND_DONE && tell(courier, (*at)->delivery, &(*at)->answer) == 0)
            unlink_errand(courier, at);
        else
            at = &(*at)->next;
    }
}

static void errand_done(struct errand *errand, enum outcome_result result, const char *text)
{
    errand->state = ERRAND_DONE;
    errand->answer.result = result;
    snprintf(errand->answer.text, sizeof(errand->answer.text), "%.*s", (int)sizeof(errand->answer.text) - 1, text);
}

static void line_advance(struct line *line);

static void on_answer(const struct carrier_answer *answer, void *context)
{
    struct errand *errand = context;
    struct line *line = errand->line;

    errand->state = ERRAND_DONE;
    errand->answer = *answer;
    if (answer->result != OUTCOME_DELIVERED)
        log_warning("route %s: %s", line->route->name, answer->text);
    courier_tell(line->courier);
    line_advance(line);
}

static int errand_body(const struct errand *errand, struct buffer *body, struct error *error)
{
    static const struct format_context context = {PACKAGE_VERSION};
    json_error_t fault;
    json_t *record = json_loadb((const char *)errand->record.data, errand->record.length, 0, &fault);
    int rc;

    if (record == NULL)
        return error_set(error, "the alert's record is no JSON: %s", fault.text);
    rc = errand->line->format->write(record, &context, body, error);
    json_decref(record);
    return rc;
}

static int errand_post(struct errand *errand, struct slice body, struct error *error)
{
    struct line *line = errand->line;
    int64_t now = clock_wall() / 1000000;
    char id[ID_TEXT], timestamp[24];
    struct buffer signature;
    int rc = -1;

    buffer_init(&signature, SIGN_KEYS * 128);
    id_text(errand->alert, 'a', id);
    snprintf(timestamp, sizeof(timestamp), "%" PRId64, now);
    if (sign_body(&line->keys, id, now, body, &signature) == 0) {
        struct carrier_header headers[] = {{"Content-Type", slice_of(line->format->content_type)},
                                           {"webhook-id", slice_of(id)},
                                           {"webhook-timestamp", slice_of(timestamp)},
                                           {"webhook-signature", buffer_slice(&signature)}};

        rc = carrier_send(line->carrier, headers, sizeof(headers) / sizeof(headers[0]), body, on_answer, errand);
    }
    buffer_free(&signature);
    return rc == 0 ? 0 : error_set(error, "the courier could not begin to send: out of memory, or a damaged URL");
}

static void errand_begin(struct errand *errand)
{
    struct error error = {""};
    struct buffer body;

    buffer_init(&body, COURIER_BODY);
    errand->state = ERRAND_UNDER_WAY;
    if (errand_body(errand, &body, &error) != 0 || errand_post(errand, buffer_slice(&body), &error) != 0) {
        log_error("route %s: %s", errand->line->route->name, error.text);
        errand_done(errand, OUTCOME_AGAIN, error.text);
    }
    buffer_free(&body);
}

/* Begins what the route may carry now. */
static void line_advance(struct line *line)
{
    struct errand *errand = line->courier->first;

    for (; errand != NULL && carrier_under_way(line->carrier) < COURIER_AT_ONCE; errand = errand->next) {
        if (errand->line == line && errand->state == ERRAND_WAITS)
            errand_begin(errand);
    }
    courier_tell(line->courier);
}

static bool is_known(const struct courier *courier, struct id delivery)
{
    const struct errand *errand = courier->first;

    while (errand != NULL && memcmp(errand->delivery.bytes, delivery.bytes, ID_BYTES) != 0)
        errand = errand->next;
    return errand != NULL;
}

void courier_take(struct courier *courier, const struct delivery *delivery)
{
    struct carrier_answer none = {.result = OUTCOME_AGAIN};
    struct errand *errand;

    if (is_known(courier, delivery->id))
        return;
    errand = calloc(1, sizeof(*errand));
    if (errand == NULL) {
        snprintf(none.text, sizeof none.text, "out of memory in the courier");
        tell(courier, delivery->id, &none);
        return;
    }
    errand->delivery = delivery->id;
    errand->alert = delivery->alert;
    errand->line = line_find(courier, delivery->route);
    buffer_init(&errand->record, CHANNEL_MESSAGE);
    if (errand->line == NULL)
        errand_done(errand, OUTCOME_REFUSED, "the configuration has no route of that name any more");
    else if (errand->line->fault.text[0] != '\0')
        errand_done(errand, OUTCOME_REFUSED, errand->line->fault.text);
    else if (courier->bytes + delivery->record.length > COURIER_QUEUE ||
             buffer_add_slice(&errand->record, delivery->record) != 0)
        errand_done(errand, OUTCOME_AGAIN, "too many alerts wait in the courier");
    courier->bytes += errand->record.length;
    *courier->last = errand;
    courier->last = &errand->next;
    if (errand->state == ERRAND_WAITS)
        line_advance(errand->line);
    else
        courier_tell(courier);
}
