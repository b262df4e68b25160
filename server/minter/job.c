/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/artifact.h"
#include "server/minter/certificate.h"
#include "server/minter/desk.h"
#include "server/minter/directory.h"
#include "server/minter/face.h"
#include "server/minter/job.h"
#include "server/minter/lure.h"
#include "server/minter/minter.h"
#include "server/minter/persona.h"
#include "server/minter/view.h"

#define JSON_MOST (4 << 20)
#define PIECE 32768 /* bytes of a result's data in one message */
#define TOKEN_MOST (2 * OBSERVATION_CANDIDATE_BYTES + FACTS_BYTES + 512)
#define PEOPLE 64
#define MINT_MOST 10000000
#define NAMES 256
#define SETTINGS 16

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
    struct person people[PEOPLE];
    struct door door;
    struct setting settings[SETTINGS];
    struct mint_request request;
};

/* A job's name and what does it: begin once, then step until it returns 0. */
struct job_kind {
    const char *what;
    int (*begin)(struct job_work *work, struct error *error);
    int (*step)(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);
};

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static const char *text_of(const struct job_work *work, const char *key)
{
    return member(work->parameters, key);
}

static int emit(const struct job_work *work, const struct job_sink *sink, const char *kind, const char *name,
                struct slice data, struct error *error)
{
    struct result result = {.number = work->number, .kind = slice_of(kind), .name = slice_of(name)};

    do {
        result.data = (struct slice){data.data, data.length < PIECE ? data.length : PIECE};
        result.more = data.length > PIECE;
        if (sink->result(&result, sink->context) != 0)
            return error_set(error, "the keeper takes no more results");
        data = (struct slice){data.data + result.data.length, data.length - result.data.length};
    } while (data.length > 0);
    return 0;
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
        rc = emit(work, sink, kind, "", buffer_slice(&text), error);
    buffer_free(&text);
    return rc;
}

/* ---- mint and artifacts ---- */

static const char *language_of(const struct job_work *work)
{
    const char *text = json_string_value(json_object_get(json_object_get(work->parameters, "persona"), "language"));

    return text == NULL ? "en" : text;
}

static int begin_kind(struct job_work *work, struct error *error)
{
    const char *form = text_of(work, "form");

    work->kind = kind_find(text_of(work, "kind"));
    if (work->kind == NULL)
        return error_set(error, "no kind of token is called '%s'; `sundew kinds` lists them", text_of(work, "kind"));
    if (form[0] == 0)
        work->form = work->kind->forms[0];
    for (const char *const *known = work->kind->forms; *known != NULL && work->form == NULL; known++)
        if (strcmp(*known, form) == 0)
            work->form = *known;
    if (work->form == NULL)
        return error_set(error, "a %s has no form '%s'; `sundew kinds` lists the forms", work->kind->name, form);
    return 0;
}

