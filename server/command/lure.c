/* SPDX-License-Identifier: ISC
 *
 * lure check: what gives lures away. */
#include <string.h>
#include "server/command/lure.h"

int run_lure(struct invocation *invocation, struct error *error)
{
    const char *action = options_value(invocation->options, "action");

    if (action != NULL && strcmp(action, "check") == 0)
        return lure_check(invocation, error);
    error_set(error, "lures can be checked: sundew lure check");
    return 2;
}
