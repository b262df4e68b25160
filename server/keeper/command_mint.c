/* SPDX-License-Identifier: ISC
 *
 * mint: in batches, two under way, so that the minter makes the next while this one is stored and sent. A token is
 * shown only after it is durable. */
#include <errno.h>
#include <stdlib.h>
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"

#define BATCH 1024       /* tokens in one transaction */
#define BATCH_IDLE 4096  /* where no sensor waits for verdicts meanwhile */
#define ARTIFACTS 1000   /* above this count they are left out; `artifacts` shows them */
#define SLOTS 2

struct minting;

struct slot {
    struct minting *minting;
    struct made_list made;
    uint64_t job; /* 0: idle */
};

struct minting {
    struct request *request;
    struct order order;
    struct buffer view; /* members of each job's parameters */
    struct buffer row;
    int64_t count, asked, minted, batch;
    uint16_t bits; /* the least that a secret is worth */
    bool recorded;
    struct slot slots[SLOTS];
};

static void resume(struct request *request);

/* A command that ended early says so in the chain, too. */
static void record_end(struct minting *minting)
{
    struct ledger *ledger = &minting->request->keeper->ledger;
    char details[96];
    struct error error;

    if (!minting->recorded || minting->minted == minting->count)
        return;
    (void)snprintf(details, sizeof details, "\"count\":%lld,\"minted\":%lld,\"ended\":\"early\"",
                   (long long)minting->count, (long long)minting->minted);
    if (ledger_begin(ledger, &error) != 0)
        return;
    if (order_operation(minting->request, "mint", "", details, &error) != 0 || ledger_commit(ledger, &error) != 0)
        ledger_rollback(ledger);
}

static void release(void *state)
{
    struct minting *minting = state;

    record_end(minting);
    for (size_t i = 0; i < SLOTS; i++) {
        if (minting->slots[i].job != 0)
            jobs_cancel(minting->request->jobs, minting->slots[i].job);
        made_free(&minting->slots[i].made);
    }
    buffer_free(&minting->view);
    buffer_free(&minting->row);
    order_free(&minting->order);
    free(minting);
}

static int record_start(struct minting *minting, const struct made_list *made, struct error *error)
{
    struct buffer details;
    char id[ID_TEXT];
    int result;

    buffer_init(&details, 4096);
    json_member_text(&details, "kind", minting->order.kind);
    json_member_number(&details, "count", minting->count);
    json_member_text(&details, "decoy", order_decoy_name(&minting->order));
    if (minting->order.beside != NULL)
        json_member_text(&details, "beside", id_text(minting->order.beside->token, 't', id));
    result = order_operation(minting->request, "mint", minting->count == 1 ? id_text(made->items[0].id, 't', id) : "",
                             buffer_text(&details), error);
    buffer_free(&details);
    return result;
}

static int store(struct minting *minting, const struct made_list *made, struct error *error)
{
    struct keeper *keeper = minting->request->keeper;

    if (made->failed || made->count == 0)
        return error_set(error, "the minter sent something else than tokens; restart sundewd and report this");
    if (ledger_begin(&keeper->ledger, error) != 0)
        return -1;
    if (!minting->recorded && record_start(minting, made, error) != 0)
        goto fail;
    for (size_t i = 0; i < made->count; i++) {
        if (made_store(keeper, &minting->order, &made->items[i], error) != 0)
            goto fail;
        if (made->items[i].token.secret_bits < minting->bits)
            minting->bits = made->items[i].token.secret_bits;
    }
    if (ledger_commit(&keeper->ledger, error) != 0)
        return -1;
    minting->recorded = true;
    minting->minted += (int64_t)made->count;
    return 0;
fail:
    ledger_rollback(&keeper->ledger);
    return -1;
}

static void send_rows(struct minting *minting, const struct made_list *made)
{
    for (size_t i = 0; i < made->count; i++)
        if (made_json(&made->items[i], &minting->order, &minting->row) == 0)
            request_json(minting->request, &minting->row);
}

static void on_result(struct slice kind, struct slice name, struct slice data, void *context)
{
    struct slot *slot = context;

    made_add(&slot->made, kind, name, data);
}

