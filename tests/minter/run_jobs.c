/* SPDX-License-Identifier: ISC
 *
 * For scenarios: the minter's jobs without processes. Reads a JSON object a line, {"what","parameters"} of job.h, and
 * answers each with a line: {"KIND":[…]}, the results by kind in their order, texts, and tokens as {"form","identity",
 * "secret"}; or {"error"}. What is "learn", with
 * {"domain","mails":[texts]}, answers {"profile":[text]}. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/minter/job.h"
#include "server/minter/learn.h"
#include "server/minter/minter.h"

#define TEXT (8 * 1024 * 1024)

struct answer {
    json_t *kinds;
    struct buffer text; /* of a result whose pieces are still coming */
};

/* A token's packed fields, or a text as it is. */
static json_t *value_of(const char *kind, struct buffer *text)
{
    struct reader reader = reader_of(buffer_slice(text));
    struct token_result token;

    if (strcmp(kind, "token") != 0)
        return json_string(buffer_text(text));
    return token_result_get(&reader, &token) != 0
               ? NULL
               : json_pack("{ss% ss% ss%}", "form", token.form.data, token.form.length, "identity", token.identity.data,
                           token.identity.length, "secret", token.secret.data, token.secret.length);
}

static int take(const struct result *result, void *context)
{
    struct answer *answer = context;
    char kind[32];

    buffer_add_slice(&answer->text, result->data);
    if (result->more)
        return 0;
    snprintf(kind, sizeof kind, "%.*s", (int)result->kind.length, (const char *)result->kind.data);
    if (json_object_get(answer->kinds, kind) == NULL)
        json_object_set_new(answer->kinds, kind, json_array());
    json_array_append_new(json_object_get(answer->kinds, kind), value_of(kind, &answer->text));
    buffer_clear(&answer->text);
    return 0;
}

static int run(struct minter *minter, const char *what, const json_t *parameters, struct answer *answer, struct error *error)
{
    const struct job_sink sink = {take, answer};
    char *text = json_dumps(parameters, JSON_COMPACT);
    struct job job = {.number = 1, .what = slice_of(what), .parameters = slice_of(text)};
    struct job_work *work = job_begin(minter, &job, error);
    int rc = work == NULL ? -1 : 1;

    while (rc == 1)
        rc = job_step(work, 16, &sink, error);
    job_free(work);
    free(text);
    return rc;
}

static int learn_from(const json_t *parameters, struct answer *answer, struct error *error)
{
    const json_t *mail;
    struct learn learn;
    size_t index;
    int rc = 0;

    learn_init(&learn, json_string_value(json_object_get(parameters, "domain")));
    json_array_foreach(json_object_get(parameters, "mails"), index, mail)
        if (rc == 0)
            rc = learn_add(&learn, slice_of(json_string_value(mail)), error);
    rc = rc == 0 ? learn_write(&learn, &answer->text, error) : rc;
    if (rc == 0)
        json_object_set_new(answer->kinds, "profile", json_pack("[s]", buffer_text(&answer->text)));
    learn_free(&learn);
    return rc;
}

static void answer_line(struct minter *minter, const json_t *line)
{
    const char *what = json_string_value(json_object_get(line, "what"));
    const json_t *parameters = json_object_get(line, "parameters");
    struct answer answer = {.kinds = json_object()};
    struct error error = {""};
    int rc;

    buffer_init(&answer.text, TEXT);
    rc = strcmp(what, "learn") == 0 ? learn_from(parameters, &answer, &error) : run(minter, what, parameters, &answer, &error);
    if (rc != 0)
        json_object_set_new(answer.kinds, "error", json_string(error.text));
    json_dumpf(answer.kinds, stdout, JSON_COMPACT);
    puts("");
    fflush(stdout);
    json_decref(answer.kinds);
    buffer_free(&answer.text);
}

int main(void)
{
    const char *data = getenv("SUNDEW_DATADIR");
    struct minter minter;
    struct error error = {""};
    json_t *line;

    if (sodium_init() < 0 ||
        minter_open(&minter, data == NULL ? "../templates" : data, &minter_draw, minter_now, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while ((line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        answer_line(&minter, line);
        json_decref(line);
    }
    minter_close(&minter);
    return 0;
}
