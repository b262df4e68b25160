/* SPDX-License-Identifier: ISC
 *
 * From the lines of headers in site.yaml to one template of an answer's head. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_LINES 64

struct head_line {
    char *key, *text; /* "Vary", and the template of the whole line */
};

/* One line, taken apart: "[!tls] Name: value". */
struct line_parts {
    const char *condition; /* behind its bracket, or NULL */
    size_t condition_length;
    bool inverse;
    const char *name, *value, *end;
    size_t name_length;
};

static const char *const reserved[] = {"Server",     "Date",          "Content-Type", "Content-Length",
                                       "Connection", "Transfer-Encoding", "Keep-Alive", NULL};

static bool is_reserved(const char *name, size_t length)
{
    size_t i = 0;

    while (reserved[i] != NULL && (strlen(reserved[i]) != length || strncasecmp(reserved[i], name, length) != 0))
        i++;
    return reserved[i] != NULL;
}

/* NULL, or what is wrong with the line and what to do. */
static const char *split_line(const char *text, size_t length, struct line_parts *parts)
{
    const char *end = text + length, *close = *text == '[' ? memchr(text, ']', length) : NULL, *colon;

    *parts = (struct line_parts){.name = text, .end = end};
    if (*text == '[' && (close == NULL || close == text + 1))
        return "the condition is not closed; write [name] or [!name] before the header";
    if (close != NULL) {
        parts->inverse = text[1] == '!';
        parts->condition = text + 1 + parts->inverse;
        parts->condition_length = (size_t)(close - parts->condition);
        parts->name = close + 1;
    }
    while (parts->name < end && *parts->name == ' ')
        parts->name++;
    colon = memchr(parts->name, ':', (size_t)(end - parts->name));
    if (colon == NULL || colon == parts->name)
        return "this line is no header; write 'Name: value'";
    parts->name_length = (size_t)(colon - parts->name);
    parts->value = colon + 1;
    for (const char *c = parts->name; c < colon; c++)
        if (!(*c == '-' || *c == '_' || (*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z')))
            return "this cannot name a header; letters, digits and - can";
    for (const char *c = parts->value; c < end; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return "a header must not hold control characters; take them out";
    return is_reserved(parts->name, parts->name_length)
               ? "the web server writes this header itself; take it out, and use 'status' and 'type'"
               : NULL;
}

/* Its next line without spaces at the end; *number counts lines from 0. false at the end of the text. */
static bool next_line(const char **text, size_t *number, const char **line, size_t *length)
{
    const char *end;

    if (**text == '\0')
        return false;
    *line = *text;
    end = strchrnul(*text, '\n');
    *length = (size_t)(end - *text);
    while (*length > 0 && (*line)[*length - 1] == ' ')
        --*length;
    *text = *end == '\n' ? end + 1 : end;
    ++*number;
    return true;
}

void site_check_head(struct site *site, const struct yaml *block)
{
    const char *text = block->text, *line, *problem;
    struct template *t;
    struct line_parts parts;
    size_t length, number = 0;

    if (block->type != YAML_TEXT) {
        site_fault(site, block, "headers are no %s; write '|', and below it a line for each",
                   block->type == YAML_LIST ? "list" : "map");
        return;
    }
    while (next_line(&text, &number, &line, &length)) {
        problem = length == 0 ? NULL : split_line(line, length, &parts);
        if (problem != NULL)
            site_fault_in(site, block, number - 1, 0, "%s", problem);
        else if ((t = site_template(site, block, (struct slice){(const unsigned char *)line, length}, number - 1)) != NULL)
            template_free(t);
    }
}

void site_load_heads(struct site *site)
{
    const struct yaml *heads = yaml_get(site->tree, "heads");

    if (heads != NULL && heads->type != YAML_MAP)
        site_fault(site, heads, "'heads' is no map; write 'NAME: |', and below it a line for each header");
    for (size_t i = 0; heads != NULL && heads->type == YAML_MAP && i < heads->count; i++) {
        for (size_t j = 0; j < i; j++)
            if (strcmp(heads->keys[i]->text, heads->keys[j]->text) == 0)
                site_fault(site, heads->keys[i], "the head '%.80s' stands here twice (first in line %d); keep one",
                           heads->keys[i]->text, heads->keys[j]->line);
        site_check_head(site, heads->items[i]);
    }
}

/* "[tls] Name: value" becomes {{#tls}}Name: value CR LF{{/tls}}, "[!tls]" the inverse. */
static int make_line(struct head_line *line, const struct line_parts *parts)
{
    const char *condition = parts->condition;
    int length = (int)parts->condition_length;
    struct buffer out;

    buffer_init(&out, 65536);
    if (condition != NULL)
        buffer_add_format(&out, "{{%c%.*s}}", parts->inverse ? '^' : '#', length, condition);
    buffer_add_format(&out, "%.*s%s\r\n", (int)(parts->end - parts->name), parts->name,
                      parts->value == parts->end ? " " : "");
    if (condition != NULL)
        buffer_add_format(&out, "{{/%.*s}}", length, condition);
    line->key = strndup(parts->name, parts->name_length);
    line->text = out.failed ? NULL : slice_copy(buffer_slice(&out));
    buffer_free(&out);
    return line->key == NULL || line->text == NULL ? -1 : 0;
}

/* The lines of a block that was checked before; those that are faulted are left out. */
static void add_lines(struct site *site, struct head_line lines[HEAD_LINES], size_t *count, const struct yaml *block)
{
    const char *text = block->type == YAML_TEXT ? block->text : "", *line;
    struct line_parts parts;
    size_t length, number = 0;

    while (next_line(&text, &number, &line, &length)) {
        if (length == 0 || split_line(line, length, &parts) != NULL)
            continue;
        if (*count == HEAD_LINES) {
            site_fault(site, block, "more than %d headers are too many; take some out", HEAD_LINES);
            return;
        }
        lines[*count] = (struct head_line){NULL, NULL};
        if (make_line(&lines[(*count)++], &parts) != 0)
            site_fault(site, block, "out of memory");
    }
}

static void add_named_head(struct site *site, struct head_line *lines, size_t *count, const struct yaml *name)
{
    const struct yaml *block = name->type == YAML_TEXT ? yaml_get(yaml_get(site->tree, "heads"), name->text) : NULL;

    if (name->type != YAML_TEXT)
        site_fault(site, name, "'use' names heads; write [NAME, NAME]");
    else if (block == NULL)
        site_fault(site, name, "there is no '%.100s' among the heads; write it there, or name another", name->text);
    else
        add_lines(site, lines, count, block);
}

/* Stable: lines of one name keep their order. */
static void sort_lines(struct head_line *lines, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && strcmp(lines[j - 1].key, lines[j].key) > 0; j--) {
            struct head_line swap = lines[j];

            lines[j] = lines[j - 1];
            lines[j - 1] = swap;
        }
}

static void join_lines(struct site *site, struct site_reply *reply, const struct head_line *lines, size_t count)
{
    struct buffer text;
    struct error why;

    buffer_init(&text, SITE_PAGE);
    for (size_t i = 0; i < count; i++)
        if (lines[i].text != NULL)
            buffer_add_text(&text, lines[i].text);
    if (text.failed)
        site_fault(site, reply->at, "out of memory");
    else if (template_parse(buffer_slice(&text), "headers", &reply->head, &why) != 0 && site->faults->count == 0)
        site_fault(site, reply->at, "these headers cannot be read together (%s); close in each line what it opens",
                   why.text);
    buffer_free(&text);
}

void site_load_head(struct site *site, struct site_reply *reply, const struct yaml *node)
{
    const struct yaml *use = yaml_get(node, "use"), *headers = yaml_get(node, "headers");
    struct head_line lines[HEAD_LINES];
    size_t count = 0;

    if (use != NULL && use->type == YAML_LIST)
        for (size_t i = 0; i < use->count; i++)
            add_named_head(site, lines, &count, use->items[i]);
    else if (use != NULL)
        add_named_head(site, lines, &count, use);
    if (headers != NULL) {
        site_check_head(site, headers);
        add_lines(site, lines, &count, headers);
    }
    if (site->sorted)
        sort_lines(lines, count);
    join_lines(site, reply, lines, count);
    for (size_t i = 0; i < count; i++) {
        free(lines[i].key);
        free(lines[i].text);
    }
}
