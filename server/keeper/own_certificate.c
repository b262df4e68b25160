/* SPDX-License-Identifier: ISC
 *
 * The part of provision.h for the operator's own files. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/keeper/certificate.h"
#include "server/keeper/provision.h"

#define PEM_BYTES (256 * 1024)

static bool names_files(const struct decoy *decoy)
{
    return decoy->certificate[0] != '\0' || decoy->key[0] != '\0';
}

static void look_at(const struct decoy *decoy, struct own_stamp *stamp)
{
    const char *const files[] = {decoy->certificate, decoy->key};

    memset(stamp, 0, sizeof *stamp);
    for (size_t i = 0; i < 2; i++) {
        struct stat status;

        if (stat(files[i], &status) < 0)
            continue;
        stamp->files[i].device = status.st_dev;
        stamp->files[i].inode = status.st_ino;
        stamp->files[i].size = (uint64_t)status.st_size;
        stamp->files[i].changed = status.st_mtim.tv_sec * 1000000000LL + status.st_mtim.tv_nsec;
    }
}

static int read_files(const struct decoy *decoy, struct buffer *certificate, struct buffer *key, struct error *error)
{
    if (paths_read(decoy->certificate, certificate, error) != 0 || paths_read(decoy->key, key, error) != 0)
        return error_prefix(error, "decoy %s (the keeper's user must be able to read both files)", decoy->name);
    if (certificate_expires(buffer_slice(certificate)) == 0)
        return error_set(error, "decoy %s: %s holds no PEM certificate", decoy->name, decoy->certificate);
    if (memmem(key->data, key->length, "PRIVATE KEY-----", 16) == NULL)
        return error_set(error, "decoy %s: %s holds no PEM private key", decoy->name, decoy->key);
    return 0;
}

static void read_own(struct own_certificate *own, const struct decoy *decoy)
{
    struct buffer certificate, key;
    struct error error;

    buffer_init(&certificate, PEM_BYTES);
    buffer_init(&key, PEM_BYTES);
    look_at(decoy, &own->read);
    own->seen = own->read;
    own->refused = false;
    own->fault.text[0] = '\0';
    if (read_files(decoy, &certificate, &key, &error) == 0) {
        buffer_free(&own->certificate);
        buffer_free(&own->key);
        own->certificate = certificate;
        own->key = key;
        return;
    }
    buffer_free(&certificate);
    buffer_free(&key);
    own->fault = error;
    log_warning("%s", own->fault.text);
}

struct own_certificate *own_certificates_read(const struct configuration *configuration, struct error *error)
{
    struct own_certificate *own = calloc(configuration->decoy_count + 1, sizeof *own);

    if (own == NULL) {
        (void)error_set(error, "no memory for certificates");
        return NULL;
    }
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        buffer_init(&own[i].certificate, PEM_BYTES);
        buffer_init(&own[i].key, PEM_BYTES);
        if (names_files(&configuration->decoys[i]))
            read_own(&own[i], &configuration->decoys[i]);
    }
    return own;
}

void own_certificates_free(struct own_certificate *own, const struct configuration *configuration)
{
    for (size_t i = 0; own != NULL && i < configuration->decoy_count; i++) {
        buffer_free(&own[i].certificate);
        buffer_free(&own[i].key);
    }
    free(own);
}

bool own_certificate_watch(struct own_certificate *own, const struct decoy *decoy)
{
    struct own_stamp now;
    bool still;

    if (!names_files(decoy))
        return false;
    look_at(decoy, &now);
    still = memcmp(&now, &own->seen, sizeof now) == 0;
    own->seen = now;
    if (!still || memcmp(&now, &own->read, sizeof now) == 0)
        return false;
    log_info("decoy %s: the files of its certificate have changed", decoy->name);
    read_own(own, decoy);
    return true;
}
