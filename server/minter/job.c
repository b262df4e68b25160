/* SPDX-License-Identifier: ISC */
#include "server/minter/job.h"

#include <stdlib.h>
#include <string.h>
#include "server/minter/desk.h"
#include "server/minter/directory.h"
#include "server/minter/face.h"
#include "server/minter/job_work.h"
#include "server/minter/lure.h"

#define JSON_MOST (4 << 20)

const char *job_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

const char *job_text(const struct job_work *work, const char *key)
{
    return job_member(work->parameters, key);
}

int job_emit(const struct job_work *work, const struct job_sink *sink, const char *kind, const char *name,
             struct slice data, struct error *error)
{
    struct result result = {.number = work->number, .kind = slice_of(kind), .name = slice_of(name)};

    do {
        result.data = (struct slice){data.data, data.length < JOB_PIECE ? data.length : JOB_PIECE};
        result.more = data.length > JOB_PIECE;
        if (sink->result(&result, sink->context) != 0)
            return error_set(error, "the keeper takes no more results");
        data = (struct slice){data.data + result.data.length, data.length - result.data.length};
    } while (data.length > 0);
    return 0;
}

const char *job_language(const struct job_work *work)
{
    const char *text = json_string_value(json_object_get(json_object_get(work->parameters, "persona"), "language"));

    return text == NULL ? "en" : text;
}

static int add_json(const char *piece, size_t length, void *text)
{
    return buffer_add(text, piece, length);
}

static int emit_json(const struct job_work *work, const struct job_sink *sink, const char *kind, const json_t *value,
                     struct error *error)
{
    struct buffer text;
    int rc = -1;

    buffer_init(&text, JSON_MOST);
    if (json_dump_callback(value, add_json, &text, JSON_COMPACT) != 0)
        error_set(error, "a result of over %d bytes, or out of memory", JSON_MOST);
    else
        rc = job_emit(work, sink, kind, "", buffer_slice(&text), error);
    buffer_free(&text);
    return rc;
}

/* ---- lure, persona, face ---- */

static int lure_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    struct lure_made made;
    char name[24];
    int rc = lure_make(work->minter, work->parameters, &made, error);

    (void)results;
    if (rc == 0)
        rc = emit_json(work, sink, "meta", made.meta, error);
    for (size_t i = 0; rc == 0 && i < made.file_count; i++) {
        snprintf(name, sizeof name, "%zu", i);
        rc = job_emit(work, sink, "file", name, buffer_slice(&made.files[i]), error);
    }
    lure_free(&made);
    return rc;
}

static int persona_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    const struct minter *minter = work->minter;
    const char *language = job_text(work, "language")[0] == 0 ? "en" : job_text(work, "language");
    json_t *persona = persona_draw(job_text(work, "organisation"), job_text(work, "domain"), language, minter->now(),
                                   minter->draw, error);
    int rc = -1;

    (void)results;
    if (persona != NULL &&
        json_object_set_new(persona, "directory", directory_units(minter->directory, language, minter->draw)) != 0)
        error_set(error, "out of memory");
    else if (persona != NULL)
        rc = emit_json(work, sink, "json", persona, error);
    json_decref(persona);
    return rc;
}

static int face_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    const struct minter *minter = work->minter;
    json_t *face =
        strcmp(job_text(work, "service"), "ldap") == 0
            ? directory_draw(minter->directory, work->parameters, minter->now(), minter->draw, error)
            : face_draw(minter->faces, job_text(work, "site"), work->parameters, minter->now(), minter->draw, error);
    int rc = face == NULL ? -1 : emit_json(work, sink, "json", face, error);

    (void)results;
    json_decref(face);
    return rc;
}

/* ---- all ---- */

static const struct job_kind job_kinds[] = {
    {"mint", job_mint_begin, job_mint_step},
    {"artifacts", job_artifacts_begin, job_artifacts_step},
    {"lure", NULL, lure_step},
    {"persona", NULL, persona_step},
    {"face", NULL, face_step},
    {"authority", NULL, job_certificate_step},
    {"certificate", NULL, job_certificate_step},
    {"self-signed", NULL, job_certificate_step},
    {"verify", NULL, job_verify_step},
};

static const struct job_kind *find(struct slice what)
{
    for (size_t i = 0; i < sizeof job_kinds / sizeof *job_kinds; i++)
        if (slice_is(what, job_kinds[i].what))
            return &job_kinds[i];
    return NULL;
}

struct job_work *job_begin(struct minter *minter, const struct job *job, struct error *error)
{
    struct job_work *work = calloc(1, sizeof *work);
    json_error_t fault;
    int rc = -1;

    if (work == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    *work = (struct job_work){.minter = minter, .number = job->number, .job = find(job->what)};
    work->parameters = json_loadb((const char *)job->parameters.data, job->parameters.length, 0, &fault);
    if (work->job == NULL)
        error_set(error, "the minter knows no job '%.*s'", (int)(job->what.length < 40 ? job->what.length : 40),
                  (const char *)job->what.data);
    else if (!json_is_object(work->parameters))
        error_set(error, "the job's parameters are no JSON object");
    else if (desk_complete(json_object_get(work->parameters, "persona")) != 0)
        error_set(error, "out of memory");
    else
        rc = work->job->begin == NULL ? 0 : work->job->begin(work, error);
    if (rc != 0) {
        job_free(work);
        return NULL;
    }
    return work;
}

int job_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    return work->job->step(work, results, sink, error);
}

void job_free(struct job_work *work)
{
    if (work == NULL)
        return;
    json_decref(work->parameters);
    json_decref(work->base);
    free(work);
}
