/* SPDX-License-Identifier: ISC
 *
 * Making what an installation or a new decoy needs: one job of the minter after the other, then everything into the
 * ledger in one transaction. */
#ifndef KEEPER_PROVISION_H
#define KEEPER_PROVISION_H

#include <stdbool.h>
#include "server/keeper/jobs.h"
#include "server/wire/configuration.h"

struct keeper;
struct provision;

struct provision_settings {
    struct keeper *keeper;
    struct jobs *jobs;
    bool create;      /* the whole installation: key, ledger, persona, authority; else decoys only */
    bool self_signed; /* with create: no authority, each certificate signs itself */
    const char *who;  /* for the operations */
    /* Once, never from within provision_start(). `trust`: what clients are to trust, PEM: the authority's
     * certificate, or all self-signed ones. */
    void (*done)(bool ok, const char *text, struct slice trust, void *context);
    void *context;
};

/* Starts. The caller frees with provision_free(), also from within done(), and to break it off. */
int provision_start(const struct provision_settings *settings, struct provision **provision, struct error *error);
void provision_free(struct provision *provision);
/* How many decoys of the configuration lack something in the ledger; -1 on failure. */
int provision_needed(struct keeper *keeper, struct error *error);

/* An operator's own certificate, read before the cage was shut. */
struct own_certificate {
    struct buffer certificate, key; /* PEM */
};
/* One for each decoy of the configuration; empty ones where the decoy names no files. NULL with the error's text. */
struct own_certificate *own_certificates_read(const struct configuration *configuration, struct error *error);
void own_certificates_free(struct own_certificate *own, const struct configuration *configuration);

#endif
