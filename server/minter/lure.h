/* SPDX-License-Identifier: ISC
 *
 * Lures: a mail, a change of a repository, an account of a directory, or an artifact as a file of its own, made of a
 * token and the persona. */
#ifndef MINTER_LURE_H
#define MINTER_LURE_H

#include <jansson.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/minter/artifact.h"
#include "server/minter/minter.h"

#define LURE_FILES 16
#define LURE_FILE_BYTES (256 * 1024)

/* All that was made: meta as server/minter/job.h says, and the "file" results "0", "1", … */
struct lure_made {
    json_t *meta;
    struct buffer files[LURE_FILES];
    size_t file_count;
};

struct profile;

/* The token's artifact that a lure carries, as carried.h makes it. */
struct carried {
    const struct artifact *artifact; /* NULL: none */
    struct buffer data;
    size_t line; /* on which the secret stands */
};

/* What a lure is made of; texts live as long as the parameters. */
struct lure_work {
    const struct minter *minter;
    const json_t *parameters;
    const char *kind, *form, *language, *place, *path;
    struct slice identity, secret;
    const json_t *facts;
    const struct profile *profile; /* how the house's own mails look; NULL: nothing was learned */
    json_t *people; /* real ones beside the owner, as those of the persona are; NULL: the persona's play */
    bool buried, owned; /* owned: it is known whose the place is */
    int64_t at; /* seconds, 0: to be drawn */
    json_t *base, *token, *variables;
    const struct lure *lure;
    struct carried carried;
    uint64_t turn; /* of the lure's texts */
};

/* Parameters of the job "lure". `made` is filled whatever happens; lure_free() it. */
int lure_make(const struct minter *minter, const json_t *parameters, struct lure_made *made, struct error *error);
void lure_free(struct lure_made *made);

/* Renders a template over base, token and (where not NULL) variables, into a buffer of any state. */
int lure_render(const struct template *body, json_t *base, json_t *token, json_t *variables, enum render_escape escape,
                struct buffer *out, struct error *error);

/* Parts of lure_make(). Who plays (cast.c): gives from, to and third their parts, and where the lure wants people of
 * certain departments, such where there are any. */
int lure_people(struct lure_work *work, struct error *error);
void lure_cast(struct lure_work *work);
struct shown_token lure_shown(const struct lure_work *work);
struct buffer *lure_file(struct lure_made *made, struct error *error);
/* Adds the index-th of all texts that the variable can come to (index < total). */
int lure_choose(const struct lure_variable *variable, uint32_t index, json_t *base, json_t *token, json_t *variables,
                struct buffer *out, struct error *error);
/* The one whose turn it is. */
int lure_draw(const struct lure_work *work, const struct lure_variable *variable, struct buffer *out,
              struct error *error);
/* That of a turn which is not the lure's: of what an installation says whatever the lure. */
int lure_turn(const struct lure_work *work, const struct lure_variable *variable, uint64_t turn, struct buffer *out,
              struct error *error);
/* The line, from 1, on which the secret stands, as it is or percent-encoded; 0 when it stands nowhere. */
size_t lure_line(struct slice text, struct slice secret);
int lure_mail(struct lure_work *work, struct lure_made *made, struct error *error);
int lure_repository(struct lure_work *work, struct lure_made *made, struct error *error);
/* Where "former" is given and its texts can be exchanged in the file with the secret: the meta's "rotation", and a file
 * for each text. */
int lure_rotation(const struct lure_work *work, struct lure_made *made, struct error *error);
/* The variable "account", before all others: the name that the directory's entry goes by. */
int lure_account(struct lure_work *work, struct error *error);
int lure_directory(struct lure_work *work, struct lure_made *made, struct error *error);

#endif
