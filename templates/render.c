/* SPDX-License-Identifier: ISC
 *
 * From nodes and values to text. A partial that stands alone on its line is indented as its tag is: each line of its
 * own text, not of the values in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/unzeroed.h"
#include "templates/template.h"

#define INDENT 256

struct rendering {
    enum render_escape escape;
    const struct template_partials *partials;
    struct buffer *out;
    json_t *stack[RENDER_VIEWS + RENDER_DEPTH];
    size_t stack_count;
    const struct template_texts *texts; /* or NULL */
    size_t sections, partial_depth, steps;
    char indent[INDENT];
    size_t indent_length;
    bool line_start; /* of the template's text; only looked at where there is an indent */
};

static int render_nodes(struct rendering *r, const struct template *t, size_t from, size_t to);

static const char *part(const struct template *t, const struct node *node, uint32_t index)
{
    return t->names + t->parts[node->name + index];
}

/* What a name stands for: JSON, or a text, or neither. */
struct meaning {
    json_t *json;
    struct slice text; /* data NULL: none */
};

static struct slice find_text(const struct template_texts *texts, const char *name)
{
    for (size_t i = 0; i < texts->count; i++)
        if (*texts->items[i].name == *name && strcmp(texts->items[i].name, name) == 0)
            return texts->items[i].text;
    return SLICE_NONE;
}

static struct meaning look_up(const struct rendering *r, const struct template *t, const struct node *node)
{
    struct meaning found = {NULL, SLICE_NONE};

    if (node->parts == 0) {
        found.json = r->stack_count > 0 ? r->stack[r->stack_count - 1] : NULL;
        return found;
    }
    for (size_t i = r->stack_count; found.json == NULL && found.text.data == NULL && i > 0; i--) {
        if (r->texts != NULL && i == r->texts->behind)
            found.text = find_text(r->texts, part(t, node, 0));
        if (found.text.data == NULL && r->stack[i - 1] != NULL)
            found.json = json_object_get(r->stack[i - 1], part(t, node, 0));
    }
    for (uint32_t i = 1; i < node->parts; i++) {
        found.text = SLICE_NONE;
        found.json = json_object_get(found.json, part(t, node, i));
    }
    return found;
}

static bool is_shown(const struct meaning *meaning)
{
    const json_t *value = meaning->json;
    bool empty = json_is_false(value) || json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0) ||
                 (json_is_string(value) && json_string_length(value) == 0);

    return value == NULL ? meaning->text.length > 0 : !empty;
}

static int add_indent(struct rendering *r)
{
    int result = 0;

    if (r->line_start && r->indent_length > 0)
        result = buffer_add(r->out, r->indent, r->indent_length);
    r->line_start = false;
    return result;
}

