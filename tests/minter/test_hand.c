/* SPDX-License-Identifier: ISC
 *
 * A person's hand: the same person greets and ends alike in all mails; what is not theirs to word stays as it is. */
#include <sodium.h>
#include "server/minter/catalogue.h"
#include "server/minter/hand.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"

#define PEOPLE 24

static struct jobs jobs;
static json_t *persona, *parameters, *token;
static struct lure_work work;
static uint64_t turn;

/* The same in each run. */
static void fixed_bytes(void *context, void *out, size_t length)
{
    unsigned char seed[randombytes_SEEDBYTES] = {0};

    memcpy(seed, context, sizeof(uint64_t));
    ++*(uint64_t *)context;
    randombytes_buf_deterministic(out, length, seed);
}

static const struct draw fixed = {fixed_bytes, &turn};

static void setup(void)
{
    jobs_open(&jobs);
    jobs.minter.draw = &fixed;
    persona = jobs_persona(&jobs, "en");
    parameters = json_pack("{sO}", "persona", persona);
    token = json_object();
    work = (struct lure_work){.minter = &jobs.minter, .parameters = parameters, .token = token};
    for (size_t i = 0; i < jobs.minter.catalogue->lure_count; i++)
        if (strcmp(jobs.minter.catalogue->lures[i].type, "mail") == 0 &&
            strcmp(jobs.minter.catalogue->lures[i].language, "en") == 0)
            work.lure = &jobs.minter.catalogue->lures[i];
    ck_assert_ptr_nonnull(work.lure);
}

static void teardown(void)
{
    json_decref(token);
    json_decref(parameters);
    json_decref(persona);
    jobs_close(&jobs);
}

/* What the person makes of the text, as an answer or not; to the next one in the persona. */
static const char *written(size_t person, const char *text, bool answers, struct buffer *out)
{
    static char from[] = "from", to[] = "to";
    const struct lure_message message = {.from = from, .to = to};
    static const struct letter first;
    json_t *people = json_object_get(persona, "people");
    struct letter letter = {.work = &work, .message = &message, .answered = answers ? &first : NULL};
    struct error error = {""};

    letter.from = json_array_get(people, person);
    letter.to = json_array_get(people, (person + 1) % json_array_size(people));
    json_object_set(token, "from", json_array_get(people, person));
    json_object_set(token, "to", json_array_get(people, (person + 1) % json_array_size(people)));
    buffer_clear(out);
    ck_assert_msg(hand_write(&letter, slice_of(text), out, &error) == 0, "%s", error.text);
    return buffer_text(out);
}

static void count(const char *text, char seen[][64], unsigned *counts, size_t *kinds)
{
    size_t i = 0, length = strcspn(text, "\n");
    char line[64];

    snprintf(line, sizeof line, "%.*s", (int)length, text);
    while (i < *kinds && strcmp(seen[i], line) != 0)
        i++;
    if (i == *kinds && *kinds < 40) {
        snprintf(seen[(*kinds)++], 64, "%s", line);
        counts[i] = 0;
    }
    counts[i]++;
}

START_TEST(people_greet_as_they_are_used_to)
{
    char usual[PEOPLE][64], seen[40][64];
    unsigned counts[40], different = 0;
    struct buffer out;

    buffer_init(&out, 4096);
    for (size_t person = 0; person < PEOPLE; person++) {
        size_t kinds = 0, best = 0;

        for (int i = 0; i < 40; i++)
            count(written(person, "The disk is full.\n", false, &out), seen, counts, &kinds);
        for (size_t i = 1; i < kinds; i++)
            best = counts[i] > counts[best] ? i : best;
        ck_assert_uint_le(kinds, 3); /* theirs, another, or none */
        ck_assert_uint_ge(counts[best], 20);
        snprintf(usual[person], sizeof usual[person], "%.3s", seen[best]);
        different += person > 0 && strcmp(usual[person], usual[0]) != 0;
    }
    ck_assert_uint_ge(different, PEOPLE / 3);
    buffer_free(&out);
}
END_TEST

START_TEST(what_optional_sentences_left_is_gone)
{
    size_t apart = 0, together = 0;
    struct buffer out;

    buffer_init(&out, 4096);
    for (size_t person = 0; person < PEOPLE; person++)
        for (int answers = 0; answers < 2; answers++) {
            const char *text = written(person, "\n\n The disk is full. \n\n\n\n  df -h   \n\n\n", answers, &out);

            apart += strstr(text, "The disk is full.\n\n  df -h\n") != NULL;
            together += strstr(text, "The disk is full.\n  df -h\n") != NULL;
            ck_assert_msg(strstr(text, "\n\n\n") == NULL && text[0] != '\n', "%s", text);
            ck_assert_msg(strlen(text) > 2 && strcmp(text + strlen(text) - 2, "\n\n") != 0, "%s", text);
        }
    ck_assert_msg(apart > 0 && together > 0 && apart + together == 2 * PEOPLE, "%zu and %zu", apart, together);
    buffer_free(&out);
}
END_TEST

START_TEST(leads_keep_their_colon_where_a_word_waits)
{
    size_t closed = 0;
    struct buffer out;

    buffer_init(&out, 4096);
    for (size_t person = 0; person < PEOPLE; person++) {
        closed += strstr(written(person, "Please use this one:\n\n  df -h\n", true, &out), "use this one.\n") != NULL;
        written(person, "We had to do it with:\n\n  df -h\n", true, &out);
        ck_assert_msg(strstr(buffer_text(&out), "do it with:\n") != NULL, "%s", buffer_text(&out));
    }
    ck_assert(closed > 0 && closed < PEOPLE);
    buffer_free(&out);
}
END_TEST

START_TEST(only_sentences_are_worded_anew)
{
    unsigned contracted = 0, capitals = 0, whole = 0;
    struct buffer out;

    buffer_init(&out, 4096);
    for (size_t person = 0; person < PEOPLE; person++) {
        const char *text = written(person, "it is full, and I do not know what it is.\n\n  do not touch\n", true, &out);

        ck_assert_msg(strstr(text, "\n  do not touch\n") != NULL && strstr(text, "what it is.\n") != NULL, "%s", text);
        contracted += strstr(text, "t's full, and I don't know") != NULL;
        whole += strstr(text, "t is full, and I do not know") != NULL;
        capitals += strstr(text, "It") != NULL;
        work.identity = slice_of("build");
        text = written(person, "build is who you are\n", true, &out);
        ck_assert_msg(strstr(text, "build is who you are\n") != NULL, "%s", text);
        work.identity = (struct slice){NULL, 0};
        text = written(person, "svc-build do not\n", true, &out);
        ck_assert_msg(strstr(text, "svc-build do not\n") != NULL, "%s", text);
        text = written(person, "ldaps://ldap.corp.example:636 uid=build\n", true, &out);
        ck_assert_msg(strstr(text, "ldaps://ldap") != NULL, "%s", text);
        text = written(person, "db:5432, as before\n", true, &out);
        ck_assert_msg(strstr(text, "db:5432") != NULL, "%s", text);
    }
    ck_assert_uint_eq(contracted + whole, PEOPLE);
    ck_assert_uint_gt(contracted, 3);
    ck_assert_uint_gt(whole, 3);
    ck_assert_uint_gt(capitals, PEOPLE / 2);
    buffer_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("hand");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, people_greet_as_they_are_used_to);
    tcase_add_test(tcase, what_optional_sentences_left_is_gone);
    tcase_add_test(tcase, leads_keep_their_colon_where_a_word_waits);
    tcase_add_test(tcase, only_sentences_are_worded_anew);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
