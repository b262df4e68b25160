/* SPDX-License-Identifier: ISC
 *
 * The artifacts of every form of every kind. */
#include <sodium.h>
#include "server/minter/artifact.h"
#include "server/minter/lure.h"
#include "server/minter/view.h"
#include "server/wire/kinds.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"
#include "tokens/kind.h"

#define ARTIFACTS 16

static struct jobs jobs;
static json_t *persona;

static void setup(void)
{
    jobs_open(&jobs);
    persona = jobs_persona(&jobs, "en");
}

static void teardown(void)
{
    json_decref(persona);
    jobs_close(&jobs);
}

/* As the keeper gives it: the kind's best door. */
static json_t *door_of(const char *kind)
{
    struct kind_door door = {"", ""};

    (void)kind_row_door(kind_row(kind), 0, &door);
    return json_pack("{ss ss ss ss ss si sb}", "name", "one", "url", "https://one.corp.marais.internal", "service",
                     door.service[0] == '\0' ? "http" : door.service,
                     "site", door.site, "host", "one.corp.marais.internal", "port",
                     transport_port(door.service[0] == '\0' ? "http" : door.service, true), "tls", true);
}

static json_t *facts_of(struct slice facts)
{
    struct reader reader = reader_of(facts);
    struct token_fact fact;
    json_t *object = json_object();
    char name[64];

    while (fact_next(&reader, &fact)) {
        snprintf(name, sizeof name, "%.*s", (int)fact.name.length, (const char *)fact.name.data);
        json_object_set_new(object, name, json_stringn((const char *)fact.value.data, fact.value.length));
    }
    return object;
}

struct minting {
    const struct token_kind *kind;
    const char *form;
    struct buffer packed;
    struct token_result token; /* into packed */
    struct buffer artifacts[ARTIFACTS];
    char names[ARTIFACTS][64];
    size_t count;
    json_t *facts;
};

static void mint(struct minting *made, const struct token_kind *kind, const char *form)
{
    struct reader reader;

    *made = (struct minting){.kind = kind, .form = form};
    ck_assert_msg(jobs_run(&jobs, "mint",
                           json_pack("{ss ss sb sO so}", "kind", kind->name, "form", form, "artifacts", true, "persona",
                                     persona, "decoy", door_of(kind->name))) == 0,
                  "%s %s: %s", kind->name, form, jobs.error.text);
    buffer_init(&made->packed, 1 << 20);
    buffer_add_slice(&made->packed, buffer_slice(&jobs.results[0].data));
    reader = reader_of(buffer_slice(&made->packed));
    ck_assert_int_eq(token_result_get(&reader, &made->token), 0);
    ck_assert_uint_lt(jobs.count, ARTIFACTS);
    for (size_t i = 1; i < jobs.count; i++, made->count++) {
        buffer_init(&made->artifacts[made->count], 1 << 20);
        buffer_add_slice(&made->artifacts[made->count], buffer_slice(&jobs.results[i].data));
        snprintf(made->names[made->count], 64, "%s", jobs.results[i].name);
    }
    made->facts = facts_of(made->token.facts);
}

static void minting_free(struct minting *made)
{
    buffer_free(&made->packed);
    for (size_t i = 0; i < made->count; i++)
        buffer_free(&made->artifacts[i]);
    json_decref(made->facts);
}

static json_t *parameters_of(const struct minting *made)
{
    return json_pack("{ss ss ss% ss% sO sO so}", "kind", made->kind->name, "form", made->form, "identity",
                     made->token.identity.data, made->token.identity.length, "secret", made->token.secret.data,
                     made->token.secret.length, "facts", made->facts, "persona", persona, "decoy",
                     door_of(made->kind->name));
}

static void reads_the_same_again(const struct minting *made)
{
    ck_assert_int_eq(jobs_run(&jobs, "artifacts", parameters_of(made)), 0);
    ck_assert_uint_eq(jobs.count, made->count);
    for (size_t i = 0; i < made->count; i++)
        ck_assert_msg(slice_equal(buffer_slice(&made->artifacts[i]), buffer_slice(&jobs.results[i].data)), "%s %s",
                      made->kind->name, made->names[i]);
}

/* As a file of its own: that is refused where the secret does not stand in it. */
static void can_be_planted(const struct minting *made, size_t *planted)
{
    json_t *parameters, *meta;

    for (size_t i = 0; i < made->count; i++) {
        parameters = parameters_of(made);
        json_object_set_new(parameters, "place", json_string("file"));
        json_object_set_new(parameters, "lure", json_string(made->names[i]));
        if (jobs_run(&jobs, "lure", parameters) != 0)
            continue;
        meta = jobs_json(&jobs, "meta");
        ck_assert_str_eq(json_string_value(json_object_get(meta, "name")), made->names[i]);
        ck_assert_int_ge(json_integer_value(json_object_get(meta, "line")), 1);
        json_decref(meta);
        (*planted)++;
    }
}

