/* SPDX-License-Identifier: ISC
 *
 * A page of a wiki that is a git repository, PROJECT.wiki.git beside the project's own, and has no API: one file at its
 * default branch, which is all that such a wiki shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/forge_object.h"
#include "server/planter/git_away.h"

#define PAGE_FILE (FORGE_TITLE + 8)

static const struct forge_object wiki = {.name = "wiki", .shown = "wiki page"};

/* "Rotate tokens" → "Rotate-tokens.md" */
static void name_file(const char *title, char file[PAGE_FILE])
{
    snprintf(file, PAGE_FILE, "%s.md", title);
    for (char *c = file; *c != '\0'; c++)
        if (strchr(" /\\:*?\"<>|", *c) != NULL)
            *c = '-';
}

static char *repository_of(const struct forge_stay *stay, struct error *error)
{
    char *path = NULL;

    if (asprintf(&path, "%s.wiki.git", stay->project) >= 0)
        return path;
    error_set(error, "out of memory");
    return NULL;
}

static int check_open(struct forge_stay *stay, struct error *error)
{
    json_t *answer = NULL;
    int rc = forge_do(stay, &stay->kind->project, false, "the project cannot be read", &answer, error);

    if (rc == 0)
        error_set(error, "there is no %s, or the account %s may not see it", stay->shown,
                  stay->task->visit->credentials.name);
    else if (rc == 1 && json_is_false(forge_member(answer, "has_wiki")))
        rc = error_set(error, "%s has no wiki: it is turned off in the project", stay->shown);
    json_decref(answer);
    return rc == 1 ? 0 : -1;
}

/* The same lure as one file of the wiki's repository, with the message that the forge's own editor writes. Its options
 * and meta are to be released. */
static int make_page(const struct forge_stay *stay, const struct forge_work *work, struct task *page,
                     struct error *error)
{
    const json_t *first = json_array_get(json_object_get(stay->task->meta, "changes"), 0);
    char file[PAGE_FILE], message[PAGE_FILE + 32];

    name_file(work->title, file);
    snprintf(message, sizeof message, "Created %s (markdown)", work->title);
    *page = *stay->task;
    page->files[0] = (struct task_file){.name = (char *)(uintptr_t)"page", .data = work->pieces[0].text, .whole = true};
    page->file_count = 1;
    page->options = json_copy(stay->task->options);
    json_object_del(page->options, "as");
    page->meta = json_pack("{s:[{s:s, s:O, s:O, s:[{s:s, s:s}]}]}", "changes", "message", message, "author",
                           json_object_get(first, "author"), "date", json_object_get(first, "date"), "files", "path", file,
                           "file", "page");
    return page->options != NULL && page->meta != NULL ? 0 : error_set(error, "out of memory");
}

/* What is told of it beside the commit; NULL. */
static json_t *describe(const struct forge_stay *stay, const char *title)
{
    char file[PAGE_FILE], port[8] = "";

    name_file(title, file);
    if (stay->place.port != 0)
        snprintf(port, sizeof port, ":%u", stay->place.port);
    return json_pack("{s:s, s:s, s:s, s:o}", "repository", stay->shown, "object", wiki.name, "title", title, "url",
                     json_sprintf("https://%s%s/%s/wiki/%.*s", stay->place.host, port, stay->project,
                                  (int)strlen(file) - 3, file));
}

int forge_wiki_plant(struct forge_stay *stay, struct error *error)
{
    struct forge_work work = {.count = 0};
    struct task page = {.options = NULL};
    char *path = repository_of(stay, error);
    json_t *more = NULL;
    int rc = path != NULL ? forge_work_read(stay, &wiki, &work, error) : -1;

    if (rc == 0)
        rc = check_open(stay, error);
    if (rc == 0)
        rc = make_page(stay, &work, &page, error);
    if (rc == 0 && (more = describe(stay, work.title)) == NULL)
        rc = error_set(error, "out of memory");
    if (rc == 0)
        rc = git_away_plant(&page, path, more, stay->result, error);
    if (rc == 0)
        place_note(stay->result, "%s: the %s %s", task_flag(stay->task, "dry_run") ? "Would be put there" : "Put there",
                   wiki.shown, work.title);
    json_decref(more);
    json_decref(page.options);
    json_decref(page.meta);
    forge_work_free(&work);
    free(path);
    return rc;
}

int forge_wiki_look(struct forge_stay *stay, bool remove, struct error *error)
{
    char *path = repository_of(stay, error);
    struct task page = *stay->task;
    int rc = -1;

    page.options = json_copy(stay->task->options);
    if (json_object_set_new(page.options, GIT_AWAY_REMOVAL, json_string("Destroyed * (markdown)")) != 0)
        error_set(error, "out of memory");
    else if (path != NULL)
        rc = (remove ? git_away_uproot : git_away_inspect)(&page, path, stay->result, error);
    json_decref(page.options);
    free(path);
    return rc;
}
