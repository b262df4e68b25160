/* SPDX-License-Identifier: ISC */
#include "server/keeper/provision.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/keeper/certificate.h"
#include "server/keeper/control.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"
#include "server/keeper/provision_parts.h"

static void next(struct provision *provision);

void provision_free(struct provision *provision)
{
    if (provision == NULL)
        return;
    if (provision->begin != NULL)
        event_free(provision->begin);
    if (provision->job != 0)
        jobs_cancel(provision->settings.jobs, provision->job);
    for (size_t i = 0; i < provision->part_count; i++) {
        buffer_free(&provision->parts[i].names);
        buffer_free(&provision->parts[i].certificate);
        buffer_free(&provision->parts[i].key);
        buffer_free(&provision->parts[i].face);
    }
    free(provision->parts);
    buffer_free(&provision->persona);
    buffer_free(&provision->authority);
    buffer_free(&provision->authority_key);
    buffer_free(&provision->trust);
    free(provision);
}

static void finish(struct provision *provision, bool ok, const char *text)
{
    provision->settings.done(ok, text, buffer_slice(&provision->trust), provision->settings.context);
}

/* ---- one job ---- */

static void on_result(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct provision *provision = context;
    struct buffer *to = NULL;

    if (slice_is(kind, "json"))
        to = provision->step == PROVISION_PERSONA ? &provision->persona : &provision->parts[provision->at].face;
    else if (slice_is(kind, "pem") && slice_is(name, "certificate"))
        to = provision->step == PROVISION_AUTHORITY ? &provision->authority
                                                    : &provision->parts[provision->at].certificate;
    else if (slice_is(kind, "pem") && slice_is(name, "key"))
        to = provision->step == PROVISION_AUTHORITY ? &provision->authority_key : &provision->parts[provision->at].key;
    if (to != NULL) {
        buffer_clear(to);
        (void)buffer_add_slice(to, data);
    }
}

/* The operator's own certificate is no good. True: the decoy goes on with what it has. */
static bool refuse(struct part *part, const struct error *error)
{
    struct own_certificate *own = part->own;

    own->refused = true;
    (void)error_set(&own->fault, "%s: %s", part->decoy->certificate, error->text);
    part->dropped = part->known && part->has && !part->wants_face;
    if (part->dropped)
        log_warning("decoy %s keeps its certificate: %s", part->decoy->name, own->fault.text);
    return part->dropped;
}

static void on_done(unsigned code, struct slice text, void *context)
{
    struct provision *provision = context;
    struct error error;

    provision->job = 0;
    if (code == 0) {
        next(provision);
        return;
    }
    (void)error_set(&error, "%.*s", (int)(text.length < 400 ? text.length : 400), (const char *)text.data);
    if (provision->step == PROVISION_VERIFY && refuse(&provision->parts[provision->at], &error)) {
        next(provision);
        return;
    }
    if (provision->step >= PROVISION_VERIFY)
        (void)error_prefix(&error, "decoy %s", provision->parts[provision->at].decoy->name);
    finish(provision, false, error.text);
}

static int ask(struct provision *provision, const char *what, struct buffer *json, struct error *error)
{
    static const struct jobs_events events = {.result = on_result, .done = on_done};

    buffer_add_char(json, '}');
    if (json->failed)
        return error_set(error, "the names in the configuration do not fit into one job; use fewer");
    return jobs_start(provision->settings.jobs, what, buffer_slice(json), &events, provision, &provision->job, error);
}

/* Listeners often share one address. */
static bool seen_before(const struct decoy *decoy, size_t listener)
{
    for (size_t i = 0; i < listener; i++)
        if (strcmp(decoy->listeners[i].address, decoy->listeners[listener].address) == 0)
            return true;
    return false;
}

static void add_list(struct buffer *json, const char *name, const struct part *parts, size_t count, bool addresses)
{
    json_member_open(json, name);
    buffer_add_char(json, '[');
    for (size_t i = 0; i < count; i++) {
        const struct decoy *decoy = parts[i].decoy;

        for (size_t k = 0; !addresses && k < decoy->name_count; k++)
            json_element(json, slice_of(decoy->names[k]));
        for (size_t k = 0; addresses && k < decoy->listener_count; k++)
            if (!seen_before(decoy, k))
                json_element(json, slice_of(decoy->listeners[k].address));
    }
    buffer_add_char(json, ']');
}

static int ask_persona(struct provision *provision, struct error *error)
{
    const struct configuration *configuration = provision->settings.keeper->configuration;
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    json_member_text(&json, "organisation", configuration->organisation);
    json_member_text(&json, "domain", configuration->domain);
    json_member_text(&json, "language", configuration->language);
    if (provision->step == PROVISION_AUTHORITY) {
        add_list(&json, "names", provision->parts, provision->part_count, false);
        add_list(&json, "addresses", provision->parts, provision->part_count, true);
    }
    result = ask(provision, provision->step == PROVISION_AUTHORITY ? "authority" : "persona", &json, error);
    buffer_free(&json);
    return result;
}

