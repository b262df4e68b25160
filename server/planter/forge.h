/* SPDX-License-Identifier: ISC
 *
 * Repositories behind a forge's HTTPS API: GitLab, GitHub, Gitea, Bitbucket. The acts are here once; what each forge
 * calls them stands in a table, and only how it takes a commit is code of its own. */
#ifndef PLANTER_FORGE_H
#define PLANTER_FORGE_H

#include "server/planter/changes.h"
#include "server/planter/manner.h"
#include "server/planter/place.h"
#include "server/planter/web.h"
#include "server/wire/remote.h"

#define FORGE_NAME 256
#define FORGE_TITLE 256 /* bytes of a title, with its NUL */
#define FORGE_PATH 1025

/* Path and body hold {x}, which stands for stay->value['x'] (see below): in a path with %XX, {/x} keeping its slashes.
 * A body is JSON, or "{x}" alone: that text as it is. A member whose value is not there is left out. */
struct forge_call {
    const char *method, *path, *body;
};

/* What is no file: planted by --as `name`. Content and id are members of an answer, written as "a.b"; NULL: the content
 * is the answer itself. */
struct forge_object {
    const char *name;
    const char *shown;              /* "variable" as people say it there */
    struct forge_call host;         /* answers what it is put on, first in a list; its host_id becomes {r} */
    const char *host_id;
    struct forge_call make;
    const char *id;                 /* of the answer, becomes {i}; NULL: {k} names it */
    struct forge_call look;
    const char *content;
    bool encoded;                   /* the content is base64 */
    const char *version;            /* of what look answers, becomes {v} */
    struct forge_call list;         /* where it is looked for when its id is not known, by title or content */
    const char *title, *listed;     /* members there; what has no `listed` content has a title of its own */
    const char *listed_id;          /* where it is not `id` */
    const char *listed_key;         /* and is {k}, where lists may show others */
    struct forge_call remove;
    struct forge_call parts;        /* what {i} holds, where others' may lie in it: */
    const char *part, *part_id;     /* this is {f} of ours, this becomes {j} */
    struct forge_call remove_part;  /* then instead of all of it */
    struct forge_call hide;         /* where it cannot be removed */
};

struct forge_stay;

struct forge {
    struct web_api api;             /* at the place's host */
    const char *public_host;        /* but of this one */
    struct web_api public_api;      /* here */
    bool any_depth;                 /* projects may have more names than two */
    const char *items;              /* member of a list's answer that holds it; NULL: the answer */
    const char *raw_header;         /* for files as they are */
    bool authors, dates;            /* whether a commit may say who made it, and when */
    struct forge_call project;      /* answers with the default branch, */
    const char *standard;           /* in this member */
    struct forge_call branch;       /* of {b}, */
    const char *branch_name, *tip, *open, *closed; /* whether this account may write to it, or nobody may */
    struct forge_call file;         /* {f} at {b}, as it is */
    struct forge_call log, trail;   /* of {b}; those that touch {f}; the newest first */
    struct forge_call beyond;       /* the commits up to {h} that {b} has not: */
    const char *beyond_commits;     /* their list or number */
    struct forge_call touched;      /* what {h} changed: */
    const char *touched_files, *touched_path;
    struct {
        const char *id, *message, *name, *mail, *date, *committer, *committer_mail, *parents, *signature;
    } commit;
    /* One change on stay's branch {b}; where {s} is set, on a new branch {s} that begins there. */
    int (*put)(struct forge_stay *stay, const struct changes *changes, size_t index, struct error *error);
    int (*take)(struct forge_stay *stay, const struct changes *changes, struct error *error); /* NULL: as put() */
    struct {
        const char *shown;
        struct forge_call make, list, look, close, merge, leave; /* leave: delete the branch {s} */
        const char *id, *source, *state, *url, *version;
        const char *merged; /* a member that is true, or the state's word */
    } request;
    const struct forge_object *objects;
    size_t object_count;
    bool git_wiki;                  /* --as wiki goes into the wiki's own git repository, */
    const char *registry;           /* --as package into this npm registry at the place's host; NULL: it has none */
    const char *public_registry;    /* the public host's */
};

/* One job. Values: p project, o its owner, n its name; b branch, s source branch, h commit (of what is deleted: the one
 * it must still be at); f file, r request; t title, d text, e the same in base64, k key, y sort, i id, j id of
 * a part, v version, w when. */
struct forge_stay {
    const struct forge *kind;
    const struct task *task;
    struct place_result *result;
    struct web *web;
    struct remote place;
    char *project, *owner, *name;
    char *given;                    /* the place's branch, NULL */
    char shown[512];                /* "gitlab://HOST/GROUP/PROJECT" */
    const char *value[128];
    char branch[FORGE_NAME], source[FORGE_NAME], tip[FORGE_NAME], request[FORGE_NAME], id[FORGE_NAME], version[64];
    char earlier[FORGE_NAME];       /* the last request that a branch of that name had before */
    bool closed;                    /* the branch takes no commit of this account */
    bool merges, merged;            /* the request is to be merged; it is, */
    char refusal[WEB_WORDS];        /* or why not, in the forge's words */
    char last[FORGE_NAME], blob[FORGE_NAME]; /* of the file that is written over: its newest commit, and what it is */
};

int forge_plant(const struct forge *kind, const struct task *task, struct place_result *result, struct error *error);
int forge_look(const struct forge *kind, const struct task *task, bool remove, struct place_result *result,
               struct error *error);

/* ---- for its parts ---- */

/* 1 with the answer (may be NULL), 0 where there is no such thing (404), -1. `once` as in web.h. */
int forge_do(struct forge_stay *stay, const struct forge_call *call, bool once, const char *what, json_t **answer,
             struct error *error);
