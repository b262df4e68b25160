/* SPDX-License-Identifier: ISC
 *
 * How a house's own mails look, as `sundew lure learn` found: a small file of YAML that lures are written by. Fields are
 * texts with slots, drawn anew for each mail:
 *
 *   {from} {to} {to-local}  the sender's and the mailbox owner's address; that before its '@'
 *   {login}                 the sender's login
 *   {domain}                the sender's domain
 *   {date} {utc}            when that server had it, in the house's zone or in UTC
 *   {postfix} {dovecot}     a long queue id of Postfix, a session id of Dovecot's LMTP, of that time
 *   {ip:10.3}               an address that begins so, the same for the same sender
 *   {peer} {peer-ip}        the server of another house, and its address
 *   {=2}                    what the field's third slot came to
 *   {~HHHH-99}              letters: H, h hexadecimal; A, a letters; 9 digits; x any of them; b of base64; all others
 *                           stand for themselves, and so does what follows a backslash
 *
 * In the clause of a field that says where a mail came from, slots are drawn by the sender: machines keep their names. */
#ifndef MINTER_PROFILE_H
#define MINTER_PROFILE_H

#include "server/base/yaml.h"
#include "server/minter/letter.h"

#define PROFILE_BYTES 16384
#define PROFILE_FIELDS 24

struct profile_field {
    const char *name, *value;
};

struct profile {
    struct yaml *root;
    struct profile_field house[PROFILE_FIELDS], outside[PROFILE_FIELDS], tail[PROFILE_FIELDS];
    size_t house_count, outside_count, tail_count;
    const struct yaml *ids, *programs, *versions; /* maps of programs; NULL */
};

/* The text of a profile's file, with faults as FILE:LINE:COLUMN. profile_free() either way. */
int profile_read(struct profile *profile, struct slice text, const char *file, struct error *error);
void profile_free(struct profile *profile);
/* The program of the sender, as many of each as the house has; NULL: nothing was learned of them. */
const char *profile_program(const struct profile *profile, const char *mail);
/* Of a program, or NULL. */
const char *profile_version(const struct profile *profile, const char *program);
/* Its Message-ID; false where none was learned of that program. */
bool profile_id(const struct profile *profile, const struct letter *letter, char id[LETTER_ID]);
/* Another house's server, or its address, as {peer} and {peer-ip} are. */
void profile_peer(const struct letter *letter, bool address, char *out, size_t size);
/* What the servers wrote before a mail's own fields. False where nothing was learned of such mails. */
bool profile_trace(const struct profile *profile, const struct letter *letter, int64_t taken, struct buffer *out);
/* What they wrote behind them. */
void profile_tail(const struct profile *profile, const struct letter *letter, struct buffer *out);

#endif