static int ask_certificate(struct provision *provision, struct error *error)
{
    const struct part *part = &provision->parts[provision->at];
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    add_list(&json, "names", part, 1, false);
    add_list(&json, "addresses", part, 1, true);
    if (provision->self_signed) {
        json_member_text(&json, "organisation", provision->settings.keeper->configuration->organisation);
    } else {
        json_member_open(&json, "authority");
        buffer_add_char(&json, '{');
        json_member(&json, "certificate", buffer_slice(&provision->authority));
        json_member(&json, "key", buffer_slice(&provision->authority_key));
        buffer_add_char(&json, '}');
    }
    result = ask(provision, provision->self_signed ? "self-signed" : "certificate", &json, error);
    buffer_free(&json);
    return result;
}

static int ask_verify(struct provision *provision, struct error *error)
{
    const struct part *part = &provision->parts[provision->at];
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    add_list(&json, "names", part, 1, false);
    json_member(&json, "certificate", buffer_slice(&part->certificate));
    json_member(&json, "key", buffer_slice(&part->key));
    result = ask(provision, "verify", &json, error);
    buffer_free(&json);
    return result;
}

static int ask_face(struct provision *provision, struct error *error)
{
    const struct decoy *decoy = provision->parts[provision->at].decoy;
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    json_member_text(&json, "service", decoy->service);
    json_member_text(&json, "site", decoy->site);
    json_member_open(&json, "persona");
    buffer_add_slice(&json, buffer_slice(&provision->persona));
    order_decoy(decoy, &json);
    result = ask(provision, "face", &json, error);
    buffer_free(&json);
    return result;
}

/* ---- one after the other ---- */

/* Sets step and at to the next job that is needed. */
static void advance(struct provision *provision)
{
    if (provision->step < PROVISION_VERIFY) {
        provision->step++;
        if (provision->step == PROVISION_AUTHORITY && (provision->self_signed || !provision->settings.create))
            provision->step++;
        provision->at = 0;
    } else if (provision->step < PROVISION_FACE) {
        provision->step++;
    } else {
        provision->step = PROVISION_VERIFY;
        provision->at++;
    }
}

static bool needed(const struct provision *provision)
{
    const struct part *part = &provision->parts[provision->at];

    switch (provision->step) {
    case PROVISION_VERIFY:
        return part->certificate.length > 0;
    case PROVISION_CERTIFICATE:
        return part->wants_certificate;
    case PROVISION_FACE:
        return part->wants_face;
    default:
        return provision->settings.create;
    }
}

static bool ended(const struct provision *provision)
{
    return provision->step >= PROVISION_VERIFY && provision->at == provision->part_count;
}

static int start_step(struct provision *provision, struct error *error)
{
    switch (provision->step) {
    case PROVISION_VERIFY:
        return ask_verify(provision, error);
    case PROVISION_CERTIFICATE:
        return ask_certificate(provision, error);
    case PROVISION_FACE:
        return ask_face(provision, error);
    default:
        return ask_persona(provision, error);
    }
}

static void next(struct provision *provision)
{
    struct error error;

    do
        advance(provision);
    while (!ended(provision) && !needed(provision));
    if (!ended(provision)) {
        if (start_step(provision, &error) != 0)
            finish(provision, false, error.text);
    } else if (provision_store(provision, &error) != 0) {
        finish(provision, false, error.text);
    } else {
        finish(provision, true, "");
    }
}

static void on_start(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    next(context);
}

int provision_start(const struct provision_settings *settings, struct provision **out, struct error *error)
{
    static const struct timeval now = {0, 0};
    struct provision *provision = calloc(1, sizeof *provision);

    *out = NULL;
    if (provision == NULL)
        return error_set(error, "no memory to make the decoys' certificates");
    provision->settings = *settings;
    provision->self_signed = settings->create && settings->self_signed;
    buffer_init(&provision->persona, JOBS_RESULT);
    buffer_init(&provision->authority, JOBS_RESULT);
    buffer_init(&provision->authority_key, JOBS_RESULT);
    buffer_init(&provision->trust, JOBS_RESULT);
    provision->begin = evtimer_new(settings->keeper->base, on_start, provision);
    if (provision->begin == NULL)
        (void)error_set(error, "no memory to make the decoys' certificates");
    else if (provision_load(provision, error) == 0 && evtimer_add(provision->begin, &now) == 0)
        *out = provision;
    if (*out == NULL)
        provision_free(provision);
    return *out != NULL ? 0 : -1;
}