/* The same with a body of its own, which is released. */
int forge_send(struct forge_stay *stay, const char *method, const char *path, json_t *body, bool once, const char *what,
               json_t **answer, struct error *error);
/* What is not found may be there, unseen: who may not see a project is told by forges that there is none. 0 where the
 * account sees the project, -1. */
int forge_sees(struct forge_stay *stay, struct error *error);
/* Another body than JSON, of that type; what it does is not done twice. */
int forge_form(struct forge_stay *stay, const char *method, const char *path, const char *type, struct slice body,
               const char *what, struct error *error);
/* A message's first line, as much of it as forges take. */
void forge_title(const char *message, char title[FORGE_TITLE]);
/* The change's time as the forges read it: "2026-11-20T11:30:00+01:00". */
void forge_date(const struct change *change, char text[40]);
/* The answer's body as it came, in web->answer. */
int forge_raw(struct forge_stay *stay, const struct forge_call *call, const char *header, const char *what,
              struct error *error);
/* A member by "a.b", where "*" is an object's first; NULL. */
const json_t *forge_member(const json_t *answer, const char *path);
/* The same as text, numbers too; false: there is none, or it is too long. */
bool forge_text(const json_t *answer, const char *path, char *text, size_t size);
/* The list in an answer. */
const json_t *forge_items(const struct forge_stay *stay, const json_t *answer);
/* How those who work on branch {b} commit, and when its newest commit was made (0: not known). manner_free() it. */
int forge_learn(struct forge_stay *stay, struct manner *manner, int64_t *tip_s, struct error *error);
/* The file {f} at that branch or commit: is it that content (a digest of it, where `content` is none)? 1 so, 2 another,
 * 0 none, -1. */
int forge_file(struct forge_stay *stay, const char *at, struct slice content, const char *digest, struct error *error);
/* What the file was before that change; NULL: it was not there. */
const struct task_file *forge_before(const struct changes *changes, size_t index, const char *path);

/* The commit of that branch that brought {f}, newest first, and the one that took it away again, into result->where. 1, 0,
 * -1. */
int forge_locate(struct forge_stay *stay, const char *at, struct slice content, const char *digest,
                 struct error *error);
/* The newest commit of the branch {b} that touched {f}, "" where there is none, and what the forge says of it and of those
 * before. */
int forge_newest(struct forge_stay *stay, json_t **trail, char id[FORGE_NAME], struct error *error);
/* Does that branch's history have the commit? 1, 0 (as far as the forge tells), -1. */
int forge_holds(struct forge_stay *stay, const char *branch, const char *commit, struct error *error);
/* The path at which {f}, which that commit took away, lies at that branch now with that content: 1, 0, -1. */
int forge_renamed(struct forge_stay *stay, const char *at, const char *commit, const char *digest,
                  char path[FORGE_PATH], struct error *error);
/* The newest commit of a branch: 1, 0 there is no such branch, -1. */
int forge_tip(struct forge_stay *stay, const char *branch, char tip[FORGE_NAME], struct error *error);
/* Is the branch that is written to as the change leaves it? 1, 0, -1. */
int forge_is_done(struct forge_stay *stay, const struct change *change, struct error *error);
/* Did the forge just refuse because the branch is not this account's to write to? */
bool forge_is_protected(const struct forge_stay *stay);
/* The request to merge {s}, later than the earlier one: 1 with its id, 0, -1. */
int forge_find_request(struct forge_stay *stay, struct error *error);

/* Merges {r}, where the forge lets it: then `merged`, and the branch {s} is gone. */
void forge_merge(struct forge_stay *stay);
/* Is the request merged, by an answer of request.look? */
bool forge_is_merged(const struct forge_stay *stay, const json_t *answer);

/* The one change that writes the secret over what the task `replaces`, by whoever put that there, whose name *trail holds.
 * 0; 1: that cannot be, with the reason; -1. */
int forge_replace(struct forge_stay *stay, struct changes *changes, struct task_file *written, json_t **trail,
                  struct error *error);

/* The two ways: in the repository, and beside it. */
int forge_commit_plant(struct forge_stay *stay, bool request, bool branch, struct error *error);
int forge_commit_look(struct forge_stay *stay, bool remove, struct error *error);
int forge_object_plant(struct forge_stay *stay, const struct forge_object *object, struct error *error);
int forge_object_look(struct forge_stay *stay, const struct forge_object *object, bool remove, struct error *error);

/* A page of the wiki's repository. */
int forge_wiki_plant(struct forge_stay *stay, struct error *error);
int forge_wiki_look(struct forge_stay *stay, bool remove, struct error *error);

/* A package of npm. */
int forge_package_plant(struct forge_stay *stay, struct error *error);
int forge_package_look(struct forge_stay *stay, bool remove, struct error *error);

/* Defines the place: its three acts. `copying`: some of it is copied (place.h: copies). */
#define FORGE_PLACE(symbol, name, copying)                                                                             \
    static int symbol##_plant(const struct task *task, struct place_result *result, struct error *error)               \
    {                                                                                                                  \
        return forge_plant(&symbol##_forge, task, result, error);                                                      \
    }                                                                                                                  \
    static int symbol##_inspect(const struct task *task, struct place_result *result, struct error *error)             \
    {                                                                                                                  \
        return forge_look(&symbol##_forge, task, false, result, error);                                                \
    }                                                                                                                  \
    static int symbol##_uproot(const struct task *task, struct place_result *result, struct error *error)              \
    {                                                                                                                  \
        return forge_look(&symbol##_forge, task, true, result, error);                                                 \
    }                                                                                                                  \
    const struct place place_##symbol = {                                                                              \
        .scheme = name, .remote = true, .copies = copying, .plant = symbol##_plant, .inspect = symbol##_inspect,       \
        .uproot = symbol##_uproot}

#endif
