/* SPDX-License-Identifier: ISC */
#include "server/planter/git_show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/planter/manner.h"
#include "server/planter/repository.h"

#define COMMITS 2 /* of a lure: with the secret, and what buries it */

/* Of bytes that are no UTF-8, those beyond ASCII become '?'. */
static json_t *text_json(const char *text)
{
    json_t *value = json_string(text);
    char *copy = value == NULL ? strdup(text) : NULL;

    for (char *at = copy; at != NULL && *at != '\0'; at++)
        *at = (unsigned char)*at >= 0x80 ? '?' : *at;
    if (copy != NULL)
        value = json_string(copy);
    free(copy);
    return value;
}

static json_t *who(const char *name, const char *mail, int64_t time, int offset)
{
    return json_pack("{s:o, s:o, s:I, s:i}", "name", text_json(name), "mail", text_json(mail), "time", (json_int_t)time,
                     "offset", offset);
}

static json_t *who_of(const git_signature *signature)
{
    return who(signature->name, signature->email, signature->when.time, signature->when.offset);
}

static void set_style(json_t *row, const char *message)
{
    static const char *const prefixes[] = {[MANNER_BARE] = "bare", [MANNER_AREA] = "area",
                                           [MANNER_CONVENTIONAL] = "area", [MANNER_BRACKETS] = "brackets"};
    struct manner style;

    manner_of(message, &style);
    json_object_set_new(row, "prefix", json_string(prefixes[style.prefix]));
    json_object_set_new(row, "capital", json_boolean(style.capital));
    json_object_set_new(row, "stop", json_boolean(style.stop));
    json_object_set_new(row, "signs", json_boolean(style.signs));
    json_object_set_new(row, "change_id", json_boolean(style.change_ids));
}

/* ---- what a commit adds ---- */

static int add_line(const git_diff_delta *delta, const git_diff_hunk *hunk, const git_diff_line *line, void *context)
{
    struct buffer *out = context;
    size_t room = out->maximum - out->length;

    (void)delta, (void)hunk;
    if (line->origin == GIT_DIFF_LINE_ADDITION && memchr(line->content, '\0', line->content_len) == NULL)
        buffer_add(out, line->content, line->content_len < room ? line->content_len : room);
    return 0;
}

static json_t *added(git_repository *git, git_commit *commit)
{
    git_commit *parent = NULL;
    git_tree *before = NULL, *after = NULL;
    git_diff *diff = NULL;
    struct buffer out;
    json_t *text;

    buffer_init(&out, SHOWN_TEXT);
    if (git_commit_parentcount(commit) > 0 && git_commit_parent(&parent, commit, 0) == 0)
        git_commit_tree(&before, parent);
    if (git_commit_tree(&after, commit) == 0 && git_diff_tree_to_tree(&diff, git, before, after, NULL) == 0)
        git_diff_foreach(diff, NULL, NULL, NULL, add_line, &out);
    text = text_json(buffer_text(&out));
    buffer_free(&out);
    git_diff_free(diff);
    git_tree_free(after);
    git_tree_free(before);
    git_commit_free(parent);
    return text;
}

/* ---- commits ---- */

static void set_parent(json_t *row, const git_commit *commit)
{
    git_commit *parent = NULL;

    if (git_commit_parentcount(commit) > 0 && git_commit_parent(&parent, commit, 0) == 0)
        json_object_set_new(row, "parent", json_integer(git_commit_time(parent)));
    git_commit_free(parent);
}

static json_t *commit_row(git_repository *git, git_commit *commit)
{
    char hex[GIT_OID_HEXSZ + 1];
    json_t *row = json_pack("{s:s, s:o, s:o, s:o, s:o}", "id", git_oid_tostr(hex, sizeof hex, git_commit_id(commit)),
                            "message", text_json(git_commit_message(commit)), "author", who_of(git_commit_author(commit)),
                            "committer", who_of(git_commit_committer(commit)), "added", added(git, commit));

    if (row != NULL) {
        set_parent(row, commit);
        set_style(row, git_commit_message(commit));
    }
    return row;
}

static json_t *history(git_repository *git, const git_commit *first)
{
    struct manner *manner = malloc(sizeof *manner);
    git_commit *parent = NULL;
    json_t *rows = json_array(), *row;

    if (git_commit_parentcount(first) > 0 && git_commit_parent(&parent, first, 0) != 0)
        parent = NULL;
    if (manner != NULL)
        manner_learn(git, parent, manner);
    for (size_t i = 0; manner != NULL && i < manner->count; i++) {
        const struct manner_commit *commit = &manner->commits[i];

        row = who(commit->name, commit->mail, commit->time_s, commit->offset);
        set_style(row, commit->message);
        json_object_set_new(row, "length", json_integer((json_int_t)strcspn(commit->message, "\n")));
        json_array_append_new(rows, row);
    }
    if (manner != NULL)
        manner_free(manner);
    free(manner);
    git_commit_free(parent);
    return rows;
}

/* ---- which ---- */

static git_commit *find(git_repository *git, const char *revision)
{
    git_object *object = NULL, *commit = NULL;

    if (git_revparse_single(&object, git, revision) == 0 && git_object_peel(&commit, object, GIT_OBJECT_COMMIT) != 0)
        commit = NULL;
    git_object_free(object);
    return (git_commit *)commit;
}

static size_t find_all(const struct task *task, git_repository *git, const char *revision, git_commit *found[COMMITS])
{
    const char *first = task_where(task, "commit"), *last = task_where(task, "removed_in");
    size_t count = 0;

    found[0] = find(git, first != NULL ? first : revision);
    count = found[0] != NULL;
    if (count > 0 && first != NULL && last != NULL && (found[1] = find(git, last)) != NULL)
        count++;
    return count;
}

static int print_all(const struct task *task, git_repository *git, git_commit *const found[COMMITS], size_t count,
                     struct place_result *result, struct error *error)
{
    const char *reference = task_where(task, "reference");
    bool stash = reference != NULL && strcmp(reference, "refs/stash") == 0;
    json_t *commits = json_array(), *all;
    char *text;

    for (size_t i = 0; i < count; i++)
        json_array_append_new(commits, commit_row(git, found[i]));
    all = json_pack("{s:b, s:o, s:o}", "stash", stash, "commits", commits, "history", history(git, found[0]));
    text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    if (text == NULL || buffer_add_text(&result->print, text) != 0)
        error_set(error, "out of memory");
    free(text);
    return result->print.failed || text == NULL ? -1 : 0;
}

int git_show(const struct task *task, const char *target, struct place_result *result, struct error *error)
{
    const char *hash = access(target, F_OK) == 0 ? NULL : strrchr(target, '#');
    char *path = hash != NULL ? strndup(target, (size_t)(hash - target)) : strdup(target);
    git_commit *found[COMMITS] = {NULL};
    git_repository *git = NULL;
    size_t count;
    int rc = -1;

    result->where = json_object();
    result->state = "gone";
    if (path == NULL || git_repository_open_ext(&git, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) != 0) {
        repository_error(error, "cannot open the repository %s", path != NULL ? path : "");
    } else {
        count = find_all(task, git, hash != NULL ? hash + 1 : "HEAD", found);
        rc = count > 0 ? print_all(task, git, found, count, result, error) : 0;
        result->state = count > 0 ? "there" : "gone";
    }
    for (size_t i = 0; i < COMMITS; i++)
        git_commit_free(found[i]);
    git_repository_free(git);
    free(path);
    return rc;
}
