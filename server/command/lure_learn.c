/* SPDX-License-Identifier: ISC
 *
 * lure learn: a caged minter learns from the mails of files; what it found is written down beside the ledger. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/command/lure.h"

/* Of the minter, once it has all mails. 0, 1 or 3. */
static int take_profile(struct examiner *examiner, json_t **row, struct error *error)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    int code;

    examiner_ask(examiner);
    length = getline(&text, &room, examiner->out);
    *row = length > 0 ? json_loadb(text, (size_t)length, 0, NULL) : NULL;
    free(text);
    code = examiner_end(examiner);
    *examiner = (struct examiner){.in = -1};
    if (code == 0 && json_object_get(*row, "profile") == NULL)
        code = error_status(error, 3, "the minter did not learn; its own lines above say why");
    return code;
}

/* A new file in place of the old one. */
static int write_profile(const char *path, const char *domain, const json_t *row, struct error *error)
{
    const char *profile = json_string_value(json_object_get(row, "profile"));
    char *text = NULL, *new = NULL;
    int rc = -1;

    if (asprintf(&text, "# How mails of %s look: learned by `sundew lure learn` from %lld mails. Slots: sundew-lure(5).\n%s",
                 domain, (long long)json_integer_value(json_object_get(row, "mails")), profile) < 0)
        text = NULL;
    if (asprintf(&new, "%s.new", path) < 0)
        new = NULL;
    if (text != NULL && new != NULL) {
        (void)unlink(new);
        rc = paths_create(new, text, strlen(text), 0644, error);
    } else {
        error_set(error, "out of memory");
    }
    if (rc == 0 && rename(new, path) != 0)
        rc = error_errno(error, "%s cannot be written", path);
    free(text);
    free(new);
    return rc;
}

static char *path_of(const struct invocation *invocation, const char *domain, struct error *error)
{
    char *folder = paths_join(invocation->configuration->state, "mail"), *path = NULL;

    if (domain[0] == '\0' || domain[0] == '.' || strpbrk(domain, "/@ <>") != NULL) {
        error_usage(error, "\"%.80s\" is no domain; --name takes that of the mailboxes it is for", domain);
    } else if (folder == NULL || (mkdir(folder, 0755) != 0 && errno != EEXIST)) {
        error_errno(error, "%s cannot be made", folder != NULL ? folder : "the folder mail");
    } else if (asprintf(&path, "%s/%s.yaml", folder, domain) < 0) {
        path = NULL;
        error_set(error, "out of memory");
    }
    free(folder);
    return path;
}

static int learn(struct invocation *invocation, struct examiner *examiner, const char *domain, json_t **row,
                 struct error *error)
{
    const struct options *options = invocation->options;
    json_t *first = json_pack("{s:s}", "domain", domain);
    size_t count = 0;
    int rc = first == NULL || examiner_start(examiner, "--learn", error) != 0 ||
                     examiner_tell(examiner, first, SLICE_NONE, error) != 0
                 ? -1
                 : 0;

    json_decref(first);
    for (size_t i = 0; i < options->count && rc == 0; i++)
        if (strcmp(options->values[i].name, "what") == 0)
            rc = lure_files(options->values[i].value, examiner, &count, error);
    return rc == 0 ? take_profile(examiner, row, error) : 3;
}

static void tell(struct invocation *invocation, const char *path, json_t *row)
{
    json_object_set_new(row, "file", json_string(path));
    json_object_del(row, "profile");
    if (invocation->output.json)
        output_json(&invocation->output, row);
    else
        fprintf(invocation->output.file, "%s: learned from %lld mails, %lld of them within the house\n", path,
                (long long)json_integer_value(json_object_get(row, "mails")),
                (long long)json_integer_value(json_object_get(row, "house")));
}

int lure_learn(struct invocation *invocation, struct error *error)
{
    const char *name = options_value(invocation->options, "name");
    const char *domain = name != NULL ? name : invocation->configuration->domain;
    struct examiner examiner = {.in = -1};
    json_t *row = NULL;
    char *path;
    int code;

    if (options_value(invocation->options, "what") == NULL) {
        error_set(error, "name mails to learn from: sundew lure learn maildir:DIR");
        return 2;
    }
    path = path_of(invocation, domain, error);
    code = path == NULL ? error->status : learn(invocation, &examiner, domain, &row, error);
    if (code == 0 && write_profile(path, domain, row, error) != 0)
        code = 3;
    if (code == 0)
        tell(invocation, path, row);
    examiner_end(&examiner);
    json_decref(row);
    free(path);
    return code;
}
