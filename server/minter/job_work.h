/* SPDX-License-Identifier: ISC
 *
 * A job under way, as the files of job.c see it. What begins one reads its parameters; a step emits results and returns
 * 1 while there is more to do, 0, or -1 with the error's text. */
#ifndef MINTER_JOB_WORK_H
#define MINTER_JOB_WORK_H

#include "server/minter/job.h"
#include "server/minter/minter.h"
#include "server/minter/persona.h"

#define JOB_PIECE 32768 /* bytes of a result's data in one message */
#define JOB_PEOPLE 64
#define JOB_SETTINGS 16

struct job_work {
    struct minter *minter;
    uint64_t number;
    const struct job_kind *job;
    json_t *parameters;
    /* mint */
    json_t *base; /* NULL when no artifacts are asked for */
    const struct token_kind *kind;
    const char *form;
    uint64_t left;
    bool trusts; /* some artifact takes the decoy's authority along */
    struct person people[JOB_PEOPLE];
    struct door door;
    struct setting settings[JOB_SETTINGS];
    struct mint_request request;
};

/* A job's name and what does it: begin once, then step until it returns 0. */
struct job_kind {
    const char *what;
    int (*begin)(struct job_work *work, struct error *error);
    int (*step)(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);
};

/* The text by that name, or "". They stay the parameters'. */
const char *job_member(const json_t *object, const char *name);
const char *job_text(const struct job_work *work, const char *key);
/* The persona's, or "en". */
const char *job_language(const struct job_work *work);
/* A result of any length, in pieces. */
int job_emit(const struct job_work *work, const struct job_sink *sink, const char *kind, const char *name,
             struct slice data, struct error *error);

/* job_mint.c */
int job_mint_begin(struct job_work *work, struct error *error);
int job_mint_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);
int job_artifacts_begin(struct job_work *work, struct error *error);
int job_artifacts_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);

/* job_certificate.c: "authority", "certificate", "self-signed"; "verify" */
int job_certificate_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);
int job_verify_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);

#endif
