/* SPDX-License-Identifier: ISC
 *
 * A new secret that takes the place of a former one in a file at a forge, by one commit. It names what was read, so that
 * the forge refuses it where somebody else was quicker. */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/planter/exchange.h"
#include "server/planter/forge.h"

int forge_newest(struct forge_stay *stay, json_t **trail, char id[FORGE_NAME], struct error *error)
{
    int rc = forge_do(stay, &stay->kind->trail, false, "the file's history cannot be read", trail, error);

    id[0] = '\0';
    if (rc == 1)
        forge_text(json_array_get(forge_items(stay, *trail), 0), stay->kind->commit.id, id, FORGE_NAME);
    return rc < 0 ? -1 : 0;
}

/* Who made that commit; else whoever is drawn. */
static void choose_author(const struct forge *kind, const json_t *items, const char *commit, struct change *change)
{
    const json_t *item;
    char id[FORGE_NAME];
    size_t index;

    json_array_foreach(items, index, item)
    {
        const char *name = json_string_value(forge_member(item, kind->commit.name));
        const char *mail = json_string_value(forge_member(item, kind->commit.mail));

        if (kind->authors && forge_text(item, kind->commit.id, id, sizeof id) && strcmp(id, commit) == 0 &&
            name != NULL && name[0] != '\0' && mail != NULL && mail[0] != '\0') {
            change->name = name;
            change->mail = mail;
        }
    }
}

/* What git calls that text, by the repository's own hash. */
static int name_blob(struct slice text, bool sha256, char id[FORGE_NAME])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char head[32];
    int rc = -1;

    snprintf(head, sizeof head, "blob %zu", text.length);
    if (context != NULL && EVP_DigestInit_ex(context, sha256 ? EVP_sha256() : EVP_sha1(), NULL) == 1 &&
        EVP_DigestUpdate(context, head, strlen(head) + 1) == 1 &&
        EVP_DigestUpdate(context, text.data, text.length) == 1 && EVP_DigestFinal_ex(context, digest, &length) == 1) {
        sodium_bin2hex(id, FORGE_NAME, digest, length);
        rc = 0;
    }
    EVP_MD_CTX_free(context);
    return rc;
}

static int read_file(struct forge_stay *stay, const char *path, struct task_file *written, struct error *error)
{
    int rc = forge_raw(stay, &stay->kind->file, stay->kind->raw_header, "the file cannot be read", error);
    struct slice text = buffer_slice(&stay->web->answer);

    if (rc == 0)
        return exchange_decline(error, path, "is not at the branch's tip");
    if (rc == 1 && text.length > EXCHANGE_BYTES)
        return exchange_decline(error, path, "is no file of a size that settings have");
    if (rc == 1 && (buffer_add_slice(&written->data, text) != 0 ||
                    name_blob(text, strlen(stay->tip) > 40, stay->blob) != 0))
        rc = error_set(error, "out of memory");
    return rc < 0 ? -1 : 0;
}

int forge_replace(struct forge_stay *stay, struct changes *changes, struct task_file *written, json_t **trail,
                  struct error *error)
{
    const json_t *where = json_object_get(stay->task->options, "replaces");
    const char *path = json_string_value(json_object_get(where, "path"));
    const char *commit = json_string_value(json_object_get(where, "commit"));
    int rc;

    if (path == NULL || commit == NULL || !task_path_safe(path))
        return error_set(error, "where the former secret lies is not known");
    if (stay->closed)
        return exchange_decline(error, path, "is on a branch to which this account may not write");
    stay->value['f'] = path;
    rc = forge_newest(stay, trail, stay->last, error); /* before the text, so that a later commit is seen */
    if (rc == 0)
        rc = read_file(stay, path, written, error);
    if (rc == 0)
        rc = exchange(stay->task, path, written, changes, error);
    if (rc != 0)
        return rc;
    changes->list[0].files[0].program = written->data.length > 2 && memcmp(written->data.data, "#!", 2) == 0;
    choose_author(stay->kind, forge_items(stay, *trail), commit, &changes->list[0]);
    return 0;
}
