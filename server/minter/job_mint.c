/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>
#include "server/minter/artifact.h"
#include "server/minter/job_work.h"
#include "server/minter/lure.h"
#include "server/minter/view.h"

#define TOKEN_MOST (2 * OBSERVATION_CANDIDATE_BYTES + FACTS_BYTES + 512)
#define MINT_MOST 10000000

static int begin_kind(struct job_work *work, struct error *error)
{
    const char *form = job_text(work, "form");

    work->kind = kind_find(job_text(work, "kind"));
    if (work->kind == NULL)
        return error_usage(error, "no kind of token is called '%s'; `sundew kinds` lists them", job_text(work, "kind"));
    if (form[0] == 0)
        work->form = work->kind->forms[0];
    for (const char *const *known = work->kind->forms; *known != NULL && work->form == NULL; known++)
        if (strcmp(*known, form) == 0)
            work->form = *known;
    if (work->form == NULL)
        return error_usage(error, "a %s has no form '%s'; `sundew kinds` lists the forms", work->kind->name, form);
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
            return error_usage(error, "a %s takes no --%.32s; leave it out", work->kind->name, name);
        if (work->request.setting_count < JOB_SETTINGS && json_is_string(value))
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
        .decoy = job_member(decoy, "name"),
        .service = job_member(decoy, "service"),
        .site = job_member(decoy, "site"),
        .host = job_member(decoy, "host"),
        .url = job_member(decoy, "url"),
        .port = (uint16_t)(port > 0 && port < 65536 ? port : 0),
        .tls = json_is_true(json_object_get(decoy, "tls")),
    };
    work->request = (struct mint_request){
        .form = work->form,
        .identity = json_string_value(json_object_get(work->parameters, "identity")),
        .style = json_string_value(json_object_get(work->parameters, "style")),
        .language = job_language(work),
        .organisation = job_member(persona, "organisation"),
        .domain = job_member(persona, "domain"),
        .people = work->people,
        .people_count = persona_people(persona, work->people, JOB_PEOPLE),
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
                                        job_language(work), &index) != NULL)
        return 0;
    return error_usage(error,
                       "no file holds a %s and a %s; take a token beside it that lives in the same one, such as a "
                       "gitlab-token in .env",
                       work->kind->name, job_member(beside, "kind"));
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

    while (job_member(decoy, "trust")[0] != 0 && !takes &&
           (artifact = artifact_next(work->minter->catalogue, work->parameters, work->kind->name, work->form,
                                     job_language(work), &index)) != NULL)
        takes = names_trust(artifact->body);
    return takes;
}

int job_mint_begin(struct job_work *work, struct error *error)
{
    const json_t *count = json_object_get(work->parameters, "count");
    json_int_t number = json_is_integer(count) ? json_integer_value(count) : 1;

    if (begin_kind(work, error) != 0)
        return -1;
    if (number < 1 || number > MINT_MOST)
        return error_usage(error, "the count must be 1 to %d", MINT_MOST);
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
    int rc = artifact_views_make(&views, catalogue, work->parameters, shown, work->base, work->minter->now(), error);

    buffer_init(&text, LURE_FILE_BYTES);
    while (rc == 0 && (artifact = artifact_next(catalogue, work->parameters, shown->kind, shown->form,
                                                job_language(work), &index)) != NULL) {
        buffer_clear(&text);
        rc = artifact_render(artifact, &views, &text, error);
        if (rc == 0)
            rc = job_emit(work, sink, "artifact", artifact->name, buffer_slice(&text), error);
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
                                              : job_emit(work, sink, "token", "", buffer_slice(&data), error);
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

int job_mint_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
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

int job_artifacts_begin(struct job_work *work, struct error *error)
{
    if (begin_kind(work, error) != 0)
        return -1;
    work->base = view_base(work->parameters, error);
    return work->base == NULL ? -1 : 0;
}

int job_artifacts_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error)
{
    struct shown_token shown = {work->kind->name, work->form, slice_of(job_text(work, "identity")),
                                slice_of(job_text(work, "secret")), json_object_get(work->parameters, "facts")};

    (void)results;
    return emit_artifacts(work, &shown, sink, error);
}