static void on_done(unsigned code, struct slice text, void *context)
{
    struct slot *slot = context;
    struct minting *minting = slot->minting;
    struct request *request = minting->request;
    struct error error;

    slot->job = 0;
    if (code != 0) {
        request_done(request, code, "%.*s", (int)text.length, (const char *)text.data);
        return;
    }
    if (store(minting, &slot->made, &error) != 0) {
        request_fail(request, &error);
        return;
    }
    send_rows(minting, &slot->made);
    made_free(&slot->made);
    request->resume = resume;
    request_kick(request);
}

static int start_batch(struct minting *minting, struct slot *slot, struct error *error)
{
    static const struct jobs_events events = {.result = on_result, .done = on_done};
    int64_t left = minting->count - minting->asked, batch = left < minting->batch ? left : minting->batch;
    struct buffer parameters;
    int result;

    buffer_init(&parameters, CHANNEL_MESSAGE);
    buffer_add_char(&parameters, '{');
    json_member_number(&parameters, "count", batch);
    json_member_bool(&parameters, "artifacts", minting->count <= ARTIFACTS);
    buffer_add_char(&parameters, ',');
    buffer_add_slice(&parameters, buffer_slice(&minting->view));
    buffer_add_char(&parameters, '}');
    result = parameters.failed ? error_set(error, "memo, owner or identity are too long; shorten them")
                               : jobs_start(minting->request->jobs, "mint", buffer_slice(&parameters), &events, slot,
                                            &slot->job, error);
    if (result == 0)
        minting->asked += batch;
    buffer_free(&parameters);
    return result;
}

static void say_done(struct minting *minting)
{
    struct buffer note;

    buffer_init(&note, 4096);
    order_note(&minting->order, minting->bits, &note);
    if (minting->count > ARTIFACTS)
        (void)buffer_add_format(&note, "%sso many come without artifacts; `sundew artifacts TOKEN` shows them",
                                note.length > 0 ? "; " : "");
    request_done(minting->request, REQUEST_DONE, "%s", buffer_text(&note));
    buffer_free(&note);
}

static void resume(struct request *request)
{
    struct minting *minting = request->state;
    struct error error;
    bool busy = false;

    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &minting->slots[i];

        if (slot->job == 0 && minting->asked < minting->count && start_batch(minting, slot, &error) != 0) {
            request_fail(request, &error);
            return;
        }
        busy = busy || slot->job != 0;
    }
    request->resume = NULL;
    if (!busy)
        say_done(minting);
}

static bool sensors_wait(const struct keeper *keeper)
{
    for (size_t i = 0; i < KEEPER_SENSORS; i++)
        if (keeper->sensors[i].channel != NULL)
            return true;
    return false;
}

static int read_count(struct request *request, int64_t *count)
{
    char *text = request_text(request, "count"), *end = NULL;
    long long number = 1;
    int result = 0;

    if (text != NULL) {
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || number < 1) {
            request_done(request, REQUEST_USAGE, "--count \"%.40s\" is no number from 1 on", text);
            result = -1;
        }
    }
    *count = number;
    free(text);
    return result;
}

void command_mint(struct request *request)
{
    struct minting *minting = calloc(1, sizeof *minting);
    struct error error;

    if (minting == NULL) {
        request_done(request, REQUEST_FAILED, "no memory for this command");
        return;
    }
    minting->request = request;
    minting->bits = UINT16_MAX;
    order_init(&minting->order);
    buffer_init(&minting->view, CHANNEL_MESSAGE);
    buffer_init(&minting->row, 2 * JOBS_RESULT);
    for (size_t i = 0; i < SLOTS; i++)
        minting->slots[i].minting = minting;
    request->state = minting;
    request->release = release;
    if (order_read(request, "kind", &minting->order) != 0 || read_count(request, &minting->count) != 0)
        return;
    if (minting->order.beside != NULL && minting->count > 1) {
        request_done(request, REQUEST_USAGE, "one token lies beside another; leave --count out");
        return;
    }
    minting->batch = sensors_wait(request->keeper) ? BATCH : BATCH_IDLE;
    if (order_view(request->keeper, &minting->order, &minting->view, &error) != 0)
        request_fail(request, &error);
    else
        request->resume = resume;
}
