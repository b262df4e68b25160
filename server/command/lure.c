/* SPDX-License-Identifier: ISC
 *
 * lure check, lure learn. */
#include <string.h>
#include "server/command/lure.h"

int run_lure(struct invocation *invocation, struct error *error)
{
    const char *action = options_value(invocation->options, "action");

    if (action != NULL && strcmp(action, "check") == 0)
        return lure_check(invocation, error);
    if (action != NULL && strcmp(action, "learn") == 0)
        return lure_learn(invocation, error);
    error_set(error, "lures can be checked, and learn how mails look: sundew lure check, sundew lure learn DIR");
    return 2;
}
