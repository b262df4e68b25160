/* SPDX-License-Identifier: ISC */
#include "server/planter/credentials.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/wire/message.h"

void credentials_init(struct credentials *credentials)
{
    memset(credentials, 0, sizeof *credentials);
    for (size_t i = 0; i < ACCOUNT_FILES; i++) {
        credentials->files[i].fd = -1;
        buffer_init(&credentials->files[i].data, CREDENTIALS_FILE);
    }
    buffer_init(&credentials->granted, CREDENTIALS_FILE);
}

void credentials_free(struct credentials *credentials)
{
    for (size_t i = 0; i < ACCOUNT_FILES; i++) {
        if (credentials->files[i].fd >= 0)
            close(credentials->files[i].fd);
        free(credentials->files[i].path);
        buffer_free(&credentials->files[i].data);
    }
    buffer_free(&credentials->granted);
    free(credentials->name);
    json_decref(credentials->settings);
    credentials_init(credentials);
}

static int take_account(struct credentials *credentials, struct reader *reader, struct error *error)
{
    struct plant_account account;

    credentials_free(credentials);
    if (plant_account_get(reader, &account) != 0)
        return error_set(error, "the planter was sent a damaged account");
    credentials->name = slice_copy(account.name);
    credentials->settings = json_loadb((const char *)account.settings.data, account.settings.length, 0, NULL);
    return credentials->name != NULL && json_is_object(credentials->settings)
               ? 0
               : error_set(error, "the planter was sent a damaged account");
}

static int take_file(struct credentials *credentials, struct reader *reader, int fd, struct error *error)
{
    struct credential credential;

    if (credential_get(reader, &credential) == 0 && fd >= 0)
        for (size_t i = 0; i < ACCOUNT_FILES; i++)
            if (slice_is(credential.name, account_file_name(i)) && credentials->files[i].path == NULL) {
                credentials->files[i].fd = fd;
                credentials->files[i].path = slice_copy(credential.path);
                return credentials->files[i].path != NULL ? 0 : error_set(error, "out of memory");
            }
    if (fd >= 0)
        close(fd);
    return error_set(error, "the planter was sent a damaged credential");
}

int credentials_take(struct credentials *credentials, struct slice message, int fd, struct error *error)
{
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);

    if (type == MESSAGE_CREDENTIAL)
        return take_file(credentials, &reader, fd, error);
    if (fd >= 0)
        close(fd);
    return take_account(credentials, &reader, error);
}

/* ---- reading ---- */

static int read_all(struct credentials_file *file, struct error *error)
{
    ssize_t got = 1;
    unsigned char *room;

    while (got > 0) {
        room = buffer_reserve(&file->data, 4096);
        if (room == NULL)
            return error_set(error, "%s is longer than %d KiB", file->path, CREDENTIALS_FILE >> 10);
        got = read(file->fd, room, 4096);
        if (got < 0 && errno != EINTR)
            return error_errno(error, "cannot read %s", file->path);
        buffer_grow(&file->data, got > 0 ? (size_t)got : 0);
        got = got < 0 ? 1 : got;
    }
    close(file->fd);
    file->fd = -1;
    return 0;
}

int credentials_read(struct credentials *credentials, struct error *error)
{
    for (size_t i = 0; i < ACCOUNT_FILES; i++) {
        struct credentials_file *file = &credentials->files[i];

        if (file->fd < 0)
            continue;
        if (read_all(file, error) != 0)
            return -1;
        while ((i == ACCOUNT_PASSWORD || i == ACCOUNT_TOKEN || i == ACCOUNT_SECRET) && file->data.length > 0 &&
               (file->data.data[file->data.length - 1] == '\n' || file->data.data[file->data.length - 1] == '\r'))
            file->data.length--;
        if (file->data.length == 0 || (i <= ACCOUNT_SECRET && memchr(file->data.data, '\0', file->data.length) != NULL))
            return error_set(error, "%s, the %s of the account %s, is empty or no text", file->path,
                             account_file_name(i), credentials->name);
    }
    return 0;
}

/* ---- what is in it ---- */

const char *credentials_setting(const struct credentials *credentials, const char *name)
{
    const char *text = json_string_value(json_object_get(credentials->settings, name));

    return text != NULL ? text : "";
}

struct slice credentials_file(const struct credentials *credentials, enum account_file file)
{
    return buffer_slice(&credentials->files[file].data);
}

void credentials_mark(const struct credentials *credentials, unsigned char mark[CREDENTIALS_MARK])
{
    char *settings = json_dumps(credentials->settings, JSON_COMPACT | JSON_SORT_KEYS);
    const char *name = credentials->name != NULL ? credentials->name : "";
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, CREDENTIALS_MARK);
    crypto_generichash_update(&state, (const unsigned char *)name, strlen(name) + 1);
    if (settings != NULL)
        crypto_generichash_update(&state, (const unsigned char *)settings, strlen(settings) + 1);
    for (size_t i = 0; i < ACCOUNT_FILES; i++) {
        struct slice data = buffer_slice(&credentials->files[i].data);
        uint64_t length = data.length;

        crypto_generichash_update(&state, (const unsigned char *)&length, sizeof length);
        crypto_generichash_update(&state, data.data, data.length);
    }
    crypto_generichash_final(&state, mark, CREDENTIALS_MARK);
    free(settings);
}

char *credentials_user(const struct credentials *credentials, const char *person)
{
    const char *user = credentials_setting(credentials, "user"), *hole = strstr(user, "%u");
    struct buffer text;
    char *result;

    if (user[0] == '\0')
        return strdup(person);
    if (hole == NULL)
        return strdup(user);
    buffer_init(&text, 4096);
    buffer_add(&text, user, (size_t)(hole - user));
    buffer_add_text(&text, person);
    buffer_add_text(&text, hole + 2);
    result = strdup(buffer_text(&text));
    buffer_free(&text);
    return result;
}
