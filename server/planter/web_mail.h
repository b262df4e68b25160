/* SPDX-License-Identifier: ISC
 *
 * Mailboxes behind an HTTPS API: the acts of a place, made of the few calls that each API has for them. */
#ifndef PLANTER_WEB_MAIL_H
#define PLANTER_WEB_MAIL_H

#include "server/planter/letters.h"
#include "server/planter/place.h"
#include "server/planter/web.h"
#include "server/wire/remote.h"

#define WEB_MAIL_ID 1024

struct web_folder {
    char id[WEB_MAIL_ID]; /* the API's; "": none */
    char shown[256];
};

struct web_mail;

/* One job in one mailbox. */
struct web_stay {
    const struct web_mail *kind;
    const struct task *task;
    struct place_result *result;
    struct web *web;
    struct remote place;
    char user[512];           /* the mailbox, as the API names it */
    char thread[WEB_MAIL_ID]; /* of the API, from the first mail on; "" */
    /* JMAP's: accountId, where calls go, where mails go up */
    char account[WEB_MAIL_ID], api[WEB_URL], upload[WEB_URL];
    bool quotas;              /* and whether it tells them */
};

/* A mail that was found. */
struct web_found {
    char id[WEB_MAIL_ID];
    struct web_folder folder;
    bool seen;
    struct buffer content; /* what is compared later; initialised by the caller */
};

struct web_mail {
    struct web_api api;
    const char *users; /* of a REST API: what stands before the user in paths */
    bool per_user;     /* a token or a login is for one user */
    bool in_order;     /* a mail can only be put behind the one that it answers */
    bool server;       /* the place's host is a server, and no part of the user's mail address */
    /* What has to be known before all else; may be NULL. */
    int (*enter)(struct web_stay *stay, struct error *error);
    /* A folder by name, "\Sent" and its like by use. 1; 0: there is none; -1. */
    int (*folder)(struct web_stay *stay, const char *named, struct web_folder *folder, struct error *error);
    /* Where mails of that sender lie; 1, 0, -1. */
    int (*fitting)(struct web_stay *stay, const char *from, struct web_folder *folder, struct error *error);
    /* Have so many mails, of so many bytes, room there? May be NULL. */
    int (*room)(struct web_stay *stay, size_t mails, size_t bytes, struct error *error);
    /* Puts one mail, as read and received then; the API's id. */
    int (*put)(struct web_stay *stay, const struct letter *letter, bool answered, const struct web_folder *folder,
               char id[WEB_MAIL_ID], struct error *error);
    /* By its Message-ID, which copies and restored mails keep. 1, 0, -1. */
    int (*find)(struct web_stay *stay, const char *message_id, struct web_found *found, struct error *error);
    /* For good. 1; 0: it can only be thrown away, which was done; -1. */
    int (*remove)(struct web_stay *stay, const char *id, struct error *error);
};

int web_mail_plant(const struct web_mail *kind, const struct task *task, struct place_result *result,
                   struct error *error);
int web_mail_look(const struct web_mail *kind, const struct task *task, bool remove, struct place_result *result,
                  struct error *error);

/* Defines the place: its three acts. */
#define WEB_MAIL_PLACE(symbol, name)                                                                                   \
    static int symbol##_plant(const struct task *task, struct place_result *result, struct error *error)               \
    {                                                                                                                  \
        return web_mail_plant(&symbol##_mail, task, result, error);                                                    \
    }                                                                                                                  \
    static int symbol##_inspect(const struct task *task, struct place_result *result, struct error *error)             \
    {                                                                                                                  \
        return web_mail_look(&symbol##_mail, task, false, result, error);                                              \
    }                                                                                                                  \
    static int symbol##_uproot(const struct task *task, struct place_result *result, struct error *error)              \
    {                                                                                                                  \
        return web_mail_look(&symbol##_mail, task, true, result, error);                                               \
    }                                                                                                                  \
    const struct place place_##symbol = {                                                                              \
        .scheme = name, .remote = true, .plant = symbol##_plant, .inspect = symbol##_inspect, .uproot = symbol##_uproot}

/* What REST APIs have in common. Paths are behind kind->users and the user: `rest`, then the id (NULL: none) escaped. */
void web_mail_path(const struct web_stay *stay, struct buffer *path, const char *rest, const char *id);
/* Those with a path free it. *answer is a new object; -1 where there is none. */
int web_mail_get(struct web_stay *stay, struct buffer *path, const char *what, json_t **answer, struct error *error);
/* Puts a mail; releases `body`. The answer's "id" is the mail's. */
int web_mail_post(struct web_stay *stay, struct buffer *path, json_t *body, char id[WEB_MAIL_ID], json_t **answer,
                  struct error *error);
/* What remove() returns when that is how its web_do() ended. */
int web_mail_removed(struct web_stay *stay, int rc, struct error *error);

/* A member, "" where it is no text. */
const char *web_text(const json_t *object, const char *name);
/* When it arrived: what the last server wrote, else the mail's date; "2026-06-02T08:15:01Z". */
void web_arrived(const struct letter *letter, char text[32]);

#endif
