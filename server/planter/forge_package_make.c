/* SPDX-License-Identifier: ISC
 *
 * Makes a package of npm as one of the project's people would have packed it: package.json says what the project's own
 * says, or what the forge says of it (docs.npmjs.com: package.json); README and LICENSE are the project's. */
#include <ctype.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/planter/forge_package.h"
#include "server/planter/secret.h"
#include "server/planter/tarball.h"

#define BESIDE_BYTES (64 * 1024) /* of each file that comes along */

enum { README, LICENSE, MANIFEST, BESIDE };
static const char *const names[BESIDE] = {"README.md", "LICENSE", "package.json"};

/* Releases of Node.js for long-term support, and the npm in each (nodejs.org/en/about/previous-releases). */
static const struct toolchain {
    const char *node, *npm;
} toolchains[] = {{"18.20.4", "10.7.0"}, {"20.11.1", "10.2.4"}, {"20.15.1", "10.7.0"}, {"20.18.1", "10.8.2"},
                  {"22.11.0", "10.9.0"}, {"22.12.0", "10.9.0"}, {"22.14.0", "10.9.2"}};

/* ---- names ---- */

/* In small letters, and without what may not stand in one, or begin it. */
static void clean_name(const char *text, char *out, size_t size)
{
    size_t length = 0;

    text += strspn(text, "._-");
    for (; *text != '\0' && length + 1 < size; text++)
        if (isalnum((unsigned char)*text) || strchr("._-", *text) != NULL)
            out[length++] = (char)tolower((unsigned char)*text);
    out[length] = '\0';
}

int forge_package_name(const struct forge_stay *stay, const char *given, const char *ending,
                       struct forge_package *package, struct error *error)
{
    char own[FORGE_NAME];
    int length;

    clean_name(stay->owner, package->owner, sizeof package->owner);
    if (given != NULL && given[0] == '@' && strchr(given, '/') != NULL)
        given = strchr(given, '/') + 1;
    snprintf(own, sizeof own, "%.200s%s", stay->name, ending);
    clean_name(given != NULL ? given : own, package->bare, sizeof package->bare);
    length = snprintf(package->name, sizeof package->name, "@%s/%s", package->owner, package->bare);
    return package->bare[0] != '\0' && length > 0 && (size_t)length < sizeof package->name
               ? 0
               : error_set(error, "\"%.100s\" gives a package no name; choose one with --name", given != NULL ? given
                                                                                                              : stay->name);
}

/* "1.4.0", "2.0.0-rc.1" (semver.org) */
static bool is_version(const char *text)
{
    size_t length = strlen(text), at = 0;

    for (int part = 0; part < 3; part++) {
        size_t digits = strspn(text + at, "0123456789");

        if (digits == 0 || digits > 9 || (digits > 1 && text[at] == '0'))
            return false;
        at += digits;
        if (part < 2 && text[at++] != '.')
            return false;
    }
    return length <= 32 && (text[at] == '\0' || (text[at] == '-' && isalnum((unsigned char)text[at + 1]) &&
                                                 strspn(text + at + 1, "0123456789abcdefghijklmnopqrstuvwxyz") ==
                                                     length - at - 1));
}

/* ---- package.json ---- */

static void take(json_t *manifest, const char *name, const json_t *value)
{
    if (value != NULL && !json_is_null(value))
        json_object_set(manifest, name, (json_t *)(uintptr_t)value);
}

/* The newest of its people, "Name <mail>"; NULL. */
static json_t *author_of(struct forge_stay *stay)
{
    struct manner *manner = calloc(1, sizeof *manner);
    json_t *author = NULL;
    struct error ignored;
    int64_t tip = 0;

    if (manner != NULL && forge_learn(stay, manner, &tip, &ignored) == 0 && manner->count > 0)
        author = json_sprintf("%s <%s>", manner->commits[0].name, manner->commits[0].mail);
    if (manner != NULL)
        manner_free(manner);
    free(manner);
    return author;
}

