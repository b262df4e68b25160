/* SPDX-License-Identifier: ISC
 *
 * From the lines of headers in site.yaml to one template of an answer's head. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_LINES 64

struct head_line {
    char *key, *text; /* "Vary", and the template of the whole line */
};

/* "[tls] Name: value" becomes {{#tls}}Name: value CR LF{{/tls}}, "[!tls]" the inverse. */
static int parse_head_line(struct head_line *line, const struct yaml *at, const char *text, size_t length,
                           struct error *error)
{
    const char *close = *text == '[' ? memchr(text, ']', length) : NULL, *name = text + 1, *colon;
    const char *value = close == NULL ? text : close + 1, *end = text + length;
    char sigil = *name == '!' ? '^' : '#';
    struct buffer out;

    name += *name == '!';
    while (value < end && *value == ' ')
        value++;
    colon = memchr(value, ':', (size_t)(end - value));
    if (colon == NULL || colon == value)
        return yaml_fault(at, error, "a header's line is 'Name: value', this is none: %.*s", (int)length, text);
    buffer_init(&out, 65536);
    if (close != NULL)
        buffer_add_format(&out, "{{%c%.*s}}", sigil, (int)(close - name), name);
    buffer_add_format(&out, "%.*s%s\r\n", (int)(end - value), value, colon + 1 == end ? " " : "");
    if (close != NULL)
        buffer_add_format(&out, "{{/%.*s}}", (int)(close - name), name);
    line->key = strndup(value, (size_t)(colon - value));
    line->text = out.failed ? NULL : slice_copy(buffer_slice(&out));
    buffer_free(&out);
    return line->key == NULL || line->text == NULL ? yaml_fault(at, error, "out of memory") : 0;
}

static int add_lines(struct head_line lines[HEAD_LINES], size_t *count, const struct yaml *block, struct error *error)
{
    const char *text = block->text, *end;
    size_t length;

    if (block->type != YAML_TEXT)
        return yaml_fault(block, error, "headers are a text with a line for each");
    while (*text != '\0') {
        end = strchrnul(text, '\n');
        length = (size_t)(end - text);
        while (length > 0 && text[length - 1] == ' ')
            length--;
        if (length > 0 && *count == HEAD_LINES)
            return yaml_fault(block, error, "more than %d headers are too many", HEAD_LINES);
        if (length > 0) {
            lines[*count] = (struct head_line){NULL, NULL};
            if (parse_head_line(&lines[(*count)++], block, text, length, error) != 0)
                return -1;
        }
        text = *end == '\n' ? end + 1 : end;
    }
    return 0;
}

static int add_named_head(struct site *site, struct head_line *lines, size_t *count, const struct yaml *name,
                          struct error *error)
{
    const struct yaml *heads = yaml_get(site->tree, "heads"), *block;

    if (name->type != YAML_TEXT)
        return yaml_fault(name, error, "'use' names heads");
    block = heads == NULL || heads->type != YAML_MAP ? NULL : yaml_get(heads, name->text);
    if (block == NULL)
        return yaml_fault(name, error, "there is no '%s' among the heads", name->text);
    return add_lines(lines, count, block, error);
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

static int join_lines(struct site_reply *reply, const struct yaml *at, const struct head_line *lines, size_t count,
                      struct error *error)
{
    struct buffer text;
    struct error why = {""};
    int result = 0;

    buffer_init(&text, SITE_PAGE);
    for (size_t i = 0; i < count; i++)
        buffer_add_text(&text, lines[i].text);
    if (text.failed)
        result = yaml_fault(at, error, "out of memory");
    else if (template_parse(buffer_slice(&text), "headers", &reply->head, &why) != 0)
        result = yaml_fault(at, error, "%s", why.text);
    buffer_free(&text);
    return result;
}

int site_load_head(struct site *site, struct site_reply *reply, const struct yaml *node, struct error *error)
{
    const struct yaml *use = yaml_get(node, "use"), *headers = yaml_get(node, "headers");
    struct head_line lines[HEAD_LINES];
    size_t count = 0;
    int result = 0;

    if (use != NULL && use->type == YAML_LIST)
        for (size_t i = 0; result == 0 && i < use->count; i++)
            result = add_named_head(site, lines, &count, use->items[i], error);
    else if (use != NULL)
        result = add_named_head(site, lines, &count, use, error);
    if (result == 0 && headers != NULL)
        result = add_lines(lines, &count, headers, error);
    if (result == 0 && site->sorted)
        sort_lines(lines, count);
    if (result == 0)
        result = join_lines(reply, node, lines, count, error);
    for (size_t i = 0; i < count; i++) {
        free(lines[i].key);
        free(lines[i].text);
    }
    return result;
}
