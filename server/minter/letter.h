/* SPDX-License-Identifier: ISC
 *
 * One mail of a thread, as it lies in a mailbox of the operator's own server: what servers on its way wrote, and what
 * the writer's program did. */
#ifndef MINTER_LETTER_H
#define MINTER_LETTER_H

#include <jansson.h>
#include <stdbool.h>
#include "server/minter/attachment.h"
#include "server/minter/lure.h"
#include "server/minter/persona.h"

#define LETTER_ID 320
#define LETTER_BYTES (128 * 1024)
#define LETTER_HEX "0123456789abcdef"

struct letter {
    const struct lure_work *work;
    const struct lure_message *message;
    const struct letter *answered;  /* the mail before it; NULL for the first */
    const json_t *from, *to, *copy; /* people; copy may be NULL */
    const json_t *habits;           /* of the writer's house: server, client, version, net, desks, domain */
    const char *client, *version;
    struct zone zone;
    int64_t sent;
    bool own, outside;  /* written by the mailbox's owner; by somebody of another house */
    bool gone;          /* lies nowhere: the thread's last mail alone was kept, and quotes it */
    char id[LETTER_ID]; /* with <> */
    struct buffer subject, body;
    size_t said; /* where in the body it says something new */
    struct attachment attachments[LURE_ATTACHMENTS];
    size_t attachment_count;
};

/* A Message-ID as the writer's program makes them. */
void letter_name(struct letter *letter);
/* Writes the text: what is new, the signature, and what it quotes, in the order that the program (and the house) is
 * used to. Needs the answered letter's body. */
int letter_write(struct letter *letter, struct error *error);
/* Adds the whole message, lines ended by LF. */
int letter_send(const struct letter *letter, struct buffer *out, struct error *error);

/* Parts of letter_send(): an HTML page that says what the body does; the servers' lines, from the last to the first. */
int letter_html(const struct letter *letter, struct buffer *out);
void letter_trace(const struct letter *letter, struct buffer *out);
/* Content-Type, Content-Transfer-Encoding and text of the body where there is no HTML beside it. */
void letter_type(const struct letter *letter, struct buffer *out);
void letter_encoding(const struct letter *letter, struct buffer *out);
int letter_body(const struct letter *letter, struct buffer *out);
/* When it was sent, in tenths of microseconds since 1601. */
uint64_t letter_filetime(const struct letter *letter);
/* A member of an object, or "". */
const char *letter_text(const json_t *object, const char *key);
bool letter_by(const struct letter *letter, const char *client);
bool letter_french(const struct letter *letter);
/* `length` characters of the alphabet and a NUL. */
void letter_random(const struct letter *letter, const char *alphabet, size_t length, char *out);

#endif
