/* SPDX-License-Identifier: ISC */
#include "server/base/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "server/base/nearest.h"
#include "server/base/paths.h"

#define YAML_BYTES (1024 * 1024)
#define YAML_DEPTH 64
#define YAML_NODES 65536

struct loader {
    yaml_parser_t parser;
    const char *file;
    struct slice text;
    size_t nodes;
    struct error *error;
};

static int fault_at(struct loader *loader, yaml_mark_t mark, const char *text)
{
    return error_set(loader->error, "%s:%zu:%zu: %s", loader->file, mark.line + 1, mark.column + 1, text);
}

/* A byte that is no part of UTF-8 text; libyaml says where it is, but not in which line. */
static int byte_fault(struct loader *loader)
{
    size_t at = loader->parser.problem_offset;
    yaml_mark_t mark = {0};

    for (size_t i = 0; i < at && i < loader->text.length; i++) {
        mark.column = loader->text.data[i] == '\n' ? 0 : mark.column + 1;
        mark.line += loader->text.data[i] == '\n';
    }
    return fault_at(loader, mark, "this byte is not UTF-8 text; save the file as UTF-8");
}

static bool is_tab(const struct loader *loader, size_t line)
{
    const unsigned char *at = loader->text.data, *end = at + loader->text.length;

    while (at != NULL && at < end && line-- > 0) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at == NULL ? NULL : at + 1;
    }
    while (at != NULL && at < end && *at == ' ')
        at++;
    return at != NULL && at < end && *at == '\t';
}

static int syntax_fault(struct loader *loader)
{
    const char *problem = loader->parser.problem;
    char text[sizeof(loader->error->text)];

    if (is_tab(loader, loader->parser.problem_mark.line))
        return fault_at(loader, loader->parser.problem_mark, "a tab cannot indent YAML; use spaces");
    snprintf(text, sizeof text, "%s; look at the indentation, quotes and colons here and in the line above",
             problem != NULL ? problem : "this is no YAML");
    return fault_at(loader, loader->parser.problem_mark, text);
}

static int next_event(struct loader *loader, yaml_event_t *event)
{
    if (yaml_parser_parse(&loader->parser, event))
        return 0;
    return loader->parser.error == YAML_READER_ERROR ? byte_fault(loader) : syntax_fault(loader);
}

static struct yaml *new_node(struct loader *loader, enum yaml_type type, yaml_mark_t mark)
{
    struct yaml *node = loader->nodes++ < YAML_NODES ? calloc(1, sizeof *node) : NULL;

    if (node == NULL) {
        fault_at(loader, mark, "the document is too large; split it");
        return NULL;
    }
    node->type = type;
    node->file = loader->file;
    node->line = (int)mark.line + 1;
    node->column = (int)mark.column + 1;
    return node;
}

static struct yaml *load_node(struct loader *loader, yaml_event_t *event, int depth);

static int append(struct yaml *node, struct yaml *key, struct yaml *value)
{
    size_t size = (node->count + 1) * sizeof *node->items;
    struct yaml **items, **keys;

    /* Powers of two: grow only when the count is one. */
    if ((node->count & (node->count - 1)) == 0) {
        size = (node->count == 0 ? 1 : node->count * 2) * sizeof *node->items;
        items = realloc(node->items, size);
        if (items == NULL)
            return -1;
        node->items = items;
        keys = realloc(node->keys, size);
        if (keys == NULL)
            return -1;
        node->keys = keys;
    }
    node->items[node->count] = value;
    node->keys[node->count++] = key;
    return 0;
}

/* Reads children up to the end event; a map's come in pairs. */
static int load_children(struct loader *loader, struct yaml *node, yaml_event_type_t end, int depth)
{
    for (;;) {
        struct yaml *key = NULL, *value = NULL;
        yaml_event_t event;

        if (next_event(loader, &event) < 0)
            return -1;
        if (event.type == end) {
            yaml_event_delete(&event);
            return 0;
        }
        value = load_node(loader, &event, depth + 1);
        if (value == NULL)
            return -1;
        if (node->type == YAML_MAP) {
            key = value;
            value = NULL;
            if (key->type != YAML_TEXT)
                yaml_fault(key, loader->error, "a key must be plain text; write \"key: value\"");
            else if (next_event(loader, &event) == 0)
                value = load_node(loader, &event, depth + 1);
        }
        if (value == NULL || append(node, key, value) < 0) {
            yaml_discard(key);
            yaml_discard(value);
            return -1;
        }
    }
}

