/* SPDX-License-Identifier: ISC
 *
 * What a lure's branch or tag is called: like those that are there. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/graft.h"

#define WORDS 4

static const char *const shapes[] = {
    [SHAPE_COMMIT] = "commit", [SHAPE_MERGE] = "merge", [SHAPE_BRANCH] = "branch", [SHAPE_TAG] = "tag",
    [SHAPE_STASH] = "stash"};

int graft_shape(const char *name, enum shape *shape, struct error *error)
{
    *shape = SHAPE_COMMIT;
    for (size_t i = 0; name != NULL && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i], name) == 0) {
            *shape = (enum shape)i;
            return 0;
        }
    }
    return name == NULL ? 0
                        : error_set(error, "a change cannot lie in a repository as \"%.40s\"; --as takes commit, merge, "
                                           "branch, tag or stash", name);
}

/* ---- branches ---- */

void graft_slug(const char *subject, char slug[GRAFT_SLUG])
{
    size_t length = strcspn(subject, "\n"), n = 0, words = 0;
    const char *colon = strstr(subject, ": "), *bracket = subject[0] == '[' ? strstr(subject, "] ") : NULL;
    const char *from = bracket != NULL ? bracket + 2 : colon != NULL && colon < subject + length ? colon + 2 : subject;

    for (const char *at = from; at < subject + length && n < GRAFT_SLUG - 1 && words < WORDS; at++) {
        if (isascii(*at) && isalnum((unsigned char)*at))
            slug[n++] = (char)tolower((unsigned char)*at);
        else if (n > 0 && slug[n - 1] != '-' && ++words < WORDS)
            slug[n++] = '-';
    }
    while (n > 0 && slug[n - 1] == '-')
        n--;
    slug[n] = '\0';
    if (n == 0)
        snprintf(slug, GRAFT_SLUG, "wip");
}

/* What others put before a branch's name ("feature/"), where most do; "" else. */
static void draw_prefix(git_repository *git, char prefix[64])
{
    git_branch_iterator *iterator = NULL;
    git_reference *reference = NULL;
    git_branch_t type;
    size_t with = 0, without = 0;

    prefix[0] = '\0';
    if (git_branch_iterator_new(&iterator, git, GIT_BRANCH_ALL) != 0)
        return;
    while (git_branch_next(&reference, &type, iterator) == 0) {
        const char *name = git_reference_shorthand(reference), *slash;

        if (type == GIT_BRANCH_REMOTE && strchr(name, '/') != NULL)
            name = strchr(name, '/') + 1;
        slash = strchr(name, '/');
        if (slash == NULL)
            without += strcmp(name, "main") != 0 && strcmp(name, "master") != 0 && strcmp(name, "HEAD") != 0;
        else if (slash - name < 60 && randombytes_uniform((uint32_t)++with) == 0)
            snprintf(prefix, 64, "%.*s/", (int)(slash - name), name);
        git_reference_free(reference);
    }
    git_branch_iterator_free(iterator);
    if (without > with)
        prefix[0] = '\0';
}

/* ---- tags ---- */

struct version {
    char before[24]; /* v, release-, nothing */
    unsigned major, minor, patch;
};

static bool read_version(const char *tag, struct version *version)
{
    size_t before = strcspn(tag, "0123456789");
    int end = 0;

    if (before >= sizeof(version->before))
        return false;
    memcpy(version->before, tag, before);
    version->before[before] = '\0';
    return sscanf(tag + before, "%5u.%5u.%5u%n", &version->major, &version->minor, &version->patch, &end) == 3 &&
           tag[before + (size_t)end] == '\0';
}

static bool newer(const struct version *a, const struct version *b)
{
    if (a->major != b->major)
        return a->major > b->major;
    return a->minor != b->minor ? a->minor > b->minor : a->patch > b->patch;
}

