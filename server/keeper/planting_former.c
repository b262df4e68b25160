/* SPDX-License-Identifier: ISC
 *
 * rotate: what lies in a repository's file, so that one change can write the new secret over it. */
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"
#include "server/keeper/keeper.h"
#include "server/keeper/planting.h"
#include "server/keeper/token.h"

/* A commit on a branch, whose file holds the secret at the tip; where a submodule's URL does, or history alone, or a
 * reference or branch of its own, the lure is taken out and another planted. */
static const char former_sql[] =
    "SELECT t.number, t.identity, p.location FROM placement p JOIN token t ON t.number = p.token WHERE p.id = ?1"
    " AND p.place = ?2 AND p.state IN ('there', 'moved', 'changed') AND p.location ->> '$.commit' IS NOT NULL"
    " AND p.location ->> '$.path' IS NOT NULL AND coalesce(p.location ->> '$.submodule', p.location ->> '$.removed_in',"
    " p.location ->> '$.reference', p.location ->> '$.source') IS NULL";

static bool can_replace(const struct planting *planting)
{
    return planting->rotates && !planting->buried && planting->shape->commits &&
           strcmp(planting->row->takes, "repository") == 0;
}

static int add_former(struct planting *planting, int64_t number, struct slice identity, struct buffer *json,
                      struct error *error)
{
    struct keeper *keeper = planting->request->keeper;
    struct buffer secret, facts;
    int rc = -1;

    buffer_init(&secret, CHANNEL_MESSAGE);
    buffer_init(&facts, CHANNEL_MESSAGE);
    if (token_secret(&keeper->ledger, &keeper->keyring, number, &secret, error) == 0 &&
        token_facts(&keeper->ledger, &keeper->keyring, number, &facts, error) == 0) {
        json_member_open(json, "former");
        buffer_add_char(json, '{');
        json_member(json, "identity", identity);
        json_member(json, "secret", buffer_slice(&secret));
        order_facts(buffer_slice(&facts), json);
        buffer_add_char(json, '}');
        rc = 0;
    }
    buffer_free(&secret);
    buffer_free(&facts);
    return rc;
}

int planting_former(struct planting *planting, struct buffer *json, struct error *error)
{
    struct ledger *ledger = &planting->request->keeper->ledger;
    sqlite3_stmt *statement = can_replace(planting) ? ledger_statement(ledger, former_sql, error) : NULL;
    int rc = 0;

    if (statement == NULL)
        return can_replace(planting) ? -1 : 0;
    ledger_bind_id(statement, 1, &planting->before);
    ledger_bind_text(statement, 2, slice_of(planting->place));
    rc = ledger_step(ledger, statement, error);
    if (rc == 1) {
        int64_t number = sqlite3_column_int64(statement, 0);
        char *identity = slice_copy(ledger_column(statement, 1));

        planting->replaces = slice_copy(ledger_column(statement, 2));
        sqlite3_reset(statement);
        rc = planting->replaces == NULL || identity == NULL
                 ? error_set(error, "out of memory")
                 : add_former(planting, number, slice_of(identity), json, error);
        free(identity);
    }
    return rc;
}
