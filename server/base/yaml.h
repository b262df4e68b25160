/* SPDX-License-Identifier: ISC
 *
 * A YAML 1.1 document as a tree in which each node knows its line and column, for faults that tell a person where.
 * Faults are "FILE:LINE:COLUMN: what is wrong; what to do". Aliases are refused. Limits: 1 MiB, 64 levels, 65,536
 * nodes. Scalars are texts; typed getters convert. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

enum yaml_type { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_type type;
    const char *file;
    int line, column; /* from 1 */
    char *text;       /* YAML_TEXT */
    bool quoted;
    bool block;          /* written below its key behind '|': each of its lines is one of the file's */
    size_t count;        /* YAML_LIST, YAML_MAP */
    struct yaml **items; /* values */
    struct yaml **keys;  /* YAML_MAP: texts */
};

/* The caller frees with yaml_discard() (libyaml exports a yaml_free() of its own). An empty document is an empty map.
 * `file` is copied. */
int yaml_load_file(const char *file, struct yaml **root, struct error *error);
int yaml_load(struct slice text, const char *file, struct yaml **root, struct error *error);
void yaml_discard(struct yaml *root);

/* "FILE:LINE:COLUMN: " and the text; returns -1. */
int yaml_fault(const struct yaml *at, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The value of a key, or NULL. */
struct yaml *yaml_get(const struct yaml *map, const char *key);
/* Fails when the map's index-th key is not in the NULL-ended list, or stands before as well. */
int yaml_key(const struct yaml *map, size_t index, const char *const *allowed, struct error *error);
/* Fails for a node that is no map, for keys not in the NULL-ended list, and for a key that stands twice. The fault
 * names the nearest allowed key. */
int yaml_only(const struct yaml *map, const char *const *allowed, struct error *error);
/* Typed values. `map` must be a map. Without the key: *out stays as it is, returns 0. Texts point into the tree. */
int yaml_text(const struct yaml *map, const char *key, const char **out, struct error *error);
int yaml_integer(const struct yaml *map, const char *key, int64_t least, int64_t most, int64_t *out,
                 struct error *error);
int yaml_bool(const struct yaml *map, const char *key, bool *out, struct error *error);
/* 30s 5m 2h 30d 2y, in seconds. */
int yaml_duration(const struct yaml *map, const char *key, int64_t *out, struct error *error);
/* 100, 64KiB, 5MiB, 1GiB, in bytes. */
int yaml_size(const struct yaml *map, const char *key, int64_t *out, struct error *error);

#endif
