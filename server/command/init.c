/* SPDX-License-Identifier: ISC
 *
 * init: a working installation in a folder. */
#include "server/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/command/connect.h"
#include "server/command/layout.h"

#define SECRET_BYTES 32
#define DEPTH 16

struct making {
    struct layout layout;
    char *folder; /* absolute */
    char *file, *state, *secrets, *secret, *ca;
    bool made_folder;
    json_t *reply; /* of the keeper */
    struct progress progress;
};

/* ---- files ---- */

static int find_paths(struct making *making, struct error *error)
{
    making->file = paths_join(making->folder, "sundew.yaml");
    making->state = paths_join(making->folder, "state");
    making->secrets = paths_join(making->folder, "secrets");
    making->secret = paths_join(making->folder, "secrets/soc");
    making->ca = paths_join(making->folder, "ca.pem");
    if (making->file == NULL || making->state == NULL || making->secrets == NULL || making->secret == NULL ||
        making->ca == NULL)
        return error_set(error, "out of memory");
    return 0;
}

static int refuse_existing(const struct making *making, struct error *error)
{
    const char *const paths[] = {making->file, making->state, making->secret, making->ca};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (access(paths[i], F_OK) == 0)
            return error_set(error, "%s is there already; choose another folder, or move the old installation away",
                             paths[i]);
    return 0;
}

static int make_folder(struct making *making, const char *given, struct error *error)
{
    making->made_folder = mkdir(given, 0755) == 0;
    if (!making->made_folder && errno != EEXIST)
        return error_errno(error, "cannot make the folder %s", given);
    making->folder = realpath(given, NULL);
    if (making->folder == NULL)
        return error_errno(error, "cannot find the folder %s", given);
    if (find_paths(making, error) < 0)
        return -1;
    return refuse_existing(making, error);
}

static int write_secret(const struct making *making, struct error *error)
{
    unsigned char key[SECRET_BYTES];
    char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL)], line[sizeof(text) + 16];
    int result, length;

    if (mkdir(making->secrets, 0700) < 0 && errno != EEXIST)
        return error_errno(error, "cannot make the folder %s", making->secrets);
    randombytes_buf(key, sizeof(key));
    sodium_bin2base64(text, sizeof(text), key, sizeof(key), sodium_base64_VARIANT_ORIGINAL);
    length = snprintf(line, sizeof(line), "whsec_%s\n", text);
    result = paths_create(making->secret, line, (size_t)length, 0600, error);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(text, sizeof(text));
    sodium_memzero(line, sizeof(line));
    return result;
}

static int write_files(const struct making *making, struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, 64 * 1024);
    layout_write(&making->layout, &text);
    result = text.failed ? error_set(error, "the configuration is too long")
                         : paths_create(making->file, text.data, text.length, 0644, error);
    buffer_free(&text);
    if (result == 0 && making->layout.url != NULL)
        result = write_secret(making, error);
    if (result == 0 && mkdir(making->state, 0700) < 0)
        result = error_errno(error, "cannot make the folder %s", making->state);
    return result;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* Only what this run made, for refuse_existing() found none of it before. */
static void clean_up(const struct making *making)
{
    nftw(making->state, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS);
    unlink(making->file);
    unlink(making->secret);
    unlink(making->ca);
    rmdir(making->secrets);
    if (making->made_folder)
        rmdir(making->folder);
}

/* ---- the keeper's part ---- */

static int take_reply(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct making *making = context;

    (void)name;
    if (slice_is(kind, "row") && making->reply == NULL)
        making->reply = json_loadb((const char *)data.data, data.length, 0, NULL);
    return 0;
}

static void on_idle(void *context)
{
    struct making *making = context;

    progress_step(&making->progress, 0);
}