static bool kind_knows(const struct token_kind *kind, const char *name)
{
    for (const char *const *known = kind->settings; known != NULL && *known != NULL; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

static int read_settings(struct job_work *work, struct error *error)
{
    json_t *value, *settings = json_object_get(work->parameters, "settings");
    const char *name;

    json_object_foreach(settings, name, value)
    {
        if (!kind_knows(work->kind, name))
            return error_set(error, "a %s takes no --%.32s; leave it out", work->kind->name, name);
        if (work->request.setting_count < SETTINGS && json_is_string(value))
            work->settings[work->request.setting_count++] = (struct setting){name, json_string_value(value)};
    }
    return 0;
}

/* Of what the persona drew for itself and shows to nobody. */
static uint64_t seed_of(const json_t *persona)
{
    const json_t *seeds = json_object_get(persona, "seeds");
    json_int_t order = json_integer_value(json_object_get(seeds, "order"));
    uint64_t seed;

    crypto_generichash((unsigned char *)&seed, sizeof seed, (const unsigned char *)&order, sizeof order, NULL, 0);
    return seed;
}

/* Classes have the bits of enum password_class (server/wire/configuration.h). */
static struct password_policy policy_of(const json_t *passwords)
{
    return (struct password_policy){
        .least = (uint16_t)json_integer_value(json_object_get(passwords, "least")),
        .most = (uint16_t)json_integer_value(json_object_get(passwords, "most")),
        .classes = (uint8_t)json_integer_value(json_object_get(passwords, "classes")),
    };
}

/* All texts stay the parameters'. */
static int read_request(struct job_work *work, struct error *error)
{
    const json_t *persona = json_object_get(work->parameters, "persona");
    const json_t *decoy = json_object_get(work->parameters, "decoy");
    json_int_t port = json_integer_value(json_object_get(decoy, "port"));

    work->door = (struct door){
        .decoy = member(decoy, "name"),
        .service = member(decoy, "service"),
        .site = member(decoy, "site"),
        .host = member(decoy, "host"),
        .url = member(decoy, "url"),
        .port = (uint16_t)(port > 0 && port < 65536 ? port : 0),
        .tls = json_is_true(json_object_get(decoy, "tls")),
    };
    work->request = (struct mint_request){
        .form = work->form,
        .identity = json_string_value(json_object_get(work->parameters, "identity")),
        .style = json_string_value(json_object_get(work->parameters, "style")),
        .language = language_of(work),
        .organisation = member(persona, "organisation"),
        .domain = member(persona, "domain"),
        .people = work->people,
        .people_count = persona_people(persona, work->people, PEOPLE),
        .draw = work->minter->draw,
        .seed = seed_of(persona),
        .door = &work->door,
        .passwords = policy_of(json_object_get(work->parameters, "passwords")),
        .settings = work->settings,
        .keys = &work->minter->keys,
    };
    return read_settings(work, error);
}

/* A secret that its vendor alone sees used lies in a file with one of ours, or nowhere. */
static int check_beside(const struct job_work *work, struct error *error)
{
    const json_t *beside = json_object_get(work->parameters, "beside");
    size_t index = 0;

    if (beside == NULL || artifact_next(work->minter->catalogue, work->parameters, work->kind->name, work->form,
                                        language_of(work), &index) != NULL)
        return 0;
    return error_set(error, "no file holds a %s and a %s; take a token beside it that lives in the same one, such as a "
                            "gitlab-token in .env", work->kind->name, member(beside, "kind"));
}

static bool names_trust(const struct template *t)
{
    struct template_tag tag;
    bool names = false;

    for (size_t i = 0; !names && template_tag(t, i, &tag); i++)
        names = strcmp(tag.name, "decoy.trust") == 0;
    return names;
}

static bool takes_trust(const struct job_work *work)
{
    const json_t *decoy = json_object_get(work->parameters, "decoy");
    const struct artifact *artifact;
    bool takes = false;
    size_t index = 0;

    while (member(decoy, "trust")[0] != 0 && !takes &&
           (artifact = artifact_next(work->minter->catalogue, work->parameters, work->kind->name, work->form,
                                     language_of(work), &index)) != NULL)
        takes = names_trust(artifact->body);
    return takes;
}

static int mint_begin(struct job_work *work, struct error *error)
{
    const json_t *count = json_object_get(work->parameters, "count");
    json_int_t number = json_is_integer(count) ? json_integer_value(count) : 1;

    if (begin_kind(work, error) != 0)
        return -1;
    if (number < 1 || number > MINT_MOST)
        return error_set(error, "the count must be 1 to %d", MINT_MOST);
    work->left = (uint64_t)number;
    if (read_request(work, error) != 0 || check_beside(work, error) != 0)
        return -1;
    work->trusts = takes_trust(work);
    if (json_is_true(json_object_get(work->parameters, "artifacts"))) {
        work->base = view_base(work->parameters, error);
        return work->base == NULL ? -1 : 0;
    }
    return 0;
}

static int emit_artifacts(struct job_work *work, const struct shown_token *shown, const struct job_sink *sink,
                          struct error *error)
{
    const struct catalogue *catalogue = work->minter->catalogue;
    const struct artifact *artifact;
    struct artifact_views views;
    struct buffer text;
    size_t index = 0;
    int rc = artifact_views_make(&views, catalogue, work->parameters, shown, work->base,
                                 work->minter->now(), error);

    buffer_init(&text, LURE_FILE_BYTES);
    while (rc == 0 && (artifact = artifact_next(catalogue, work->parameters, shown->kind, shown->form, language_of(work),
                                                &index)) != NULL) {
        buffer_clear(&text);
        rc = artifact_render(artifact, &views, &text, error);
        if (rc == 0)
            rc = emit(work, sink, "artifact", artifact->name, buffer_slice(&text), error);
    }
    buffer_free(&text);
    artifact_views_free(&views);
    return rc;
}

static int emit_token(struct job_work *work, const struct minted *minted, const struct job_sink *sink,
                      struct error *error)
{
    struct token_result token = {
        .kind = slice_of(work->kind->name),
        .form = slice_of(work->form),
        .identity = buffer_slice(&minted->identity),
        .secret = buffer_slice(&minted->secret),
        .secret_bits = minted->secret_bits,
        .identity_bits = minted->identity_bits,
        .bound = work->kind->bound,
        .distinctive = minted->distinctive,
        .facts = buffer_slice(&minted->facts),
        .trusts = work->trusts,
    };
    struct buffer data;
    int rc;

    buffer_init(&data, TOKEN_MOST);
    rc = token_result_add(&data, &token) != 0 ? error_set(error, "the token is too long")
                                              : emit(work, sink, "token", "", buffer_slice(&data), error);
    buffer_free(&data);
    return rc;
}

static json_t *facts_json(struct slice facts)
{
    struct reader reader = reader_of(facts);
    json_t *object = json_object();
    char name[FACT_NAME + 1];
    struct token_fact fact;

    while (fact_next(&reader, &fact)) {
        snprintf(name, sizeof name, "%.*s", (int)fact.name.length, (const char *)fact.name.data);
        json_object_set_new(object, name, json_stringn((const char *)fact.value.data, fact.value.length));
    }
    return object;
}

static int mint_artifacts(struct job_work *work, const struct minted *minted, const struct job_sink *sink,
                          struct error *error)
{
    json_t *facts = facts_json(buffer_slice(&minted->facts));
    struct shown_token shown = {work->kind->name, work->form, buffer_slice(&minted->identity),
                                buffer_slice(&minted->secret), facts};
    int rc = emit_artifacts(work, &shown, sink, error);

    json_decref(facts);
    return rc;
}

/* A host that is not the decoy's own stays with the token. */
static int keep_host(const struct job_work *work, struct minted *minted, struct error *error)
{
    if (json_is_true(json_object_get(json_object_get(work->parameters, "decoy"), "chosen")) &&
        fact_add(&minted->facts, FACT_PLAIN, "host", slice_of(work->request.door->host)) != 0)
        return error_set(error, "what belongs to the token is too long");
    return 0;
}

static int mint_one(struct job_work *work, struct minted *minted, const struct job_sink *sink, struct error *error)
{
    buffer_clear(&minted->identity);
    buffer_clear(&minted->secret);
    buffer_clear(&minted->facts);
    if (work->kind->mint(&work->request, minted, error) != 0 || keep_host(work, minted, error) != 0 ||
        emit_token(work, minted, sink, error) != 0)
        return -1;
    return work->base == NULL ? 0 : mint_artifacts(work, minted, sink, error);
}

static int mint_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    unsigned each = work->base == NULL ? 1 : 1 + (unsigned)work->minter->catalogue->artifact_count;
    struct minted minted = {0};
    int rc = 0;

    buffer_init(&minted.identity, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&minted.secret, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&minted.facts, FACTS_BYTES);
    work->request.now = work->minter->now();
    for (unsigned made = 0; rc == 0 && work->left > 0 && made < results; made += each) {
        rc = mint_one(work, &minted, sink, error);
        work->left--;
    }
    buffer_free(&minted.identity);
    buffer_free(&minted.secret);
    buffer_free(&minted.facts);
    return rc != 0 ? rc : work->left > 0;
}

static int artifacts_begin(struct job_work *work, struct error *error)
{
    if (begin_kind(work, error) != 0)
        return -1;
    work->base = view_base(work->parameters, error);
    return work->base == NULL ? -1 : 0;
}

static int artifacts_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    struct shown_token shown = {work->kind->name, work->form, slice_of(text_of(work, "identity")),
                                slice_of(text_of(work, "secret")), json_object_get(work->parameters, "facts")};

    (void)results;
    return emit_artifacts(work, &shown, sink, error);
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
        rc = emit(work, sink, "file", name, buffer_slice(&made.files[i]), error);
    }
    lure_free(&made);
    return rc;
}