static int render_text(struct rendering *r, const char *text, size_t length)
{
    const char *end = text + length, *line_end;
    int result = 0;

    if (r->indent_length == 0) {
        r->line_start = end[-1] == '\n';
        return buffer_add(r->out, text, length);
    }
    while (result == 0 && text < end) {
        line_end = memchr(text, '\n', (size_t)(end - text));
        line_end = line_end == NULL ? end : line_end + 1;
        if (*text != '\n')
            result = add_indent(r);
        if (result == 0)
            result = buffer_add(r->out, text, (size_t)(line_end - text));
        r->line_start = line_end[-1] == '\n';
        text = line_end;
    }
    return result;
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static int render_real(struct rendering *r, double number)
{
    char text[32];
    int digits = 15;

    do
        snprintf(text, sizeof(text), "%.*g", digits, number);
    while (strtod(text, NULL) != number && digits++ < 17);
    return buffer_add_text(r->out, text);
}

static int render_value(struct rendering *r, const struct meaning *meaning, enum render_escape escape)
{
    const json_t *value = meaning->json;
    int result = add_indent(r);

    if (result != 0)
        return result;
    if (meaning->text.data != NULL)
        result = render_escaped(r->out, meaning->text, escape);
    else if (json_is_string(value))
        result = render_escaped(
            r->out, (struct slice){(const unsigned char *)json_string_value(value), json_string_length(value)}, escape);
    else if (json_is_integer(value))
        result = buffer_add_format(r->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        result = render_real(r, json_real_value(value));
    else if (json_is_boolean(value))
        result = buffer_add_text(r->out, json_is_true(value) ? "true" : "false");
    return result;
}

/* In a section {{.}} is its value: a text becomes JSON for as long. */
static int render_section(struct rendering *r, const struct template *t, size_t at, const struct meaning *meaning)
{
    struct slice text = meaning->text;
    json_t *value = meaning->json;
    size_t end = t->nodes[at].end, count = json_is_array(value) ? json_array_size(value) : 1;
    int result = 0;

    if (r->sections == RENDER_DEPTH || r->stack_count == sizeof(r->stack) / sizeof(*r->stack))
        return -1;
    if (text.data != NULL && (value = json_stringn_nocheck((const char *)text.data, text.length)) == NULL)
        return -1;
    r->sections++;
    r->stack_count++;
    for (size_t i = 0; result == 0 && i < count; i++) {
        r->stack[r->stack_count - 1] = json_is_array(value) ? json_array_get(value, i) : value;
        result = render_nodes(r, t, at + 1, end);
    }
    r->stack_count--;
    r->sections--;
    if (text.data != NULL)
        json_decref(value);
    return result;
}

static int render_partial(struct rendering *r, const struct template *t, const struct node *node)
{
    const struct template *partial = NULL;
    size_t before = r->indent_length;
    int result;

    if (r->partials != NULL)
        partial = r->partials->find(part(t, node, 0), r->partials->context);
    if (partial == NULL)
        return 0;
    if (r->partial_depth == RENDER_DEPTH || node->length > INDENT - before)
        return -1;
    memcpy(r->indent + before, t->text + node->start, node->length);
    r->indent_length += node->length;
    r->partial_depth++;
    result = render_nodes(r, partial, 0, partial->node_count);
    r->partial_depth--;
    r->indent_length = before;
    return result;
}

/* Renders one node; returns the next one's index in *at. */
static int render_node(struct rendering *r, const struct template *t, size_t *at)
{
    const struct node *node = &t->nodes[*at];
    size_t next = *at + 1;
    struct meaning meaning;
    int result = 0;

    switch (node->type) {
    case NODE_TEXT:
        result = render_text(r, t->text + node->start, node->length);
        break;
    case NODE_VALUE:
    case NODE_RAW:
        meaning = look_up(r, t, node);
        result = render_value(r, &meaning, node->type == NODE_RAW ? RENDER_PLAIN : r->escape);
        break;
    case NODE_SECTION:
        meaning = look_up(r, t, node);
        next = node->end + 1;
        result = is_shown(&meaning) ? render_section(r, t, *at, &meaning) : 0;
        break;
    case NODE_INVERTED:
        meaning = look_up(r, t, node);
        next = is_shown(&meaning) ? node->end + 1 : next;
        break;
    case NODE_PARTIAL:
        result = render_partial(r, t, node);
        break;
    case NODE_CLOSE:
        break;
    }
    *at = next;
    return result;
}

static int render_nodes(struct rendering *r, const struct template *t, size_t from, size_t to)
{
    int result = 0;

    while (result == 0 && from < to)
        result = r->steps++ < RENDER_STEPS ? render_node(r, t, &from) : -1;
    return result;
}

int template_render(const struct template *t, json_t *const *views, size_t view_count, enum render_escape escape,
                    const struct template_partials *partials, struct buffer *out)
{
    return template_render_texts(t, views, view_count, NULL, escape, partials, out);
}

int template_render_texts(const struct template *t, json_t *const *views, size_t view_count,
                          const struct template_texts *texts, enum render_escape escape,
                          const struct template_partials *partials, struct buffer *out)
{
    UNZEROED struct rendering r;

    if (view_count > RENDER_VIEWS)
        return -1;
    r.escape = escape;
    r.partials = partials;
    r.texts = texts;
    r.out = out;
    r.stack_count = view_count;
    r.sections = r.partial_depth = r.steps = r.indent_length = 0;
    r.line_start = true;
    for (size_t i = 0; i < view_count; i++)
        r.stack[i] = views[i];
    return render_nodes(&r, t, 0, t->node_count);
}
