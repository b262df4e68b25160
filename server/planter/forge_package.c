/* SPDX-License-Identifier: ISC
 *
 * Packages in GitHub's npm registry: put there as npm puts them (docs.github.com/packages, working with the npm
 * registry), taken away by the REST API (docs.github.com/rest/packages). Only a package that was not there before is made:
 * a version more of one that is would be installed by all who use it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/forge_package.h"

static const struct forge_object npm = {.name = "package", .shown = "npm package"};

/* ---- the registry ---- */

/* Its URL, without a '/' at the end. */
static void find_registry(const struct forge_stay *stay, char url[WEB_URL])
{
    const struct forge *kind = stay->kind;
    const char *own = credentials_setting(&stay->task->visit->credentials, "registry");
    bool public = kind->public_host != NULL && strcmp(kind->public_host, stay->place.host) == 0;
    bool colons = strchr(stay->place.host, ':') != NULL;
    size_t length;

    if (own[0] != '\0' || public)
        snprintf(url, WEB_URL, "%s", own[0] != '\0' ? own : kind->public_registry);
    else
        snprintf(url, WEB_URL, "https://%s%s%s:%u%s", colons ? "[" : "", stay->place.host, colons ? "]" : "",
                 stay->place.port != 0 ? stay->place.port : 443, kind->registry);
    for (length = strlen(url); length > 0 && url[length - 1] == '/'; length--)
        url[length - 1] = '\0';
}

/* Where a package's document is: "…/@owner%2fname". */
static int document_url(const char *registry, const char *name, char url[WEB_URL], struct error *error)
{
    const char *slash = strchr(name, '/');
    int length = slash != NULL ? snprintf(url, WEB_URL, "%s/%.*s%%2f%s", registry, (int)(slash - name), name, slash + 1)
                               : snprintf(url, WEB_URL, "%s/%s", registry, name);

    return length < WEB_URL ? 0 : error_set(error, "the registry's address is too long");
}

/* What lies there: 1 that version is that archive, 2 another, 0 there is none, -1. *others: versions beside it. */
static int look(struct forge_stay *stay, const char *name, const char *version, const char *integrity, size_t *others,
                struct error *error)
{
    char registry[WEB_URL], url[WEB_URL], found[PACKAGE_SUM];
    const struct forge_call call = {"GET", url, NULL};
    const json_t *versions, *mine;
    json_t *answer = NULL;
    int rc;

    find_registry(stay, registry);
    rc = document_url(registry, name, url, error);
    if (rc == 0)
        rc = forge_do(stay, &call, false, "the npm registry cannot be read", &answer, error);
    versions = json_object_get(answer, "versions");
    mine = json_object_get(versions, version);
    *others = json_object_size(versions) - (mine != NULL);
    if (rc == 1 && mine == NULL)
        rc = 0;
    else if (rc == 1 && (!forge_text(mine, "dist.integrity", found, sizeof found) || strcmp(found, integrity) != 0))
        rc = 2;
    json_decref(answer);
    return rc;
}

/* ---- planting ---- */

/* What the forge says of the project; NULL. */
static json_t *read_project(struct forge_stay *stay, struct error *error)
{
    json_t *answer = NULL;
    int rc = forge_do(stay, &stay->kind->project, false, "the project cannot be read", &answer, error);

    if (rc == 0 || (rc == 1 && answer == NULL))
        error_set(error, "there is no %s, or the account %s may not see it", stay->shown,
                  stay->task->visit->credentials.name);
    return answer;
}

/* One that is there is the house's, and no more is published under its name: then the project's name with an ending. */
static int choose_name(struct forge_stay *stay, struct forge_package *package, struct error *error)
{
    static const char *const endings[] = {"", "-config", "-tools"};
    const char *given = task_option(stay->task, "name");
    size_t others = 1;
    int rc = 0;

    for (size_t i = 0; i < (given != NULL ? 1 : sizeof endings / sizeof endings[0]) && rc == 0 && others > 0; i++) {
        rc = forge_package_name(stay, given, endings[i], package, error);
        if (rc == 0)
            rc = look(stay, package->name, "", "", &others, error);
    }
    return rc < 0 || others == 0
               ? rc
               : error_set(error, "there is an npm package %s already, and it stays as it is; choose another name with --name",
                           package->name);
}

