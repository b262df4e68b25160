/* SPDX-License-Identifier: ISC */
#include "server/command/planter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/role.h"
#include "server/command/reach.h"
#include "server/wire/remote.h"

#define PIECE 60000 /* of a FILE's data */

int planter_start(struct planter *planter, struct error *error)
{
    *planter = (struct planter){.fd = -1, .lease = -1, .turn = planter->turn};
    buffer_init(&planter->message, CHANNEL_MESSAGE);
    fflush(NULL);
    return role_spawn("planter", &planter->pid, &planter->fd, error);
}

/* What waits for the planter, or for a host, does so between these. */
static void leave_turn(const struct planter *planter)
{
    if (planter->turn != NULL)
        pthread_mutex_unlock(planter->turn);
}

static void take_turn(const struct planter *planter)
{
    if (planter->turn != NULL)
        pthread_mutex_lock(planter->turn);
}

void planter_end(struct planter *planter)
{
    if (planter->fd >= 0)
        close(planter->fd);
    leave_turn(planter);
    while (planter->pid > 0 && waitpid(planter->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    take_turn(planter);
    buffer_free(&planter->message);
    free(planter->place);
    *planter = (struct planter){.fd = -1, .lease = -1, .turn = planter->turn};
}

static int send_now(struct planter *planter, struct buffer *message, int passed, struct error *error)
{
    int result = message->failed ? error_set(error, "the job is too large for one message")
                                 : channel_send_now(planter->fd, buffer_slice(message), passed, error);

    buffer_clear(message);
    return result;
}

int planter_reach(struct planter *planter, const struct configuration *configuration, const char *place,
                  struct error *error)
{
    if (!remote_is(slice_of(place)))
        return 0;
    planter->account = remote_account(configuration, place, error);
    if (planter->account == NULL)
        return -1;
    free(planter->place);
    planter->place = strdup(place);
    return planter->place != NULL ? reach_account(planter->fd, planter->account, error)
                                  : error_set(error, "out of memory");
}

int planter_tell(struct planter *planter, const char *action, const char *place, json_t *options, json_t *meta,
                 struct error *error)
{
    char *options_text = json_dumps(options, JSON_COMPACT), *meta_text = json_dumps(meta, JSON_COMPACT);
    const struct plant plant = {
        .action = slice_of(action),
        .place = slice_of(place),
        .options = slice_of(options_text != NULL ? options_text : "{}"),
        .meta = slice_of(meta_text != NULL ? meta_text : "{}"),
    };

    buffer_clear(&planter->message);
    plant_add(&planter->message, &plant);
    free(options_text);
    free(meta_text);
    return send_now(planter, &planter->message, planter->lease, error);
}

int planter_file(struct planter *planter, const char *name, struct slice data, struct error *error)
{
    struct file file = {.name = slice_of(name)};

    do {
        size_t length = data.length < PIECE ? data.length : PIECE;

        file.data = (struct slice){data.data, length};
        data = (struct slice){data.data + length, data.length - length};
        file.more = data.length > 0;
        file_add(&planter->message, &file);
        if (send_now(planter, &planter->message, -1, error) < 0)
            return -1;
    } while (data.length > 0);
    return 0;
}

int planter_go(struct planter *planter, struct error *error)
{
    buffer_clear(&planter->message);
    message_begin(&planter->message, MESSAGE_PLANT_GO);
    return send_now(planter, &planter->message, -1, error);
}

int planter_next(struct planter *planter, struct reader *reader, uint16_t *type, struct error *error)
{
    int passed, got = 0;

    *type = MESSAGE_CONNECT;
    while (got == 0 && *type == MESSAGE_CONNECT) {
        passed = -1;
        leave_turn(planter);
        got = channel_receive_now(planter->fd, &planter->message, &passed, -1, error);
        take_turn(planter);
        if (passed >= 0)
            close(passed);
        if (got == 1)
            return error_set(error, "the planter ended without a word; its own lines above say why");
        *reader = reader_of(buffer_slice(&planter->message));
        *type = got == 0 ? message_type(reader) : 0;
        if (*type == MESSAGE_CONNECT && planter->account != NULL) {
            leave_turn(planter);
            got = reach_connect(planter->fd, planter->account, planter->place, reader, error);
            take_turn(planter);
        }
    }
    return got;
}
