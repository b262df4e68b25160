/* SPDX-License-Identifier: ISC */
#include "server/minter/artifact.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lure.h"
#include "server/minter/persona.h"

#define WEEK (7 * 86400)

/* ---- which ---- */

static const struct artifact *next_fit(const struct catalogue *catalogue, const json_t *decoy, const char *kind,
                                       const char *form, const char *language, size_t *index)
{
    while (*index < catalogue->artifact_count) {
        const struct artifact *artifact = &catalogue->artifacts[(*index)++];

        if (texts_hold(&artifact->kinds, kind) && texts_hold(&artifact->forms, form) &&
            texts_hold_decoy(&artifact->services, decoy) && texts_hold(&artifact->languages, language))
            return artifact;
    }
    return NULL;
}

/* The job's token "beside". false: it has none. */
static bool shown_beside(const json_t *parameters, struct shown_token *shown)
{
    const json_t *beside = json_object_get(parameters, "beside");
    const char *texts[4] = {NULL};
    static const char *const names[4] = {"kind", "form", "identity", "secret"};

    for (size_t i = 0; i < 4; i++) {
        texts[i] = json_string_value(json_object_get(beside, names[i]));
        if (texts[i] == NULL)
            return false;
    }
    *shown = (struct shown_token){texts[0], texts[1], slice_of(texts[2]), slice_of(texts[3]),
                                  json_object_get(beside, "facts")};
    return true;
}

/* The artifact of that name in which the token beside lives; NULL: in none. */
static const struct artifact *companion(const struct catalogue *catalogue, const json_t *parameters,
                                        const struct shown_token *beside, const char *language, const char *name)
{
    const json_t *decoy = json_object_get(parameters, "decoy");
    const struct artifact *artifact;
    size_t index = 0;

    do
        artifact = next_fit(catalogue, decoy, beside->kind, beside->form, language, &index);
    while (artifact != NULL &&
           (strcmp(artifact->name, name) != 0 || !artifact->plantable || artifact->containers.count > 0));
    return artifact;
}

const struct artifact *artifact_next(const struct catalogue *catalogue, const json_t *parameters, const char *kind,
                                     const char *form, const char *language, size_t *index)
{
    const json_t *decoy = json_object_get(parameters, "decoy");
    const struct artifact *artifact;
    struct shown_token beside;
    bool paired = shown_beside(parameters, &beside);

    do
        artifact = next_fit(catalogue, decoy, kind, form, language, index);
    while (artifact != NULL && paired &&
           companion(catalogue, parameters, &beside, language, artifact->name) == NULL);
    return artifact;
}

/* ---- variables ---- */

/* Each is drawn by its name, so that a new one does not change the others. */
static int draw_variables(const struct variables *variables, struct artifact_views *views, struct error *error)
{
    const struct shown_token *shown = views->shown;
    struct view_draw state;
    struct buffer text;
    struct draw draw;
    int rc = 0;

    buffer_init(&text, LURE_FILE_BYTES);
    for (size_t i = 0; rc == 0 && i < variables->count; i++) {
        const struct lure_variable *variable = &variables->items[i];

        draw = view_draw(&state, views->persona, shown, variable->name);
        buffer_clear(&text);
        rc = lure_choose(variable, draw_below(&draw, variable->total), views->base, views->token, views->drawn, &text,
                         error);
        if (rc == 0 && json_object_set_new(views->drawn, variable->name, json_string(buffer_text(&text))) != 0)
            rc = error_set(error, "variable '%s' makes no UTF-8 text", variable->name);
    }
    buffer_free(&text);
    return rc;
}

/* Some working day of the weeks before the token was minted. The week counts, not the moment: the minter's clock and the
 * ledger's are some milliseconds apart. */
static int64_t saved(const json_t *persona, int64_t minted, const struct shown_token *shown)
{
    struct zone zone = persona_zone(persona);
    struct view_draw state;
    struct draw draw = view_draw(&state, persona, shown, "saved");
    int64_t until = minted - minted % WEEK;

    return when_between(&zone, until - 8 * WEEK, until, &draw);
}

int artifact_views_make(struct artifact_views *views, const struct catalogue *catalogue, const json_t *parameters,
                        const struct shown_token *shown, json_t *base, int64_t now, struct error *error)
{
    const json_t *minted = json_object_get(parameters, "minted"), *persona = json_object_get(parameters, "persona");
    struct view_draw state;
    struct draw draw = view_draw(&state, persona, shown, "");

    *views = (struct artifact_views){
        .catalogue = catalogue, .parameters = parameters, .shown = shown, .base = base, .drawn = json_object()};
    views->persona = persona;
    now = json_is_integer(minted) ? json_integer_value(minted) : now;
    views->time = saved(persona, now, shown);
    views->token = view_token(parameters, shown, now, &draw);
    if (views->token == NULL || views->drawn == NULL)
        return error_set(error, "identity or secret are not UTF-8, or memory ran out");
    return draw_variables(&catalogue->variables, views, error);
}

void artifact_views_free(struct artifact_views *views)
{
    json_decref(views->token);
    json_decref(views->drawn);
    *views = (struct artifact_views){0};
}

/* ---- rendering ---- */

