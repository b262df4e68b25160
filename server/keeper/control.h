/* SPDX-License-Identifier: ISC
 *
 * The operator's door to the keeper: clients of the control socket, and the operator that started this keeper
 * itself. Each is trusted as far as its credentials go (owner of the state folder, root, the group `operators`);
 * what it sends is not: it is dropped at the first malformed message.
 *
 * Order in the keeper's main(): control_new() before the cage (it resolves the group and users and reads operators'
 * own certificates), control_peer() for "minter", "control" and "operator" at start and later, then, if
 * init_needed(), init_run() (init.h) before READY. System calls needed inside the cage beside the basic ones:
 * accept4, getsockopt, getpeername, fcntl, sendmsg, recvmsg, getuid. */
#ifndef KEEPER_CONTROL_H
#define KEEPER_CONTROL_H

#include <event2/event.h>
#include <stdbool.h>
#include "server/base/error.h"
#include "server/keeper/jobs.h"

#define CONTROL_CLIENTS 32

struct keeper;
struct control;

/* The keeper's configuration must be set; its ledger may not be open yet (then only "init" and "status" work).
 * Borrows keeper, base and jobs, which must live longer. NULL with the error's text. */
struct control *control_new(struct keeper *keeper, struct event_base *base, struct jobs *jobs, struct error *error);
void control_free(struct control *control);
/* PEER "control" (a listening SOCK_SEQPACKET socket) or "operator" (a connected one, not checked). Takes fd; -1 for
 * another name: then fd is still the caller's. */
int control_peer(struct control *control, const char *name, int fd);
/* After each derivation: commands that wait for it begin, and where something was made, clients that watch get it. */
void commands_derived(struct control *control, bool made);
/* The operator's own certificate of the configuration's decoy with that index; empty where it names none. */
struct own_certificate;
struct own_certificate *control_certificate(const struct control *control, size_t index);

#endif
