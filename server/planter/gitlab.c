/* SPDX-License-Identifier: ISC
 *
 * gitlab://HOST/GROUP/PROJECT#BRANCH by GitLab's REST API, v4 (docs.gitlab.com/api): commits, branches, merge requests,
 * variables, issues, notes, wikis, project snippets, generic packages. A commit may name its author, but not its date;
 * issues and notes may be dated by a project's owner. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/forge.h"
#include "server/planter/secret.h"

#define PROJECT "/projects/{p}"

static json_t *action_of(const struct forge_stay *stay, const struct changes *changes, size_t index,
                         const struct change_file *file)
{
    const struct task_file *before = forge_before(changes, index, file->path);
    char *text = file->file != NULL ? secret_base64(buffer_slice(&file->file->data), sodium_base64_VARIANT_ORIGINAL) : NULL;
    json_t *action = json_pack("{s:s, s:s, s:s*}", "action",
                               file->file == NULL ? "delete" : before != NULL || file->grows ? "update" : "create", "file_path",
                               file->path, "content", text);

    if (file->file != NULL)
        json_object_set_new(action, "encoding", json_string("base64"));
    if (file->grows && stay->last[0] != '\0')
        json_object_set_new(action, "last_commit_id", json_string(stay->last));
    if (file->program && !file->grows)
        json_object_set_new(action, "execute_filemode", json_true());
    secret_free(text);
    return action;
}

static int gitlab_put(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error)
{
    const struct change *change = &changes->list[index];
    const char *source = stay->value['s'];
    json_t *body = json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "branch", source != NULL ? source : stay->branch,
                             "commit_message", change->message, "author_name", change->name, "author_email", change->mail,
                             "start_branch", source != NULL && index == 0 ? stay->branch : NULL);
    json_t *actions = json_array();

    for (size_t f = 0; f < change->file_count; f++)
        json_array_append_new(actions, action_of(stay, changes, index, &change->files[f]));
    json_object_set_new(body, "actions", actions);
    return forge_send(stay, "POST", PROJECT "/repository/commits", body, true, "the commit cannot be made", NULL, error);
}

static const struct forge_object objects[] = {
    {.name = "variable", .shown = "CI/CD variable",
     .make = {"POST", PROJECT "/variables", "{\"key\":\"{k}\",\"value\":\"{d}\",\"variable_type\":\"{y}\"}"},
     .look = {"GET", PROJECT "/variables/{k}", NULL}, .content = "value",
     .remove = {"DELETE", PROJECT "/variables/{k}", NULL}},
    {.name = "issue", .shown = "issue",
     .make = {"POST", PROJECT "/issues", "{\"title\":\"{t}\",\"description\":\"{d}\",\"created_at\":\"{w}\"}"}, .id = "iid",
     .look = {"GET", PROJECT "/issues/{i}", NULL}, .content = "description",
     .list = {"GET", PROJECT "/issues?per_page=20&in=title&search={t}", NULL}, .title = "title", .listed = "description",
     .remove = {"DELETE", PROJECT "/issues/{i}", NULL},
     .hide = {"PUT", PROJECT "/issues/{i}", "{\"description\":\"\",\"state_event\":\"close\"}"}},
    {.name = "comment", .shown = "comment",
     .host = {"GET", PROJECT "/merge_requests?state=merged&order_by=updated_at&per_page=1", NULL}, .host_id = "iid",
     .make = {"POST", PROJECT "/merge_requests/{r}/notes", "{\"body\":\"{d}\",\"created_at\":\"{w}\"}"}, .id = "id",
     .look = {"GET", PROJECT "/merge_requests/{r}/notes/{i}", NULL}, .content = "body",
     .list = {"GET", PROJECT "/merge_requests/{r}/notes?per_page=20", NULL}, .listed = "body",
     .remove = {"DELETE", PROJECT "/merge_requests/{r}/notes/{i}", NULL}},
    {.name = "wiki", .shown = "wiki page",
     .make = {"POST", PROJECT "/wikis", "{\"title\":\"{t}\",\"content\":\"{d}\",\"format\":\"markdown\"}"}, .id = "slug",
     .look = {"GET", PROJECT "/wikis/{i}", NULL}, .content = "content",
     .list = {"GET", PROJECT "/wikis?with_content=1", NULL}, .title = "title", .listed = "content",
     .remove = {"DELETE", PROJECT "/wikis/{i}", NULL}},
    {.name = "snippet", .shown = "snippet",
     .make = {"POST", PROJECT "/snippets",
              "{\"title\":\"{t}\",\"visibility\":\"private\",\"files\":[{\"file_path\":\"{f}\",\"content\":\"{d}\"}]}"},
     .id = "id", .look = {"GET", PROJECT "/snippets/{i}/raw", NULL},
     .list = {"GET", PROJECT "/snippets?per_page=20", NULL}, .title = "title",
     .remove = {"DELETE", PROJECT "/snippets/{i}", NULL}},
    {.name = "package", .shown = "generic package",
     .make = {"PUT", PROJECT "/packages/generic/{k}/1.0.0/{f}?select=package_file", "{d}"}, .id = "package_id",
     .look = {"GET", PROJECT "/packages/generic/{k}/1.0.0/{f}", NULL},
     .list = {"GET", PROJECT "/packages?package_type=generic&order_by=created_at&sort=desc&package_name={k}"
              "&package_version=1.0.0", NULL},
     .listed_id = "id", .listed_key = "name",
     .remove = {"DELETE", PROJECT "/packages/{i}", NULL},
     .parts = {"GET", PROJECT "/packages/{i}/package_files?per_page=100", NULL}, .part = "file_name", .part_id = "id",
     .remove_part = {"DELETE", PROJECT "/packages/{i}/package_files/{j}", NULL}},
};

static const struct forge gitlab_forge = {
    .api = {.path = "/api/v4"},
    .any_depth = true,
    .authors = true,
    .project = {"GET", PROJECT, NULL},
    .standard = "default_branch",
    .branch = {"GET", PROJECT "/repository/branches/{b}", NULL},
    .branch_name = "name", .tip = "commit.id", .open = "can_push",
    .file = {"GET", PROJECT "/repository/files/{f}/raw?ref={b}", NULL},
    .log = {"GET", PROJECT "/repository/commits?ref_name={b}&per_page=60", NULL},
    .trail = {"GET", PROJECT "/repository/commits?ref_name={b}&path={f}&per_page=10", NULL},
    .beyond = {"GET", PROJECT "/repository/compare?from={b}&to={h}", NULL},
    .beyond_commits = "commits",
    .touched = {"GET", PROJECT "/repository/commits/{h}/diff?per_page=100", NULL},
    .touched_files = "", .touched_path = "new_path",
    .commit = {"id", "message", "author_name", "author_email", "committed_date", "committer_name", "committer_email",
               "parent_ids", NULL},
    .put = gitlab_put,
    .request = {
        .shown = "merge request",
        .make = {"POST", PROJECT "/merge_requests", "{\"source_branch\":\"{s}\",\"target_branch\":\"{b}\",\"title\":\"{t}\","
                 "\"description\":\"{d}\",\"remove_source_branch\":true}"},
        .list = {"GET", PROJECT "/merge_requests?state=all&source_branch={s}", NULL},
        .look = {"GET", PROJECT "/merge_requests/{r}", NULL},
        .close = {"PUT", PROJECT "/merge_requests/{r}", "{\"state_event\":\"close\"}"},
        .merge = {"PUT", PROJECT "/merge_requests/{r}/merge", "{\"should_remove_source_branch\":true}"},
        .leave = {"DELETE", PROJECT "/repository/branches/{s}", NULL},
        .id = "iid", .source = "source_branch", .state = "state", .url = "web_url",
    },
    .objects = objects,
    .object_count = sizeof objects / sizeof objects[0],
};

FORGE_PLACE(gitlab, "gitlab", false);