static struct yaml *load_scalar(struct loader *loader, const yaml_event_t *event)
{
    struct yaml *node = new_node(loader, YAML_TEXT, event->start_mark);

    if (node == NULL)
        return NULL;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->block = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
    if (memchr(event->data.scalar.value, 0, event->data.scalar.length) == NULL)
        node->text = slice_copy((struct slice){event->data.scalar.value, event->data.scalar.length});
    if (node->text == NULL) {
        fault_at(loader, event->start_mark, "text must not hold a NUL; take it out");
        yaml_discard(node);
        node = NULL;
    }
    return node;
}

/* Takes the event over. */
static struct yaml *load_node(struct loader *loader, yaml_event_t *event, int depth)
{
    struct yaml *node = NULL;
    bool list = event->type == YAML_SEQUENCE_START_EVENT;

    if (depth > YAML_DEPTH) {
        fault_at(loader, event->start_mark, "nested too deep; make it flatter");
    } else if (event->type == YAML_SCALAR_EVENT) {
        node = load_scalar(loader, event);
    } else if (list || event->type == YAML_MAPPING_START_EVENT) {
        node = new_node(loader, list ? YAML_LIST : YAML_MAP, event->start_mark);
        if (node != NULL &&
            load_children(loader, node, list ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT, depth) < 0) {
            yaml_discard(node);
            node = NULL;
        }
    } else {
        fault_at(loader, event->start_mark, "aliases (*name) are not taken here; write it out");
    }
    yaml_event_delete(event);
    return node;
}

static struct yaml *load_document(struct loader *loader)
{
    struct yaml *root = NULL;
    yaml_event_t event;

    for (;;) {
        if (next_event(loader, &event) < 0)
            return NULL;
        if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT)
            break;
        yaml_event_delete(&event);
    }
    if (event.type != YAML_STREAM_END_EVENT)
        return load_node(loader, &event, 0);
    root = new_node(loader, YAML_MAP, event.start_mark);
    yaml_event_delete(&event);
    return root;
}

int yaml_load(struct slice text, const char *file, struct yaml **root, struct error *error)
{
    struct loader loader = {.error = error};
    struct yaml *tree = NULL;
    char *name = strdup(file);

    if (name == NULL || !yaml_parser_initialize(&loader.parser)) {
        free(name);
        return error_set(error, "out of memory");
    }
    loader.file = name;
    loader.text = text;
    yaml_parser_set_input_string(&loader.parser, text.data == NULL ? (const unsigned char *)"" : text.data, text.length);
    if (text.length > YAML_BYTES)
        error_set(error, "%s:1:1: larger than 1 MiB; split it", name);
    else
        tree = load_document(&loader);
    yaml_parser_delete(&loader.parser);
    if (tree == NULL) {
        free(name);
        return -1;
    }
    /* The root's own text slot keeps the name alive; a root that is a text has none to give. */
    if (tree->type == YAML_TEXT) {
        yaml_fault(tree, error, "expected \"key: value\" lines; this is a text");
        yaml_discard(tree);
        free(name);
        return -1;
    }
    tree->text = name;
    *root = tree;
    return 0;
}

int yaml_load_file(const char *file, struct yaml **root, struct error *error)
{
    struct buffer content;
    int result;

    buffer_init(&content, YAML_BYTES);
    result = paths_read(file, &content, error);
    if (result == 0)
        result = yaml_load(buffer_slice(&content), file, root, error);
    buffer_free(&content);
    return result;
}

void yaml_discard(struct yaml *root)
{
    if (root == NULL)
        return;
    for (size_t i = 0; i < root->count; i++) {
        yaml_discard(root->items[i]);
        yaml_discard(root->keys[i]);
    }
    free(root->items);
    free(root->keys);
    free(root->text);
    free(root);
}

int yaml_fault(const struct yaml *at, struct error *error, const char *format, ...)
{
    char text[sizeof error->text];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(error, "%s:%d:%d: %s", at->file, at->line, at->column, text);
}

struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    if (map == NULL || map->type != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}

static int unknown_key(const struct yaml *key, const char *const *allowed, struct error *error)
{
    const char *near = nearest_word(key->text, allowed);
    char list[256] = "";

    if (near != NULL)
        return yaml_fault(key, error, "unknown key \"%s\"; did you mean \"%s\"?", key->text, near);
    for (size_t i = 0; allowed[i] != NULL; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", allowed[i]);
    }
    return yaml_fault(key, error, "unknown key \"%s\"; known here: %s", key->text, list);
}