static void add_license(const json_t *own, const json_t *project, json_t *manifest)
{
    char id[64];

    if (!forge_text(own, "license", id, sizeof id) &&
        (!forge_text(project, "license.spdx_id", id, sizeof id) || strcmp(id, "NOASSERTION") == 0))
        snprintf(id, sizeof id, "UNLICENSED");
    json_object_set_new(manifest, "license", json_string(id));
}

static int describe(struct forge_stay *stay, const json_t *project, struct slice file, struct forge_package *package,
                    struct error *error)
{
    json_t *own = file.data != NULL ? json_loadb((const char *)file.data, file.length, 0, NULL) : NULL;
    json_t *manifest = json_object(), *author;
    const char *version = json_string_value(json_object_get(own, "version"));
    char port[8] = "";

    if (stay->place.port != 0)
        snprintf(port, sizeof port, ":%u", stay->place.port);
    snprintf(package->version, sizeof package->version, "%s", version != NULL && is_version(version) ? version : "1.0.0");
    json_object_set_new(manifest, "name", json_string(package->name));
    json_object_set_new(manifest, "version", json_string(package->version));
    take(manifest, "description", json_object_get(project, "description"));
    take(manifest, "description", json_object_get(own, "description"));
    json_object_set_new(manifest, "repository",
                        json_pack("{s:s, s:o}", "type", "git", "url",
                                  json_sprintf("git+https://%s%s/%s.git", stay->place.host, port, stay->project)));
    take(manifest, "keywords", json_object_get(own, "keywords"));
    author = json_object_get(own, "author") != NULL ? json_incref(json_object_get(own, "author")) : author_of(stay);
    take(manifest, "author", author);
    add_license(own, project, manifest);
    json_decref(author);
    json_decref(own);
    package->manifest = manifest;
    return json_object_size(manifest) >= 3 ? 0 : error_set(error, "out of memory");
}

/* ---- the archive ---- */

/* A file of the project's, as far as it is there and short; 0 or -1. */
static int fetch(struct forge_stay *stay, const char *path, struct buffer *out, struct error *error)
{
    int rc;

    stay->value['f'] = path;
    rc = forge_raw(stay, &stay->kind->file, stay->kind->raw_header, "the project's files cannot be read", error);
    stay->value['f'] = NULL;
    if (rc == 1 && stay->web->answer.length <= BESIDE_BYTES)
        buffer_add_slice(out, buffer_slice(&stay->web->answer));
    return rc < 0 ? -1 : 0;
}

