/* SPDX-License-Identifier: ISC
 *
 * The account that opens a place on another host: what sundew.yaml says of it, and what its files hold. They come as
 * descriptors, are read once the cage is shut, and wiped after each job. */
#ifndef PLANTER_CREDENTIALS_H
#define PLANTER_CREDENTIALS_H

#include <jansson.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/configuration.h"

#define CREDENTIALS_FILE (256 * 1024)
#define CREDENTIALS_MARK 32

struct credentials {
    char *name; /* of the account; NULL: none came */
    json_t *settings;
    struct credentials_file {
        int fd;     /* -1: read, or none */
        char *path; /* for faults; NULL: none */
        struct buffer data;
    } files[ACCOUNT_FILES];
    struct buffer granted; /* the access token that was given out for it, in this job (oauth.h); or empty */
};

void credentials_init(struct credentials *credentials);
/* Wipes. */
void credentials_free(struct credentials *credentials);
/* ACCOUNT, which forgets the one before, or CREDENTIAL with its descriptor, which is taken over. */
int credentials_take(struct credentials *credentials, struct slice message, int fd, struct error *error);
int credentials_read(struct credentials *credentials, struct error *error);
/* A setting, "" where there is none. */
const char *credentials_setting(const struct credentials *credentials, const char *name);
/* A file's content, data NULL where there is none; of passwords, tokens and secrets without the line's end. */
struct slice credentials_file(const struct credentials *credentials, enum account_file file);
/* Tells two accounts apart, and one whose files have changed. */
void credentials_mark(const struct credentials *credentials, unsigned char mark[CREDENTIALS_MARK]);
/* Who logs in to that person's mailbox: the setting with %u replaced, or the person. To be freed. */
char *credentials_user(const struct credentials *credentials, const char *person);

#endif
