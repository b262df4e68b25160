/* SPDX-License-Identifier: ISC
 *
 * The conversations between processes. Each message is one datagram of at most CHANNEL_MESSAGE bytes: a 16-bit type,
 * then its fields in the order of the structs below. Every message has an add and a get; a get fails unless the
 * message is exactly used up. Slices in a got message point into the datagram.
 *
 *   sensor  → keeper   HELLO OBSERVATION…            keeper → sensor   HELLO DECOY_KEYS… KEYS_DONE VERDICT…
 *   keeper  → minter   HELLO JOB…                    minter → keeper   HELLO RESULT… RESULT_DONE
 *   keeper  → courier  HELLO DELIVERY…               courier → keeper  HELLO OUTCOME…
 *   sundew  → keeper   HELLO COMMAND CREDIT…         keeper → sundew   HELLO REPLY_ROW… REPLY_DONE
 *   sundew  → planter  [ACCOUNT CREDENTIAL…] PLANT FILE… PLANT_GO
 *                      CONNECTED                     planter → sundew  CONNECT… FILE… (to be printed) PLANTED
 *   a place that must not be planted twice: back PLANTED with state "planned", before the act, then PLANT_GO once more
 *   a drill: sundew → planter PLANT FILE PLANT_GO, back AT_DOOR, then PLANT_GO once more, back PLANTED
 *   sundew  → finder   WINDOWS… SEARCH SOURCE…       finder → sundew   FOUND… SEARCHED…, see server/wire/finding.h
 *   parent  → role     see server/base/role.h */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/address.h"
#include "server/base/buffer.h"
#include "server/base/facts.h"
#include "server/base/id.h"

enum message_type {
    MESSAGE_HELLO = 100, /* bytes build: role_build(); first on each channel but role_spawn()'s */
    MESSAGE_OBSERVATION,
    MESSAGE_DECOY_KEYS,
    MESSAGE_KEYS_DONE, /* no fields */
    MESSAGE_VERDICT,
    MESSAGE_JOB,
    MESSAGE_RESULT,
    MESSAGE_RESULT_DONE,
    MESSAGE_DELIVERY,
    MESSAGE_OUTCOME,
    MESSAGE_COMMAND,
    MESSAGE_CREDIT, /* u32 rows: the sender may be sent that many REPLY_ROW more */
    MESSAGE_REPLY_ROW,
    MESSAGE_REPLY_DONE,
    MESSAGE_PLANT,
    MESSAGE_FILE,
    MESSAGE_PLANT_GO, /* no fields */
    MESSAGE_PLANTED,
    MESSAGE_AT_DOOR,
    MESSAGE_ACCOUNT,
    MESSAGE_CREDENTIAL,
    MESSAGE_CONNECT,
    MESSAGE_CONNECTED,
    MESSAGE_WINDOWS, /* server/wire/finding.h, from here on */
    MESSAGE_SEARCH,
    MESSAGE_SOURCE,
    MESSAGE_FOUND,
    MESSAGE_SEARCHED,
};

/* The type, which is read off the reader; 0 when there is none. */
uint16_t message_type(struct reader *reader);
/* Starts a message in a cleared buffer (init it with CHANNEL_MESSAGE). For messages without fields that is all. */
void message_begin(struct buffer *buffer, enum message_type type);
void hello_add(struct buffer *buffer);
/* 0 when the build is this one. Read after message_type(); so are all gets. */
int hello_get(struct reader *reader);

/* ---- observation and verdict ---- */

#define OBSERVATION_CANDIDATES 256
#define OBSERVATION_CANDIDATE_BYTES 8192
#define OBSERVATION_CONTEXT 16384
#define OBSERVATION_VIA 8

enum candidate_part {
    CANDIDATE_IDENTITY = 1,
    CANDIDATE_SECRET = 2,
    CANDIDATE_EITHER = 3, /* a bare value: looked up as a secret and as an identity */
    CANDIDATE_PUBLIC = 4, /* the public half of a key: lower-case hex SHA-256 of it as it goes over the wire (SSH) or of
                             its SubjectPublicKeyInfo */
    CANDIDATE_SESSION = 16, /* what a verdict's world sealed: a later step of a session that was let in */
    CANDIDATE_PROOF = 8,  /* shows knowledge of a secret that was not sent: transcript.h */
};

struct candidate {
    uint8_t part;
    uint8_t pair;       /* identity and secret with the same number were presented together; 0: alone */
    struct slice where; /* for people: "Authorization: Basic", "form password", "cookie", "path", "bind" */
    struct slice value; /* decoded bytes; cut to OBSERVATION_CANDIDATE_BYTES */
};

