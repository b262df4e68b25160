/* SPDX-License-Identifier: ISC
 *
 * recognise: a finder of the caller's own is told what the keeper makes of the secrets, and handed one open file after
 * the other; the keeper is asked about each thing that it finds, and what is a secret becomes a row. */
#include "server/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/role.h"
#include "server/command/connect.h"
#include "server/command/text.h"
#include "server/wire/finding.h"

#define AHEAD 64 /* sources that the finder is given before it is done with the first */
#define CLAIM (2 * WINDOW_LONGEST + 32)

struct hunt {
    struct invocation *invocation;
    struct error *error;
    struct link link;
    pid_t pid;
    int fd; /* of the finder */
    struct buffer message;
    char *names[AHEAD]; /* of sources by number, modulo */
    uint32_t given, done;
    const struct found *found; /* what the keeper is being asked about */
    uint64_t bytes;
    bool wanting, failed;
};

static void complain(struct hunt *hunt, const char *name, const char *text)
{
    progress_hide(&hunt->invocation->progress);
    text_tell("%s: %s", name, text);
    hunt->wanting = true;
}

/* ---- rows ---- */

static json_t *words(struct slice text)
{
    json_t *list = json_array();
    size_t from = 0;

    for (size_t i = 0; i <= text.length; i++) {
        if (i < text.length && text.data[i] != ' ')
            continue;
        if (i > from)
            json_array_append_new(list, json_stringn((const char *)text.data + from, i - from));
        from = i + 1;
    }
    return list;
}

/* As JSON text; bytes that are not UTF-8 become '?'. */
static json_t *lenient(struct slice text)
{
    json_t *value = json_stringn((const char *)text.data, text.length);
    char *copy;

    if (value != NULL || text.length == 0)
        return value != NULL ? value : json_string("");
    copy = slice_copy(text);
    for (size_t i = 0; copy != NULL && i < text.length; i++)
        if ((unsigned char)copy[i] >= 0x80)
            copy[i] = '?';
    value = copy != NULL ? json_stringn(copy, text.length) : NULL;
    free(copy);
    return value != NULL ? value : json_string("");
}

static int take_secret(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct hunt *hunt = context;
    json_t *row = json_loadb((const char *)data.data, data.length, 0, NULL);
    json_int_t number = json_integer_value(json_object_get(row, "finding"));
    const struct found_item *item;

    (void)name;
    if (!slice_is(kind, "row") || row == NULL || number < 0 || number >= hunt->found->count) {
        json_decref(row);
        hunt->failed = true;
        return -1;
    }
    item = &hunt->found->items[number];
    json_object_del(row, "finding");
    json_object_set_new(row, "file", lenient(slice_of(hunt->names[hunt->found->source % AHEAD])));
    json_object_set_new(row, "member", item->member.length > 0 ? lenient(item->member) : json_null());
    json_object_set_new(row, "offset", json_integer((json_int_t)item->offset));
    json_object_set_new(row, "length", json_integer((json_int_t)item->length));
    json_object_set_new(row, "encodings", words(item->encodings));
    progress_hide(&hunt->invocation->progress);
    output_json(&hunt->invocation->output, row);
    json_decref(row);
    fflush(hunt->invocation->output.file);
    return hunt->invocation->output.failed ? -1 : 0;
}

/* Asks the keeper which of them are secrets. */
static int ask(struct hunt *hunt, const struct found *found)
{
    static const struct link_rows rows_of = {take_secret, NULL, NULL};
    struct link_rows rows = rows_of;
    struct command command = {.name = slice_of("recognised")};
    char claims[FOUND_ITEMS][CLAIM];
    int code;

    rows.context = hunt;
    hunt->found = found;
    for (size_t i = 0; i < found->count; i++) {
        const struct found_item *item = &found->items[i];
        int length = snprintf(claims[i], CLAIM, "%u %u ", item->token, item->form);

        sodium_bin2hex(claims[i] + length, CLAIM - (size_t)length, item->bytes.data, item->bytes.length);
        command_put(&command, "finding", claims[i]);
    }
    code = found->count > 0 ? link_command(&hunt->link, &command, &rows, hunt->error) : 0;
    sodium_memzero(claims, sizeof claims);
    if (code == 0 && hunt->failed)
        code = error_status(hunt->error, 3, "the keeper sent a damaged answer");
    return code;
}

/* ---- the finder ---- */

static int take_searched(struct hunt *hunt, struct reader *reader)
{
    struct searched searched;
    char *text;

    if (searched_get(reader, &searched) < 0 || searched.source != hunt->done)
        return error_status(hunt->error, 3, "the finder sent a damaged answer");
    hunt->done++;
    hunt->bytes += searched.bytes;
    progress_step(&hunt->invocation->progress, 1);
    text = searched.whole ? NULL : slice_copy(searched.text);
    if (!searched.whole)
        complain(hunt, hunt->names[searched.source % AHEAD], text != NULL ? text : "it could not be read");
    free(text);
    return 0;
}

