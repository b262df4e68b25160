/* SPDX-License-Identifier: ISC
 *
 * The life of sundewd: start, ready, reload, upgrade, stop. It binds, starts and watches; it reads nothing that a
 * client sent and never sees the master key. */
#ifndef PARENT_PARENT_H
#define PARENT_PARENT_H

#include <stdbool.h>

/* Runs until SIGTERM or SIGINT. `file` as configuration_load() takes it. Returns the exit status. *again: a role was
 * replaced by another build; execute the program anew. */
int parent_run(const char *file, bool *again);

#endif
