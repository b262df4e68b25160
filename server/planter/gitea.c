/* SPDX-License-Identifier: ISC
 *
 * gitea://HOST/OWNER/REPOSITORY#BRANCH by the API of Gitea and Forgejo (docs.gitea.com/api, from 1.20 on; variables from
 * 1.22). A commit names its author, committer and dates. */
#include <sodium.h>
#include <stdlib.h>
#include "server/planter/forge.h"
#include "server/planter/secret.h"

#define REPOSITORY "/v1/repos/{/p}"

/* What is changed must be named by its blob. */
static int add_blob(struct forge_stay *stay, json_t *operation, struct error *error)
{
    json_t *answer = NULL;
    int rc = forge_send(stay, "GET", REPOSITORY "/contents/{/f}?ref={g}", NULL, false, "the file cannot be read", &answer,
                        error);

    if (rc == 0)
        json_object_set(operation, "sha", json_object_get(answer, "sha"));
    json_decref(answer);
    return rc;
}

static int add_operation(struct forge_stay *stay, const struct change_file *file, bool there, json_t *operations,
                         struct error *error)
{
    const char *path = stay->value['f'];
    char *text = file->file != NULL ? secret_base64(buffer_slice(&file->file->data), sodium_base64_VARIANT_ORIGINAL) : NULL;
    bool over = there || file->grows;
    json_t *operation = json_pack("{s:s, s:s, s:s*}", "operation", text == NULL ? "delete" : over ? "update" : "create",
                                  "path", file->path, "content", text);
    int rc = 0;

    stay->value['f'] = file->path;
    if (file->grows)
        json_object_set_new(operation, "sha", json_string(stay->blob));
    else if (there || text == NULL)
        rc = add_blob(stay, operation, error);
    stay->value['f'] = path;
    json_array_append_new(operations, operation);
    secret_free(text);
    return rc;
}

static int gitea_put(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error)
{
    const struct change *change = &changes->list[index];
    const char *source = stay->value['s'], *at = source != NULL && index > 0 ? source : stay->branch;
    bool own = change->committer != NULL;
    json_t *body, *operations = json_array();
    char date[40];
    int rc = 0;

    forge_date(change, date);
    stay->value['g'] = at;
    body = json_pack("{s:s, s:s*, s:s, s:o, s:{s:s, s:s}}", "branch", at, "new_branch",
                     source != NULL && index == 0 ? source : NULL, "message", change->message, "files", operations, "dates",
                     "author", date, "committer", date);
    if (change->name != NULL) {
        json_object_set_new(body, "author", json_pack("{s:s, s:s}", "name", change->name, "email", change->mail));
        json_object_set_new(body, "committer", json_pack("{s:s, s:s}", "name", own ? change->committer : change->name,
                                                         "email", own ? change->committer_mail : change->mail));
    }
    for (size_t f = 0; f < change->file_count && rc == 0; f++)
        rc = add_operation(stay, &change->files[f], forge_before(changes, index, change->files[f].path) != NULL, operations,
                           error);
    if (rc == 0)
        return forge_send(stay, "POST", REPOSITORY "/contents", body, true, "the commit cannot be made", NULL, error);
    json_decref(body);
    return rc;
}

