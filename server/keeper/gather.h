/* SPDX-License-Identifier: ISC
 *
 * A file system for SQLite in which the write-ahead log's writes are gathered: SQLite writes each frame's head and page
 * on their own; here what follows on from what was written before goes out with one system call: at a transaction's
 * end, or before the log is synchronised, read, measured or cut. Small writes make the log's file grow ahead by zeros:
 * what is written where the file has room already is made durable with one write of the disk, else with two more for
 * where it lies and how long it is. All other files are the default file system's. */
#ifndef KEEPER_GATHER_H
#define KEEPER_GATHER_H

#include <sqlite3.h>

#define GATHER_AHEAD (256 * 1024) /* after a small write the log's file has a multiple of this */

/* To be called before sqlite3_open_v2(), any number of times. Returns its name, or NULL when SQLite has no memory. */
const char *gather_register(void);

#endif
