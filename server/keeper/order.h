/* SPDX-License-Identifier: ISC
 *
 * What an operator orders of the minter: which token, for which decoy, and what comes back. */
#ifndef KEEPER_ORDER_H
#define KEEPER_ORDER_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/id.h"
#include "server/keeper/request.h"
#include "server/wire/configuration.h"
#include "server/wire/kinds.h"

/* A token that is to be, or one of the ledger. Texts are owned; NULL where not given. */
struct order {
    char *kind, *form, *identity;
    char *style; /* the text of a sample of names */
    char *owner, *contact, *memo;
    char *host;      /* that the artifacts name, where it is not the decoy's first name */
    int64_t expires; /* 0: never */
    const struct kind_row *row;
    const struct decoy *decoy; /* that it opens; NULL: none of ours */
    bool lost;                 /* of the ledger, and its decoy is not in the configuration any more */
    bool retired;              /* of the ledger */
    struct order *beside;      /* of the ledger: in whose artifacts one lies that its vendor alone sees used; or NULL */
    int64_t number;            /* of the ledger's row; 0: to be minted */
    struct id token;           /* of the ledger's row */
    struct buffer settings;      /* members of a JSON object: what the operator set for the kind */
    struct buffer secret, facts; /* of the ledger's token; wiped when freed */
};

void order_init(struct order *order);
void order_free(struct order *order);
/* Reads kind (the argument named `argument`), form, identity, decoy, host, beside, owner, contact, memo and expires. -1:
 * the request was ended with a usage error. */
int order_read(struct request *request, const char *argument, struct order *order);
/* Reads the token with its secret and facts. -1: the request was ended. */
int order_load(struct request *request, struct id token, struct order *order);
/* By which the artifacts name a host: the token beside, or itself. */
const struct order *order_at_door(const struct order *order);
/* Does its vendor alone see it used? */
bool order_is_vendors(const struct order *order);
/* The decoy's name, or "". */
const char *order_decoy_name(const struct order *order);
/* Ends the request and returns -1 where the artifacts have no host to name: the token's decoy is gone. */
int order_door(struct request *request, const struct order *order);
/* What the operator should know of what was ordered: its door, where it is not the kind's own, and that its secret, of so
 * many bits, could be guessed; "" where there is nothing. */
void order_note(const struct order *order, unsigned bits, struct buffer *note);
/* Adds what every job needs, as members of an open JSON object: "kind", "form", "identity", "settings" or, of a token of
 * the ledger, "secret" and "facts"; "owner", "memo", "persona", "decoy". */
int order_view(struct keeper *keeper, const struct order *order, struct buffer *json, struct error *error);
/* "persona":{…},"decoy":{…} and, where there is one, "beside":{…} alone. */
int order_world(struct keeper *keeper, const struct order *order, struct buffer *json, struct error *error);
/* The members "seen":"here"… and, where there is one, "beside":"t-…". */
void order_seen(const struct order *order, struct buffer *json);
/* The member "facts":{name: value}. */
void order_facts(struct slice facts, struct buffer *json);

/* The member "decoy":{"name","service","site","host","port","tls","url","names"}. */
void order_decoy(const struct decoy *decoy, struct buffer *json);

/* What was made: the packed token, and its artifacts as elements of a JSON array. */
struct made {
    struct id id;
    struct buffer packed;
    struct token_result token; /* points into `packed` */
    struct buffer artifacts;
};

struct made_list {
    struct made *items;
    size_t count, capacity;
    bool failed; /* something that came does not fit together */
};

void made_free(struct made_list *list);
/* Takes a "token" or "artifact" result; others are ignored. */
void made_add(struct made_list *list, struct slice kind, struct slice name, struct slice data);
/* Stores one in the caller's transaction. */
int made_store(struct keeper *keeper, const struct order *order, const struct made *made, struct error *error);
/* The JSON object of `mint` (DESIGN 8). */
int made_json(const struct made *made, const struct order *order, struct buffer *json);
/* {"name","text"} or, where it is not UTF-8, {"name","base64"}; with a comma before where one is needed. */
int artifact_json(struct slice name, struct slice data, struct buffer *json);

/* Adds a chained operation for the request's operator, in the caller's transaction. details: members of a JSON
 * object without its braces, or "". */
int order_operation(struct request *request, const char *what, const char *subject, const char *details,
                    struct error *error);
/* Retires a token (command_token.c), with its operation, in the caller's transaction; nothing where it is retired. */
int token_retire(struct request *request, struct id token, struct error *error);

#endif