static const struct forge_object objects[] = {
    {.name = "variable", .shown = "Actions variable",
     .make = {"POST", REPOSITORY "/actions/variables/{k}", "{\"value\":\"{d}\"}"},
     .look = {"GET", REPOSITORY "/actions/variables/{k}", NULL}, .content = "data",
     .remove = {"DELETE", REPOSITORY "/actions/variables/{k}", NULL}},
    {.name = "issue", .shown = "issue",
     .make = {"POST", REPOSITORY "/issues", "{\"title\":\"{t}\",\"body\":\"{d}\"}"}, .id = "number",
     .look = {"GET", REPOSITORY "/issues/{i}", NULL}, .content = "body",
     .list = {"GET", REPOSITORY "/issues?state=all&type=issues&limit=20", NULL}, .title = "title", .listed = "body",
     .remove = {"DELETE", REPOSITORY "/issues/{i}", NULL},
     .hide = {"PATCH", REPOSITORY "/issues/{i}", "{\"body\":\"\",\"state\":\"closed\"}"}},
    {.name = "comment", .shown = "comment",
     .host = {"GET", REPOSITORY "/pulls?state=closed&sort=recentupdate&limit=1", NULL}, .host_id = "number",
     .make = {"POST", REPOSITORY "/issues/{r}/comments", "{\"body\":\"{d}\"}"}, .id = "id",
     .look = {"GET", REPOSITORY "/issues/comments/{i}", NULL}, .content = "body",
     .list = {"GET", REPOSITORY "/issues/{r}/comments", NULL}, .listed = "body",
     .remove = {"DELETE", REPOSITORY "/issues/comments/{i}", NULL}},
    {.name = "wiki", .shown = "wiki page",
     .make = {"POST", REPOSITORY "/wiki/new", "{\"title\":\"{t}\",\"content_base64\":\"{e}\"}"}, .id = "sub_url",
     .look = {"GET", REPOSITORY "/wiki/page/{i}", NULL}, .content = "content_base64", .encoded = true,
     .list = {"GET", REPOSITORY "/wiki/pages?limit=50", NULL}, .title = "title",
     .remove = {"DELETE", REPOSITORY "/wiki/page/{i}", NULL}},
    {.name = "package", .shown = "generic package of the owner",
     .make = {"PUT", "/packages/{o}/generic/{k}/1.0.0/{f}", "{d}"},
     .look = {"GET", "/packages/{o}/generic/{k}/1.0.0/{f}", NULL},
     .remove = {"DELETE", "/packages/{o}/generic/{k}/1.0.0/{f}", NULL}},
};

static const struct forge gitea_forge = {
    .api = {.path = "/api", .basic = true},
    .authors = true, .dates = true,
    .project = {"GET", REPOSITORY, NULL},
    .standard = "default_branch",
    .branch = {"GET", REPOSITORY "/branches/{/b}", NULL},
    .branch_name = "name", .tip = "commit.id", .open = "user_can_push",
    .file = {"GET", REPOSITORY "/raw/{/f}?ref={b}", NULL},
    .log = {"GET", REPOSITORY "/commits?sha={b}&limit=50&stat=false&files=false", NULL},
    .trail = {"GET", REPOSITORY "/commits?sha={b}&path={f}&limit=10&stat=false&files=false", NULL},
    .beyond = {"GET", REPOSITORY "/compare/{/b}...{h}", NULL},
    .beyond_commits = "total_commits",
    .touched = {"GET", REPOSITORY "/git/commits/{h}?stat=false", NULL},
    .touched_files = "files", .touched_path = "filename",
    .commit = {"sha", "commit.message", "commit.author.name", "commit.author.email", "commit.committer.date",
               "commit.committer.name", "commit.committer.email", "parents", "commit.verification.verified"},
    .put = gitea_put,
    .request = {
        .shown = "pull request",
        .make = {"POST", REPOSITORY "/pulls", "{\"head\":\"{s}\",\"base\":\"{b}\",\"title\":\"{t}\",\"body\":\"{d}\"}"},
        .list = {"GET", REPOSITORY "/pulls?state=all&limit=50", NULL},
        .look = {"GET", REPOSITORY "/pulls/{r}", NULL},
        .close = {"PATCH", REPOSITORY "/pulls/{r}", "{\"state\":\"closed\"}"},
        .merge = {"POST", REPOSITORY "/pulls/{r}/merge", "{\"Do\":\"merge\",\"delete_branch_after_merge\":true}"},
        .leave = {"DELETE", REPOSITORY "/branches/{/s}", NULL},
        .id = "number", .source = "head.ref", .state = "state", .url = "html_url", .merged = "merged",
    },
    .objects = objects,
    .object_count = sizeof objects / sizeof objects[0],
};

FORGE_PLACE(gitea, "gitea", false);
