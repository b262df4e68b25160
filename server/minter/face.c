/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/minter/face.h"
#include "server/minter/face_way.h"

#define LANGUAGES 2

static const char *const languages[LANGUAGES] = {"en", "fr"};

/* What face.yaml says, and face.LANGUAGE.yaml for each language; NULL where there is none. */
struct site_face {
    char *site;
    struct yaml *root, *words[LANGUAGES];
    struct site_face *next;
};

struct faces {
    struct site_face *first;
};

static int check(const struct yaml *root, struct error *error)
{
    if (root->type != YAML_MAP)
        return yaml_fault(root, error, "a face is a map of names and how each is drawn");
    for (size_t i = 0; i < root->count; i++) {
        const struct face_way *way = face_way_of(root->items[i]);

        if (way == NULL)
            return yaml_fault(root->items[i], error, "'%s' must be one of %s", root->keys[i]->text, face_ways());
        if (way->check(root->items[i]->items[0], error) != 0)
            return -1;
    }
    return 0;
}

/* ---- reading ---- */

/* One file of the site, where there is such a file. */
static int read_file(const char *folder, const char *site, const char *name, struct yaml **root, struct error *error)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s/%s", folder, site, name);

    if (length < 0 || (size_t)length >= sizeof path || access(path, F_OK) != 0)
        return 0;
    return yaml_load_file(path, root, error) == 0 ? check(*root, error) : -1;
}

static int add(struct faces *faces, const char *folder, const char *site, struct error *error)
{
    struct site_face *face = calloc(1, sizeof *face);
    char name[32];
    int rc;

    if (face == NULL)
        return error_set(error, "out of memory");
    face->next = faces->first;
    faces->first = face;
    face->site = strdup(site);
    if (face->site == NULL)
        return error_set(error, "out of memory");
    rc = read_file(folder, site, "face.yaml", &face->root, error);
    for (size_t i = 0; rc == 0 && i < LANGUAGES; i++) {
        snprintf(name, sizeof name, "face.%s.yaml", languages[i]);
        rc = read_file(folder, site, name, &face->words[i], error);
    }
    return rc;
}

static int read_sites(const char *folder, DIR *listing, struct faces *faces, struct error *error)
{
    const struct dirent *entry;
    int rc = 0;

    while (rc == 0 && (entry = readdir(listing)) != NULL)
        if (entry->d_name[0] != '.')
            rc = add(faces, folder, entry->d_name, error);
    return rc;
}

int faces_load(const char *data, struct faces **faces, struct error *error)
{
    struct faces *made = calloc(1, sizeof *made);
    char *folder = paths_join(data, "site");
    DIR *listing = folder == NULL ? NULL : opendir(folder);
    int rc = -1;

    if (made == NULL || folder == NULL)
        error_set(error, "out of memory");
    else if (listing == NULL)
        error_errno(error, "cannot read the sites in %s", folder);
    else
        rc = read_sites(folder, listing, made, error);
    if (listing != NULL)
        closedir(listing);
    free(folder);
    if (rc == 0)
        *faces = made;
    else
        faces_free(made);
    return rc;
}

int faces_load_folder(const char *folder, struct faces **faces, struct error *error)
{
    struct faces *made = calloc(1, sizeof *made);
    int rc = made == NULL ? error_set(error, "out of memory") : add(made, folder, "", error);

    if (rc == 0)
        *faces = made;
    else
        faces_free(made);
    return rc;
}

void faces_free(struct faces *faces)
{
    struct site_face *face;

    while (faces != NULL && (face = faces->first) != NULL) {
        faces->first = face->next;
        yaml_discard(face->root);
        for (size_t i = 0; i < LANGUAGES; i++)
            yaml_discard(face->words[i]);
        free(face->site);
        free(face);
    }
    free(faces);
}

/* ---- drawing ---- */

static int draw_facts(const struct yaml *root, json_t *face, struct face_drawing *drawing)
{
    json_t *fact = face;

    for (size_t i = 0; fact != NULL && root != NULL && i < root->count; i++) {
        fact = face_way_of(root->items[i])->draw(root->items[i]->items[0], drawing);
        if (fact != NULL && json_object_set_new(face, root->keys[i]->text, fact) != 0)
            fact = NULL;
    }
    return fact != NULL ? 0 : -1;
}

/* Of the persona's language; of the first where there is none for that. */
static const struct yaml *words_of(const struct site_face *site, const json_t *persona)
{
    const char *language = json_string_value(json_object_get(persona, "language"));

    for (size_t i = 0; language != NULL && i < LANGUAGES; i++)
        if (strcmp(languages[i], language) == 0 && site->words[i] != NULL)
            return site->words[i];
    return site->words[0];
}

json_t *face_draw(const struct faces *faces, const char *site, json_t *parameters, int64_t now,
                  const struct draw *draw, struct error *error)
{
    json_t *persona = json_object_get(parameters, "persona"), *face = json_object();
    struct face_drawing drawing = {draw, {parameters, persona, face}, 3, now, error};
    const struct site_face *known = faces->first;
    int rc = face != NULL ? 0 : error_set(error, "out of memory");

    while (known != NULL && strcmp(known->site, site) != 0)
        known = known->next;
    error->text[0] = 0;
    if (rc == 0 && known != NULL)
        rc = draw_facts(known->root, face, &drawing) != 0 ||
             draw_facts(words_of(known, persona), face, &drawing) != 0;
    if (rc == 0)
        return face;
    if (error->text[0] == 0)
        error_set(error, "a fact of site '%s' is not UTF-8, or memory ran out", site);
    json_decref(face);
    return NULL;
}
