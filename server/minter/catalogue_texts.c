/* SPDX-License-Identifier: ISC
 *
 * Texts of which one is drawn, for artifacts and lures. */
#include <stdlib.h>
#include <string.h>
#include "server/minter/catalogue_read.h"

#define TEXT_BYTES (64 * 1024)
#define TOTAL_MOST 1000000u

static struct slice part_of(struct slice text, size_t from, size_t until)
{
    return (struct slice){text.data + from, until - from};
}

/* The end of the text's first [one|another], which begins at `*open`; 0 where there is none. */
static size_t find_ways(struct slice text, size_t *open)
{
    size_t start = SIZE_MAX;
    bool bar = false;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '[') {
            start = i;
            bar = false;
        }
        bar = bar || (text.data[i] == '|' && start != SIZE_MAX);
        if (text.data[i] == ']' && bar) {
            *open = start;
            return i + 1;
        }
        if (text.data[i] == ']')
            start = SIZE_MAX;
    }
    return 0;
}

/* Adds the alternatives as sections of which one will be true. Returns how many there are. */
static unsigned add_ways(struct buffer *out, struct slice inside, size_t number)
{
    const unsigned char *bar;
    unsigned count = 0;
    size_t length;

    for (;;) {
        bar = memchr(inside.data, '|', inside.length);
        length = bar == NULL ? inside.length : (size_t)(bar - inside.data);
        buffer_add_format(out, "{{#or.%zu.%u}}", number, count);
        buffer_add(out, inside.data, length);
        buffer_add_format(out, "{{/or.%zu.%u}}", number, count++);
        if (bar == NULL || count == UINT8_MAX)
            return count;
        inside = part_of(inside, length + 1, inside.length);
    }
}

static int read_choice(const struct yaml *node, struct lure_choice *choice, uint32_t *total, struct error *error)
{
    struct slice text = slice_of(node->type == YAML_TEXT ? node->text : "");
    struct buffer out;
    size_t open, end;
    uint32_t product = 1;
    int rc = -1;

    buffer_init(&out, TEXT_BYTES);
    while ((end = find_ways(text, &open)) > 0 && choice->way_count < LURE_WAYS) {
        buffer_add(&out, text.data, open);
        choice->ways[choice->way_count] =
            (unsigned char)add_ways(&out, part_of(text, open + 1, end - 1), choice->way_count);
        product *= product < TOTAL_MOST ? choice->ways[choice->way_count] : 1;
        choice->way_count++;
        text = part_of(text, end, text.length);
    }
    buffer_add_slice(&out, text);
    if (node->type != YAML_TEXT)
        yaml_fault(node, error, "a text is wanted here");
    else if (end > 0)
        yaml_fault(node, error, "a text may hold at most %d [one|another]", LURE_WAYS);
    else if (out.failed)
        yaml_fault(node, error, "this text is too long");
    else if ((rc = template_parse(buffer_slice(&out), node->file, &choice->body, error)) != 0)
        error_prefix(error, "%s:%d:%d, in this text", node->file, node->line, node->column);
    *total += product < TOTAL_MOST ? product : TOTAL_MOST;
    buffer_free(&out);
    return rc;
}

/* One text, or a list of them. */
int read_choices(const struct yaml *node, const char *name, struct lure_variable *variable, struct error *error)
{
    size_t count = node->type == YAML_LIST ? node->count : 1;

    variable->name = strdup(name);
    variable->choices = read_memory(count, sizeof *variable->choices, error);
    if (variable->name == NULL || variable->choices == NULL)
        return error_set(error, "out of memory");
    if (node->type == YAML_MAP || count == 0)
        return yaml_fault(node, error, "'%s' must be a text, or a list of at least one", name);
    for (size_t i = 0; i < count; i++) {
        variable->choice_count++;
        if (read_choice(node->type == YAML_LIST ? node->items[i] : node, &variable->choices[i], &variable->total,
                        error) != 0)
            return -1;
    }
    return 0;
}

int read_variables(const struct yaml *map, const char *key, struct variables *variables, struct error *error)
{
    const struct yaml *list = yaml_get(map, key);
    struct lure_variable *grown;

    if (list == NULL)
        return 0;
    if (list->type != YAML_MAP)
        return yaml_fault(list, error, "'%s' must be a map of names and lists of texts", key);
    grown = reallocarray(variables->items, variables->count + list->count + 1, sizeof *grown);
    if (grown == NULL)
        return error_set(error, "out of memory");
    variables->items = grown;
    for (size_t i = 0; i < list->count; i++) {
        grown[variables->count] = (struct lure_variable){0};
        if (read_choices(list->items[i], list->keys[i]->text, &grown[variables->count++], error) != 0)
            return -1;
    }
    return 0;
}

void variable_free(struct lure_variable *variable)
{
    for (size_t i = 0; i < variable->choice_count; i++)
        template_free(variable->choices[i].body);
    free(variable->choices);
    free(variable->name);
}

void variables_free(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++)
        variable_free(&variables->items[i]);
    free(variables->items);
}
