/* SPDX-License-Identifier: ISC
 *
 * Mustache (mustache.github.io/mustache.5; lambdas and inheritance aside) over jansson values. Templates are parsed
 * once; rendering allocates nothing but the output. {{name}} is escaped for the output format, {{{name}}} and
 * {{&name}} are not. Missing names are empty. Names may be dotted. Partials are given by the caller. A section is
 * left out for false, null, "", and an empty list; 0 is shown. */
#ifndef TEMPLATES_RENDER_H
#define TEMPLATES_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define RENDER_DEPTH 32       /* sections in sections, and partials in partials */
#define RENDER_VIEWS 8        /* the most views that a caller may give */
#define RENDER_STEPS 1000000  /* tags and texts in one rendering */
#define RENDER_TEXT (1 << 20) /* bytes of a template */

/* JSON and YAML: for between double quotes. SHELL: a whole word, in single quotes where it needs them. URL: all but
 * RFC 3986's unreserved characters percent-encoded. */
enum render_escape { RENDER_PLAIN, RENDER_HTML, RENDER_JSON, RENDER_YAML, RENDER_SHELL, RENDER_URL };

struct template;

/* Parses; the text is copied. `file` names it in faults: FILE:LINE:COLUMN: what is wrong; what to do. Sections nest at
 * most 32 deep. */
int template_parse(struct slice text, const char *file, struct template **out, struct error *error);
void template_free(struct template *t);
/* When the template is text alone, without any tag: that text. Else a slice with data NULL. */
struct slice template_constant(const struct template *t);
/* The names of the partials that it asks for, one after the other: NULL behind the last. */
const char *template_partial(const struct template *t, size_t index);
/* One piece of a template, for who checks templates: its index-th text or tag. false behind the last. */
struct template_tag {
    char sigil;          /* 't' for text, 0 for {{name}}, else & # ^ / > */
    char name[256];      /* dotted, cut off where it is longer; "" for {{.}} and for text */
    struct slice text;   /* of the template, for text */
    size_t line, column; /* from 1 */
};
bool template_tag(const struct template *t, size_t index, struct template_tag *tag);
/* Does a tag in it ask for a name whose first part is this one? */
bool template_uses(const struct template *t, const char *name);
/* What {{> name}} stands for; NULL for none. Owned by the caller, must outlive rendering. */
struct template_partials {
    const struct template *(*find)(const char *name, void *context);
    void *context;
};
/* views: a stack of contexts, innermost last; a name is looked for from the last to the first. -1 when `out` is
 * full, sections or partials nest too deep (32), steps run out, or memory did. What was added to `out` stays. */
int template_render(const struct template *t, json_t *const *views, size_t view_count, enum render_escape escape,
                    const struct template_partials *partials, struct buffer *out);
/* Texts that stand in the innermost of the first `behind` views (from 1), as if they were members of it. */
struct template_texts {
    const struct template_text {
        const char *name;
        struct slice text; /* UTF-8 */
    } *items;
    size_t count, behind;
};
/* The same with texts (or NULL), for which no JSON needs to be made. A view may be NULL: it has no members. */
int template_render_texts(const struct template *t, json_t *const *views, size_t view_count,
                          const struct template_texts *texts, enum render_escape escape,
                          const struct template_partials *partials, struct buffer *out);
/* Adds the text as {{name}} would be. */
int render_escaped(struct buffer *out, struct slice text, enum render_escape escape);

#endif