static int ask_keeper(struct making *making, const struct configuration *configuration, struct error *error)
{
    struct command command = {.name = slice_of("init")};
    const struct link_rows rows = {take_reply, making, on_idle};
    struct link link;
    int code = 3;

    if (making->layout.self_signed)
        command_put(&command, "tls", "self-signed");
    progress_begin(&making->progress, "drawing keys, persona and certificates", 0);
    if (link_open_own(&link, configuration, error) == 0)
        code = link_command(&link, &command, &rows, error);
    link_close(&link);
    progress_hide(&making->progress);
    return code;
}

static int write_authority(const struct making *making, struct error *error)
{
    const char *pem = json_string_value(json_object_get(making->reply, "authority"));

    if (pem == NULL)
        return error_set(error, "the keeper gave no authority");
    return paths_create(making->ca, pem, strlen(pem), 0644, error);
}

/* ---- what is said ---- */

static json_t *summary(const struct making *making, const struct configuration *configuration)
{
    bool route = making->layout.url != NULL;
    json_t *decoys = json_array();

    for (size_t i = 0; i < configuration->decoy_count; i++)
        json_array_append_new(decoys, decoy_row(&configuration->decoys[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:o}", "directory", making->folder,
                     "configuration", making->file, "organisation", configuration->organisation, "domain",
                     configuration->domain, "state", making->state, "authority", making->ca, "route",
                     route ? "soc" : NULL, "url", making->layout.url, "secret", route ? making->secret : NULL, "decoys",
                     decoys);
}

static void say(const struct making *making, const struct configuration *configuration, FILE *file)
{
    fprintf(file, "Made an installation for %s (%s) in %s:\n\n", configuration->organisation, configuration->domain,
            making->folder);
    fprintf(file, "  sundew.yaml   the configuration\n"
                  "  state/        the ledger and its master key: keep a copy of state/key apart\n"
                  "  ca.pem        the authority of the decoys' certificates, for your clients to trust\n");
    if (making->layout.url != NULL)
        fprintf(file, "  secrets/soc   the key that signs alerts to %s\n", making->layout.url);
    else
        fprintf(file, "\nNo route: nobody is told of a use until sundew.yaml has one (see the comment there).\n");
    fprintf(file, "\nDecoys:\n");
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        const struct decoy *decoy = &configuration->decoys[i];

        fprintf(file, "  %-8s %s on", decoy->name, decoy->names[0]);
        for (size_t j = 0; j < decoy->listener_count; j++)
            fprintf(file, "%s %s port %u (%s)", j > 0 ? "," : "", decoy->listeners[j].address, decoy->listeners[j].port,
                    tls_mode_name(decoy->listeners[j].tls));
        fprintf(file, "\n");
    }
    fprintf(file, "\nNext:\n  sundewd -c %s\n  sundew -c %s plant password maildir:DIR\n", making->file, making->file);
}

static int make(struct making *making, struct invocation *invocation, struct error *error)
{
    struct configuration *configuration;
    json_t *row;
    int code;

    if (write_files(making, error) < 0 || configuration_load(making->file, &invocation->configuration, error) < 0)
        return 3;
    configuration = invocation->configuration;
    code = ask_keeper(making, configuration, error);
    if (code == 0 && write_authority(making, error) < 0)
        code = 3;
    if (code != 0)
        return code;
    if (invocation->output.json) {
        row = summary(making, configuration);
        output_json(&invocation->output, row);
        json_decref(row);
    } else {
        say(making, configuration, invocation->output.file);
    }
    return 0;
}

int run_init(struct invocation *invocation, struct error *error)
{
    struct making making = {.folder = NULL};
    int code = layout_read(invocation->options, &making.layout, error);

    if (code == 0 && make_folder(&making, options_value(invocation->options, "dir"), error) < 0) {
        if (making.made_folder)
            rmdir(making.folder != NULL ? making.folder : "");
        code = 3;
    } else if (code == 0) {
        code = make(&making, invocation, error);
        if (code != 0)
            clean_up(&making);
    }
    json_decref(making.reply);
    layout_free(&making.layout);
    free(making.folder);
    free(making.file);
    free(making.state);
    free(making.secrets);
    free(making.secret);
    free(making.ca);
    return code;
}
