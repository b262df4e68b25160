/* SPDX-License-Identifier: ISC
 *
 * What a planter gets of the world outside: an account's files as descriptors, so that no secret passes through this
 * process, and connected sockets, to the hosts of its place and account alone. */
#ifndef COMMAND_REACH_H
#define COMMAND_REACH_H

#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/configuration.h"

/* Sends ACCOUNT and its CREDENTIALs to the planter on `fd`. */
int reach_account(int fd, const struct account *account, struct error *error);
/* Answers a CONNECT, whose type has been read. -1 only when the planter cannot be answered. */
int reach_connect(int fd, const struct account *account, const char *place, struct reader *reader,
                  struct error *error);

#endif
