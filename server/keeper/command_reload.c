/* SPDX-License-Identifier: ISC
 *
 * reload: for operators who may not signal the daemon. What becomes of it stands in state/run/status. */
#include "server/base/role.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"

static int record(struct request *request, struct error *error)
{
    struct ledger *ledger = &request->keeper->ledger;

    if (ledger_begin(ledger, error) != 0)
        return -1;
    if (order_operation(request, "reload", "", "", error) == 0)
        return ledger_commit(ledger, error);
    ledger_rollback(ledger);
    return -1;
}

void command_reload(struct request *request)
{
    struct keeper *keeper = request->keeper;
    struct error error;

    if (keeper->role == NULL || keeper->watch == NULL)
        request_done(request, REQUEST_FAILED, "no daemon runs on this state; start one by sundewd -c FILE");
    else if (record(request, &error) != 0)
        request_fail(request, &error);
    else if (role_ask_reload(keeper->role) != 0)
        request_done(request, REQUEST_FAILED, "sundewd cannot be asked; restart it");
    else
        request_done(request, REQUEST_DONE, "%s", "");
}
