/* SPDX-License-Identifier: ISC
 *
 * Session cookies and CSRF fields that need no store: both are made from the decoy's salt, so that any sensor knows
 * its own again, after a restart too, and nobody else can make one. They look like those of Rails: a session is 32
 * hexadecimal digits; a CSRF field is the URL-safe base64 of a pad and of the session's token under that pad. */
#ifndef HTTP_CSRF_H
#define HTTP_CSRF_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

#define CSRF_SESSION_BYTES 16
#define CSRF_SESSION_TEXT 33
#define CSRF_FIELD_TEXT 89
#define CSRF_PAD 32
#define CSRF_STEP 300 /* seconds in which a session's age is counted */

struct csrf {
    unsigned char key[32];
};

struct csrf_session {
    unsigned char bytes[CSRF_SESSION_BYTES];
};

void csrf_init(struct csrf *csrf, const unsigned char salt[32]);
/* A new session, and its text. now: seconds since 1970. A session carries a mark, 0 at first: what the next page is to
 * say once. Its CSRF fields stay good when the mark changes, its text does not. */
struct csrf_session csrf_session_new(const struct csrf *csrf, int64_t now);
unsigned char csrf_session_mark(const struct csrf *csrf, const struct csrf_session *session);
struct csrf_session csrf_session_marked(const struct csrf *csrf, const struct csrf_session *session,
                                        unsigned char mark);
const char *csrf_session_text(const struct csrf_session *session, char text[CSRF_SESSION_TEXT]);
/* 0 when the text is a session of ours, with its age in seconds in *age (a multiple of CSRF_STEP; 0 for one from up to
 * a day ahead, as the clock may have been set back); -1 for any other text. */
int csrf_session_read(const struct csrf *csrf, struct slice text, int64_t now, struct csrf_session *session,
                      int64_t *age);
/* A fresh field for the session: each has its own pad, random bytes or those given (NULL: random). */
const char *csrf_field(const struct csrf *csrf, const struct csrf_session *session, const unsigned char *pad,
                       char text[CSRF_FIELD_TEXT]);
/* The pad of a field, be it whose it may. 0 or -1. */
int csrf_field_pad(struct slice text, unsigned char pad[CSRF_PAD]);
/* Is the text a field for this session; with session NULL, for any session of this decoy? */
bool csrf_field_is(const struct csrf *csrf, const struct csrf_session *session, struct slice text);

#endif
