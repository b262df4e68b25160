/* SPDX-License-Identifier: ISC
 *
 * recognise: rows "windows" and one "search", messages that `sundew` passes on to its finder as they are. Each secret
 * is unsealed for as long as its windows are cut, and the keys are forgotten with the last one. "recognised": is what
 * was found a secret? One row for each that is. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/base/channel.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/needle.h"
#include "server/keeper/order.h"
#include "server/keeper/token.h"
#include "server/wire/finding.h"

#define PAGE 24 /* tokens, then the loop has its turn */

struct cutting {
    struct window_keys keys;
    bool encodings;
    int64_t after; /* row */
    size_t longest, short_ones;
    struct buffer message;
    unsigned char plain[TOKEN_SECRET];
};

static void release(void *state)
{
    struct cutting *cutting = state;

    buffer_free(&cutting->message);
    sodium_memzero(cutting, sizeof *cutting);
    free(cutting);
}

static void cut(struct cutting *cutting, struct slice secret)
{
    struct slice needle = needle_of(secret);
    unsigned char bytes[WINDOW_LONGEST];
    enum window_form last = cutting->encodings ? FORMS - 1 : FORM_PLAIN;

    if (window_lane_of(needle.length) < 0)
        cutting->short_ones++;
    for (enum window_form form = FORM_PLAIN; form <= last; form++) {
        size_t length = needle_form(needle, form, bytes);

        cutting->longest = length > cutting->longest ? length : cutting->longest;
        needle_windows(&cutting->keys, (uint32_t)cutting->after, form, (struct slice){bytes, length},
                       &cutting->message);
    }
    sodium_memzero(bytes, sizeof bytes);
}

/* One page into the message. How many tokens it has; -1. */
static int cut_page(struct request *request, struct cutting *cutting, struct error *error)
{
    struct keeper *keeper = request->keeper;
    sqlite3_stmt *statement = ledger_statement(
        &keeper->ledger, "SELECT number, secret FROM token WHERE number > ?1 ORDER BY number", error);
    int count = 0, result = statement == NULL ? -1 : 1;

    if (statement != NULL)
        sqlite3_bind_int64(statement, 1, cutting->after);
    while (result == 1 && count < PAGE && (result = ledger_step(&keeper->ledger, statement, error)) == 1) {
        struct slice sealed = ledger_column(statement, 1);
        int length = sealed.length <= TOKEN_SECRET + SEAL_OVERHEAD
                         ? keyring_unseal(&keeper->keyring, sealed, cutting->plain, sizeof cutting->plain)
                         : -1;

        cutting->after = sqlite3_column_int64(statement, 0);
        if (length < 0)
            result = error_set(error, "a sealed secret cannot be opened: the ledger is damaged or the key is another");
        else if (cutting->after > WINDOW_TOKENS)
            result = error_set(error, "this ledger has more tokens than can be recognised");
        else
            cut(cutting, (struct slice){cutting->plain, (size_t)length});
        count++;
    }
    sodium_memzero(cutting->plain, sizeof cutting->plain);
    if (statement != NULL)
        sqlite3_reset(statement);
    if (result >= 0 && cutting->message.failed)
        result = error_set(error, "no memory for the windows of the secrets");
    return result < 0 ? -1 : count;
}

static void finish(struct request *request, struct cutting *cutting)
{
    struct search_order order = {cutting->keys, cutting->encodings, (uint16_t)cutting->longest};
    char text[96] = "";

    buffer_clear(&cutting->message);
    search_order_add(&cutting->message, &order);
    request_row(request, "search", SLICE_NONE, buffer_slice(&cutting->message));
    sodium_memzero(&order, sizeof order);
    if (cutting->short_ones > 0)
        snprintf(text, sizeof text, "%zu secrets are shorter than %d bytes, and cannot be found", cutting->short_ones,
                 WINDOW_SHORTEST);
    request_done(request, REQUEST_DONE, "%s", text);
}

static void resume(struct request *request)
{
    struct cutting *cutting = request->state;
    struct error error;
    int count;

    if (!request_ready(request))
        return;
    buffer_clear(&cutting->message);
    windows_begin(&cutting->message);
    count = cut_page(request, cutting, &error);
    if (count < 0)
        request_fail(request, &error);
    else if (count == 0)
        finish(request, cutting);
    else
        request_row(request, "windows", SLICE_NONE, buffer_slice(&cutting->message));
}

