/* SPDX-License-Identifier: ISC
 *
 * From the text of a template to its nodes. */
#include "config.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "templates/template.h"

#define DELIMITER 16

struct parser {
    const char *file, *text;
    size_t length, at;
    char open[DELIMITER], close[DELIMITER];
    uint32_t sections[RENDER_DEPTH]; /* nodes of those that are open */
    size_t depth;
    size_t names_length;
    struct template *template;
    struct error *error;
};

struct tag {
    char sigil;          /* 0 for {{name}} */
    size_t start, after; /* offsets of its first byte and of the byte behind it */
    size_t name, length;
};

static void locate(const char *text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at; i++) {
        *column = text[i] == '\n' ? 1 : *column + 1;
        *line += text[i] == '\n';
    }
}

/* "FILE:LINE:COLUMN: what 'name'; remedy" */
static int fault(struct parser *p, size_t at, const char *what, struct slice name, const char *remedy)
{
    int length = (int)(name.length > 80 ? 80 : name.length);
    size_t line, column;

    locate(p->text, at, &line, &column);
    if (length == 0)
        return error_set(p->error, "%s:%zu:%zu: %s; %s", p->file, line, column, what, remedy);
    return error_set(p->error, "%s:%zu:%zu: %s '%.*s'; %s", p->file, line, column, what, length, (const char *)name.data,
                     remedy);
}

static struct slice name_of(const struct parser *p, const struct tag *tag)
{
    return (struct slice){(const unsigned char *)p->text + tag->name, tag->length};
}

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    void *grown = array;

    if (count == *room) {
        grown = realloc(array, (*room + 16) * 2 * size);
        *room = grown != NULL ? (*room + 16) * 2 : *room;
    }
    return grown;
}

static struct node *add_node(struct parser *p, enum node_type type, size_t at)
{
    struct template *t = p->template;
    struct node *nodes = grow(t->nodes, t->node_count, &t->node_room, sizeof(*nodes)), *node = NULL;

    if (nodes != NULL) {
        t->nodes = nodes;
        node = &nodes[t->node_count++];
        memset(node, 0, sizeof(*node));
        node->type = type;
        node->at = (uint32_t)at;
    } else {
        error_set(p->error, "%s: out of memory", p->file);
    }
    return node;
}

static int add_text(struct parser *p, size_t from, size_t to)
{
    struct node *node;

    if (from >= to)
        return 0;
    node = add_node(p, NODE_TEXT, from);
    if (node == NULL)
        return -1;
    node->start = (uint32_t)from;
    node->length = (uint32_t)(to - from);
    return 0;
}

/* names has room for the whole text: a name's parts with their NULs are never longer than the tag. */
static int add_part(struct parser *p, struct node *node, const char *part, size_t length)
{
    struct template *t = p->template;
    uint32_t *parts = grow(t->parts, t->part_count, &t->part_room, sizeof(*parts));

    if (parts == NULL)
        return error_set(p->error, "%s: out of memory", p->file);
    t->parts = parts;
    parts[t->part_count++] = (uint32_t)p->names_length;
    memcpy(t->names + p->names_length, part, length);
    t->names[p->names_length + length] = '\0';
    p->names_length += length + 1;
    node->parts++;
    return 0;
}

static int add_name(struct parser *p, struct node *node, const struct tag *tag)
{
    const char *name = p->text + tag->name, *end = name + tag->length, *dot;
    int result = 0;

    node->name = (uint32_t)p->template->part_count;
    if (tag->length == 1 && *name == '.' && tag->sigil != '>')
        return 0;
    while (result == 0 && name <= end) {
        dot = tag->sigil == '>' ? NULL : memchr(name, '.', (size_t)(end - name));
        dot = dot == NULL ? end : dot;
        if (dot == name)
            return fault(p, tag->start, "a part is missing in the name", name_of(p, tag),
                         "a dot stands between two parts");
        result = add_part(p, node, name, (size_t)(dot - name));
        name = dot + 1;
    }
    return result;
}

