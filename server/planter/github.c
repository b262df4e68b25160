/* SPDX-License-Identifier: ISC
 *
 * github://HOST/OWNER/REPOSITORY#BRANCH by GitHub's REST API (docs.github.com/rest), at github.com or on a server of
 * one's own (Enterprise). Commits are made of Git objects, so that author, committer and dates are those of the lure;
 * the reference moves last, and never but forward. Wiki pages have no API: docs.github.com/communities
 * (documenting your project with wikis) has them in a git repository. Packages are npm's (forge_package.h). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/forge.h"
#include "server/planter/secret.h"

#define REPOSITORY "/repos/{/p}"
#define TRIES 4 /* to move a branch on which others commit */

/* {h} the branch's commit, {x} its tree. */
static int read_base(struct forge_stay *stay, char commit[FORGE_NAME], char tree[FORGE_NAME], struct error *error)
{
    json_t *answer = NULL;
    int rc = forge_send(stay, "GET", REPOSITORY "/git/ref/heads/{/g}", NULL, false, "the branch cannot be read", &answer,
                        error);

    forge_text(answer, "object.sha", commit, FORGE_NAME);
    json_decref(answer);
    answer = NULL;
    stay->value['h'] = commit;
    if (rc == 0)
        rc = forge_send(stay, "GET", REPOSITORY "/git/commits/{h}", NULL, false, "the commit cannot be read", &answer, error);
    if (rc == 0 && !forge_text(answer, "tree.sha", tree, FORGE_NAME))
        rc = error_set(error, "%s shows a commit without a tree", stay->web->host);
    json_decref(answer);
    return rc;
}

/* The file as an entry of a tree; its blob is made, which nothing shows yet. */
static int add_entry(struct forge_stay *stay, const struct change_file *file, json_t *entries, struct error *error)
{
    char *text = file->file != NULL ? secret_base64(buffer_slice(&file->file->data), sodium_base64_VARIANT_ORIGINAL) : NULL;
    json_t *answer = NULL, *sha = NULL;
    int rc = 0;

    if (text != NULL)
        rc = forge_send(stay, "POST", REPOSITORY "/git/blobs", json_pack("{s:s, s:s}", "content", text, "encoding", "base64"),
                        false, "the file cannot be put", &answer, error);
    if (rc == 0)
        sha = json_incref(text != NULL ? json_object_get(answer, "sha") : json_null());
    if (sha != NULL)
        json_array_append_new(entries, json_pack("{s:s, s:s, s:s, s:o}", "path", file->path, "mode",
                                                 file->program ? "100755" : "100644", "type", "blob", "sha", sha));
    else if (rc == 0)
        rc = error_set(error, "%s answers without the file's id", stay->web->host);
    secret_free(text);
    json_decref(answer);
    return rc;
}

static json_t *person(const char *name, const char *mail, const char *date)
{
    return json_pack("{s:s, s:s, s:s}", "name", name, "email", mail, "date", date);
}

static void add_people(const struct change *change, json_t *body)
{
    bool own = change->committer != NULL;
    char date[40];

    forge_date(change, date);
    if (change->name == NULL)
        return;
    json_object_set_new(body, "author", person(change->name, change->mail, date));
    json_object_set_new(body, "committer", person(own ? change->committer : change->name,
                                                  own ? change->committer_mail : change->mail, date));
}

static int make_commit(struct forge_stay *stay, const struct change *change, const char *tree, char id[FORGE_NAME],
                       struct error *error)
{
    json_t *body = json_pack("{s:s, s:s, s:[s]}", "message", change->message, "tree", tree, "parents", stay->value['h']);
    json_t *answer = NULL;
    int rc;

    add_people(change, body);
    rc = forge_send(stay, "POST", REPOSITORY "/git/commits", body, false, "the commit cannot be made", &answer, error);
    if (rc == 0 && !forge_text(answer, "sha", id, FORGE_NAME))
        rc = error_set(error, "%s answers without the commit's id", stay->web->host);
    json_decref(answer);
    return rc;
}

