/* SPDX-License-Identifier: ISC */
#include "server/keeper/lockout.h"

#include <stddef.h>

static bool is_full(const struct lockout_account *account)
{
    return account->codes >= LOCKOUT_CODES;
}

bool lockout_holds(const struct lockout *lockout, int64_t token, int64_t now)
{
    bool holds = false;

    for (size_t i = 0; !holds && i < LOCKOUT_ACCOUNTS; i++) {
        const struct lockout_account *account = &lockout->accounts[i];

        holds = account->token == token && is_full(account) && now - account->last < LOCKOUT_US;
    }
    return holds;
}

/* The account's own place, or else the one that may be had. */
static struct lockout_account *place_for(struct lockout *lockout, int64_t token)
{
    struct lockout_account *place = &lockout->accounts[0];

    for (size_t i = 0; place->token != token && i < LOCKOUT_ACCOUNTS; i++) {
        struct lockout_account *account = &lockout->accounts[i];

        if (account->token == token || account->last < place->last)
            place = account;
    }
    return place;
}

void lockout_count(struct lockout *lockout, int64_t token, int64_t now)
{
    struct lockout_account *account = place_for(lockout, token);

    if (lockout_holds(lockout, token, now))
        return;
    if (account->token != token || is_full(account))
        account->codes = 0;
    account->token = token;
    account->last = now;
    account->codes++;
}