/* Finds the next tag; its name without white space around it. 1 found, 0 none, -1 fault. */
static int next_tag(struct parser *p, struct tag *tag)
{
    size_t open = strlen(p->open), close = strlen(p->close), name, end;
    const char *at = memmem(p->text + p->at, p->length - p->at, p->open, open), *found;
    char closing[DELIMITER + 2];

    if (at == NULL)
        return 0;
    *tag = (struct tag){.start = (size_t)(at - p->text)};
    name = tag->start + open;
    tag->sigil = name < p->length && (p->text[name] == '=' || p->text[name] == '{') ? p->text[name++] : '\0';
    while (name < p->length && isspace((unsigned char)p->text[name]))
        name++;
    if (tag->sigil == '\0' && name < p->length && p->text[name] != '\0' && strchr("#^/!>&", p->text[name]) != NULL)
        tag->sigil = p->text[name++];
    closing[0] = tag->sigil == '=' ? '=' : '}';
    memcpy(closing + 1, p->close, close + 1);
    found = tag->sigil == '=' || tag->sigil == '{' ? memmem(p->text + name, p->length - name, closing, close + 1)
                                                   : memmem(p->text + name, p->length - name, p->close, close);
    if (found == NULL)
        return fault(p, tag->start, "this tag is not closed", SLICE_NONE, "close it as it was opened, with }} or }}}");
    end = (size_t)(found - p->text);
    tag->after = end + close + (tag->sigil == '=' || tag->sigil == '{');
    while (name < end && isspace((unsigned char)p->text[name]))
        name++;
    while (end > name && isspace((unsigned char)p->text[end - 1]))
        end--;
    tag->name = name;
    tag->length = end - name;
    if (tag->sigil != '!' && tag->sigil != '=' && memchr(p->text + name, '\n', tag->length) != NULL)
        return fault(p, tag->start, "this tag is not closed", SLICE_NONE, "close it in its line, with }} or }}}");
    if (tag->length == 0 && tag->sigil != '!')
        return fault(p, tag->start, "this tag names nothing", SLICE_NONE, "write a name in it, or take it out");
    return 1;
}

/* Does the tag stand alone on its line? Then *line is where the line begins, and tag->after moves behind it. */
static bool stands_alone(const struct parser *p, struct tag *tag, size_t *line)
{
    size_t before = tag->start, after = tag->after;

    while (before > 0 && (p->text[before - 1] == ' ' || p->text[before - 1] == '\t'))
        before--;
    while (after < p->length && (p->text[after] == ' ' || p->text[after] == '\t'))
        after++;
    if (before > 0 && p->text[before - 1] != '\n')
        return false;
    if (after + 1 < p->length && p->text[after] == '\r' && p->text[after + 1] == '\n')
        after++;
    if (after < p->length && p->text[after] != '\n')
        return false;
    *line = before;
    tag->after = after < p->length ? after + 1 : after;
    return true;
}

static int set_delimiters(struct parser *p, const struct tag *tag)
{
    const char *name = p->text + tag->name, *end = name + tag->length, *space = name, *second;

    while (space < end && !isspace((unsigned char)*space))
        space++;
    second = space;
    while (second < end && isspace((unsigned char)*second))
        second++;
    if (space == name || second == end || space - name >= DELIMITER || end - second >= DELIMITER ||
        memchr(name, '=', tag->length) != NULL || memchr(name, '\0', tag->length) != NULL)
        return fault(p, tag->start, "these are no delimiters", SLICE_NONE, "they are two short words without '='");
    for (const char *c = second; c < end; c++)
        if (isspace((unsigned char)*c))
            return fault(p, tag->start, "these are no delimiters", SLICE_NONE, "they are two short words without '='");
    memcpy(p->open, name, (size_t)(space - name));
    p->open[space - name] = '\0';
    memcpy(p->close, second, (size_t)(end - second));
    p->close[end - second] = '\0';
    return 0;
}

static bool same_name(const struct template *t, const struct node *a, const struct node *b)
{
    bool same = a->parts == b->parts;

    for (uint32_t i = 0; same && i < a->parts; i++)
        same = strcmp(t->names + t->parts[a->name + i], t->names + t->parts[b->name + i]) == 0;
    return same;
}

static int close_section(struct parser *p, const struct tag *tag)
{
    struct template *t = p->template;
    struct node *opened, *closing = &t->nodes[t->node_count - 1];

    if (p->depth == 0)
        return fault(p, tag->start, "no section is open that could be closed by", name_of(p, tag),
                     "open it before with {{#…}}, or take this out");
    opened = &t->nodes[p->sections[p->depth - 1]];
    if (!same_name(t, opened, closing))
        return fault(p, tag->start, "another section is still open before the end of", name_of(p, tag),
                     "close the inner one first");
    opened->end = (uint32_t)(t->node_count - 1);
    p->depth--;
    return 0;
}

static int add_tag(struct parser *p, const struct tag *tag, size_t line)
{
    static const enum node_type types[] = {['#'] = NODE_SECTION, ['^'] = NODE_INVERTED, ['/'] = NODE_CLOSE,
                                           ['>'] = NODE_PARTIAL, ['&'] = NODE_RAW,      ['{'] = NODE_RAW};
    enum node_type type = tag->sigil == 0 ? NODE_VALUE : types[(unsigned char)tag->sigil];
    struct node *node = add_node(p, type, tag->start);

    if (node == NULL || add_name(p, node, tag) != 0)
        return -1;
    if (type == NODE_CLOSE)
        return close_section(p, tag);
    if (type == NODE_PARTIAL) {
        node->start = (uint32_t)line;
        node->length = (uint32_t)(tag->start - line);
    }
    if (type != NODE_SECTION && type != NODE_INVERTED)
        return 0;
    if (p->depth == RENDER_DEPTH)
        return fault(p, tag->start, "sections nest too deep at", name_of(p, tag), "put the inner ones into a partial");
    p->sections[p->depth++] = (uint32_t)(p->template->node_count - 1);
    return 0;
}