/* One message of the finder's; the exit status of what failed, or 0. */
static int listen_once(struct hunt *hunt)
{
    struct found found;
    struct reader reader;
    int passed = -1, got = channel_receive_now(hunt->fd, &hunt->message, &passed, -1, hunt->error);
    uint16_t type;

    if (passed >= 0)
        close(passed);
    if (got == 1)
        error_set(hunt->error, "the finder ended early; its own lines above say why");
    if (got != 0)
        return 3;
    reader = reader_of(buffer_slice(&hunt->message));
    type = message_type(&reader);
    if (type == MESSAGE_SEARCHED)
        return take_searched(hunt, &reader);
    if (type == MESSAGE_FOUND && found_get(&reader, &found) == 0 && found.source == hunt->done)
        return ask(hunt, &found);
    return error_status(hunt->error, 3, "the finder sent a damaged answer");
}

/* Takes the descriptor. */
static int give(struct hunt *hunt, const char *name, int fd)
{
    struct buffer source;
    int code = 0;

    while (code == 0 && hunt->given - hunt->done >= AHEAD)
        code = listen_once(hunt);
    if (code == 0) {
        free(hunt->names[hunt->given % AHEAD]);
        hunt->names[hunt->given % AHEAD] = strdup(name);
        buffer_init(&source, CHANNEL_MESSAGE);
        source_add(&source, hunt->given++);
        if (hunt->names[(hunt->given - 1) % AHEAD] == NULL ||
            channel_send_now(hunt->fd, buffer_slice(&source), fd, hunt->error) < 0)
            code = 3;
        buffer_free(&source);
    }
    close(fd);
    return code;
}

/* ---- what is to be searched ---- */

static int give_file(struct hunt *hunt, const FTSENT *entry)
{
    int fd = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC | O_NOCTTY | (entry->fts_level > 0 ? O_NOFOLLOW : 0));

    if (fd >= 0)
        return give(hunt, entry->fts_path, fd);
    complain(hunt, entry->fts_path, strerror(errno));
    return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file, or all regular files below a folder; links in it are not followed. */
static int give_all(struct hunt *hunt, const char *path)
{
    char *const paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    FTSENT *entry;
    int code = tree == NULL ? error_errno(hunt->error, "%s cannot be read", path) + 4 : 0;

    while (code == 0 && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_F || (entry->fts_info == FTS_DEFAULT && entry->fts_level == 0))
            code = give_file(hunt, entry);
        else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            complain(hunt, entry->fts_path, strerror(entry->fts_errno));
    }
    if (tree != NULL)
        fts_close(tree);
    return code;
}

static int give_operand(struct hunt *hunt, const char *path)
{
    int fd;

    if (strcmp(path, "-") != 0)
        return give_all(hunt, path);
    fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
    if (fd >= 0)
        return give(hunt, "-", fd);
    complain(hunt, "standard input", strerror(errno));
    return 0;
}

static int search(struct hunt *hunt)
{
    const struct options *options = hunt->invocation->options;
    int code = 0;

    progress_begin(&hunt->invocation->progress, "searching files", 0);
    if (options_value(options, "file") == NULL)
        code = give_operand(hunt, "-");
    for (size_t i = 0; i < options->count && code == 0; i++)
        if (strcmp(options->values[i].name, "file") == 0)
            code = give_operand(hunt, options->values[i].value);
    while (code == 0 && hunt->done != hunt->given)
        code = listen_once(hunt);
    progress_hide(&hunt->invocation->progress);
    return code;
}

/* ---- the beginning ---- */

static int pass_on(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct hunt *hunt = context;

    (void)name;
    if ((slice_is(kind, "windows") || slice_is(kind, "search")) &&
        channel_send_now(hunt->fd, data, -1, hunt->error) < 0)
        hunt->failed = true;
    return hunt->failed ? -1 : 0;
}

static int begin(struct hunt *hunt)
{
    const struct link_rows rows = {pass_on, hunt, NULL};
    struct command command = {.name = slice_of("recognise")};
    struct error text = {""};
    int code;

    if (options_value(hunt->invocation->options, "plain") != NULL)
        command_put(&command, "plain", "true");
    fflush(NULL);
    if (link_open(&hunt->link, hunt->invocation->configuration, hunt->error) < 0 ||
        role_spawn("finder", &hunt->pid, &hunt->fd, hunt->error) < 0)
        return 3;
    code = link_command(&hunt->link, &command, &rows, &text);
    if (hunt->failed)
        return 3;
    if (code != 0)
        *hunt->error = text;
    else if (text.text[0] != '\0')
        fprintf(stderr, "sundew: %s\n", text.text);
    return code;
}

static void end(struct hunt *hunt)
{
    if (hunt->fd >= 0)
        close(hunt->fd);
    while (hunt->pid > 0 && waitpid(hunt->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    link_close(&hunt->link);
    for (size_t i = 0; i < AHEAD; i++)
        free(hunt->names[i]);
    buffer_free(&hunt->message);
}

int run_recognise(struct invocation *invocation, struct error *error)
{
    struct hunt hunt = {
        .invocation = invocation,
        .error = error,
        .link = {.fd = -1, .keeper = {0, -1}, .minter = {0, -1}},
        .fd = -1,
    };
    int code;

    buffer_init(&hunt.message, CHANNEL_MESSAGE);
    code = begin(&hunt);
    if (code == 0)
        code = search(&hunt);
    end(&hunt);
    return code == 0 && hunt.wanting ? 1 : code;
}
