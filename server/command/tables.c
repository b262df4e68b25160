/* SPDX-License-Identifier: ISC
 *
 * What can be used: kinds sites services places lures formats decoys. */
#include "server/command/command.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/wire/kinds.h"

/* The words of a text, as an array. */
static json_t *words(const char *text)
{
    json_t *list = json_array();

    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (length > 0)
            json_array_append_new(list, json_stringn(text, length));
        text += length + (text[length] == ' ');
    }
    return list;
}

static void put_row(struct invocation *invocation, json_t *row)
{
    output_json(&invocation->output, row);
    json_decref(row);
}

int run_kinds(struct invocation *invocation, struct error *error)
{
    const struct kind_row *row;

    (void)error;
    for (size_t i = 0; (row = kind_row_at(i)) != NULL; i++)
        put_row(invocation, json_pack("{s:s, s:s, s:o, s:s, s:b, s:o}", "kind", row->name, "summary", row->summary, "forms",
                                      words(row->forms), "seen", kind_row_seen(row), "bound", (int)row->bound, "proofs",
                                      words(row->proofs)));
    return 0;
}

int run_services(struct invocation *invocation, struct error *error)
{
    (void)error;
#define SERVICE(symbol, name, summary, plain, tls)                                                                     \
    put_row(invocation,                                                                                                \
            json_pack("{s:s, s:s, s:i, s:i}", "service", name, "summary", summary, "port", plain, "tls_port", tls));
#include "server/wire/tables/services.def"
#undef SERVICE
    return 0;
}

int run_places(struct invocation *invocation, struct error *error)
{
    (void)error;
#define PLACE(symbol, scheme, summary, takes, reach)                                                                   \
    put_row(invocation, json_pack("{s:s, s:s, s:s}", "place", scheme, "summary", summary, "takes", takes));
#include "server/wire/tables/places.def"
#undef PLACE
    return 0;
}

int run_formats(struct invocation *invocation, struct error *error)
{
    (void)error;
#define FORMAT(symbol, name, summary) put_row(invocation, json_pack("{s:s, s:s}", "format", name, "summary", summary));
#include "server/wire/tables/formats.def"
#undef FORMAT
    return 0;
}

/* ---- folders of data ---- */

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A text member of the folder's YAML file; "" without one. */
static const char *text_of(const struct yaml *root, const char *key)
{
    const char *text = "";
    struct error ignored;

    if (yaml_text(root, key, &text, &ignored) < 0)
        text = "";
    return text;
}

/* A lure names its language, or has texts in some. */
static void add_languages(json_t *row, const struct yaml *root)
{
    const struct yaml *texts = yaml_get(root, "texts");
    const char *language = text_of(root, "language");
    json_t *languages = json_array();

    if (language[0] != '\0')
        json_array_append_new(languages, json_string(language));
    for (size_t i = 0; texts != NULL && texts->type == YAML_MAP && i < texts->count; i++)
        json_array_append_new(languages, json_string(texts->keys[i]->text));
    json_object_set(row, "language", json_array_get(languages, 0));
    json_object_set_new(row, "languages", languages);
}

/* Is it taken only when it is named? */
static void add_asked(json_t *row, const struct yaml *root)
{
    struct error ignored;
    bool asked = false;

    if (yaml_bool(root, "asked", &asked, &ignored) < 0)
        asked = false;
    json_object_set_new(row, "asked", json_boolean(asked));
}

static json_t *folder_row(const char *what, const char *name, const char *type, const struct yaml *root)
{
    json_t *row = json_pack("{s:s}", what, name);

    if (type[0] != '\0')
        json_object_set_new(row, "type", json_string(type));
    json_object_set_new(row, "summary", json_string(text_of(root, "summary")));
    if (strcmp(what, "site") == 0)
        json_object_set_new(row, "product", json_string(text_of(root, "product")));
    else
        add_languages(row, root);
    if (strcmp(what, "lure") == 0)
        add_asked(row, root);
    return row;
}

/* A row for each folder below paths_data()/`under` that holds `file`. */
static int list_folders(struct invocation *invocation, const char *under, const char *file, const char *what,
                        const char *type, struct error *error)
{
    char *folder = paths_join(paths_data(), under);
    struct dirent **entries = NULL;
    int count = folder == NULL ? -1 : scandir(folder, &entries, not_hidden, alphasort), result = 0;

    if (count < 0)
        result = error_errno(error, "cannot read %s; is Sundew installed completely?", folder == NULL ? under : folder);
    for (int i = 0; i < count; i++) {
        char *path = NULL, *one = paths_join(folder, entries[i]->d_name);
        struct yaml *root = NULL;

        path = one == NULL ? NULL : paths_join(one, file);
        if (path != NULL && access(path, F_OK) == 0 && result == 0) {
            result = yaml_load_file(path, &root, error);
            if (result == 0)
                put_row(invocation, folder_row(what, entries[i]->d_name, type, root));
            yaml_discard(root);
        }
        free(path);
        free(one);
        free(entries[i]);
    }
    free(entries);
    free(folder);
    return result < 0 ? 3 : 0;
}

int run_sites(struct invocation *invocation, struct error *error)
{
    return list_folders(invocation, "site", "site.yaml", "site", "", error);
}

int run_lures(struct invocation *invocation, struct error *error)
{
    static const char *const types[] = {"mail", "repository", "directory"};
    int code = 0;

    for (size_t i = 0; i < sizeof types / sizeof types[0] && code == 0; i++)
        code = list_folders(invocation, types[i], "lure.yaml", "lure", types[i], error);
    return code;
}

/* ---- decoys ---- */

static json_t *endpoint(const struct listener *listener)
{
    return json_sprintf(strchr(listener->address, ':') != NULL ? "[%s]:%u" : "%s:%u", listener->address,
                        (unsigned)listener->port);
}

json_t *decoy_row(const struct decoy *decoy)
{
    json_t *names = json_array(), *listeners = json_array();
    const struct listener *main_one = &decoy->listeners[0];

    for (size_t i = 0; i < decoy->name_count; i++)
        json_array_append_new(names, json_string(decoy->names[i]));
    for (size_t i = decoy->listener_count; i > 0; i--)
        if (decoy->listeners[i - 1].tls == TLS_DIRECT)
            main_one = &decoy->listeners[i - 1];
    for (size_t i = 0; i < decoy->listener_count; i++)
        json_array_append_new(listeners,
                              json_pack("{s:s, s:i, s:s}", "address", decoy->listeners[i].address, "port",
                                        (int)decoy->listeners[i].port, "tls", tls_mode_name(decoy->listeners[i].tls)));
    return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:s, s:o, s:b}", "decoy", decoy->name, "service", decoy->service,
                     "site", decoy->site[0] != '\0' ? decoy->site : NULL, "names", names, "listen",
                     endpoint(main_one), "tls", tls_mode_name(main_one->tls), "listeners", listeners, "grant",
                     (int)decoy->grant);
}

int run_decoys(struct invocation *invocation, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < invocation->configuration->decoy_count; i++)
        put_row(invocation, decoy_row(&invocation->configuration->decoys[i]));
    return 0;
}