static int parse_tag(struct parser *p, struct tag *tag)
{
    size_t line = tag->start;
    bool value = tag->sigil == 0 || tag->sigil == '&' || tag->sigil == '{';

    if (!value)
        stands_alone(p, tag, &line);
    if (add_text(p, p->at, line) != 0)
        return -1;
    p->at = tag->after;
    if (tag->sigil == '!')
        return 0;
    return tag->sigil == '=' ? set_delimiters(p, tag) : add_tag(p, tag, line);
}

static int parse(struct parser *p)
{
    struct tag tag;
    int found = next_tag(p, &tag);
    const struct node *open;

    while (found == 1) {
        if (parse_tag(p, &tag) != 0)
            return -1;
        found = next_tag(p, &tag);
    }
    if (found != 0 || add_text(p, p->at, p->length) != 0)
        return -1;
    if (p->depth > 0) {
        open = &p->template->nodes[p->sections[p->depth - 1]];
        return fault(p, open->at, "the section is not closed:",
                     slice_of(open->parts > 0 ? p->template->names + p->template->parts[open->name] : "."),
                     "close it with {{/…}}");
    }
    return 0;
}

int template_parse(struct slice text, const char *file, struct template **out, struct error *error)
{
    struct parser p = {.file = file, .length = text.length, .open = "{{", .close = "}}", .error = error};
    struct template *t = NULL;

    *out = NULL;
    if (text.length > RENDER_TEXT)
        return error_set(error, "%s:1:1: more than %d bytes are too many for a template; split it", file, RENDER_TEXT);
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return error_set(error, "%s: out of memory", file);
    t->text = malloc(text.length + 1);
    t->names = malloc(text.length + 1);
    p.template = t;
    p.text = t->text;
    if (t->text == NULL || t->names == NULL) {
        template_free(t);
        return error_set(error, "%s: out of memory", file);
    }
    if (text.length > 0)
        memcpy(t->text, text.data, text.length);
    t->text[text.length] = '\0';
    if (parse(&p) != 0) {
        template_free(t);
        return -1;
    }
    *out = t;
    return 0;
}

void template_free(struct template *t)
{
    if (t == NULL)
        return;
    free(t->text);
    free(t->nodes);
    free(t->names);
    free(t->parts);
    free(t);
}

struct slice template_constant(const struct template *t)
{
    struct slice constant = SLICE_NONE;

    if (t->node_count == 0)
        constant = slice_of("");
    else if (t->node_count == 1 && t->nodes[0].type == NODE_TEXT)
        constant = (struct slice){(const unsigned char *)t->text + t->nodes[0].start, t->nodes[0].length};
    return constant;
}

bool template_tag(const struct template *t, size_t index, struct template_tag *tag)
{
    static const char sigils[] = {[NODE_RAW] = '&', [NODE_SECTION] = '#', [NODE_INVERTED] = '^', [NODE_CLOSE] = '/',
                                  [NODE_PARTIAL] = '>'};
    const struct node *node;
    size_t used = 0;

    if (index >= t->node_count)
        return false;
    node = &t->nodes[index];
    *tag = (struct template_tag){.sigil = node->type == NODE_TEXT ? 't' : sigils[node->type]};
    if (node->type == NODE_TEXT)
        tag->text = (struct slice){(const unsigned char *)t->text + node->start, node->length};
    for (uint32_t i = 0; i < node->parts && used < sizeof(tag->name) - 1; i++)
        used += (size_t)snprintf(tag->name + used, sizeof(tag->name) - used, "%s%s", i == 0 ? "" : ".",
                                 t->names + t->parts[node->name + i]);
    locate(t->text, node->at, &tag->line, &tag->column);
    return true;
}

const char *template_partial(const struct template *t, size_t index)
{
    for (size_t i = 0; i < t->node_count; i++)
        if (t->nodes[i].type == NODE_PARTIAL && index-- == 0)
            return t->names + t->parts[t->nodes[i].name];
    return NULL;
}

bool template_uses(const struct template *t, const char *name)
{
    bool uses = false;

    for (size_t i = 0; !uses && i < t->node_count; i++) {
        const struct node *node = &t->nodes[i];

        uses = node->type != NODE_TEXT && node->type != NODE_PARTIAL && node->parts > 0 &&
               strcmp(t->names + t->parts[node->name], name) == 0;
    }
    return uses;
}
