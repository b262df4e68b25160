/* SPDX-License-Identifier: ISC
 *
 * A session without socket and keeper, for tests of a service: what it sends, presents and closes is kept. */
#ifndef TESTS_FAKE_SESSION_H
#define TESTS_FAKE_SESSION_H

#include "server/sensor/session.h"

struct fake_session {
    struct session session; /* first */
    struct decoy decoy;
    struct decoy_face face;
    struct listener listeners[2]; /* plain; the decoy has the first one unless a test says more */
    int pause_ms;                 /* asked for by session_pause() */
    int presented; /* calls of session_present() */
    size_t candidates;
    bool closed, reset;
    int idle_s, total_s;
    struct slice secret; /* a value that must be among the candidates of the next presentation */
    bool secret_seen;
    char context[8192];
};

/* The face's state is the caller's. */
void fake_session_begin(struct fake_session *fake, const struct service *service);
void fake_session_end(struct fake_session *fake);
/* Bytes arrive, in steps; as the sensor does it, the service is called while it does not wait. */
void fake_session_arrives(struct fake_session *fake, struct slice bytes, size_t step);
/* The time of session_pause() is over. */
void fake_session_resume(struct fake_session *fake);
/* The keeper answers what was presented. */
void fake_session_verdict(struct fake_session *fake);

#endif
