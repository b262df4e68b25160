/* SPDX-License-Identifier: ISC
 *
 * Inside of provision.c: what is needed for which decoy, and how it goes into the ledger. */
#ifndef KEEPER_PROVISION_PARTS_H
#define KEEPER_PROVISION_PARTS_H

#include <event2/event.h>
#include "server/keeper/provision.h"

enum provision_step {
    PROVISION_START,
    PROVISION_PERSONA,
    PROVISION_AUTHORITY,
    PROVISION_VERIFY, /* the operator's own certificate */
    PROVISION_CERTIFICATE,
    PROVISION_FACE,
};

/* One decoy that lacks something. */
struct part {
    const struct decoy *decoy;
    struct own_certificate *own;
    bool known;             /* in the ledger: its salt stays */
    bool has;               /* a certificate, in the ledger */
    bool dropped;           /* what is new is no good, and what was there stays */
    bool wants_certificate; /* of the minter */
    bool wants_face;
    bool certified;         /* certificate and key are to be written */
    struct buffer names;    /* the column `names` */
    struct buffer certificate, key, face;
};

struct provision {
    struct provision_settings settings;
    bool self_signed;
    enum provision_step step;
    size_t at; /* part */
    struct part *parts;
    size_t part_count;
    struct buffer persona, authority, authority_key, trust;
    struct event *begin;
    uint64_t job;
};

/* Finds the parts and, where the installation is there, reads persona and authority. */
int provision_load(struct provision *provision, struct error *error);
/* Makes key and ledger (create), then writes everything in one transaction; fills `trust`. */
int provision_store(struct provision *provision, struct error *error);

#endif