static bool newest_version(git_repository *git, struct version *newest)
{
    git_strarray tags = {NULL, 0};
    bool found = false;

    if (git_tag_list(&tags, git) != 0)
        return false;
    for (size_t i = 0; i < tags.count; i++) {
        struct version version;

        if (read_version(tags.strings[i], &version) && (!found || newer(&version, newest))) {
            *newest = version;
            found = true;
        }
    }
    git_strarray_dispose(&tags);
    return found;
}

/* Beside the newest version, or what people call what they keep before they change something. */
static void draw_tag(git_repository *git, char name[128])
{
    static const char *const plain[] = {"before-cleanup", "pre-migration", "backup", "demo", "last-good", "old-deploy",
                                        "poc", "handover"};
    struct version v;

    if (!newest_version(git, &v)) {
        snprintf(name, 128, "%s", plain[randombytes_uniform(sizeof(plain) / sizeof(plain[0]))]);
        return;
    }
    switch (randombytes_uniform(4)) {
    case 0:
        snprintf(name, 128, "%s%u.%u.%u-rc1", v.before, v.major, v.minor, v.patch + 1);
        break;
    case 1:
        snprintf(name, 128, "%s%u.%u.%u-hotfix", v.before, v.major, v.minor, v.patch);
        break;
    case 2:
        snprintf(name, 128, "%s%u.%u.%u-test", v.before, v.major, v.minor, v.patch);
        break;
    default:
        snprintf(name, 128, "%s%u.%u.0-rc1", v.before, v.major, v.minor + 1);
    }
}

/* ---- choosing ---- */

static bool taken(git_repository *git, const char *reference)
{
    git_oid id;

    return git_reference_name_to_id(&id, git, reference) == 0;
}

static int name_in(struct graft *graft, const char *folder, const char *given, const char *drawn, struct error *error)
{
    git_repository *git = graft->repository.git;
    int valid = 0;

    snprintf(graft->reference, sizeof(graft->reference), "%s%.120s", folder, given != NULL ? given : drawn);
    for (int i = 2; given == NULL && i < 100 && taken(git, graft->reference); i++)
        snprintf(graft->reference, sizeof(graft->reference), "%s%.120s-%d", folder, drawn, i);
    if (git_reference_name_is_valid(&valid, graft->reference) != 0 || !valid)
        return error_set(error, "\"%.120s\" is no name that git takes; choose another --name", given);
    return taken(git, graft->reference) ? error_set(error, "%s is there already; choose another --name",
                                                    graft->reference)
                                        : 0;
}

static int name_branch(struct graft *graft, const char *given, struct error *error)
{
    char slug[GRAFT_SLUG], prefix[64], drawn[GRAFT_SLUG + 64];

    graft_slug(graft->changes.list[0].message, slug);
    draw_prefix(graft->repository.git, prefix);
    snprintf(drawn, sizeof(drawn), "%s%s", prefix, slug);
    if (name_in(graft, "refs/heads/", given, drawn, error) != 0)
        return -1;
    snprintf(graft->side, sizeof(graft->side), "%.120s", graft->reference + strlen("refs/heads/"));
    return 0;
}

int graft_name(struct graft *graft, const char *given, struct error *error)
{
    char drawn[128];

    if (given != NULL && (graft->shape == SHAPE_COMMIT || graft->shape == SHAPE_STASH))
        return error_set(error, "--name is for --as merge, branch and tag");
    if (graft->shape == SHAPE_MERGE || graft->shape == SHAPE_BRANCH) {
        if (name_branch(graft, given, error) != 0)
            return -1;
    } else if (graft->shape == SHAPE_TAG) {
        draw_tag(graft->repository.git, drawn);
        return name_in(graft, "refs/tags/", given, drawn, error);
    }
    if (graft_moves(graft))
        snprintf(graft->reference, sizeof(graft->reference), "%s", graft->repository.branch);
    else if (graft->shape == SHAPE_STASH)
        snprintf(graft->reference, sizeof(graft->reference), "refs/stash");
    return 0;
}
