/* SPDX-License-Identifier: ISC
 *
 * world: one row {"domain","language","people","desk","zone"} of the persona, that lures are held against; for
 * `sundew lure`. What was drawn for the installation alone, its seeds, is not in it. */
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"

void command_world(struct request *request)
{
    struct ledger *ledger = &request->keeper->ledger;
    struct error error;
    sqlite3_stmt *statement = ledger_statement(ledger, "SELECT json_object('domain', persona ->> 'domain', 'language',"
                                               " persona ->> 'language', 'people', json(persona -> 'people'),"
                                               " 'desk', json(persona -> 'desk'), 'zone', json(persona -> 'zone'))"
                                               " FROM persona WHERE number = 1", &error);
    int result = statement != NULL ? ledger_step(ledger, statement, &error) : -1;

    if (result == 1)
        request_row(request, "row", SLICE_NONE, ledger_column(statement, 0));
    if (statement != NULL)
        sqlite3_reset(statement);
    if (result < 0)
        request_fail(request, &error);
    else if (result == 0)
        request_done(request, REQUEST_FAILED, "the ledger holds no persona; make a new installation with `sundew init`");
    else
        request_done(request, REQUEST_DONE, "%s", "");
}