static int persona_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    const struct minter *minter = work->minter;
    const char *language = text_of(work, "language")[0] == 0 ? "en" : text_of(work, "language");
    json_t *persona = persona_draw(text_of(work, "organisation"), text_of(work, "domain"), language, minter->now(),
                                   minter->draw, error);
    int rc = -1;

    (void)results;
    if (persona != NULL && json_object_set_new(persona, "directory",
                                               directory_units(minter->directory, language, minter->draw)) != 0)
        error_set(error, "out of memory");
    else if (persona != NULL)
        rc = emit_json(work, sink, "json", persona, error);
    json_decref(persona);
    return rc;
}

static int face_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    const struct minter *minter = work->minter;
    json_t *face = strcmp(text_of(work, "service"), "ldap") == 0
                       ? directory_draw(minter->directory, work->parameters, minter->now(), minter->draw, error)
                       : face_draw(minter->faces, text_of(work, "site"), work->parameters, minter->now(), minter->draw,
                                   error);
    int rc = face == NULL ? -1 : emit_json(work, sink, "json", face, error);

    (void)results;
    json_decref(face);
    return rc;
}

/* ---- certificates ---- */

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
        return certificate_authority(text_of(work, "organisation"), text_of(work, "domain"), text_of(work, "language"),
                                     &names, now, work->minter->draw, certificate, key, error);
    if (strcmp(what, "self-signed") == 0)
        return certificate_self_signed(&names, text_of(work, "organisation"), now, work->minter->draw, certificate, key,
                                       error);
    return certificate_leaf(&names, slice_of(issuer == NULL ? "" : issuer),
                            slice_of(issuer_key == NULL ? "" : issuer_key), now, work->minter->draw, certificate, key,
                            error);
}

