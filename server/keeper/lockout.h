/* SPDX-License-Identifier: ISC
 *
 * Accounts of decoys that grant, locked by wrong codes as Devise locks them (its Lockable with GitLab's settings:
 * maximum_attempts 10, unlock_in ten minutes): the tenth wrong code locks, whoever sent it and in whichever session;
 * what is sent meanwhile does not count. Kept in memory: a restart unlocks. */
#ifndef KEEPER_LOCKOUT_H
#define KEEPER_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#define LOCKOUT_ACCOUNTS 64
#define LOCKOUT_CODES 10
#define LOCKOUT_US 600000000

struct lockout {
    struct lockout_account {
        int64_t token; /* row's number; 0: free */
        int64_t last;  /* wrong code that counted; monotonic */
        unsigned codes;
    } accounts[LOCKOUT_ACCOUNTS];
};

/* `now` is monotonic, in microseconds. */
bool lockout_holds(const struct lockout *lockout, int64_t token, int64_t now);
/* One more wrong code. When there is no place, the account that got its last code longest ago is forgotten. */
void lockout_count(struct lockout *lockout, int64_t token, int64_t now);

#endif
