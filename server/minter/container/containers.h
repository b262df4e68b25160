/* SPDX-License-Identifier: ISC
 *
 * The containers' functions, and what several of them share. */
#ifndef MINTER_CONTAINER_CONTAINERS_H
#define MINTER_CONTAINER_CONTAINERS_H

#include "server/minter/container.h"

#define CONTAINER(symbol, name, summary, extension, type, keyed)                                                       \
    int container_##symbol(const struct contents *contents, struct buffer *out, struct error *error);
#include "server/wire/tables/containers.def"
#undef CONTAINER

/* Integers, least byte first. */
void add_little(struct buffer *out, uint64_t value, unsigned bytes);
/* As Windows counts time, since 1601 in steps of 100 ns; what is below a second is drawn. */
uint64_t filetime(int64_t time, const struct draw *draw);
/* The broken-down local time at which the contents were saved. */
struct tm contents_local(const struct contents *contents);
/* Compresses as zlib does by default. `window`: its windowBits, which choose the format. -1 when memory ran out. */
int deflate_into(struct slice data, int window, struct buffer *out);

/* ---- document.c: the text of a document ---- */

/* A line that begins with "# " is a heading; one with tabs is a row, parted by them into cells; an empty one parts what
 * stands around it; any other is a paragraph. */
enum line_type { LINE_EMPTY, LINE_HEADING, LINE_ROW, LINE_PARAGRAPH };

struct document_line {
    enum line_type type;
    struct slice text; /* without "# " */
};

bool document_next(struct slice *rest, struct document_line *line);
/* Cuts the next cell off a row; a paragraph is a row of one. */
bool document_cell(struct slice *row, struct slice *cell);
/* The first heading, or nothing. */
struct slice document_title(struct slice text);

/* ---- ooxml.c: what Word and Excel write alike ---- */

struct zip;

struct office {
    const struct contents *contents;
    const char *application, *template; /* template: "" for none */
    const char *more;                   /* of docProps/app.xml: the application's own counts */
};

/* Text between tags. */
void add_xml(struct buffer *out, struct slice text);
/* Adds the part, and frees its buffer. */
int office_part(struct zip *zip, const char *name, struct buffer *part, struct error *error);
/* Adds docProps/core.xml and docProps/app.xml. */
int office_properties(const struct office *office, struct zip *zip, struct error *error);
/* Adds [Content_Types].xml and _rels/.rels; `types` are Override elements, `main` the first part. */
int office_begin(struct zip *zip, const char *types, const char *main, struct error *error);

#endif
