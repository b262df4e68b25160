/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/minter/certificate.h"
#include "server/minter/job_work.h"
#include "server/minter/lure.h"

#define NAMES 256

static size_t texts_into(const json_t *list, const char **out)
{
    size_t index, count = 0;
    json_t *text;

    json_array_foreach(list, index, text) if (json_is_string(text) && count < NAMES) out[count++] =
        json_string_value(text);
    return count;
}

/* names and addresses hold NAMES each; the texts stay the parameters'. */
static struct certificate_names names_of_job(const struct job_work *work, const char **names, const char **addresses)
{
    return (struct certificate_names){
        .names = names,
        .name_count = texts_into(json_object_get(work->parameters, "names"), names),
        .addresses = addresses,
        .address_count = texts_into(json_object_get(work->parameters, "addresses"), addresses),
    };
}

static int make_certificate(const struct job_work *work, struct buffer *certificate, struct buffer *key,
                            struct error *error)
{
    const char *hosts[NAMES], *addresses[NAMES], *what = work->job->what;
    struct certificate_names names = names_of_job(work, hosts, addresses);
    const json_t *authority = json_object_get(work->parameters, "authority");
    const char *issuer = json_string_value(json_object_get(authority, "certificate"));
    const char *issuer_key = json_string_value(json_object_get(authority, "key"));
    int64_t now = work->minter->now();

    if (strcmp(what, "authority") == 0)
        return certificate_authority(job_text(work, "organisation"), job_text(work, "domain"),
                                     job_text(work, "language"), &names, now, work->minter->draw, certificate, key,
                                     error);
    if (strcmp(what, "self-signed") == 0)
        return certificate_self_signed(&names, job_text(work, "organisation"), now, work->minter->draw, certificate,
                                       key, error);
    return certificate_leaf(&names, slice_of(issuer == NULL ? "" : issuer),
                            slice_of(issuer_key == NULL ? "" : issuer_key), now, work->minter->draw, certificate, key,
                            error);
}

int job_certificate_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    struct buffer certificate, key;
    int rc;

    (void)results;
    buffer_init(&certificate, LURE_FILE_BYTES);
    buffer_init(&key, JOB_PIECE);
    rc = make_certificate(work, &certificate, &key, error);
    if (rc == 0)
        rc = job_emit(work, sink, "pem", "certificate", buffer_slice(&certificate), error);
    if (rc == 0)
        rc = job_emit(work, sink, "pem", "key", buffer_slice(&key), error);
    buffer_free(&certificate);
    buffer_free(&key);
    return rc;
}

int job_verify_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    const char *hosts[NAMES], *addresses[NAMES];
    struct certificate_names names = names_of_job(work, hosts, addresses);

    (void)results;
    (void)sink;
    return certificate_verify(&names, slice_of(job_text(work, "certificate")), slice_of(job_text(work, "key")),
                              work->minter->now(), error);
}
