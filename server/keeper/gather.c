/* SPDX-License-Identifier: ISC */
#include "server/keeper/gather.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NAME "gather"
#define GATHERED (0x1ffff) /* the most that the file system below writes at once: it masks lengths with it */

#define SMALL (32 * 1024) /* what is longer pays for its place itself, rather than for zeros first */

/* A frame's head is written on its own; the number at its fourth byte is not zero where a transaction ends. */
#define FRAME_HEAD 24
#define FRAME_END 4

struct gather {
    sqlite3_file file; /* SQLite's handle on us; must be first */
    sqlite3_file *below;
    unsigned char *bytes;
    sqlite3_int64 at; /* where in the file bytes[0] belongs */
    int held;
    sqlite3_int64 size; /* of the file */
    bool ends;          /* the page that comes next ends its transaction */
};

static struct gather *of(sqlite3_file *file)
{
    return (struct gather *)(void *)file;
}

/* Zeros are no frame: a reader of the log stops there. Where there is no room for them, nothing is lost. */
static void grow_ahead(struct gather *gather)
{
    static const unsigned char zeros[65536];
    sqlite3_int64 end = (gather->size + GATHER_AHEAD - 1) / GATHER_AHEAD * GATHER_AHEAD, left;
    int piece = 0;

    for (; gather->size < end; gather->size += piece) {
        left = end - gather->size;
        piece = left < (sqlite3_int64)sizeof zeros ? (int)left : (int)sizeof zeros;
        if (gather->below->pMethods->xWrite(gather->below, zeros, piece, gather->size) != SQLITE_OK)
            break;
    }
}

static int put(struct gather *gather, const void *bytes, int size, sqlite3_int64 at)
{
    int code = gather->below->pMethods->xWrite(gather->below, bytes, size, at);

    if (code == SQLITE_OK && at + size > gather->size) {
        gather->size = at + size;
        if (size <= SMALL)
            grow_ahead(gather);
    }
    return code;
}

/* What could not be written is dropped: whoever is told so rolls back. */
static int flush(struct gather *gather)
{
    int held = gather->held;

    gather->held = 0;
    return held == 0 ? SQLITE_OK : put(gather, gather->bytes, held, gather->at);
}

static int gather_close(sqlite3_file *file)
{
    struct gather *gather = of(file);
    int code = flush(gather), closed = gather->below->pMethods->xClose(gather->below);

    sqlite3_free(gather->bytes);
    gather->bytes = NULL;
    return code != SQLITE_OK ? code : closed;
}

static int gather_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    struct gather *gather = of(file);
    int code = flush(gather);

    return code != SQLITE_OK ? code : gather->below->pMethods->xRead(gather->below, to, size, at);
}

/* Not every commit is followed by a synchronisation: so the end of each is written out, and a failure told, here. */
static int gather_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
    static const unsigned char goes_on[4];
    struct gather *gather = of(file);
    bool head = size == FRAME_HEAD, end = gather->ends && !head;
    int code = SQLITE_OK;

    gather->ends = head && memcmp((const unsigned char *)from + FRAME_END, goes_on, sizeof goes_on) != 0;
    if (gather->held > 0 && (at != gather->at + gather->held || size > GATHERED - gather->held))
        code = flush(gather);
    if (code != SQLITE_OK)
        return code;
    if (size > GATHERED)
        return put(gather, from, size, at);
    if (gather->held == 0)
        gather->at = at;
    memcpy(gather->bytes + gather->held, from, (size_t)size);
    gather->held += size;
    return end ? flush(gather) : SQLITE_OK;
}

static int gather_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct gather *gather = of(file);
    int code = flush(gather);

    if (code == SQLITE_OK)
        code = gather->below->pMethods->xTruncate(gather->below, size);
    if (code == SQLITE_OK && size < gather->size)
        gather->size = size;
    return code;
}

static int gather_sync(sqlite3_file *file, int flags)
{
    struct gather *gather = of(file);
    int code = flush(gather);

    return code != SQLITE_OK ? code : gather->below->pMethods->xSync(gather->below, flags);
}

static int gather_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct gather *gather = of(file);
    int code = flush(gather);

    return code != SQLITE_OK ? code : gather->below->pMethods->xFileSize(gather->below, size);
}

static int gather_lock(sqlite3_file *file, int level)
{
    return of(file)->below->pMethods->xLock(of(file)->below, level);
}

static int gather_unlock(sqlite3_file *file, int level)
{
    return of(file)->below->pMethods->xUnlock(of(file)->below, level);
}

static int gather_reserved(sqlite3_file *file, int *reserved)
{
    return of(file)->below->pMethods->xCheckReservedLock(of(file)->below, reserved);
}

static int gather_control(sqlite3_file *file, int operation, void *argument)
{
    return of(file)->below->pMethods->xFileControl(of(file)->below, operation, argument);
}

static int gather_sector(sqlite3_file *file)
{
    return of(file)->below->pMethods->xSectorSize(of(file)->below);
}

static int gather_device(sqlite3_file *file)
{
    return of(file)->below->pMethods->xDeviceCharacteristics(of(file)->below);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = gather_close,
    .xRead = gather_read,
    .xWrite = gather_write,
    .xTruncate = gather_truncate,
    .xSync = gather_sync,
    .xFileSize = gather_size,
    .xLock = gather_lock,
    .xUnlock = gather_unlock,
    .xCheckReservedLock = gather_reserved,
    .xFileControl = gather_control,
    .xSectorSize = gather_sector,
    .xDeviceCharacteristics = gather_device,
};

static sqlite3_vfs *below_of(sqlite3_vfs *vfs)
{
    sqlite3_vfs *below = sqlite3_vfs_find(NULL);

    return below != vfs ? below : NULL;
}

static int gather_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *below = below_of(vfs);
    struct gather *gather = of(file);
    int code;

    file->pMethods = NULL;
    if (below == NULL)
        return SQLITE_CANTOPEN;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return below->xOpen(below, name, file, flags, out);
    memset(gather, 0, sizeof *gather);
    gather->below = (sqlite3_file *)(void *)(gather + 1);
    gather->bytes = sqlite3_malloc(GATHERED);
    if (gather->bytes == NULL)
        return SQLITE_NOMEM;
    code = below->xOpen(below, name, gather->below, flags, out);
    if (code == SQLITE_OK)
        file->pMethods = &methods;
    else
        sqlite3_free(gather->bytes);
    if (code == SQLITE_OK)
        gather->below->pMethods->xFileSize(gather->below, &gather->size);
    return code;
}

const char *gather_register(void)
{
    static sqlite3_vfs vfs; /* SQLite's list holds it for good */
    sqlite3_vfs *below = sqlite3_vfs_find(NULL);

    if (sqlite3_vfs_find(NAME) != NULL)
        return NAME;
    if (below == NULL)
        return NULL;
    vfs = *below;
    vfs.pNext = NULL;
    vfs.zName = NAME;
    vfs.szOsFile = (int)sizeof(struct gather) + below->szOsFile;
    vfs.xOpen = gather_open;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? NAME : NULL;
}
