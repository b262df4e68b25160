/* SPDX-License-Identifier: ISC
 *
 * campaign PLAN: what the ledger has of a plan, for `sundew plan`. First {"seed":"HEX"}, by which that plan draws: the
 * same each time, another for each plan and installation. Then a row for each placement whose campaign begins with the
 * plan's name and a '/', oldest first:
 *
 *   {"campaign","placement","place","state","lure","token","kind","form","planted","rotates"}
 *
 * Of those that were rotated, or are being, the last alone. */
#include <sodium.h>
#include <string.h>
#include "server/base/json.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/listing.h"
#include "server/keeper/rows.h"

#define SEED 32

static void put_seed(struct request *request)
{
    static const unsigned char domain[] = "plan";
    const struct keyring *keyring = &request->keeper->keyring;
    struct slice plan = request_slice(request, "plan");
    unsigned char seed[SEED];
    char hex[2 * SEED + 1];
    crypto_generichash_state state;
    struct buffer json;

    crypto_generichash_init(&state, keyring->seed, sizeof keyring->seed, sizeof seed);
    crypto_generichash_update(&state, domain, sizeof domain);
    crypto_generichash_update(&state, plan.data, plan.length);
    crypto_generichash_final(&state, seed, sizeof seed);
    sodium_bin2hex(hex, sizeof hex, seed, sizeof seed);
    buffer_init(&json, CHANNEL_MESSAGE);
    buffer_add_char(&json, '{');
    json_member_text(&json, "seed", hex);
    buffer_add_char(&json, '}');
    request_json(request, &json);
    buffer_free(&json);
}

void command_campaign(struct request *request)
{
    static const struct listing listing = {
        "SELECT p.number, iif(p.campaign > ?2 || '/' AND p.campaign < ?2 || '0'"
        " AND NOT EXISTS (SELECT 1 FROM placement r WHERE r.rotates = p.number), json_object("
        "'campaign', p.campaign, 'placement', id_text('p', p.id), 'place', p.place, 'state', p.state, 'lure', p.lure,"
        " 'token', id_text('t', t.id), 'kind', t.kind, 'form', t.form,"
        " 'planted', time_text(p.planted), 'rotates', (SELECT id_text('p', r.id) FROM placement r"
        " WHERE r.number = p.rotates)), NULL)"
        " FROM placement p JOIN token t ON t.number = p.token WHERE p.number > ?1 ORDER BY p.number" ROWS_PAGE,
        {{"plan", FILTER_TEXT, NULL}},
    };

    put_seed(request);
    listing_run(request, &listing, "row");
}
