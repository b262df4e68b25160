/* SPDX-License-Identifier: ISC */
#include "server/minter/artifact.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lure.h"
#include "server/minter/pack.h"

const struct artifact *artifact_next(const struct catalogue *catalogue, const char *kind, const char *form,
                                     const json_t *decoy, const char *language, size_t *index)
{
    while (*index < catalogue->artifact_count) {
        const struct artifact *artifact = &catalogue->artifacts[(*index)++];

        if (texts_hold(&artifact->kinds, kind) && texts_hold(&artifact->forms, form) &&
            texts_hold_decoy(&artifact->services, decoy) && texts_hold(&artifact->languages, language))
            return artifact;
    }
    return NULL;
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

        draw = view_draw(&state, shown->identity, shown->secret, variable->name);
        buffer_clear(&text);
        rc = lure_choose(variable, draw_below(&draw, variable->total), views->base, views->token, views->drawn, &text,
                         error);
        if (rc == 0 && json_object_set_new(views->drawn, variable->name, json_string(buffer_text(&text))) != 0)
            rc = error_set(error, "variable '%s' makes no UTF-8 text", variable->name);
    }
    buffer_free(&text);
    return rc;
}

int artifact_views_make(struct artifact_views *views, const struct catalogue *catalogue, const json_t *parameters,
                        const struct shown_token *shown, json_t *base, struct error *error)
{
    struct view_draw state;
    struct draw draw = view_draw(&state, shown->identity, shown->secret, "");

    *views = (struct artifact_views){.shown = shown, .base = base, .drawn = json_object()};
    views->token = view_token(parameters, shown, &draw);
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

int artifact_render(const struct artifact *artifact, struct artifact_views *views, struct buffer *out,
                    struct error *error)
{
    struct buffer text;
    int rc;

    if (draw_variables(&artifact->variables, views, error) != 0 || render_parts(artifact, views, error) != 0)
        return -1;
    if (artifact->packer == NULL)
        return lure_render(artifact->body, views->base, views->token, views->drawn, artifact->escape, out, error);
    buffer_init(&text, LURE_FILE_BYTES);
    rc = lure_render(artifact->body, views->base, views->token, views->drawn, artifact->escape, &text, error);
    if (rc == 0)
        rc = artifact->packer->pack(buffer_slice(&text), out, error);
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
    return line == 0 && (artifact->packer != NULL || artifact->part_count > 0) ? 1 : line;
}