static int refer(struct forge_stay *stay, const char *commit, bool fresh, struct error *error)
{
    char name[FORGE_NAME + 16];

    snprintf(name, sizeof name, "refs/heads/%s", stay->value['g']);
    if (fresh)
        return forge_send(stay, "POST", REPOSITORY "/git/refs", json_pack("{s:s, s:s}", "ref", name, "sha", commit), true,
                          "the branch cannot be made", NULL, error);
    return forge_send(stay, "PATCH", REPOSITORY "/git/refs/heads/{/g}", json_pack("{s:s, s:b}", "sha", commit, "force", 0),
                      true, "the branch cannot be moved", NULL, error);
}

static int put_once(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error)
{
    const struct change *change = &changes->list[index];
    const char *source = stay->value['s'];
    char base[FORGE_NAME], tree[FORGE_NAME], commit[FORGE_NAME];
    json_t *entries = json_array(), *answer = NULL;
    int rc;

    stay->value['g'] = source != NULL && index > 0 ? source : stay->branch;
    rc = read_base(stay, base, tree, error);
    for (size_t f = 0; f < change->file_count && rc == 0; f++)
        rc = add_entry(stay, &change->files[f], entries, error);
    if (rc == 0)
        rc = forge_send(stay, "POST", REPOSITORY "/git/trees", json_pack("{s:s, s:O}", "base_tree", tree, "tree", entries),
                        false, "the tree cannot be made", &answer, error);
    if (rc == 0 && !forge_text(answer, "sha", tree, sizeof tree))
        rc = error_set(error, "%s answers without the tree's id", stay->web->host);
    if (rc == 0)
        rc = make_commit(stay, change, tree, commit, error);
    if (rc == 0 && source != NULL)
        stay->value['g'] = source;
    if (rc == 0)
        rc = refer(stay, commit, source != NULL && index == 0, error);
    json_decref(entries);
    json_decref(answer);
    stay->value['h'] = NULL;
    return rc;
}

/* One file that is there: it stays what it is but for its content (docs.github.com/rest/repos/contents). */
static int write_over(struct forge_stay *stay, const struct change *change, struct error *error)
{
    char *text = secret_base64(buffer_slice(&change->files[0].file->data), sodium_base64_VARIANT_ORIGINAL);
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "message", change->message, "content", text, "sha", stay->blob,
                             "branch", stay->branch);

    secret_free(text);
    add_people(change, body);
    return forge_send(stay, "PUT", REPOSITORY "/contents/{/f}", body, true, "the commit cannot be made", NULL, error);
}

/* Did somebody commit there while the commit was made? Then nothing was done. */
static bool is_overtaken(const struct forge_stay *stay)
{
    char words[WEB_WORDS];

    web_words(stay->web, words);
    return stay->web->status == 422 && strcasestr(words, "not a fast forward") != NULL;
}

static int github_put(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error)
{
    int rc = -1;

    if (changes->list[index].files[0].grows)
        return write_over(stay, &changes->list[index], error);
    for (int i = 0; i < TRIES && rc != 0 && (i == 0 || is_overtaken(stay)); i++)
        rc = put_once(stay, changes, index, error);
    return rc;
}

