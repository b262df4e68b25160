/* SPDX-License-Identifier: ISC */
#include "server/minter/container.h"

#include <stdio.h>
#include "server/minter/container/containers.h"
#include "server/minter/lure.h"
#include "server/minter/persona.h"

static const struct container containers[] = {
#define CONTAINER(symbol, name, summary, extension, type, keyed) {name, extension, type, keyed, container_##symbol},
#include "server/wire/tables/containers.def"
#undef CONTAINER
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

struct contents contents_by(const json_t *persona, const json_t *person, const json_t *token, int64_t time,
                            const struct draw *draw)
{
    return (struct contents){
        .password = text_of(json_object_get(token, "container"), "password"),
        .seed = text_of(json_object_get(token, "container"), "seed"),
        .pgp_seed = text_of(json_object_get(token, "container"), "pgp_seed"),
        .pgp_created = json_integer_value(json_object_get(json_object_get(token, "container"), "pgp_created")),
        .author = text_of(person, "name"),
        .organisation = text_of(persona, "organisation"),
        .language = text_of(persona, "language"),
        .zone = persona_zone(persona),
        .time = time,
        .draw = draw,
    };
}

const struct container *container_find(const char *name)
{
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
        if (strcmp(name, containers[i].name) == 0)
            return &containers[i];
    return NULL;
}

static const char *extension_of(const struct container *container)
{
    return container->extension + (container->extension[0] == '+');
}

void container_name(const struct container *container, const char *name, char *out, size_t size)
{
    const char *dot = strrchr(name, '.'), *extension = extension_of(container);
    bool whole = extension[0] == 0 || extension != container->extension || dot == NULL || dot == name;

    if ((size_t)snprintf(out, size, "%.*s%s", whole ? (int)strlen(name) : (int)(dot - name), name, extension) >= size)
        out[0] = 0;
}

void container_within(const struct container *container, const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1, *extension = extension_of(container);
    size_t length = strlen(name), more = strlen(extension);

    if (length > more && strcmp(name + length - more, extension) == 0)
        length -= more;
    if ((size_t)snprintf(out, size, "%.*s", (int)length, name) >= size)
        out[0] = 0;
}

int containers_pack(const struct containers *chain, const struct contents *contents, char *name, size_t size,
                    struct buffer *out, struct error *error)
{
    struct contents inner = *contents;
    struct buffer made[2];
    char names[2][CONTAINER_NAME];
    int rc = 0;

    buffer_init(&made[0], LURE_FILE_BYTES);
    buffer_init(&made[1], LURE_FILE_BYTES);
    for (size_t i = 0; rc == 0 && i < chain->count; i++) {
        struct buffer *next = &made[i % 2];

        buffer_clear(next);
        rc = chain->items[i]->pack(&inner, next, error);
        container_name(chain->items[i], inner.name, names[i % 2], sizeof names[0]);
        inner.text = buffer_slice(next);
        inner.name = names[i % 2];
        if (rc == 0 && next->failed)
            rc = error_set(error, "a %s of more than %d bytes, or memory ran out", chain->items[i]->name, LURE_FILE_BYTES);
    }
    snprintf(name, size, "%s", inner.name);
    if (rc == 0 && buffer_add_slice(out, inner.text) != 0)
        rc = error_set(error, "out of memory");
    buffer_free(&made[0]);
    buffer_free(&made[1]);
    return rc;
}
