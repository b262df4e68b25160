/* SPDX-License-Identifier: ISC
 *
 * The templates of artifacts and lures, read and parsed once at start. The formats of file.yaml and lure.yaml are
 * described in templates/README.md. */
#ifndef MINTER_CATALOGUE_H
#define MINTER_CATALOGUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include "server/base/error.h"
#include "server/minter/container.h"
#include "templates/render.h"

/* Texts of a YAML list. An absent list holds everything. */
struct texts {
    char **items;
    size_t count;
};

bool texts_hold(const struct texts *texts, const char *text);
/* The same of kinds: "login" holds every kind whose secret goes with its identity, "token" every other. */
bool texts_hold_kind(const struct texts *kinds, const char *kind);
/* Does the list name the decoy's service, or its site? `decoy`: a job's. */
bool texts_hold_decoy(const struct texts *services, const json_t *decoy);

#define LURE_WAYS 12

/* A text, and how many ways each of its [one|another] can be read: those are sections "or.N.M" of the template. */
struct lure_choice {
    struct template *body;
    unsigned char ways[LURE_WAYS];
    size_t way_count;
};

/* Texts of which one is drawn. `total`: how many there are in all, each choice read in each way. */
struct lure_variable {
    char *name;
    struct lure_choice *choices;
    size_t choice_count;
    uint32_t total;
};

/* In their order; each may use those before it. */
struct variables {
    struct lure_variable *items;
    size_t count;
};

/* A text that stands in an artifact as base64. */
struct artifact_part {
    char *name;
    struct template *body;
};

struct artifact {
    char *name; /* the file in which it lives: .git-credentials, .git/config, … */
    struct texts kinds, forms, services, languages;
    struct texts match; /* ends of file names that also ask for it */
    bool plantable;     /* stands alone as a file */
    enum render_escape escape;
    struct template *body;
    struct variables variables;
    struct artifact_part *parts;
    size_t part_count;
    struct containers containers; /* make the file of the rendered text */
};

/* A person of the templates who is of one of these departments, where the persona has such. */
struct lure_cast {
    char *role;
    struct texts departments;
};

struct lure_file {
    struct template *path;
    struct template *body; /* NULL: the file is removed, or is the artifact */
    enum render_escape escape;
    struct containers containers;
    bool secret;    /* holds the secret; --path names it anew */
    bool submodule; /* the path is a submodule's, and the text its URL */
    bool artifact;  /* the token's, as it is */
};

#define LURE_MESSAGES 8
#define LURE_ATTACHMENTS 4 /* of one mail */

/* A file that a mail brings: a text of its own, or the token's artifact. */
struct lure_attachment {
    struct template *name;     /* before it is packed; NULL: the artifact's */
    struct lure_variable body; /* without choices: the artifact */
    struct containers containers;
    bool secret; /* holds identity and secret */
};

/* One mail of a thread, by the names of people in templates: from, to, third, outside. */
struct lure_message {
    char *from, *to, *copy; /* copy may be NULL */
    struct lure_variable body;
    bool secret; /* holds identity and secret */
    bool maybe;  /* is there in every other thread */
    bool alone;  /* may lie there without what it answers, all of which it quotes */
    struct lure_attachment attachments[LURE_ATTACHMENTS];
    size_t attachment_count;
};

struct lure_change {
    struct template *message;
    struct template *area; /* NULL: none */
    struct lure_file *files;
    size_t file_count;
};

/* The token's artifact that a lure carries: none, one as a file, or one whose lines hold identity and secret. */
enum lure_carries { LURE_NO_ARTIFACT, LURE_ARTIFACT_FILE, LURE_ARTIFACT_LINES };

/* How directories spell accounts: as RFC 4519 and RFC 2307 do, or as Active Directory does. */
enum lure_schema { LURE_STANDARD, LURE_ACTIVE_DIRECTORY, LURE_SCHEMAS };

struct lure {
    char *name, *type, *language, *summary;
    bool asked; /* taken only when it is named, or no other fits */
    enum lure_carries carries;
    struct texts kinds, forms, services, places;
    struct lure_cast *cast;
    size_t cast_count;
    struct variables variables;
    struct template *subject; /* mail */
    struct lure_message messages[LURE_MESSAGES];
    size_t message_count;
    struct lure_change *changes; /* repository: one, and one that buries it again */
    size_t change_count;
    struct template *entries[LURE_SCHEMAS]; /* directory: an account as each schema spells it */
};

struct catalogue {
    struct variables variables; /* of all YAML files in file/, for all artifacts */
    struct artifact *artifacts;
    size_t artifact_count;
    struct lure *lures;
    size_t lure_count;
};

/* Reads DATA/file/(any).yaml and, of mail, repository and directory, DATA/TYPE/(any)/lure.yaml, each group in the order
 * of names, with what stands in words.yaml beside the folders of mails and changes. A lure in two languages is two. Faults are
 * FILE:LINE:COLUMN: text. The caller frees. */
int catalogue_load(const char *data, struct catalogue **catalogue, struct error *error);
void catalogue_free(struct catalogue *catalogue);

#endif
