/* SPDX-License-Identifier: ISC
 *
 * `keeper --examine FILE`: is that file a whole ledger? For copies, which nobody writes to; needs no key. Reads every
 * page (PRAGMA quick_check), in a process of its own, so that no keeper waits. */
#ifndef KEEPER_EXAMINE_H
#define KEEPER_EXAMINE_H

/* Prints one JSON line: {"ok", "text", "version", "tokens", "observations": "SEQ:HEAD", "operations": "SEQ:HEAD"}, the
 * heads as `sundew audit --anchor` takes them. Exit status: 0 whole, 1 not, 3 could not be read. */
int examine(const char *file);

#endif
