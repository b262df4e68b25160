/* SPDX-License-Identifier: ISC */
#include "server/minter/carried.h"

#include <string.h>
#include "server/minter/view.h"

#define LINES_BYTES 1500 /* that somebody copies into a mail */
#define LINE_BYTES 200

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Does the file's name ask for this artifact? */
static bool asked_for(const struct artifact *artifact, const char *path)
{
    if (ends_with(path, artifact->name))
        return true;
    for (size_t i = 0; i < artifact->match.count; i++)
        if (ends_with(path, artifact->match.items[i]))
            return true;
    return false;
}

static const struct artifact *next(const struct lure_work *work, size_t *index)
{
    return artifact_next(work->minter->catalogue, work->parameters, work->kind, work->form, work->language, index);
}

const struct artifact *carried_named(const struct lure_work *work, const char *name, struct error *error)
{
    const struct artifact *artifact, *first = NULL;
    size_t index = 0;

    while ((artifact = next(work, &index)) != NULL) {
        if (name[0] != 0 ? strcmp(artifact->name, name) == 0 : artifact->plantable && asked_for(artifact, work->path))
            return artifact;
        if (first == NULL && artifact->plantable)
            first = artifact;
    }
    if (name[0] != 0)
        error_usage(error, "no artifact of a %s is called '%s'; `sundew artifacts` shows a token's", work->kind, name);
    else if (first == NULL)
        error_usage(error, "no artifact of a %s can stand alone", work->kind);
    return name[0] != 0 ? NULL : first;
}

int carried_render(const struct lure_work *work, const struct artifact *artifact, struct buffer *out, size_t *line,
                   struct error *error)
{
    const struct shown_token shown = lure_shown(work);
    struct artifact_views views = {0};
    int rc = -1;

    if (artifact_views_make(&views, work->minter->catalogue, work->parameters, &shown, work->base,
                            work->at != 0 ? work->at : work->minter->now(), error) == 0)
        rc = artifact_render(artifact, &views, out, error);
    artifact_views_free(&views);
    *line = rc == 0 ? artifact_line(artifact, &shown, buffer_slice(out)) : 0;
    return rc == 0 && *line == 0 ? error_set(error, "the artifact '%s' does not hold the secret", artifact->name) : rc;
}

/* ---- the choice ---- */

static bool holds(struct slice text, struct slice part)
{
    return memmem(text.data, text.length, part.data, part.length) != NULL;
}

static bool short_lines(struct slice text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.length; i++) {
        width = text.data[i] == '\n' ? 0 : width + 1;
        if (width > LINE_BYTES)
            return false;
    }
    return text.length <= LINES_BYTES;
}

/* A folder of git's own is no place for a file of a change. */
static bool suits(const struct lure *lure, const struct artifact *artifact)
{
    return artifact->plantable && (lure->carries == LURE_ARTIFACT_LINES ? artifact->containers.count == 0
                                                                        : strncmp(artifact->name, ".git/", 5) != 0);
}

static bool reads_well(const struct lure_work *work, const struct lure *lure, struct slice text)
{
    return lure->carries != LURE_ARTIFACT_LINES ||
           (holds(text, work->identity) && holds(text, work->secret) && short_lines(text));
}

/* One that can stand alone, at random; *chosen is NULL where none is fit. `out` and `*line` are as of carried_render(). */
static int draw(const struct lure_work *work, const struct lure *lure, const struct artifact **chosen,
                struct buffer *out, size_t *line, struct error *error)
{
    const struct artifact *artifact;
    struct buffer text;
    uint32_t count = 0;
    size_t index = 0, at;
    int rc = 0;

    *chosen = NULL;
    buffer_init(&text, LURE_FILE_BYTES);
    while (rc == 0 && (artifact = next(work, &index)) != NULL) {
        if (!suits(lure, artifact))
            continue;
        buffer_clear(&text);
        rc = carried_render(work, artifact, &text, &at, error);
        if (rc != 0 || !reads_well(work, lure, buffer_slice(&text)) || draw_below(work->minter->draw, ++count) != 0)
            continue;
        *chosen = artifact;
        *line = at;
        buffer_clear(out);
        buffer_add_slice(out, buffer_slice(&text));
    }
    buffer_free(&text);
    return rc == 0 && out->failed ? error_set(error, "out of memory") : rc;
}

bool carried_fits(const struct lure_work *work, const struct lure *lure)
{
    const struct artifact *artifact = NULL;
    struct buffer text;
    struct error ignored;
    size_t line;
    int rc = 0;

    if (lure->carries == LURE_NO_ARTIFACT)
        return true;
    buffer_init(&text, LURE_FILE_BYTES);
    rc = draw(work, lure, &artifact, &text, &line, &ignored);
    buffer_free(&text);
    return rc == 0 && artifact != NULL;
}

static int take(struct lure_work *work, struct error *error)
{
    struct carried *carried = &work->carried;

    if (work->lure->carries == LURE_ARTIFACT_FILE && work->path[0] != 0) {
        carried->artifact = carried_named(work, "", error);
        return carried->artifact == NULL
                   ? -1
                   : carried_render(work, carried->artifact, &carried->data, &carried->line, error);
    }
    if (draw(work, work->lure, &carried->artifact, &carried->data, &carried->line, error) != 0)
        return -1;
    return carried->artifact != NULL
               ? 0
               : error_usage(error, "lure '%s' carries a file, and none of a %s fits", work->lure->name, work->kind);
}

/* ---- what templates see ---- */

/* Each line four blanks to the right, so that no mail fills it. */
static void indent(struct buffer *out, struct slice text)
{
    bool fresh = true;

    while (text.length > 0 && text.data[text.length - 1] == '\n')
        text.length--;
    for (size_t i = 0; i < text.length; fresh = text.data[i++] == '\n') {
        if (fresh && text.data[i] != '\n')
            buffer_add_text(out, "    ");
        buffer_add_char(out, (char)text.data[i]);
    }
}

/* A file that is no text has a name only. */
static int show(struct lure_work *work, struct error *error)
{
    const struct buffer *text = &work->carried.data;
    json_t *view = json_pack("{ss}", "name", work->carried.artifact->name);
    struct buffer lines;
    int rc;

    buffer_init(&lines, LURE_FILE_BYTES);
    indent(&lines, buffer_slice(text));
    rc = view == NULL ? -1 : json_object_set_new(work->token, "artifact", view);
    if (rc == 0) {
        json_object_set_new(view, "text", json_stringn((const char *)text->data, text->length));
        json_object_set_new(view, "lines", json_stringn((const char *)lines.data, lines.length));
    }
    buffer_free(&lines);
    return rc == 0 ? 0 : error_set(error, "out of memory");
}

int carried_make(struct lure_work *work, struct error *error)
{
    buffer_init(&work->carried.data, LURE_FILE_BYTES);
    if (work->lure->carries == LURE_NO_ARTIFACT)
        return 0;
    return take(work, error) != 0 ? -1 : show(work, error);
}

void carried_free(struct lure_work *work)
{
    buffer_free(&work->carried.data);
}

const char *carried_name(const struct lure_work *work)
{
    const char *slash = strrchr(work->carried.artifact->name, '/');

    return slash == NULL ? work->carried.artifact->name : slash + 1;
}
