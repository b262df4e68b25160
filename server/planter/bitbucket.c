/* SPDX-License-Identifier: ISC
 *
 * bitbucket://HOST/PROJECT/REPOSITORY#BRANCH by the REST API of Bitbucket Data Center
 * (developer.atlassian.com/server/bitbucket/rest). Its commits hold one file each, are by the account's own user, as of
 * now, and cannot delete a file: what is taken out stays as an empty one. It has pull requests and comments, and nothing
 * else that would carry a lure. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/planter/forge.h"

#define REPOSITORY "/api/latest/projects/{o}/repos/{n}"

static void add_part(struct buffer *form, const char *boundary, const char *name, struct slice value)
{
    buffer_add_format(form, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n", boundary, name);
    buffer_add_slice(form, value);
    buffer_add_text(form, "\r\n");
}

/* The commit that a change of the file must name; "" for a new file. */
static int last_commit(struct forge_stay *stay, const char *at, char id[FORGE_NAME], struct error *error)
{
    json_t *answer = NULL;
    int rc;

    stay->value['g'] = at;
    rc = forge_send(stay, "GET", REPOSITORY "/commits?until={g}&path={f}&limit=1", NULL, false,
                    "the file's history cannot be read", &answer, error);
    forge_text(json_array_get(forge_items(stay, answer), 0), "id", id, FORGE_NAME);
    json_decref(answer);
    return rc;
}

static int put_file(struct forge_stay *stay, const struct change *change, const struct change_file *file, bool there,
                    bool fresh, struct error *error)
{
    const char *source = stay->value['s'], *at = source != NULL && !fresh ? source : stay->branch, *path = stay->value['f'];
    unsigned char random[16];
    char boundary[2 * sizeof random + 1], type[80], last[FORGE_NAME] = "";
    struct buffer form;
    int rc = 0;

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(boundary, sizeof boundary, random, sizeof random);
    snprintf(type, sizeof type, "multipart/form-data; boundary=%s", boundary);
    buffer_init(&form, TASK_BYTES + 65536);
    stay->value['f'] = file->path;
    if (file->grows)
        snprintf(last, sizeof last, "%s", stay->last);
    else if (there || file->file == NULL)
        rc = last_commit(stay, at, last, error);
    add_part(&form, boundary, "content", file->file != NULL ? buffer_slice(&file->file->data) : slice_of("\n"));
    add_part(&form, boundary, "message", slice_of(change->message));
    add_part(&form, boundary, "branch", slice_of(source != NULL ? source : stay->branch));
    if (source != NULL && fresh)
        add_part(&form, boundary, "sourceBranch", slice_of(stay->branch));
    if (last[0] != '\0')
        add_part(&form, boundary, "sourceCommitId", slice_of(last));
    buffer_add_format(&form, "--%s--\r\n", boundary);
    if (rc == 0)
        rc = forge_form(stay, "PUT", REPOSITORY "/browse/{/f}", type, buffer_slice(&form), "the commit cannot be made",
                        error);
    stay->value['f'] = path;
    buffer_free(&form);
    return rc;
}

static int bitbucket_put(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error)
{
    const struct change *change = &changes->list[index];
    int rc = 0;

    for (size_t f = 0; f < change->file_count && rc == 0; f++)
        rc = put_file(stay, change, &change->files[f], forge_before(changes, index, change->files[f].path) != NULL,
                      index == 0 && f == 0, error);
    return rc;
}

static int bitbucket_take(struct forge_stay *stay, const struct changes *changes, struct error *error)
{
    if (bitbucket_put(stay, changes, 0, error) != 0)
        return -1;
    place_note(stay->result, "A new commit empties %s, for this forge's API deletes no file. History and clones keep it: "
               "the token must go on alerting.", changes->secret_path);
    return 0;
}

static const struct forge_object objects[] = {
    {.name = "comment", .shown = "comment",
     .host = {"GET", REPOSITORY "/pull-requests?state=MERGED&order=NEWEST&limit=1", NULL}, .host_id = "id",
     .make = {"POST", REPOSITORY "/pull-requests/{r}/comments", "{\"text\":\"{d}\"}"}, .id = "id",
     .look = {"GET", REPOSITORY "/pull-requests/{r}/comments/{i}", NULL}, .content = "text", .version = "version",
     .list = {"GET", REPOSITORY "/pull-requests/{r}/activities?limit=50", NULL}, .listed = "comment.text",
     .listed_id = "comment.id",
     .remove = {"DELETE", REPOSITORY "/pull-requests/{r}/comments/{i}?version={v}", NULL}},
};

static const struct forge bitbucket_forge = {
    .api = {.path = "/rest", .basic = true},
    .items = "values",
    .project = {"GET", REPOSITORY "/default-branch", NULL},
    .standard = "displayId",
    .branch = {"GET", REPOSITORY "/branches?limit=100&filterText={b}", NULL},
    .branch_name = "displayId", .tip = "latestCommit",
    .file = {"GET", REPOSITORY "/raw/{/f}?at={b}", NULL},
    .log = {"GET", REPOSITORY "/commits?until={b}&limit=60", NULL},
    .trail = {"GET", REPOSITORY "/commits?until={b}&path={f}&limit=10", NULL},
    .beyond = {"GET", REPOSITORY "/compare/commits?from={h}&to={b}&limit=1", NULL},
    .beyond_commits = "values",
    .touched = {"GET", REPOSITORY "/commits/{h}/changes?limit=100", NULL},
    .touched_files = "values", .touched_path = "path.toString",
    .commit = {"id", "message", "author.name", "author.emailAddress", "committerTimestamp", "committer.name",
               "committer.emailAddress", "parents", NULL},
    .put = bitbucket_put,
    .take = bitbucket_take,
    .request = {
        .shown = "pull request",
        .make = {"POST", REPOSITORY "/pull-requests", "{\"title\":\"{t}\",\"description\":\"{d}\","
                 "\"fromRef\":{\"id\":\"refs/heads/{s}\"},\"toRef\":{\"id\":\"refs/heads/{b}\"}}"},
        .list = {"GET", REPOSITORY "/pull-requests?state=ALL&direction=OUTGOING&at=refs/heads/{s}", NULL},
        .look = {"GET", REPOSITORY "/pull-requests/{r}", NULL},
        .close = {"POST", REPOSITORY "/pull-requests/{r}/decline?version={v}", "{}"},
        .merge = {"POST", REPOSITORY "/pull-requests/{r}/merge?version={v}", "{}"},
        .leave = {"DELETE", "/branch-utils/latest/projects/{o}/repos/{n}/branches",
                  "{\"name\":\"refs/heads/{s}\",\"endPoint\":\"{h}\"}"},
        .id = "id", .source = "fromRef.displayId", .state = "state", .url = "links.self.0.href", .version = "version",
    },
    .objects = objects,
    .object_count = sizeof objects / sizeof objects[0],
};

FORGE_PLACE(bitbucket, "bitbucket", false);
