/* SPDX-License-Identifier: ISC */
#include "server/planter/clone.h"
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/paths.h"
#include "server/planter/place.h"
#include "server/planter/repository.h"
#include "server/planter/scratch.h"

#define COPY_MS (2 * 3600 * 1000)         /* for a copy, or a push, */
#define LISTED (128 * 1024 * 1024)        /* for the list of references, which is in memory, */
#define PACKED (INT64_C(16) << 30)        /* and what the folder takes */
#define OBJECTS_FIRST 999 /* a store's rank: before those of the folder */

/* ---- what libgit2 asks ---- */

/* An access token is used as the forges take it: in place of a password, with any user. */
static int ask_credential(git_credential **out, const char *url, const char *from_url, unsigned types, void *payload)
{
    struct clone *clone = payload;
    const struct credentials *account = &clone->visit->credentials;
    struct slice password = credentials_file(account, ACCOUNT_PASSWORD), token = credentials_file(account, ACCOUNT_TOKEN);
    char *user = credentials_user(account, clone->where.user != NULL ? clone->where.user : "oauth2");
    char *secret = slice_copy(token.length > 0 ? token : password);
    int rc = -1;

    (void)url;
    (void)from_url;
    if (clone->asked++ > 0)
        git_error_set_str(GIT_ERROR_NET, "the server refuses the account's password or token: it is wrong, expired or "
                                         "without the right to write");
    else if (user != NULL && secret != NULL && (types & GIT_CREDENTIAL_USERPASS_PLAINTEXT) != 0)
        rc = git_credential_userpass_plaintext_new(out, user, secret);
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
    free(user);
    return rc;
}

static int take_said(const char *text, int length, void *payload)
{
    struct clone *clone = payload;
    size_t have = strlen(clone->said);

    for (int i = 0; i < length && have < CLONE_SAID - 1; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20 && c != 0x7f)
            clone->said[have++] = (char)c;
        else if (have > 0 && clone->said[have - 1] != ' ')
            clone->said[have++] = ' ';
    }
    clone->said[have] = '\0';
    return 0;
}

static int take_progress(const git_indexer_progress *progress, void *payload)
{
    struct clone *clone = payload;

    if (!clone->filling && progress->total_objects > 0)
        clone->visit->copy_left += PACKED;
    clone->filling = clone->filling || progress->total_objects > 0;
    return 0;
}

/* The lease: the server's list must say what the change was made for; it sends that on, and checks it once more. */
static int check_lease(const git_push_update **updates, size_t count, void *payload)
{
    struct clone *clone = payload;

    for (size_t i = 0; i < count; i++) {
        if (!git_oid_equal(&updates[i]->src, &clone->expected)) {
            git_error_set_str(GIT_ERROR_NET, "somebody else has just changed it there; try again");
            return -1;
        }
    }
    clone->said[0] = '\0';
    clone->sent = true;
    return 0;
}

static int take_verdict(const char *reference, const char *status, void *payload)
{
    struct clone *clone = payload;

    (void)reference;
    clone->sent = false;
    if (status != NULL)
        snprintf(clone->refused, sizeof(clone->refused), "%.200s", status);
    return 0;
}

static int choose_transport(git_transport **out, git_remote *owner, void *payload)
{
    struct clone *clone = payload;

    return git_ssh_transport(out, owner, &clone->ssh);
}

static void set_callbacks(struct clone *clone, git_remote_callbacks *callbacks)
{
    *callbacks = (git_remote_callbacks){
        .version = GIT_REMOTE_CALLBACKS_VERSION,
        .sideband_progress = take_said,
        .transfer_progress = take_progress,
        .credentials = ask_credential,
        .push_update_reference = take_verdict,
        .push_negotiation = check_lease,
        .transport = strncmp(clone->url, "ssh:", 4) == 0 ? choose_transport : NULL,
        .payload = clone,
    };
    clone->asked = 0;
    visit_allow(clone->visit, COPY_MS, LISTED);
}

/* ---- names ---- */

/* "group/project.git#branch" */
static int split(const char *place, struct clone *clone, struct error *error)
{
    const char *hash = strrchr(place, '#');

    clone->path = hash != NULL ? strndup(place, (size_t)(hash - place)) : strdup(place);
    if (hash != NULL)
        clone->branch = strdup(hash + 1);
    if (clone->path == NULL || (hash != NULL && clone->branch == NULL))
        return error_set(error, "out of memory");
    return clone->path[0] != '\0' ? 0 : error_set(error, "the place names no repository: git+https://HOST/PATH");
}

static int name(const struct task *task, struct clone *clone, struct error *error)
{
    const char *kind = strcmp(task->place->scheme, "git+ssh") == 0 ? "ssh" : "https";
    bool six = strchr(clone->where.host, ':') != NULL;
    char port[8] = "";

    if (clone->where.port != 0)
        snprintf(port, sizeof(port), ":%u", clone->where.port);
    if (asprintf(&clone->url, "%s://%s%s%s%s/%s", kind, six ? "[" : "", clone->where.host, six ? "]" : "", port,
                 clone->path) < 0)
        clone->url = NULL;
    if (asprintf(&clone->shown, "git+%s", clone->url != NULL ? clone->url : "") < 0)
        clone->shown = NULL;
    clone->folder = paths_join(clone->visit->scratch, "copy.git");
    clone->ssh = (struct git_ssh){clone->visit, &clone->where, clone->path};
    return clone->url != NULL && clone->shown != NULL && clone->folder != NULL ? 0 : error_set(error, "out of memory");
}

