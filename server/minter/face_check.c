/* SPDX-License-Identifier: ISC */
#include "server/minter/face_check.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/fault.h"
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/minter/face.h"
#include "server/minter/face_way.h"
#include "server/minter/minter.h"
#include "server/minter/persona.h"

#define FACE_FD 3

static const char *const files[] = {"face.yaml", "face.en.yaml", "face.fr.yaml"};

struct checking {
    bool json;
    size_t faults;
};

static void tell(struct checking *checking, const struct error *fault)
{
    struct error whole = *fault;

    if (strstr(whole.text, "; ") == NULL)
        error_set(&whole, "%.400s; templates/site/README describes the ways", fault->text);
    fault_print(stdout, whole.text, checking->json);
    checking->faults++;
}

static void check_fact(struct checking *checking, const struct yaml *root, size_t index)
{
    const struct yaml *name = root->keys[index], *fact = root->items[index];
    const struct face_way *way = face_way_of(fact);
    struct error fault = {""};

    for (size_t i = 0; i < index; i++)
        if (strcmp(root->keys[i]->text, name->text) == 0) {
            yaml_fault(name, &fault, "'%.80s' stands here twice (first in line %d); keep one of them", name->text,
                       root->keys[i]->line);
            tell(checking, &fault);
        }
    if (way == NULL)
        yaml_fault(fact, &fault, "nothing says how '%.80s' is drawn; write one of %.300s", name->text, face_ways());
    if (way == NULL || way->check(fact->items[0], &fault) != 0)
        tell(checking, &fault);
}

static void check_file(struct checking *checking, const char *folder, const char *name)
{
    char *path = paths_join(folder, name);
    struct yaml *root = NULL;
    struct error fault = {""};

    if (path != NULL && access(path, F_OK) == 0) {
        if (yaml_load_file(path, &root, &fault) != 0)
            tell(checking, &fault);
        else if (root->type != YAML_MAP && yaml_fault(root, &fault, "a face is no list; write 'NAME: {WAY: …}'") != 0)
            tell(checking, &fault);
        for (size_t i = 0; root != NULL && root->type == YAML_MAP && i < root->count; i++)
            check_fact(checking, root, i);
        yaml_discard(root);
    }
    free(path);
}

/* A face as a decoy's is drawn, for an organisation that there is not. */
static json_t *draw(const char *folder, struct error *error)
{
    int64_t now = minter_now();
    json_t *persona = persona_draw("Nordwind Rail", "nordwind.test", "en", now, &minter_draw, error);
    json_t *parameters = json_pack("{s:O?, s:{s:s, s:s, s:s, s:i}}", "persona", persona, "decoy", "name", "git", "host",
                                   "git.nordwind.test", "site", "git", "port", 443);
    struct faces *faces = NULL;
    json_t *face = NULL;

    if (persona != NULL && parameters != NULL && faces_load_folder(folder, &faces, error) == 0)
        face = face_draw(faces, "", parameters, now, &minter_draw, error);
    faces_free(faces);
    json_decref(parameters);
    json_decref(persona);
    return face;
}

int face_check(int argc, char **argv)
{
    struct checking checking = {.json = argc > 3 && strcmp(argv[3], "--json") == 0};
    struct error error = {""};
    json_t *face;

    if (argc < 3 || sodium_init() < 0) {
        fprintf(stderr, "minter: usage: minter --check DIR [--json]\n");
        return 3;
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        check_file(&checking, argv[2], files[i]);
    face = checking.faults > 0 ? json_object() : draw(argv[2], &error);
    if (face == NULL)
        tell(&checking, &error);
    if (face != NULL)
        (void)json_dumpfd(face, FACE_FD, JSON_COMPACT);
    json_decref(face);
    return fflush(stdout) != 0 ? 3 : checking.faults > 0;
}
