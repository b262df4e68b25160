/* SPDX-License-Identifier: ISC
 *
 * What a forge tells of history: which commit brought a file, which branch has a commit, where a file went. */
#include <stdio.h>
#include <string.h>
#include "server/planter/forge.h"

#define TRAIL 10   /* commits at a path that are looked through */
#define TOUCHED 30 /* files of a commit, likewise */

int forge_locate(struct forge_stay *stay, const char *at, struct slice content, const char *digest, struct error *error)
{
    char id[FORGE_NAME], above[FORGE_NAME] = "";
    json_t *answer = NULL;
    const json_t *item;
    size_t index;
    int rc, found = 0;

    stay->value['b'] = at;
    rc = forge_do(stay, &stay->kind->trail, false, "the file's history cannot be read", &answer, error);
    stay->value['b'] = stay->branch;
    json_array_foreach(forge_items(stay, answer), index, item)
    {
        if (rc != 1 || found == 1 || index == TRAIL || !forge_text(item, stay->kind->commit.id, id, sizeof id))
            break;
        found = forge_file(stay, id, content, digest, error);
        if (found < 0)
            rc = -1;
        if (found == 1) {
            json_object_set_new(stay->result->where, "commit", json_string(id));
            if (above[0] != '\0')
                json_object_set_new(stay->result->where, "removed_in", json_string(above));
            else
                json_object_del(stay->result->where, "removed_in");
        }
        snprintf(above, sizeof above, "%s", id);
    }
    json_decref(answer);
    return rc < 0 ? -1 : found == 1;
}

int forge_holds(struct forge_stay *stay, const char *branch, const char *commit, struct error *error)
{
    const struct forge *kind = stay->kind;
    const json_t *beyond;
    json_t *answer = NULL;
    int rc;

    stay->value['b'] = branch;
    stay->value['h'] = commit;
    rc = forge_do(stay, &kind->beyond, false, "the branch cannot be compared", &answer, error);
    stay->value['b'] = stay->branch;
    stay->value['h'] = NULL;
    beyond = forge_member(answer, kind->beyond_commits);
    if (rc == 1)
        rc = json_is_integer(beyond) ? json_integer_value(beyond) == 0
                                     : json_is_array(beyond) && json_array_size(beyond) == 0;
    json_decref(answer);
    return rc;
}

int forge_renamed(struct forge_stay *stay, const char *at, const char *commit, const char *digest,
                  char path[FORGE_PATH], struct error *error)
{
    const char *file = stay->value['f'];
    json_t *answer = NULL;
    const json_t *item;
    size_t index;
    int rc, found = 0;

    stay->value['h'] = commit;
    rc = forge_do(stay, &stay->kind->touched, false, "the commit cannot be read", &answer, error);
    stay->value['h'] = NULL;
    json_array_foreach(forge_member(answer, stay->kind->touched_files), index, item)
    {
        if (rc != 1 || found == 1 || index == TOUCHED)
            break;
        if (!forge_text(item, stay->kind->touched_path, path, FORGE_PATH) || !task_path_safe(path) ||
            strcmp(path, file) == 0)
            continue;
        stay->value['f'] = path;
        found = forge_file(stay, at, SLICE_NONE, digest, error);
        if (found < 0)
            rc = -1;
    }
    stay->value['f'] = file;
    json_decref(answer);
    return rc < 0 ? -1 : found == 1;
}