/* ---- the copy ---- */

/* Objects that are made here, a secret's among them, go to memory. */
static int keep_in_memory(git_repository *git)
{
    git_odb_backend *memory = NULL;
    git_odb *odb = NULL;
    int rc = git_repository_odb(&odb, git);

    if (rc == 0)
        rc = git_mempack_new(&memory);
    if (rc == 0)
        rc = git_odb_add_backend(odb, memory, OBJECTS_FIRST);
    git_odb_free(odb);
    return rc;
}

/* The copy's HEAD becomes the branch that is worked on. */
static int choose_branch(struct clone *clone, struct error *error)
{
    git_buf standard = {NULL};
    char head[300];
    int rc = 0;

    if (git_remote_default_branch(&standard, clone->remote) == 0) {
        rc = git_repository_set_head(clone->git, standard.ptr);
        if (clone->branch == NULL && strncmp(standard.ptr, "refs/heads/", 11) == 0)
            clone->branch = strdup(standard.ptr + 11);
    } else if (clone->branch != NULL) {
        snprintf(head, sizeof(head), "refs/heads/%.200s", clone->branch);
        rc = git_repository_set_head(clone->git, head);
    }
    git_buf_dispose(&standard);
    if (asprintf(&clone->target, "%s%s%s", clone->folder, clone->branch != NULL ? "#" : "",
                 clone->branch != NULL ? clone->branch : "") < 0)
        clone->target = NULL;
    return rc == 0 && clone->target != NULL ? 0 : repository_error(error, "cannot choose the branch");
}

static bool is_missing(void)
{
    const git_error *last = git_error_last();

    return last != NULL && last->message != NULL && strstr(last->message, "status code: 404") != NULL;
}

static int fetch(struct clone *clone, struct error *error)
{
    char heads[] = "+refs/heads/*:refs/heads/*", tags[] = "+refs/tags/*:refs/tags/*",
         stash[] = "+refs/stash:refs/stash", *specs[] = {heads, tags, stash};
    const git_strarray wanted = {specs, sizeof(specs) / sizeof(specs[0])};
    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;

    set_callbacks(clone, &options.callbacks);
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.update_fetchhead = 0;
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    if (git_remote_fetch(clone->remote, &wanted, &options, NULL) == 0)
        return 0;
    if (is_missing())
        return error_set(error, "there is no %s, or the account may not see it%s", clone->shown,
                         strstr(clone->path, ".wiki") != NULL ? "; a wiki comes to be with its first page, made by hand"
                                                              : "");
    return repository_error(error, "cannot read %s", clone->shown);
}

int clone_open(const struct task *task, const char *path, struct clone *clone, struct error *error)
{
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;

    memset(clone, 0, sizeof(*clone));
    clone->visit = task->visit;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR | GIT_REPOSITORY_INIT_NO_REINIT;
    if (task_host(task, &clone->where, error) != 0 ||
        split(path != NULL ? path : clone->where.path, clone, error) != 0 || name(task, clone, error) != 0)
        return -1;
    if (git_repository_init_ext(&clone->git, clone->folder, &options) != 0 ||
        git_remote_create_anonymous(&clone->remote, clone->git, clone->url) != 0)
        return repository_error(error, "cannot make a copy in %s", clone->visit->scratch);
    if (fetch(clone, error) != 0 || choose_branch(clone, error) != 0)
        return -1;
    return keep_in_memory(clone->git) == 0 ? 0 : repository_error(error, "cannot use the copy");
}

void clone_close(struct clone *clone)
{
    git_remote_free(clone->remote);
    git_repository_free(clone->git);
    if (clone->folder != NULL)
        scratch_empty(clone->visit->scratch);
    free(clone->path);
    free(clone->branch);
    free(clone->url);
    free(clone->shown);
    free(clone->folder);
    free(clone->target);
    remote_free(&clone->where);
}

git_oid clone_tip(const struct clone *clone, const char *reference)
{
    git_oid id = {{0}};

    if (git_reference_name_to_id(&id, clone->git, reference) != 0)
        memset(&id, 0, sizeof(id));
    return id;
}

/* ---- pushing ---- */

static int refused(const struct clone *clone, const char *reference, struct error *error)
{
    const char *name = strncmp(reference, "refs/heads/", 11) == 0 ? reference + 11 : reference;

    return error_set(error, "the server leaves %s as it is: %s%s%.300s; use a branch that is not protected (#BRANCH), "
                            "--as branch, or an account that may write to it",
                     name, clone->refused, clone->said[0] != '\0' ? "; it says: " : "", clone->said);
}

int clone_push(struct clone *clone, const char *reference, const git_oid *expected, struct error *error)
{
    git_push_options options = GIT_PUSH_OPTIONS_INIT;
    git_oid now = clone_tip(clone, reference);
    char spec[700], *specs[] = {spec};
    const git_strarray wanted = {specs, 1};
    int rc;

    set_callbacks(clone, &options.callbacks);
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
    options.pb_parallelism = 1;
    clone->expected = *expected;
    clone->refused[0] = '\0';
    snprintf(spec, sizeof(spec), "%s:%s", git_oid_is_zero(&now) ? "" : reference, reference);
    rc = git_remote_push(clone->remote, &wanted, &options);
    if (clone->refused[0] != '\0')
        return refused(clone, reference, error);
    return rc == 0 ? 0 : repository_error(error, "cannot write to %s", clone->shown);
}