struct observation {
    struct id id;       /* id_ordered(); the same when sent again */
    uint32_t ticket;    /* the sensor's own, comes back in the verdict */
    int64_t time;       /* wall clock, microseconds */
    struct slice decoy; /* name */
    struct slice service;
    struct address source; /* the true client's */
    uint16_t source_port;
    struct address via[OBSERVATION_VIA]; /* trusted proxies passed, nearest last */
    uint8_t via_count;
    struct address local;
    uint16_t local_port;
    uint64_t connection; /* number of the connection within the sensor's life */
    uint32_t request;    /* number of the request within the connection, from 1 */
    bool again;          /* sent before; its verdict never came */
    uint8_t login;       /* the pair that stood in the form which the decoy may let in by; 0: none */
    struct slice context; /* a JSON object: {"tls":{…},"http":{…},"ldap":{…}}, redacted as DESIGN promise 5 says */
    struct candidate candidates[OBSERVATION_CANDIDATES]; /* likeliest first */
    uint16_t candidate_count;                            /* 0: no credentials, no verdict is sent */
};

int observation_add(struct buffer *buffer, const struct observation *observation);
int observation_get(struct reader *reader, struct observation *observation);

/* Says nothing of what was found unless a decoy grants. */
struct verdict {
    uint32_t ticket;
    bool grant;         /* let in; never set on a decoy that refuses */
    struct slice world; /* empty unless granted: SESSION_SEAL bytes, which are to come back as CANDIDATE_SESSION, then
                           the name of the token's kind, GRANT_SESSION for a later step, or GRANT_LOCKED for any step
                           at an account that wrong codes have locked */
};

#define SESSION_SEAL 32
#define GRANT_SESSION "session"
#define GRANT_LOCKED "locked"

int verdict_add(struct buffer *buffer, const struct verdict *verdict);
int verdict_get(struct reader *reader, struct verdict *verdict);

/* What a sensor holds for one decoy of its own; from the ledger. */
struct decoy_keys {
    struct slice decoy;
    struct slice certificate; /* PEM chain, leaf first; empty when no listener speaks TLS */
    struct slice key;         /* PEM */
    struct slice salt;        /* 32 bytes: cookies, CSRF fields and salts derive from it */
    struct slice face;        /* JSON object: what the seed drew for this decoy ("version", "revision", …), stored */
};

int decoy_keys_add(struct buffer *buffer, const struct decoy_keys *keys);
int decoy_keys_get(struct reader *reader, struct decoy_keys *keys);

/* ---- jobs for the minter ---- */

/* what: "mint", "artifacts", "lure", "persona", "authority", "certificate", "face". parameters: a JSON object; the
 * table of parameters and results stands in server/minter/job.h. */
struct job {
    uint64_t number;
    struct slice what;
    struct slice parameters;
};

/* One thing made. kind: "token" (data: token_result), "artifact", "file", "meta" (JSON), "pem", "json". A long
 * thing comes in pieces: same kind and name, `more` set on all but the last. */
struct result {
    uint64_t number;
    struct slice kind;
    struct slice name;
    struct slice data;
    bool more;
};

struct result_done {
    uint64_t number;
    uint8_t code;      /* 0 done, 2 what was asked for cannot be made, 3 could not: as reply_done's */
    struct slice text; /* why not */
};

#define TOKEN_GUESSABLE 60 /* bits of guessing entropy, below which whoever uses a secret may not have read it */

/* The data of a "token" result. */
struct token_result {
    struct slice kind, form, identity, secret;
    uint16_t secret_bits;   /* guessing entropy given the identity */
    uint16_t identity_bits; /* of the draw */
    bool bound;             /* the secret binds this identity */
    bool distinctive;       /* the identity alone is worth a sighting */
    struct slice facts;     /* server/base/facts.h */
    bool trusts;            /* some file that it may lie in trusts its decoy's authority, and no other */
};

int job_add(struct buffer *buffer, const struct job *job);
int job_get(struct reader *reader, struct job *job);
int result_add(struct buffer *buffer, const struct result *result);
int result_get(struct reader *reader, struct result *result);
int result_done_add(struct buffer *buffer, const struct result_done *done);
int result_done_get(struct reader *reader, struct result_done *done);
int token_result_add(struct buffer *buffer, const struct token_result *token); /* no type before it */
int token_result_get(struct reader *reader, struct token_result *token);

/* ---- deliveries ---- */

/* record: the canonical alert as a JSON object; its members stand in server/courier/alert.h. */
struct delivery {
    struct id id;       /* of the delivery */
    struct id alert;    /* webhook-id and CloudEvents id */
    struct slice route; /* name */
    uint32_t attempt;   /* from 1 */
    struct slice record;
};