static int certificate_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    struct buffer certificate, key;
    int rc;

    (void)results;
    buffer_init(&certificate, LURE_FILE_BYTES);
    buffer_init(&key, PIECE);
    rc = make_certificate(work, &certificate, &key, error);
    if (rc == 0)
        rc = emit(work, sink, "pem", "certificate", buffer_slice(&certificate), error);
    if (rc == 0)
        rc = emit(work, sink, "pem", "key", buffer_slice(&key), error);
    buffer_free(&certificate);
    buffer_free(&key);
    return rc;
}

static int verify_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    const char *hosts[NAMES], *addresses[NAMES];
    struct certificate_names names = names_of_job(work, hosts, addresses);

    (void)results;
    (void)sink;
    return certificate_verify(&names, slice_of(text_of(work, "certificate")), slice_of(text_of(work, "key")),
                              work->minter->now(), error);
}

/* ---- all ---- */

static const struct job_kind job_kinds[] = {
    {"mint", mint_begin, mint_step},
    {"artifacts", artifacts_begin, artifacts_step},
    {"lure", NULL, lure_step},
    {"persona", NULL, persona_step},
    {"face", NULL, face_step},
    {"authority", NULL, certificate_step},
    {"certificate", NULL, certificate_step},
    {"self-signed", NULL, certificate_step},
    {"verify", NULL, verify_step},
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