/* Some lure carries it there, and its secret can be found; in a repository also taken out again. */
static void lies_in(const struct minting *made, const char *place, const char *lure, const char *path)
{
    json_t *parameters = parameters_of(made), *meta;

    json_object_set_new(parameters, "place", json_string(place));
    json_object_set_new(parameters, "lure", json_string(lure));
    json_object_set_new(parameters, "path", json_string(path));
    json_object_set_new(parameters, "buried", json_boolean(strcmp(place, "git") == 0));
    ck_assert_msg(jobs_run(&jobs, "lure", parameters) == 0, "%s %s %s: %s", made->kind->name, made->form, place,
                  jobs.error.text);
    meta = jobs_json(&jobs, "meta");
    ck_assert(json_integer_value(json_object_get(meta, "line")) >= 1 || json_object_get(meta, "attachment") != NULL);
    json_decref(meta);
}

/* A kind whose service has no decoy yet, too: its secret is recognised at the others. */
static void lies_in_mails_and_repositories(const struct minting *made)
{
    lies_in(made, "maildir", "", "");
    lies_in(made, "maildir", "configuration", "");
    lies_in(made, "git", "", "");
    lies_in(made, "git", "client-file", "");
    lies_in(made, "git", "client-file", "deploy/live.env");
}

static void names_are_unique(const struct minting *made)
{
    for (size_t i = 0; i < made->count; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(made->names[i], made->names[k]) != 0, "%s %s: two of %s", made->kind->name, made->form,
                          made->names[i]);
}

/* Such a secret lies in the artifact of a token of ours. */
static bool vendors(const struct token_kind *kind)
{
    return strcmp(kind_row_seen(kind_row(kind->name)), "vendor") == 0;
}

START_TEST(every_form_has_artifacts)
{
    const struct token_kind *kind = kind_at((size_t)_i);
    struct minting made;
    size_t planted, all = 0;

    for (const char *const *form = kind->forms; *form != NULL; form++) {
        mint(&made, kind, *form);
        planted = 0;
        names_are_unique(&made);
        reads_the_same_again(&made);
        can_be_planted(&made, &planted);
        if (!vendors(kind))
            lies_in_mails_and_repositories(&made);
        ck_assert_msg(planted >= 1, "%s %s: %zu artifacts, none plantable", kind->name, *form, made.count);
        all += made.count;
        minting_free(&made);
    }
    ck_assert_msg(all >= 2 || vendors(kind), "%s: one artifact", kind->name);
}
END_TEST

/* Where the artifact alone says where the secret is good, it names the host. */
START_TEST(artifacts_name_the_host)
{
    const struct token_kind *kind = kind_at((size_t)_i);
    struct minting made;
    size_t named = 0;

    mint(&made, kind, kind->forms[0]);
    for (size_t i = 0; i < made.count; i++)
        named += memmem(made.artifacts[i].data, made.artifacts[i].length, "one.corp.marais.internal", 24) != NULL;
    ck_assert_msg(named >= 1 || vendors(kind), "%s: no artifact names the host", kind->name);
    minting_free(&made);
}
END_TEST

static void drawn_for(const json_t *whose, unsigned char bytes[32])
{
    const struct shown_token shown = {.identity = slice_of("ada"), .secret = slice_of("Kd93jkQ7")};
    struct view_draw state;
    struct draw draw = view_draw(&state, whose, &shown, "container");

    draw.bytes(draw.context, bytes, 32);
}

/* A thief who has this source and the token cannot tell what was drawn for it. */
START_TEST(what_is_drawn_is_the_installations)
{
    static const char plain[] = "ada\0Kd93jkQ7container";
    static const unsigned char nonce[crypto_stream_chacha20_NONCEBYTES];
    unsigned char one[32], again[32], other[32], unkeyed[32], key[32], old[32];
    json_t *second = jobs_persona(&jobs, "en"), *earlier = json_object();

    drawn_for(persona, one);
    drawn_for(persona, again);
    drawn_for(second, other);
    drawn_for(earlier, unkeyed);
    crypto_generichash(key, sizeof key, (const unsigned char *)plain, sizeof plain, NULL, 0);
    crypto_stream_chacha20(old, sizeof old, nonce, key);
    ck_assert_mem_eq(one, again, 32);
    ck_assert_mem_ne(one, other, 32);
    ck_assert_mem_ne(one, unkeyed, 32);
    ck_assert_mem_eq(unkeyed, old, 32); /* what earlier versions planted reads the same */
    json_decref(second);
    json_decref(earlier);
}
END_TEST

static size_t kinds(void)
{
    size_t count = 0;

    while (kind_at(count) != NULL)
        count++;
    return count;
}

static Suite *suite(void)
{
    Suite *suite = suite_create("artifact");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, every_form_has_artifacts, 0, (int)kinds());
    tcase_add_loop_test(tcase, artifacts_name_the_host, 0, (int)kinds());
    tcase_add_test(tcase, what_is_drawn_is_the_installations);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