enum outcome_result { OUTCOME_DELIVERED = 1, OUTCOME_AGAIN, OUTCOME_REFUSED }; /* refused: 4xx, 3xx, 410: misconfigured */

struct outcome {
    struct id delivery;
    uint8_t result;
    uint16_t status;      /* HTTP, 0 when none came */
    uint32_t retry_after; /* seconds, 0 when not said */
    struct slice text;    /* for people */
};

int delivery_add(struct buffer *buffer, const struct delivery *delivery);
int delivery_get(struct reader *reader, struct delivery *delivery);
int outcome_add(struct buffer *buffer, const struct outcome *outcome);
int outcome_get(struct reader *reader, struct outcome *outcome);

/* ---- commands ---- */

#define COMMAND_ARGUMENTS 64

struct argument {
    struct slice name, value; /* options without "--"; operands under the names of commands.def */
};

struct command {
    struct slice name;
    struct argument arguments[COMMAND_ARGUMENTS];
    uint16_t argument_count;
};

/* kind "row": one JSON object for the user. "file", "job": material for `sundew` itself (plant), not printed;
 * data may come in pieces as results do. */
struct reply_row {
    struct slice kind;
    struct slice name;
    struct slice data;
    bool more;
};

struct reply_done {
    uint8_t code; /* exit status: 0 done, 1 found wanting, 2 usage, 3 could not */
    struct slice text;
};

int command_add(struct buffer *buffer, const struct command *command);
int command_get(struct reader *reader, struct command *command);
/* The value of the last argument with that name, or a slice with data NULL. */
struct slice command_argument(const struct command *command, const char *name);
int credit_add(struct buffer *buffer, uint32_t rows);
int credit_get(struct reader *reader, uint32_t *rows);
int reply_row_add(struct buffer *buffer, const struct reply_row *row);
int reply_row_get(struct reader *reader, struct reply_row *row);
int reply_done_add(struct buffer *buffer, const struct reply_done *done);
int reply_done_get(struct reader *reader, struct reply_done *done);

/* ---- planter ---- */

struct plant {
    struct slice action;  /* plant | inspect | uproot | people; drill | probe, which have no place */
    struct slice place;   /* "maildir:/abs", "git:/abs#branch", "imaps://user@host/Folder", …; or "" */
    struct slice options; /* JSON: {"path":…, "at":…, "dry_run":…, "where":{…} (inspect, uproot), "digest":…} */
    struct slice meta;    /* JSON of the lure: {"type":"mail|repository|text", …}; server/minter/job.h */
};

/* A file of the lure: the raw message, a file of a change, an artifact. */
struct file {
    struct slice name;
    struct slice data;
    bool more;
};

struct planted {
    bool ok;
    struct slice where; /* JSON as DESIGN 8: placements.where */
    struct slice state; /* there | moved | changed | gone | unknown */
    struct slice text;  /* for people: why not, or what was noticed */
};

/* A drill's planter is connected; nothing was presented yet. */
struct at_door {
    struct address address; /* its own end, as the sensor will see it */
    uint16_t port;
    uint16_t local_port; /* the listener's */
};

/* What opens the places of the PLANTs that follow, in place of the account before. */
struct plant_account {
    struct slice name;
    struct slice settings; /* JSON: "user", "client", … as in sundew.yaml; no secret */
};

/* One of the account's files, opened: the descriptor is passed along. */
struct credential {
    struct slice name; /* account_file_name() */
    struct slice path; /* for faults */
};

/* A planter on another host's place makes no socket: it asks for each connection. */
struct connect {
    struct slice host;
    uint16_t port;
};

/* The connected socket is passed along, or none. */
struct connected {
    struct slice text; /* why none */
};

int plant_account_add(struct buffer *buffer, const struct plant_account *account);
int plant_account_get(struct reader *reader, struct plant_account *account);
int credential_add(struct buffer *buffer, const struct credential *credential);
int credential_get(struct reader *reader, struct credential *credential);
int connect_add(struct buffer *buffer, const struct connect *connect);
int connect_get(struct reader *reader, struct connect *connect);
int connected_add(struct buffer *buffer, const struct connected *connected);
int connected_get(struct reader *reader, struct connected *connected);
int plant_add(struct buffer *buffer, const struct plant *plant);
int plant_get(struct reader *reader, struct plant *plant);
int file_add(struct buffer *buffer, const struct file *file);
int file_get(struct reader *reader, struct file *file);
int planted_add(struct buffer *buffer, const struct planted *planted);
int planted_get(struct reader *reader, struct planted *planted);
int at_door_add(struct buffer *buffer, const struct at_door *at);
int at_door_get(struct reader *reader, struct at_door *at);

#endif
