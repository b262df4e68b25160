/* SPDX-License-Identifier: ISC
 *
 * A file system for SQLite in which the write-ahead log's writes are gathered: SQLite writes each frame's head and page
 * on their own; here what follows on from what was written before goes out with one system call, at the latest
 * before the log is synchronised, read, measured or cut. All other files are the default file system's. */
#ifndef KEEPER_GATHER_H
#define KEEPER_GATHER_H

#include <sqlite3.h>

/* To be called before sqlite3_open_v2(), any number of times. Returns its name, or NULL when SQLite has no memory. */
const char *gather_register(void);

#endif
