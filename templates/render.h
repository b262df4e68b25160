/* SPDX-License-Identifier: ISC
 *
 * Mustache (mustache.github.io/mustache.5; lambdas and inheritance aside) over jansson values. Templates are parsed
 * once; rendering allocates nothing but the output. {{name}} is escaped for the output format, {{{name}}} and
 * {{&name}} are not. Missing names are empty. Names may be dotted. Partials are given by the caller. */
#ifndef TEMPLATES_RENDER_H
#define TEMPLATES_RENDER_H

#include <jansson.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

enum render_escape { RENDER_PLAIN, RENDER_HTML, RENDER_JSON, RENDER_YAML, RENDER_SHELL, RENDER_URL };

struct template;

/* Parses; the text is copied. `file` names it in faults: FILE:LINE:COLUMN: …. Sections nest at most 32 deep. */
int template_parse(struct slice text, const char *file, struct template **out, struct error *error);
void template_free(struct template *t);
/* What {{> name}} stands for; NULL for none. Owned by the caller, must outlive rendering. */
struct template_partials {
    const struct template *(*find)(const char *name, void *context);
    void *context;
};
/* views: a stack of contexts, innermost last; a name is looked for from the last to the first. -1 when `out` is
 * full, sections or partials nest too deep (32), or memory ran out. */
int template_render(const struct template *t, json_t *const *views, size_t view_count, enum render_escape escape,
                    const struct template_partials *partials, struct buffer *out);

#endif
