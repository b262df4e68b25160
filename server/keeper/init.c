/* SPDX-License-Identifier: ISC */
#include "server/keeper/init.h"
#include <stdlib.h>
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/provision.h"

/* ---- decoys that are new in the configuration, at start ---- */

struct run {
    bool ended, ok;
    struct error *error;
};

bool init_needed(struct keeper *keeper)
{
    struct error error;
    int count = keeper->open ? provision_needed(keeper, &error) : 0;

    if (count < 0)
        log_error("%s", error.text);
    return count != 0;
}

static void on_run_done(bool ok, const char *text, struct slice trust, void *context)
{
    struct run *run = context;

    (void)trust;
    run->ended = true;
    run->ok = ok;
    if (!ok)
        (void)error_set(run->error, "%s", text);
}

int init_run(struct keeper *keeper, struct event_base *base, struct jobs *jobs, struct error *error)
{
    struct run run = {.error = error};
    struct provision_settings settings = {.keeper = keeper, .jobs = jobs, .who = "keeper", .done = on_run_done,
                                          .context = &run};
    struct provision *provision;

    if (provision_start(&settings, &provision, error) != 0)
        return -1;
    while (!run.ended && event_base_loop(base, EVLOOP_ONCE) == 0 && event_base_got_break(base) == 0)
        ;
    if (!run.ended)
        (void)error_set(error, "stopped while the decoys' certificates were made; start again");
    provision_free(provision);
    return run.ok ? 0 : -1;
}

/* ---- the command ---- */

struct init {
    struct request *request;
    struct provision *provision;
};

static void release(void *state)
{
    struct init *init = state;

    provision_free(init->provision);
    free(init);
}

static void on_done(bool ok, const char *text, struct slice trust, void *context)
{
    struct init *init = context;
    struct buffer json;

    if (!ok) {
        request_done(init->request, REQUEST_FAILED, "%s", text);
        return;
    }
    buffer_init(&json, JOBS_RESULT);
    buffer_add_char(&json, '{');
    json_member(&json, "authority", trust);
    buffer_add_char(&json, '}');
    request_json(init->request, &json);
    buffer_free(&json);
    request_done(init->request, REQUEST_DONE, "%s", "");
}

void command_init(struct request *request)
{
    struct keeper *keeper = request->keeper;
    struct provision_settings settings = {.keeper = keeper, .jobs = request->jobs, .create = true,
                                          .who = request->who, .done = on_done};
    struct init *init;
    struct error error;

    if (keeper->open) {
        request_done(request, REQUEST_FAILED, "there is an installation here already (%s); give another folder, or "
                                              "remove this one first", keeper->configuration->state);
        return;
    }
    init = calloc(1, sizeof *init);
    if (init == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    init->request = request;
    request->state = init;
    request->release = release;
    settings.context = init;
    settings.self_signed = slice_is(request_slice(request, "tls"), "self-signed");
    if (provision_start(&settings, &init->provision, &error) != 0)
        request_fail(request, &error);
}
