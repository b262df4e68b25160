/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/minter/face.h"

#define HEX_MOST 1024
#define DEPTH 8

struct site_face {
    char *site;
    struct yaml *root;
    struct site_face *next;
};

struct faces {
    struct site_face *first;
};

/* How one fact is drawn. `node` is the value of the word: hex: 64, choice: […]. NULL when it is malformed. */
struct way {
    const char *word;
    int (*check)(const struct yaml *node, struct error *error);
    json_t *(*draw)(const struct yaml *node, const struct draw *draw);
};

static int check_number(const struct yaml *node, long least, long most, struct error *error)
{
    char *end = NULL;
    long number = node->type == YAML_TEXT ? strtol(node->text, &end, 10) : 0;

    if (node->type != YAML_TEXT || end == node->text || *end != 0 || number < least || number > most)
        return yaml_fault(node, error, "a number from %ld to %ld is wanted here", least, most);
    return 0;
}

static long number_of(const struct yaml *node)
{
    return strtol(node->text, NULL, 10);
}

/* ---- the ways ---- */

static int check_hex(const struct yaml *node, struct error *error)
{
    return check_number(node, 1, HEX_MOST, error);
}

static void hex_digits(const struct draw *draw, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = "0123456789abcdef"[draw_below(draw, 16)];
    out[count] = 0;
}

static json_t *draw_hex(const struct yaml *node, const struct draw *draw)
{
    char text[HEX_MOST + 1];

    hex_digits(draw, (size_t)number_of(node), text);
    return json_string(text);
}

static int check_integer(const struct yaml *node, struct error *error)
{
    if (node->type != YAML_LIST || node->count != 2)
        return yaml_fault(node, error, "two numbers are wanted here, such as [4, 16]");
    if (check_number(node->items[0], -1000000000, 1000000000, error) != 0)
        return -1;
    return check_number(node->items[1], number_of(node->items[0]), 1000000000, error);
}

static json_t *draw_integer(const struct yaml *node, const struct draw *draw)
{
    long least = number_of(node->items[0]), most = number_of(node->items[1]);

    return json_integer(least + draw_below(draw, (uint32_t)(most - least) + 1));
}

static int check_uuid(const struct yaml *node, struct error *error)
{
    return node->type == YAML_TEXT && strcmp(node->text, "random") == 0 ? 0
                                                                        : yaml_fault(node, error, "a uuid is 'random'");
}

static json_t *draw_uuid(const struct yaml *node, const struct draw *draw)
{
    char digits[33], text[40];

    (void)node;
    hex_digits(draw, 32, digits);
    digits[12] = '4';
    digits[16] = "89ab"[draw_below(draw, 4)];
    snprintf(text, sizeof text, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16, digits + 20);
    return json_string(text);
}

static int check_plain(const struct yaml *node, struct error *error)
{
    (void)node;
    (void)error;
    return 0;
}

static json_t *plain(const struct yaml *node, int depth);

static json_t *plain_many(const struct yaml *node, int depth)
{
    json_t *value = node->type == YAML_LIST ? json_array() : json_object();

    for (size_t i = 0; i < node->count; i++)
        if (node->type == YAML_LIST)
            json_array_append_new(value, plain(node->items[i], depth - 1));
        else
            json_object_set_new(value, node->keys[i]->text, plain(node->items[i], depth - 1));
    return value;
}

/* The node as it stands; texts stay texts. */
static json_t *plain(const struct yaml *node, int depth)
{
    if (depth == 0)
        return json_null();
    return node->type == YAML_TEXT ? json_string(node->text) : plain_many(node, depth);
}

static json_t *draw_plain(const struct yaml *node, const struct draw *draw)
{
    (void)draw;
    return plain(node, DEPTH);
}

static int check_choice(const struct yaml *node, struct error *error)
{
    return node->type == YAML_LIST && node->count > 0 ? 0 : yaml_fault(node, error, "a choice is a list, not empty");
}

static json_t *draw_choice(const struct yaml *node, const struct draw *draw)
{
    return plain(node->items[draw_below(draw, (uint32_t)node->count)], DEPTH);
}

static const struct way ways[] = {
    {"choice", check_choice, draw_choice},    {"hex", check_hex, draw_hex},      {"uuid", check_uuid, draw_uuid},
    {"integer", check_integer, draw_integer}, {"text", check_plain, draw_plain},
};

static const struct way *way_of(const struct yaml *fact)
{
    for (size_t i = 0; fact->type == YAML_MAP && fact->count == 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(fact->keys[0]->text, ways[i].word) == 0)
            return &ways[i];
    return NULL;
}

static int check(const struct yaml *root, struct error *error)
{
    if (root->type != YAML_MAP)
        return yaml_fault(root, error, "a face is a map of names and how each is drawn");
    for (size_t i = 0; i < root->count; i++) {
        const struct way *way = way_of(root->items[i]);

        if (way == NULL)
            return yaml_fault(root->items[i], error,
                              "'%s' must be one of {choice: […]}, {hex: N}, {integer: [A, B]}, "
                              "{uuid: random}, {text: T}",
                              root->keys[i]->text);
        if (way->check(root->items[i]->items[0], error) != 0)
            return -1;
    }
    return 0;
}

/* ---- reading ---- */

static int add(struct faces *faces, const char *site, const char *file, struct error *error)
{
    struct site_face *face = calloc(1, sizeof *face);

    if (face == NULL)
        return error_set(error, "out of memory");
    face->next = faces->first;
    faces->first = face;
    face->site = strdup(site);
    if (face->site == NULL)
        return error_set(error, "out of memory");
    if (yaml_load_file(file, &face->root, error) != 0)
        return -1;
    return check(face->root, error);
}

static int read_sites(const char *folder, DIR *listing, struct faces *faces, struct error *error)
{
    const struct dirent *entry;
    char path[4096];
    int length;

    while ((entry = readdir(listing)) != NULL) {
        length = snprintf(path, sizeof path, "%s/%s/face.yaml", folder, entry->d_name);
        if (entry->d_name[0] == '.' || length < 0 || (size_t)length >= sizeof path || access(path, F_OK) != 0)
            continue;
        if (add(faces, entry->d_name, path, error) != 0)
            return -1;
    }
    return 0;
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

void faces_free(struct faces *faces)
{
    struct site_face *face;

    while (faces != NULL && (face = faces->first) != NULL) {
        faces->first = face->next;
        yaml_discard(face->root);
        free(face->site);
        free(face);
    }
    free(faces);
}

/* ---- drawing ---- */

static json_t *draw_site(const struct yaml *root, const struct draw *draw)
{
    json_t *face = json_object();

    for (size_t i = 0; face != NULL && i < root->count; i++)
        if (json_object_set_new(face, root->keys[i]->text,
                                way_of(root->items[i])->draw(root->items[i]->items[0], draw)) != 0) {
            json_decref(face);
            return NULL;
        }
    return face;
}

json_t *face_draw(const struct faces *faces, const char *service, const char *site, const json_t *parameters,
                  int64_t now, const struct draw *draw, struct error *error)
{
    json_t *face = NULL;

    (void)service;
    (void)parameters;
    (void)now;
    for (const struct site_face *known = faces->first; known != NULL && face == NULL; known = known->next)
        if (strcmp(known->site, site) == 0)
            face = draw_site(known->root, draw);
    if (face == NULL)
        face = json_object();
    if (face == NULL)
        error_set(error, "out of memory");
    return face;
}
