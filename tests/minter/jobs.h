/* SPDX-License-Identifier: ISC
 *
 * Running the minter's jobs in tests: through its heart, without processes and sockets. */
#ifndef TESTS_MINTER_JOBS_H
#define TESTS_MINTER_JOBS_H

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/job.h"
#include "server/minter/minter.h"

#define JOBS_RESULTS 4096
#define JOBS_NOW 1795000000 /* 2026-11-18, a Wednesday */

/* A result with its pieces joined. */
struct jobs_result {
    char kind[16], name[64];
    struct buffer data;
};

struct jobs {
    struct minter minter;
    struct jobs_result *results;
    size_t count;
    bool open; /* the last one is not complete */
    struct error error;
    json_t *personas[2]; /* jobs_personas(): English, French */
};

static inline int64_t jobs_now(void)
{
    return JOBS_NOW;
}

static inline int jobs_take(const struct result *result, void *context)
{
    struct jobs *jobs = context;
    struct jobs_result *last;

    if (!jobs->open) {
        ck_assert_uint_lt(jobs->count, JOBS_RESULTS);
        last = &jobs->results[jobs->count++];
        buffer_init(&last->data, 1 << 22);
        snprintf(last->kind, sizeof last->kind, "%.*s", (int)result->kind.length, (const char *)result->kind.data);
        snprintf(last->name, sizeof last->name, "%.*s", (int)result->name.length, (const char *)result->name.data);
    }
    last = &jobs->results[jobs->count - 1];
    ck_assert_int_eq(buffer_add_slice(&last->data, result->data), 0);
    jobs->open = result->more;
    return 0;
}

static inline void jobs_open(struct jobs *jobs)
{
    const char *data = getenv("SUNDEW_DATADIR");
    struct error error;

    *jobs = (struct jobs){.results = calloc(JOBS_RESULTS, sizeof *jobs->results)};
    ck_assert_ptr_nonnull(jobs->results);
    ck_assert_msg(minter_open(&jobs->minter, data == NULL ? "../templates" : data, NULL, jobs_now, &error) == 0,
                  "%s", error.text);
}

static inline void jobs_clear(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        buffer_free(&jobs->results[i].data);
    jobs->count = 0;
    jobs->open = false;
}

static inline void jobs_close(struct jobs *jobs)
{
    jobs_clear(jobs);
    json_decref(jobs->personas[0]);
    json_decref(jobs->personas[1]);
    free(jobs->results);
    minter_close(&jobs->minter);
}

/* Runs a job whole; 0 or -1 with jobs->error. The parameters are stolen. */
static inline int jobs_run(struct jobs *jobs, const char *what, json_t *parameters)
{
    const struct job_sink sink = {jobs_take, jobs};
    char *text = json_dumps(parameters, JSON_COMPACT);
    struct job job = {.number = 7, .what = slice_of(what)};
    struct job_work *work;
    int rc = 1;

    ck_assert_ptr_nonnull(text);
    job.parameters = slice_of(text);
    jobs_clear(jobs);
    work = job_begin(&jobs->minter, &job, &jobs->error);
    free(text);
    json_decref(parameters);
    while (work != NULL && rc == 1)
        rc = job_step(work, 16, &sink, &jobs->error);
    job_free(work);
    return work == NULL ? -1 : rc;
}

static inline const char *jobs_text(struct jobs *jobs, const char *kind, const char *name)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (strcmp(jobs->results[i].kind, kind) == 0 && (name == NULL || strcmp(jobs->results[i].name, name) == 0))
            return buffer_text(&jobs->results[i].data);
    return NULL;
}

static inline json_t *jobs_json(struct jobs *jobs, const char *kind)
{
    const char *text = jobs_text(jobs, kind, NULL);
    json_t *value = text == NULL ? NULL : json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(value);
    return value;
}

/* A new persona, of the minter's own drawing. */
static inline json_t *jobs_persona(struct jobs *jobs, const char *language)
{
    ck_assert_int_eq(jobs_run(jobs, "persona",
                              json_pack("{ss ss ss}", "organisation", "Société Marais & Fils", "domain",
                                        "corp.marais.internal", "language", language)),
                     0);
    return jobs_json(jobs, "json");
}

static inline void jobs_personas(struct jobs *jobs)
{
    jobs->personas[0] = jobs_persona(jobs, "en");
    jobs->personas[1] = jobs_persona(jobs, "fr");
}

static inline json_t *jobs_decoy(const char *service, int port, bool tls)
{
    return json_pack("{ss ss ss ss si sb}", "name", "gitlab", "service", service, "site",
                     strcmp(service, "http") == 0 ? "gitlab" : "", "host", "git.corp.marais.internal", "port", port,
                     "tls", tls);
}

#endif
