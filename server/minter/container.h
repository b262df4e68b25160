/* SPDX-License-Identifier: ISC
 *
 * Files that hold a rendered text in another form: documents, archives, stores of secrets. Each is a function in
 * server/minter/container/ and a line in server/wire/tables/containers.def; text in, bytes out. The same contents give
 * the same bytes. */
#ifndef MINTER_CONTAINER_H
#define MINTER_CONTAINER_H

#include <jansson.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/minter/when.h"
#include "tokens/kind.h"

/* What goes in, and what its maker knows. Texts are never NULL. */
struct contents {
    struct slice text;
    const char *name;     /* of the file that is packed */
    const char *password; /* of a keyed container */
    const char *seed;     /* of keys: 32 bytes in hexadecimal */
    const char *pgp_seed; /* the same of OpenPGP keys */
    int64_t pgp_created;  /* seconds: when those were made, months before `time` */
    const char *author, *organisation, *language;
    struct zone zone;
    int64_t time; /* seconds: when it was last saved */
    const struct draw *draw;
};

/* By a person of the persona, with the password of a token's view; text and name are for the caller to fill in. */
struct contents contents_by(const json_t *persona, const json_t *person, const json_t *token, int64_t time,
                            const struct draw *draw);

struct container {
    const char *name; /* pack: NAME */
    const char *extension, *type;
    bool keyed;
    /* Adds the file to `out`. */
    int (*pack)(const struct contents *contents, struct buffer *out, struct error *error);
};

/* NULL for an unknown one. */
const struct container *container_find(const char *name);
/* The name of a file called `name`, once it is packed; "" when it is too long. */
void container_name(const struct container *container, const char *name, char *out, size_t size);
/* The other way round: what was packed into the file at `path`, as far as its extension tells; without folders. */
void container_within(const struct container *container, const char *path, char *out, size_t size);

#define CONTAINERS 3 /* of a chain */
#define CONTAINER_NAME 256

/* Containers, each in the next: a workbook in an archive. */
struct containers {
    const struct container *items[CONTAINERS];
    size_t count;
};

/* Puts the contents through all of them, and tells the file's name at the end; `contents->name` is the first. Without
 * containers it is the text itself. */
int containers_pack(const struct containers *containers, const struct contents *contents, char *name, size_t size,
                    struct buffer *out, struct error *error);

#endif
