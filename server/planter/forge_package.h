/* SPDX-License-Identifier: ISC
 *
 * A package at a forge that has no generic ones: of npm, which holds the lure's file beside what the project shows of
 * itself. Making it (forge_package_make.c); putting it into the registry, finding it again, taking it away
 * (forge_package.c). */
#ifndef PLANTER_FORGE_PACKAGE_H
#define PLANTER_FORGE_PACKAGE_H

#include "server/planter/forge_object.h"
#include "server/planter/manner.h"

#define PACKAGE_NAME 215 /* npm's most, with the NUL */
#define PACKAGE_SUM 96   /* "sha512-…", with the NUL */

struct forge_package {
    char name[PACKAGE_NAME];        /* "@owner/name" */
    char owner[PACKAGE_NAME], bare[PACKAGE_NAME];
    char version[33];
    json_t *manifest;               /* package.json */
    char *readme;                   /* NULL: none that is a text */
    struct buffer archive;
    char integrity[PACKAGE_SUM], shasum[41];
};

/* "@owner/name": of the name that was given, or (NULL) of the project's, with that ending. */
int forge_package_name(const struct forge_stay *stay, const char *given, const char *ending,
                       struct forge_package *package, struct error *error);
/* Makes the rest, around that file: `project` is what the forge says of the project. Chooses the branch. To be freed in any
 * case. */
int forge_package_make(struct forge_stay *stay, const json_t *project, const struct forge_work *work,
                       struct forge_package *package, struct error *error);
void forge_package_free(struct forge_package *package);
/* What is put into the registry (libnpmpublish); the manifest becomes part of it. NULL without memory. */
json_t *forge_package_document(struct forge_package *package, const char *registry);

#endif