int yaml_key(const struct yaml *map, size_t index, const char *const *allowed, struct error *error)
{
    const struct yaml *key = map->keys[index];
    bool known = false;

    for (size_t j = 0; allowed[j] != NULL && !known; j++)
        known = strcmp(key->text, allowed[j]) == 0;
    if (!known)
        return unknown_key(key, allowed, error);
    for (size_t j = 0; j < index; j++)
        if (strcmp(key->text, map->keys[j]->text) == 0)
            return yaml_fault(key, error, "\"%s\" stands here twice (first in line %d); keep one of them", key->text,
                              map->keys[j]->line);
    return 0;
}

int yaml_only(const struct yaml *map, const char *const *allowed, struct error *error)
{
    int result = 0;

    if (map->type != YAML_MAP)
        return yaml_fault(map, error, "expected \"key: value\" lines here; this is a %s",
                          map->type == YAML_LIST ? "list" : "text");
    for (size_t i = 0; result == 0 && i < map->count; i++)
        result = yaml_key(map, i, allowed, error);
    return result;
}

int yaml_text(const struct yaml *map, const char *key, const char **out, struct error *error)
{
    const struct yaml *node = yaml_get(map, key);

    if (node == NULL)
        return 0;
    if (node->type != YAML_TEXT)
        return yaml_fault(node, error, "\"%s\" must be a text; this is a %s", key,
                          node->type == YAML_LIST ? "list" : "map");
    *out = node->text;
    return 0;
}

int yaml_integer(const struct yaml *map, const char *key, int64_t least, int64_t most, int64_t *out,
                 struct error *error)
{
    const struct yaml *node = yaml_get(map, key);
    long long value;
    char *end;

    if (node == NULL)
        return 0;
    errno = 0;
    value = node->type == YAML_TEXT ? strtoll(node->text, &end, 10) : 0;
    if (node->type != YAML_TEXT || errno != 0 || end == node->text || *end != '\0' || value < least || value > most)
        return yaml_fault(node, error, "\"%s\" must be a whole number from %" PRId64 " to %" PRId64 "; write one", key,
                          least, most);
    *out = value;
    return 0;
}

int yaml_bool(const struct yaml *map, const char *key, bool *out, struct error *error)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    const struct yaml *node = yaml_get(map, key);

    if (node == NULL)
        return 0;
    for (size_t i = 0; node->type == YAML_TEXT && i < sizeof words / sizeof *words; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            *out = i % 2 == 1;
            return 0;
        }
    }
    return yaml_fault(node, error, "\"%s\" must be yes or no; write one of them", key);
}

struct unit {
    const char *name;
    int64_t factor;
};

static int scaled(const struct yaml *map, const char *key, const struct unit *units, const char *wanted, int64_t *out,
                  struct error *error)
{
    const struct yaml *node = yaml_get(map, key);
    long long value;
    char *end;

    if (node == NULL)
        return 0;
    errno = 0;
    value = node->type == YAML_TEXT ? strtoll(node->text, &end, 10) : -1;
    for (size_t i = 0; node->type == YAML_TEXT && errno == 0 && value >= 0 && end != node->text && units[i].name; i++) {
        if (strcmp(end, units[i].name) == 0 && value <= INT64_MAX / units[i].factor) {
            *out = value * units[i].factor;
            return 0;
        }
    }
    return yaml_fault(node, error, "\"%s\" must be %s; write one so", key, wanted);
}

int yaml_duration(const struct yaml *map, const char *key, int64_t *out, struct error *error)
{
    static const struct unit units[] = {{"s", 1},       {"m", 60},        {"h", 3600},   {"d", 86400},
                                        {"w", 7 * 86400}, {"y", 365 * 86400}, {NULL, 0}};

    return scaled(map, key, units, "a time such as 30s, 5m, 2h, 30d or 2y", out, error);
}

int yaml_size(const struct yaml *map, const char *key, int64_t *out, struct error *error)
{
    static const struct unit units[] = {{"", 1},         {"B", 1},          {"KiB", 1024},
                                        {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};

    return scaled(map, key, units, "a size such as 64KiB, 5MiB or 1GiB", out, error);
}