static const struct forge_object objects[] = {
    {.name = "variable", .shown = "Actions variable",
     .make = {"POST", REPOSITORY "/actions/variables", "{\"name\":\"{k}\",\"value\":\"{d}\"}"},
     .look = {"GET", REPOSITORY "/actions/variables/{k}", NULL}, .content = "value",
     .remove = {"DELETE", REPOSITORY "/actions/variables/{k}", NULL}},
    {.name = "issue", .shown = "issue",
     .make = {"POST", REPOSITORY "/issues", "{\"title\":\"{t}\",\"body\":\"{d}\"}"}, .id = "number",
     .look = {"GET", REPOSITORY "/issues/{i}", NULL}, .content = "body",
     .list = {"GET", REPOSITORY "/issues?state=all&per_page=20", NULL}, .title = "title", .listed = "body",
     .hide = {"PATCH", REPOSITORY "/issues/{i}", "{\"body\":\"\",\"state\":\"closed\"}"}},
    {.name = "comment", .shown = "comment",
     .host = {"GET", REPOSITORY "/pulls?state=closed&sort=updated&direction=desc&per_page=1", NULL}, .host_id = "number",
     .make = {"POST", REPOSITORY "/issues/{r}/comments", "{\"body\":\"{d}\"}"}, .id = "id",
     .look = {"GET", REPOSITORY "/issues/comments/{i}", NULL}, .content = "body",
     .list = {"GET", REPOSITORY "/issues/{r}/comments?per_page=100", NULL}, .listed = "body",
     .remove = {"DELETE", REPOSITORY "/issues/comments/{i}", NULL}},
    {.name = "snippet", .shown = "secret gist of the account",
     .make = {"POST", "/gists", "{\"description\":\"{t}\",\"public\":false,\"files\":{\"{f}\":{\"content\":\"{d}\"}}}"},
     .id = "id", .look = {"GET", "/gists/{i}", NULL}, .content = "files.*.content",
     .list = {"GET", "/gists?per_page=20", NULL}, .title = "description", .remove = {"DELETE", "/gists/{i}", NULL}},
};

static const struct forge github_forge = {
    .api = {.path = "/api/v3", .basic = true},
    .public_host = "github.com",
    .public_api = {.url = "https://api.github.com", .basic = true},
    .raw_header = "Accept: application/vnd.github.raw+json",
    .authors = true, .dates = true,
    .project = {"GET", REPOSITORY, NULL},
    .standard = "default_branch",
    .branch = {"GET", REPOSITORY "/branches/{/b}", NULL},
    .branch_name = "name", .tip = "commit.sha", .closed = "protected",
    .file = {"GET", REPOSITORY "/contents/{/f}?ref={b}", NULL},
    .log = {"GET", REPOSITORY "/commits?sha={b}&per_page=60", NULL},
    .trail = {"GET", REPOSITORY "/commits?sha={b}&path={f}&per_page=10", NULL},
    .beyond = {"GET", REPOSITORY "/compare/{/b}...{h}?per_page=1", NULL},
    .beyond_commits = "total_commits",
    .touched = {"GET", REPOSITORY "/commits/{h}", NULL},
    .touched_files = "files", .touched_path = "filename",
    .commit = {"sha", "commit.message", "commit.author.name", "commit.author.email", "commit.committer.date",
               "commit.committer.name", "commit.committer.email", "parents", "commit.verification.verified"},
    .put = github_put,
    .request = {
        .shown = "pull request",
        .make = {"POST", REPOSITORY "/pulls", "{\"head\":\"{s}\",\"base\":\"{b}\",\"title\":\"{t}\",\"body\":\"{d}\"}"},
        .list = {"GET", REPOSITORY "/pulls?state=all&head={o}:{s}", NULL},
        .look = {"GET", REPOSITORY "/pulls/{r}", NULL},
        .close = {"PATCH", REPOSITORY "/pulls/{r}", "{\"state\":\"closed\"}"},
        .merge = {"PUT", REPOSITORY "/pulls/{r}/merge", "{\"merge_method\":\"merge\"}"},
        .leave = {"DELETE", REPOSITORY "/git/refs/heads/{/s}", NULL},
        .id = "number", .source = "head.ref", .state = "state", .url = "html_url", .merged = "merged",
    },
    .objects = objects,
    .object_count = sizeof objects / sizeof objects[0],
    .git_wiki = true,
    .registry = "/_registry/npm", .public_registry = "https://npm.pkg.github.com",
};

FORGE_PLACE(github, "github", true);