static json_t *base64_of(struct slice data)
{
    size_t size = sodium_base64_encoded_len(data.length, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(size);
    json_t *value;

    if (text == NULL)
        return NULL;
    value = json_string(sodium_bin2base64(text, size, data.data, data.length, sodium_base64_VARIANT_ORIGINAL));
    sodium_memzero(text, size);
    free(text);
    return value;
}

/* Texts that stand in the artifact as base64: {{base64.NAME}}. */
static int render_parts(const struct artifact *artifact, struct artifact_views *views, struct error *error)
{
    struct buffer text;
    int rc = 0;

    buffer_init(&text, LURE_FILE_BYTES);
    for (size_t i = 0; rc == 0 && i < artifact->part_count; i++) {
        buffer_clear(&text);
        rc = lure_render(artifact->parts[i].body, views->base, views->token, views->drawn, artifact->escape, &text,
                         error);
        if (rc == 0 && json_object_set_new(json_object_get(views->token, "base64"), artifact->parts[i].name,
                                           base64_of(buffer_slice(&text))) != 0)
            rc = error_set(error, "out of memory");
    }
    buffer_free(&text);
    return rc;
}

/* {{{beside.text}}}: the artifact of the same name of the token beside, without its last line's end. */
static int render_beside(const struct artifact *artifact, struct artifact_views *views, struct error *error)
{
    const char *language = json_string_value(json_object_get(views->base, "language"));
    struct artifact_views own = {0};
    const struct artifact *other;
    struct shown_token beside;
    struct buffer text;
    int rc = 0;

    if (!shown_beside(views->parameters, &beside))
        return 0;
    other = companion(views->catalogue, views->parameters, &beside, language == NULL ? "" : language, artifact->name);
    if (other == NULL)
        return error_usage(error, "a %s does not live in %s", beside.kind, artifact->name);
    buffer_init(&text, LURE_FILE_BYTES);
    rc = artifact_views_make(&own, views->catalogue, views->parameters, &beside, views->base, views->time, error);
    own.parameters = NULL; /* beside it lies nothing more */
    if (rc == 0)
        rc = artifact_render(other, &own, &text, error);
    while (text.length > 0 && text.data[text.length - 1] == '\n')
        text.length--;
    if (rc == 0 && json_object_set_new(views->token, "beside",
                                       json_pack("{s:s%}", "text", text.data, text.length)) != 0)
        rc = error_set(error, "out of memory");
    artifact_views_free(&own);
    buffer_free(&text);
    return rc;
}

static int pack(const struct artifact *artifact, const struct artifact_views *views, struct slice text,
                struct buffer *out, struct error *error)
{
    struct view_draw state;
    struct draw draw = view_draw(&state, views->persona, views->shown, artifact->name);
    struct contents contents = contents_by(views->persona, json_object_get(views->token, "from"), views->token,
                                           views->time, &draw);
    char name[CONTAINER_NAME];

    contents.text = text;
    contents.name = artifact->name;
    return containers_pack(&artifact->containers, &contents, name, sizeof name, out, error);
}

int artifact_render(const struct artifact *artifact, struct artifact_views *views, struct buffer *out,
                    struct error *error)
{
    struct buffer text;
    int rc;

    if (draw_variables(&artifact->variables, views, error) != 0 || render_parts(artifact, views, error) != 0 ||
        render_beside(artifact, views, error) != 0)
        return -1;
    if (artifact->containers.count == 0)
        return lure_render(artifact->body, views->base, views->token, views->drawn, artifact->escape, out, error);
    buffer_init(&text, LURE_FILE_BYTES);
    rc = lure_render(artifact->body, views->base, views->token, views->drawn, artifact->escape, &text, error);
    if (rc == 0)
        rc = pack(artifact, views, buffer_slice(&text), out, error);
    buffer_free(&text);
    return rc;
}

/* ---- where the secret is ---- */

static size_t line_of_base64(struct slice text, struct slice part)
{
    json_t *encoded = base64_of(part);
    size_t line = encoded == NULL ? 0 : lure_line(text, slice_of(json_string_value(encoded)));

    json_decref(encoded);
    return line;
}

static size_t line_of_escaped(struct slice text, struct slice secret, enum render_escape escape)
{
    struct buffer escaped;
    size_t line;

    buffer_init(&escaped, 6 * secret.length + 2);
    line = render_escaped(&escaped, secret, escape) == 0 ? lure_line(text, buffer_slice(&escaped)) : 0;
    buffer_free(&escaped);
    return line;
}

static size_t line_of_login(struct slice text, const struct shown_token *shown)
{
    struct buffer login;
    size_t line;

    buffer_init(&login, shown->identity.length + shown->secret.length + 1);
    buffer_add_slice(&login, shown->identity);
    buffer_add_char(&login, ':');
    buffer_add_slice(&login, shown->secret);
    line = line_of_base64(text, buffer_slice(&login));
    buffer_free(&login);
    return line;
}

size_t artifact_line(const struct artifact *artifact, const struct shown_token *shown, struct slice text)
{
    size_t line = lure_line(text, shown->secret);

    if (line == 0)
        line = line_of_escaped(text, shown->secret, RENDER_JSON);
    if (line == 0)
        line = line_of_base64(text, shown->secret);
    if (line == 0)
        line = line_of_login(text, shown);
    return line == 0 && (artifact->containers.count > 0 || artifact->part_count > 0) ? 1 : line;
}