static int tell_where(struct forge_stay *stay, const json_t *project, const struct forge_work *work,
                      const struct forge_package *package, struct error *error)
{
    char type[32];
    bool person = forge_text(project, "owner.type", type, sizeof type) && strcmp(type, "User") == 0;

    json_decref(stay->result->where);
    stay->result->where =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "repository", stay->shown, "object", npm.name, "title",
                  package->name, "name", package->name, "version", package->version, "file", work->file, "integrity",
                  package->integrity, "package",
                  json_sprintf("/%s/%s/packages/npm/%s", person ? "users" : "orgs", package->owner, package->bare));
    return stay->result->where != NULL ? 0 : error_set(error, "out of memory");
}

/* What its pages show, as far as the forge tells already. */
static void tell_shown(struct forge_stay *stay)
{
    const struct forge_call call = {"GET", json_string_value(json_object_get(stay->result->where, "package")), NULL};
    json_t *answer = NULL;
    struct error ignored;
    char text[512];

    if (call.path != NULL && forge_do(stay, &call, false, "", &answer, &ignored) == 1) {
        if (forge_text(answer, "html_url", text, sizeof text))
            json_object_set_new(stay->result->where, "url", json_string(text));
        if (forge_text(answer, "visibility", text, sizeof text) && strcmp(text, "private") != 0)
            place_note(stay->result, "The package is %s there, as the project is.", text);
    }
    json_decref(answer);
}

static int publish(struct forge_stay *stay, struct forge_package *package, struct error *error)
{
    char registry[WEB_URL], url[WEB_URL];
    struct error why;
    size_t others;
    int rc;

    if (task_announce(stay->task, stay->result->where, error) != 0)
        return -1;
    find_registry(stay, registry);
    rc = document_url(registry, package->name, url, error);
    if (rc == 0)
        rc = forge_send(stay, "PUT", url, forge_package_document(package, registry), true, "it cannot be put there", NULL,
                        error);
    if (rc != 0 && stay->web->unsure) {
        rc = look(stay, package->name, package->version, package->integrity, &others, &why);
        stay->result->unsure = rc < 0;
        rc = rc == 1 ? 0 : -1;
    }
    return rc;
}

int forge_package_plant(struct forge_stay *stay, struct error *error)
{
    struct forge_package package = {.manifest = NULL};
    struct forge_work work = {.count = 0};
    bool dry = task_flag(stay->task, "dry_run");
    json_t *project = NULL;
    int rc = forge_work_read(stay, &npm, &work, error);

    buffer_init(&package.archive, FORGE_TEXT_BYTES * 2);
    if (rc == 0 && (project = read_project(stay, error)) == NULL)
        rc = -1;
    if (rc == 0)
        rc = choose_name(stay, &package, error);
    if (rc == 0)
        rc = forge_package_make(stay, project, &work, &package, error);
    if (rc == 0)
        rc = tell_where(stay, project, &work, &package, error);
    if (rc == 0 && !dry)
        rc = publish(stay, &package, error);
    if (rc == 0)
        place_note(stay->result, "%s: the %s %s %s, whose file %s holds the secret", dry ? "Would be put there" : "Put there",
                   npm.shown, package.name, package.version, work.file);
    if (rc == 0 && !dry)
        tell_shown(stay);
    json_decref(project);
    forge_package_free(&package);
    forge_work_free(&work);
    return rc;
}

/* ---- later ---- */

/* What the registry says of a package that this token may not see is what it says of none. 0, or -1 where it is listed, or
 * nobody knows. */
