/* SPDX-License-Identifier: ISC
 *
 * What the readers of artifacts and lures share. All faults say where in the file. */
#ifndef MINTER_CATALOGUE_READ_H
#define MINTER_CATALOGUE_READ_H

#include "server/base/yaml.h"
#include "server/minter/catalogue.h"

/* The folder that is being read, for templates named in its YAML file. */
struct source {
    const char *folder;
    struct yaml *root;
    const struct yaml *words; /* what lures of the type share; NULL: nothing */
    struct error *error;
};

/* Zeroed; at least one item. */
void *read_memory(size_t count, size_t size, struct error *error);
/* A text that must be there and not empty; the caller's. */
int read_word(const struct yaml *map, const char *key, char **out, struct error *error);
/* A list of texts, or nothing. */
int read_texts(const struct yaml *map, const char *key, struct texts *texts, struct error *error);
void texts_free(struct texts *texts);
/* pack: the names of containers, or nothing. */
int read_containers(const struct yaml *map, struct containers *containers, struct error *error);
int read_escape(const struct yaml *map, enum render_escape *escape, struct error *error);
/* A template that stands in the YAML file itself. */
int read_inline(const struct yaml *node, struct template **out, struct error *error);
/* A template in a file of its own, beside the YAML file. */
int read_template(const struct source *source, const struct yaml *map, const char *key, struct template **out);

/* catalogue_texts.c: one text or a list of them; a map of names and such, behind what there is already. */
int read_choices(const struct yaml *node, const char *name, struct lure_variable *variable, struct error *error);
int read_variables(const struct yaml *map, const char *key, struct variables *variables, struct error *error);
void variable_free(struct lure_variable *variable);
void variables_free(struct variables *variables);
/* catalogue_lure.c: adds the lures of source->root, one for each language that it is written in. */
int read_lure(const struct source *source, struct catalogue *catalogue);
void lure_discard(struct lure *lure);

#endif
