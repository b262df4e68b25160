/* SPDX-License-Identifier: ISC */
#include "server/minter/attachment.h"

#include <stdio.h>
#include "server/minter/carried.h"

#define LEAST 240 /* seconds between saving a file and sending it */
#define MOST 4800 /* so that nothing is saved at night */

static const struct {
    const char *extension, *type;
} types[] = {{".txt", "text/plain"}, {".json", "application/json"}, {".xml", "text/xml"}, {".csv", "text/csv"},
             {".p12", "application/x-pkcs12"}, {".pem", "application/x-x509-ca-cert"}};

static const char *type_of(const struct lure_attachment *source, const char *name)
{
    const char *dot = strrchr(name, '.');

    if (source->containers.count > 0)
        return source->containers.items[source->containers.count - 1]->type;
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].extension, dot) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* What a file's name cannot hold everywhere, and what programs write each in their own way. */
static void clean(char *name)
{
    for (unsigned char *c = (unsigned char *)name; *c != 0; c++)
        if (*c <= ' ' || *c >= 0x7f || strchr("\"\\/:*?<>|", *c) != NULL)
            *c = '_';
}

static int render_name(const struct lure_work *work, const struct lure_attachment *source, char *name, size_t size,
                       struct error *error)
{
    struct buffer text;
    int rc;

    buffer_init(&text, size - 1);
    rc = lure_render(source->name, work->base, work->token, work->variables, RENDER_PLAIN, &text, error);
    snprintf(name, size, "%s", buffer_text(&text));
    buffer_free(&text);
    clean(name);
    return rc;
}

/* ---- what is in it ---- */

static bool holds(struct slice text, struct slice part)
{
    return memmem(text.data, text.length, part.data, part.length) != NULL;
}

static int render_text(const struct lure_work *work, const struct lure_attachment *source, struct buffer *text,
                       struct error *error)
{
    if (lure_draw(work, &source->body, text, error) != 0)
        return -1;
    if (source->secret && (!holds(buffer_slice(text), work->secret) || !holds(buffer_slice(text), work->identity)))
        return error_set(error, "an attachment of lure '%s' does not hold identity and secret", work->lure->name);
    return 0;
}

/* ---- all ---- */

static int pack(const struct lure_work *work, const struct lure_attachment *source, struct contents *contents,
                struct attachment *made, struct error *error)
{
    char name[CONTAINER_NAME], outer[CONTAINER_NAME];

    snprintf(name, sizeof name, "%s", contents->name);
    contents->name = name;
    if (containers_pack(&source->containers, contents, made->name, sizeof made->name, &made->data, error) != 0)
        return -1;
    if (source->body.choice_count == 0 && source->name != NULL) {
        if (render_name(work, source, outer, sizeof outer, error) != 0)
            return -1;
        snprintf(made->name, sizeof made->name, "%s", outer);
        if (source->containers.count > 0)
            container_name(source->containers.items[source->containers.count - 1], outer, made->name, sizeof made->name);
    }
    made->type = type_of(source, made->name);
    return 0;
}

int attachment_make(const struct lure_work *work, const struct lure_attachment *source, const json_t *author,
                    int64_t sent, struct attachment *made, struct error *error)
{
    const struct draw *draw = work->minter->draw;
    struct contents contents = contents_by(json_object_get(work->parameters, "persona"), author, work->token,
                                           sent - LEAST - (int64_t)draw_below(draw, MOST), draw);
    struct buffer text;
    int rc = 0;

    buffer_init(&made->data, LURE_FILE_BYTES);
    buffer_init(&text, LURE_FILE_BYTES);
    if (source->body.choice_count == 0)
        snprintf(made->name, sizeof made->name, "%s", carried_name(work));
    else if (render_name(work, source, made->name, sizeof made->name, error) != 0 ||
             render_text(work, source, &text, error) != 0)
        rc = -1;
    contents.text = buffer_slice(source->body.choice_count == 0 ? &work->carried.data : &text);
    contents.name = made->name;
    contents.language = work->lure->language;
    if (rc == 0)
        rc = pack(work, source, &contents, made, error);
    buffer_free(&text);
    return rc;
}

void attachment_free(struct attachment *attachment)
{
    buffer_free(&attachment->data);
}
