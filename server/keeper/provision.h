/* SPDX-License-Identifier: ISC
 *
 * Making what an installation or a new decoy needs: one job of the minter after the other, then everything into the
 * ledger in one transaction. */
#ifndef KEEPER_PROVISION_H
#define KEEPER_PROVISION_H

#include <stdbool.h>
#include "server/base/error.h"
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

/* What a pair of files was when it was looked at. */
struct own_stamp {
    struct {
        uint64_t device, inode, size;
        int64_t changed; /* nanoseconds since 1970; 0: not there */
    } files[2];
};

/* An operator's own certificate. What is wrong with its files keeps what was there before. */
struct own_certificate {
    struct buffer certificate, key; /* PEM; empty: no files are named, or they could not be read at the start */
    struct own_stamp read, seen;    /* as they were read; as they were last looked at */
    bool refused;                   /* what was read last is not to be used */
    struct error fault;             /* why the files, as they are now, are not used; or "" */
};
/* One for each decoy of the configuration; empty ones where the decoy names no files. Faults are kept in each, and
 * logged. NULL without memory. */
struct own_certificate *own_certificates_read(const struct configuration *configuration, struct error *error);
void own_certificates_free(struct own_certificate *own, const struct configuration *configuration);
/* Reads the decoy's files again once they have changed and then stayed the same from one call to the next: whoever
 * writes one file after the other may be in the middle. True: they were read, well or not. */
bool own_certificate_watch(struct own_certificate *own, const struct decoy *decoy);

#endif
