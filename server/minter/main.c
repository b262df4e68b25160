/* SPDX-License-Identifier: ISC
 *
 * The minter: makes tokens, artifacts, lures and what decoys look like, for the keeper alone. It reads its templates,
 * shuts its cage, and opens no file after that. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/base/role.h"
#include "server/minter/examine.h"
#include "server/minter/job.h"
#include "server/minter/face_check.h"
#include "server/minter/minter.h"
#include "server/minter/supply.h"
#include "server/wire/help.h"

#define STEP_RESULTS 256  /* results made in one turn of the loop */
#define WAITING_MOST 4096 /* results that wait for the keeper; past that minting pauses */
#define JOBS_MOST 1024    /* jobs that may wait their turn */
#define PAUSE_US 500      /* between looks at a keeper that is behind */

/* A job that waits its turn. */
struct queued_job {
    uint64_t number;
    char *what, *parameters;
    size_t parameters_length;
    struct queued_job *next;
};

struct program {
    struct role role;
    struct minter minter;
    struct channel *keeper;
    struct event *work_event;
    struct queued_job *first, **last;
    size_t count;
    struct job_work *work; /* under way */
    uint64_t number;       /* its number */
};

/* ---- the queue ---- */

static void queued_free(struct queued_job *queued)
{
    if (queued == NULL)
        return;
    if (queued->parameters != NULL)
        sodium_memzero(queued->parameters, queued->parameters_length);
    free(queued->parameters);
    free(queued->what);
    free(queued);
}

static struct queued_job *queued_take(struct program *program)
{
    struct queued_job *queued = program->first;

    if (queued == NULL)
        return NULL;
    program->first = queued->next;
    if (program->first == NULL)
        program->last = &program->first;
    program->count--;
    return queued;
}

static int queued_add(struct program *program, const struct job *job, struct error *error)
{
    struct queued_job *queued = calloc(1, sizeof *queued);

    if (queued == NULL || program->count == JOBS_MOST) {
        free(queued);
        return error_set(error, "the minter has too many jobs waiting, or no memory");
    }
    queued->number = job->number;
    queued->what = slice_copy(job->what);
    queued->parameters = slice_copy(job->parameters);
    queued->parameters_length = job->parameters.length;
    if (queued->what == NULL || queued->parameters == NULL) {
        queued_free(queued);
        return error_set(error, "the minter has no memory");
    }
    *program->last = queued;
    program->last = &queued->next;
    program->count++;
    return 0;
}

static void drop_all(struct program *program)
{
    struct queued_job *queued;

    job_free(program->work);
    program->work = NULL;
    while ((queued = queued_take(program)) != NULL)
        queued_free(queued);
}

/* ---- the keeper ---- */

static int send_result(const struct result *result, void *context)
{
    struct program *program = context;
    struct buffer message;
    int rc = -1;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (result_add(&message, result) == 0)
        rc = channel_send(program->keeper, buffer_slice(&message), -1);
    buffer_free(&message);
    return rc;
}

/* error: NULL when it is done. */
static void send_done(struct program *program, uint64_t number, const struct error *error)
{
    struct result_done done = {
        .number = number,
        .code = error == NULL ? 0 : error->status == 2 ? 2 : 3,
        .text = slice_of(error == NULL ? "" : error->text),
    };
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    if (program->keeper != NULL &&
        (result_done_add(&message, &done) != 0 || channel_send(program->keeper, buffer_slice(&message), -1) != 0))
        log_warning("the keeper did not take the end of job %lu", (unsigned long)number);
    buffer_free(&message);
}

static int begin_next(struct program *program)
{
    struct queued_job *queued = queued_take(program);
    struct error error = {""};
    struct job job;

    if (queued == NULL)
        return -1;
    job = (struct job){.number = queued->number,
                       .what = slice_of(queued->what),
                       .parameters = {(unsigned char *)queued->parameters, queued->parameters_length}};
    program->number = queued->number;
    program->work = job_begin(&program->minter, &job, &error);
    if (program->work == NULL)
        send_done(program, queued->number, &error);
    queued_free(queued);
    return 0;
}