static int record(struct request *request, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;

    if (ledger_begin(ledger, error) != 0)
        return -1;
    if (order_operation(request, "recognise", "", "", error) == 0)
        return ledger_commit(ledger, error);
    ledger_rollback(ledger);
    return -1;
}

void command_recognise(struct request *request)
{
    struct cutting *cutting = calloc(1, sizeof *cutting);
    struct error error;

    if (cutting == NULL) {
        request_done(request, REQUEST_FAILED, "no memory to look into the secrets with");
        return;
    }
    request->state = cutting;
    request->release = release;
    buffer_init(&cutting->message, CHANNEL_MESSAGE);
    window_keys_draw(&cutting->keys);
    cutting->encodings = !request_has(request, "plain");
    if (record(request, &error) != 0) {
        request_fail(request, &error);
        return;
    }
    request->resume = resume;
    request_kick(request);
}

/* ---- recognised ---- */

struct claim {
    long token, form;
    struct buffer bytes;
};

/* "TOKEN FORM HEX" */
static int read_claim(struct slice value, struct claim *claim)
{
    char *text = slice_copy(value), *end = NULL;
    size_t length = 0;
    unsigned char *room;
    int result = -1;

    claim->token = text != NULL ? strtol(text, &end, 10) : 0;
    claim->form = end != NULL && *end == ' ' ? strtol(end + 1, &end, 10) : -1;
    buffer_clear(&claim->bytes);
    room = buffer_reserve(&claim->bytes, WINDOW_LONGEST);
    if (room != NULL && claim->token > 0 && claim->form >= 0 && claim->form < FORMS && *end == ' ' &&
        sodium_hex2bin(room, WINDOW_LONGEST, end + 1, strlen(end + 1), NULL, &length, NULL) == 0) {
        buffer_grow(&claim->bytes, length);
        result = 0;
    }
    if (text != NULL)
        sodium_memzero(text, value.length);
    free(text);
    return result;
}

static bool is_secret(struct keeper *keeper, const struct claim *claim, struct slice sealed)
{
    struct buffer plain;
    unsigned char bytes[WINDOW_LONGEST];
    size_t length = 0;
    bool same;

    buffer_init(&plain, TOKEN_SECRET);
    if (keyring_open_sealed(&keeper->keyring, sealed, &plain) == 0)
        length = needle_form(needle_of(buffer_slice(&plain)), (enum window_form)claim->form, bytes);
    same = length >= WINDOW_SHORTEST && length == claim->bytes.length &&
           sodium_memcmp(bytes, claim->bytes.data, length) == 0;
    sodium_memzero(bytes, sizeof bytes);
    buffer_free(&plain);
    return same;
}

static const char claim_sql[] =
    "SELECT t.secret, json_object('finding', ?2, 'token', id_text('t', t.id), 'kind', t.kind, 'identity', t.identity,"
    " 'state', t.state, 'owner', t.owner, 'placement', id_text('p', p.id), 'place', p.place)"
    " FROM token t LEFT JOIN placement p ON p.token = coalesce(t.beside, t.number) WHERE t.number = ?1";

static int answer(struct request *request, const struct claim *claim, int number, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;
    sqlite3_stmt *statement = ledger_statement(ledger, claim_sql, error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, claim->token);
    sqlite3_bind_int(statement, 2, number);
    found = ledger_step(ledger, statement, error);
    if (found == 1 && is_secret(request->keeper, claim, ledger_column(statement, 0)))
        request_row(request, "row", SLICE_NONE, ledger_column(statement, 1));
    sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

void command_recognised(struct request *request)
{
    struct claim claim = {.token = 0};
    struct error error;
    int result = 0;

    buffer_init(&claim.bytes, WINDOW_LONGEST);
    for (size_t i = 0; i < request->command->argument_count && result == 0; i++) {
        if (read_claim(request->command->arguments[i].value, &claim) < 0)
            result = error_set(&error, "finding %zu is damaged", i);
        else
            result = answer(request, &claim, (int)i, &error);
    }
    buffer_free(&claim.bytes);
    if (result < 0)
        request_fail(request, &error);
    else
        request_done(request, REQUEST_DONE, "%s", "");
}