static int is_gone(struct forge_stay *stay, const char *name, struct error *error)
{
    const char *package = task_where(stay->task, "package"), *kind = package != NULL ? strstr(package, "/npm/") : NULL;
    const char *bare = strchr(name, '/'), *account = stay->task->visit->credentials.name;
    char list[WEB_URL], listed[256];
    struct forge_call call = {"GET", list, NULL};
    json_t *answer = NULL;
    const json_t *item;
    size_t index;
    bool there = false;
    int rc = forge_sees(stay, error);

    if (rc != 0 || kind == NULL)
        return rc;
    snprintf(list, sizeof list, "%.*s?package_type=npm&per_page=100", (int)(kind - package), package);
    rc = forge_do(stay, &call, false, "the packages cannot be listed", &answer, error);
    json_array_foreach(answer, index, item)
        there = there || (forge_text(item, "name", listed, sizeof listed) && bare != NULL && strcmp(listed, bare + 1) == 0);
    json_decref(answer);
    if (rc == 1 && !there)
        return 0;
    return rc < 0 ? -1
                  : error_set(error, "the account %s cannot see the package %s, so nobody knows whether it is there; give it a "
                              "token with read:packages", account, name);
}

/* The version, or the package where it is its only one: a forge deletes no last version. */
static int take_away(struct forge_stay *stay, const char *package, const char *version, struct error *error)
{
    char list[WEB_URL], one[WEB_URL], name[64], id[32] = "";
    struct forge_call call = {"GET", list, NULL};
    json_t *answer = NULL;
    const json_t *item;
    size_t index, count;
    int rc = 0;

    snprintf(list, sizeof list, "%s/versions?per_page=100", package);
    rc = forge_do(stay, &call, false, "its versions cannot be read", &answer, error);
    json_array_foreach(answer, index, item)
        if (id[0] == '\0' && forge_text(item, "name", name, sizeof name) && strcmp(name, version) == 0)
            forge_text(item, "id", id, sizeof id);
    count = json_array_size(answer);
    json_decref(answer);
    if (rc == 1 && id[0] == '\0')
        rc = error_set(error, "%s does not list version %s of it; take it out by hand", stay->web->host, version);
    if (rc != 1)
        return rc;
    snprintf(one, sizeof one, "%s/versions/%s", package, id);
    call = (struct forge_call){"DELETE", count > 1 ? one : package, NULL};
    return forge_do(stay, &call, false, "it cannot be taken out", NULL, error);
}

static int uproot(struct forge_stay *stay, int found, const char *version, struct error *error)
{
    const char *package = task_where(stay->task, "package");

    if (found == 2)
        return error_set(error, "the %s was changed since it was planted; remove it by hand if it is only the lure",
                         npm.shown);
    if (found == 0)
        place_note(stay->result, "It was gone already.");
    else if (package == NULL || package[0] != '/')
        return error_set(error, "which package this placement is, is not known");
    else if (take_away(stay, package, version, error) < 0)
        return -1;
    else
        place_note(stay->result, "The forge can bring it back for 30 days, and who installed it has it: the token must go on "
                   "alerting.");
    stay->result->state = "gone";
    return 0;
}

int forge_package_look(struct forge_stay *stay, bool remove, struct error *error)
{
    const char *name = task_where(stay->task, "name"), *version = task_where(stay->task, "version");
    const char *integrity = task_where(stay->task, "integrity");
    size_t others = 0;
    int found;

    if (name == NULL || version == NULL || integrity == NULL)
        return error_set(error, "which package this placement is, is not known");
    found = look(stay, name, version, integrity, &others, error);
    if (found < 0 || (found == 0 && others == 0 && is_gone(stay, name, error) != 0))
        return -1;
    stay->result->state = found == 1 ? "there" : found == 2 ? "changed" : "gone";
    if (found == 2)
        place_note(stay->result, "Version %s of %s is another archive than was planted.", version, name);
    if (others > 0)
        place_note(stay->result, "Beside it %s has %zu version%s of others.", name, others, others == 1 ? "" : "s");
    return remove ? uproot(stay, found, version, error) : 0;
}
