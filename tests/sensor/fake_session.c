/* SPDX-License-Identifier: ISC */
#include "tests/sensor/fake_session.h"

#include <stdio.h>
#include <string.h>

struct decoy_face *session_choose(struct session *session, struct slice host)
{
    (void)host;
    return session->face;
}

void session_send(struct session *session)
{
    (void)session;
}

bool session_congested(struct session *session)
{
    return session->output.length >= SESSION_CONGESTED;
}

void session_yield(struct session *session)
{
    (void)session;
}

void session_close(struct session *session, bool reset)
{
    struct fake_session *fake = (struct fake_session *)session;

    fake->closed = true;
    fake->reset = reset;
}

int session_start_tls(struct session *session)
{
    (void)session;
    return -1;
}

void session_deadline(struct session *session, int idle_s, int total_s)
{
    struct fake_session *fake = (struct fake_session *)session;

    fake->idle_s = idle_s;
    fake->total_s = total_s;
}

void session_forwarded(struct session *session, struct slice header)
{
    struct fake_session *fake = (struct fake_session *)session;

    (void)fake;
    session->via_count = header.length > 0;
}

const char *session_classes(struct slice value, char text[SESSION_CLASSES])
{
    (void)snprintf(text, SESSION_CLASSES, "%s", value.length > 0 ? "some" : "");
    return text;
}

void session_present(struct session *session, const struct credentials *credentials, struct slice context)
{
    struct fake_session *fake = (struct fake_session *)session;
    size_t i;

    fake->presented++;
    fake->candidates = credentials->count;
    (void)snprintf(fake->context, sizeof(fake->context), "%.*s", (int)context.length, (const char *)context.data);
    for (i = 0; i < credentials->count; i++)
        if (slice_equal((struct slice){credentials->bytes.data + credentials->items[i].value,
                                       credentials->items[i].value_length},
                        fake->secret))
            fake->secret_seen = true;
    session->waiting = credentials->count > 0;
}

int session_pause(struct session *session, int milliseconds)
{
    struct fake_session *fake = (struct fake_session *)session;

    fake->pause_ms = milliseconds;
    return 0;
}

void fake_session_begin(struct fake_session *fake, const struct service *service)
{
    memset(fake, 0, sizeof(*fake));
    fake->decoy.name = (char *)(uintptr_t) "fake";
    fake->decoy.site = fake->decoy.name;
    fake->face.decoy = &fake->decoy;
    fake->session.listener = &fake->listeners[0];
    fake->decoy.listeners = fake->listeners;
    fake->decoy.listener_count = 1;
    fake->session.service = service;
    fake->session.face = &fake->face;
    buffer_init(&fake->session.input, SESSION_INPUT);
    buffer_init(&fake->session.output, SESSION_OUTPUT);
}

void fake_session_end(struct fake_session *fake)
{
    fake->session.service->close(&fake->session);
    buffer_free(&fake->session.input);
    buffer_free(&fake->session.output);
}

static void pump(struct fake_session *fake)
{
    if (!fake->closed && !fake->session.waiting && fake->session.input.length > 0)
        fake->session.service->input(&fake->session);
}

void fake_session_resume(struct fake_session *fake)
{
    fake->pause_ms = 0;
    fake->session.service->resume(&fake->session);
}

void fake_session_arrives(struct fake_session *fake, struct slice bytes, size_t step)
{
    size_t at = 0, part;

    while (at < bytes.length && !fake->closed) {
        part = bytes.length - at < step ? bytes.length - at : step;
        (void)buffer_add(&fake->session.input, bytes.data + at, part);
        at += part;
        pump(fake);
    }
}

void fake_session_verdict(struct fake_session *fake)
{
    static const struct verdict verdict;

    fake->session.waiting = false;
    fake->session.service->verdict(&fake->session, &verdict);
    pump(fake);
}