static void sum(struct forge_package *package)
{
    unsigned char hash[crypto_hash_sha512_BYTES], old[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    char text[crypto_hash_sha512_BYTES * 2];

    crypto_hash_sha512(hash, package->archive.data, package->archive.length);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    snprintf(package->integrity, sizeof package->integrity, "sha512-%.88s", text);
    if (EVP_Digest(package->archive.data, package->archive.length, old, &size, EVP_sha1(), NULL) == 1)
        sodium_bin2hex(package->shasum, sizeof package->shasum, old, 20);
}

static int pack(const struct forge_work *work, const struct buffer beside[BESIDE], struct forge_package *package,
                struct error *error)
{
    char *text = json_dumps(package->manifest, JSON_INDENT(2)), *whole = NULL;
    struct tarball_file files[BESIDE + 1];
    size_t count = 0;
    int rc = text != NULL && asprintf(&whole, "%s\n", text) >= 0 ? 0 : error_set(error, "out of memory");

    files[count++] = (struct tarball_file){.name = work->file, .data = buffer_slice(&work->pieces[0].text)};
    files[count++] = (struct tarball_file){.name = names[MANIFEST], .data = slice_of(whole)};
    for (size_t i = 0; i < MANIFEST; i++)
        if (beside[i].length > 0 && strcasecmp(work->file, names[i]) != 0)
            files[count++] = (struct tarball_file){.name = names[i], .data = buffer_slice(&beside[i])};
    if (rc == 0 && (strcasecmp(work->file, ".npmrc") == 0 || strcmp(work->file, names[MANIFEST]) == 0 ||
                    strlen(work->file) > 90))
        rc = error_set(error, "npm packs no file %.100s of its own accord; choose another artifact with --lure", work->file);
    if (rc == 0)
        rc = tarball_write(files, count, &package->archive, error);
    if (rc == 0)
        sum(package);
    free(text);
    free(whole);
    return rc;
}

int forge_package_make(struct forge_stay *stay, const json_t *project, const struct forge_work *work,
                       struct forge_package *package, struct error *error)
{
    struct buffer beside[BESIDE];
    json_t *readme;
    int rc = 0;

    snprintf(stay->branch, sizeof stay->branch, "%s", stay->given != NULL ? stay->given : "");
    if (stay->given == NULL && !forge_text(project, stay->kind->standard, stay->branch, sizeof stay->branch))
        rc = error_set(error, "%s has no default branch", stay->shown);
    stay->value['b'] = stay->branch;
    for (size_t i = 0; i < BESIDE; i++) {
        buffer_init(&beside[i], BESIDE_BYTES);
        if (rc == 0)
            rc = fetch(stay, names[i], &beside[i], error);
    }
    if (rc == 0)
        rc = describe(stay, project, buffer_slice(&beside[MANIFEST]), package, error);
    if (rc == 0)
        rc = pack(work, beside, package, error);
    readme = beside[README].length > 0 ? json_stringn(buffer_text(&beside[README]), beside[README].length) : NULL;
    if (readme != NULL)
        package->readme = strdup(json_string_value(readme));
    json_decref(readme);
    for (size_t i = 0; i < BESIDE; i++)
        buffer_free(&beside[i]);
    return rc;
}

void forge_package_free(struct forge_package *package)
{
    json_decref(package->manifest);
    free(package->readme);
    buffer_free(&package->archive);
}

/* ---- what is published ---- */

json_t *forge_package_document(struct forge_package *package, const char *registry)
{
    char *data = secret_base64(buffer_slice(&package->archive), sodium_base64_VARIANT_ORIGINAL), file[2 * PACKAGE_NAME];
    const char *host = strncmp(registry, "https", 5) == 0 ? registry + 5 : registry;
    const struct toolchain *tools = &toolchains[randombytes_uniform(sizeof toolchains / sizeof toolchains[0])];
    json_t *version = json_copy(package->manifest), *document;

    snprintf(file, sizeof file, "%s-%s.tgz", package->name, package->version);
    json_object_set_new(version, "_id", json_sprintf("%s@%s", package->name, package->version));
    if (package->readme != NULL) {
        json_object_set_new(version, "readme", json_string(package->readme));
        json_object_set_new(version, "readmeFilename", json_string(names[README]));
    }
    json_object_set_new(version, "_nodeVersion", json_string(tools->node));
    json_object_set_new(version, "_npmVersion", json_string(tools->npm));
    json_object_set_new(version, "dist",
                        json_pack("{s:s, s:s, s:o}", "integrity", package->integrity, "shasum", package->shasum, "tarball",
                                  json_sprintf("http%s/%s/-/%s", host, package->name, file)));
    document = json_pack("{s:s, s:s, s:O*, s:{s:s}, s:{s:o}, s:n, s:{s:{s:s, s:s*, s:I}}}", "_id", package->name, "name",
                         package->name, "description", json_object_get(package->manifest, "description"), "dist-tags",
                         "latest", package->version, "versions", package->version, version, "access", "_attachments", file,
                         "content_type", "application/octet-stream", "data", data, "length",
                         (json_int_t)package->archive.length);
    secret_free(data);
    return document;
}