static void wake(struct program *program, int pause_us)
{
    struct timeval pause = {0, pause_us};

    event_add(program->work_event, &pause);
}

/* One turn: a step of the job under way, unless the keeper is behind. */
static void on_work(evutil_socket_t fd, short what, void *context)
{
    const struct job_sink sink = {send_result, context};
    struct program *program = context;
    struct error error = {""};
    int rc = 1;

    (void)fd;
    (void)what;
    if (program->keeper == NULL || (program->work == NULL && begin_next(program) != 0))
        return;
    if (channel_waiting(program->keeper) > WAITING_MOST) {
        wake(program, PAUSE_US);
        return;
    }
    if (program->work != NULL)
        rc = job_step(program->work, STEP_RESULTS, &sink, &error);
    if (program->work != NULL && rc <= 0) {
        send_done(program, program->number, rc == 0 ? NULL : &error);
        job_free(program->work);
        program->work = NULL;
    }
    wake(program, 0);
}

static void drop_keeper(struct program *program)
{
    channel_free(program->keeper);
    program->keeper = NULL;
    drop_all(program);
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct program *program = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);
    struct error error;
    struct job job;

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == MESSAGE_HELLO && hello_get(&reader) == 0)
        return;
    if (type == MESSAGE_HELLO) {
        log_error("the keeper is of another build; install all programs together and start again");
        exit(1);
    }
    if (type != MESSAGE_JOB || job_get(&reader, &job) != 0) {
        log_error("the keeper sent a damaged message of type %u; its channel is closed", type);
        drop_keeper(program);
        return;
    }
    if (queued_add(program, &job, &error) != 0)
        send_done(program, job.number, &error);
    if (!event_pending(program->work_event, EV_TIMEOUT, NULL))
        wake(program, 0);
}

static void on_closed(struct channel *channel, void *context)
{
    (void)channel;
    drop_keeper(context);
}

static const struct channel_events keeper_events = {.message = on_message, .closed = on_closed};

/* Takes fd. */
static void meet(struct role *role, const char *name, int fd)
{
    struct program *program = role->context;
    struct buffer message;

    if (strcmp(name, "keeper") != 0) {
        close(fd);
        return;
    }
    if (program->keeper != NULL)
        drop_keeper(program);
    program->keeper = channel_new(role->base, fd, &keeper_events, program);
    buffer_init(&message, CHANNEL_MESSAGE);
    hello_add(&message);
    if (program->keeper == NULL || channel_send(program->keeper, buffer_slice(&message), -1) != 0)
        log_error("no memory to talk to the keeper");
    buffer_free(&message);
}

/* ---- start ---- */

static int prepare(struct program *program, struct error *error)
{
    if (sodium_init() < 0)
        return error_set(error, "the system gives no random numbers");
    if (minter_open(&program->minter, paths_data(), NULL, minter_now, error) != 0)
        return -1;
    program->work_event = event_new(program->role.base, -1, 0, on_work, program);
    if (program->work_event == NULL)
        return error_set(error, "out of memory");
    return supply_start(program->minter.supply, minter_shut, error) != 0 ? -1 : minter_shut(error);
}

int main(int argc, char **argv)
{
    struct program program = {0};
    struct error error;
    int rc = 1;

    if (help_asked("minter", argc, argv))
        return 0;
    if (argc > 1 && strcmp(argv[1], "--check") == 0)
        return face_check(argc, argv);
    if (examine_asked(argc, argv))
        return examine_main(argv);
    json_wipe_always();
    program.last = &program.first;
    if (role_begin(&program.role, "minter", &error) != 0 || prepare(&program, &error) != 0) {
        rc = role_fail(&program.role, &error);
        goto out;
    }
    program.role.context = &program;
    program.role.peer = meet;
    for (size_t i = 0; i < program.role.peer_count; i++)
        meet(&program.role, program.role.peers[i].name, program.role.peers[i].fd);
    rc = role_run(&program.role) == 0 ? 0 : 1;
out:
    if (program.keeper != NULL)
        drop_keeper(&program);
    drop_all(&program);
    if (program.work_event != NULL)
        event_free(program.work_event);
    minter_close(&program.minter);
    role_end(&program.role);
    return rc;
}
