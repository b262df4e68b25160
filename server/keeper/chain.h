/* SPDX-License-Identifier: ISC
 *
 * Chains of evidence: each row of `observation` and `operation` holds a keyed digest of its columns and
 * link = BLAKE2b-256(key, link before || digest), so that content can be erased and the chain still checks. */
#ifndef KEEPER_CHAIN_H
#define KEEPER_CHAIN_H

#include "server/keeper/ledger.h"

enum chain_name { CHAIN_OBSERVATION, CHAIN_OPERATION };

struct chain {
    int64_t sequence; /* of the last row; 0: none */
    unsigned char head[CHAIN_BYTES];
};

struct chain_fault {
    int64_t sequence; /* first broken row; 0: none is */
    char text[160];
};

/* Reads the last row's link. */
int chain_load(struct ledger *ledger, enum chain_name name, struct chain *chain, struct error *error);
/* head = H(head || digest), sequence + 1. */
void chain_extend(struct chain *chain, const struct keyring *keyring, const unsigned char digest[CHAIN_BYTES]);
/* Walks the whole chain, from its checkpoint where its oldest rows were dropped (checkpoint.h). With anchor (may be
 * NULL): the link of that row must be its head, if it was not dropped before the checkpoint's. -1 only when the ledger
 * cannot be read; what is broken stands in *fault. *end is the chain's last row as recomputed. */
int chain_audit(struct ledger *ledger, const struct keyring *keyring, enum chain_name name,
                const struct chain *anchor, struct chain *end, struct chain_fault *fault, struct error *error);
/* As chain_audit() in pieces, so that nobody waits for a long chain: checks at most `rows` rows behind *end, which
 * (like *fault) is zeroed by the caller before the first piece. 1: there is more; 0: that was the end; -1. */
int chain_audit_piece(struct ledger *ledger, const struct keyring *keyring, enum chain_name name,
                      const struct chain *anchor, int64_t rows, struct chain *end, struct chain_fault *fault,
                      struct error *error);
/* "SEQ:HEAD" with HEAD in hex; 0 or -1. */
int chain_parse(const char *text, struct chain *chain);
#define CHAIN_TEXT 96
const char *chain_text(const struct chain *chain, char text[CHAIN_TEXT]);

/* Adds a chained row to `operation`, in the caller's transaction. who: the operator ("root", "uid 1000"); what: the
 * command; subject: an id or ""; details: JSON object, never with a secret. */
int operation_add(struct ledger *ledger, const struct keyring *keyring, struct slice who, struct slice what,
                  struct slice subject, struct slice details, struct error *error);

#endif
