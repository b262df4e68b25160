/* SPDX-License-Identifier: ISC
 *
 * The part of ledger.h that keeps bytes back for a full disk. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/keeper/ledger.h"

static const char name[] = "reserve";

static bool is_there(const struct ledger *ledger)
{
    struct stat status;

    return fstatat(ledger->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
           status.st_size == LEDGER_RESERVE && (int64_t)status.st_blocks * 512 >= LEDGER_RESERVE;
}

/* Where the file system cannot give room without writing, zeros are written. */
static int fill(int fd)
{
    static const unsigned char zeros[65536];
    off_t at;

    if (fallocate(fd, 0, 0, LEDGER_RESERVE) == 0)
        return 0;
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return -1;
    for (at = 0; at < LEDGER_RESERVE; at += (off_t)sizeof zeros) {
        if (pwrite(fd, zeros, sizeof zeros, at) != (ssize_t)sizeof zeros)
            return -1;
    }
    return 0;
}

static bool has_room(const struct ledger *ledger)
{
    struct statvfs room;

    return fstatvfs(ledger->folder, &room) == 0 && (uint64_t)room.f_bavail * room.f_frsize >= 2ull * LEDGER_RESERVE;
}

bool ledger_reserve_make(struct ledger *ledger, bool first, struct error *error)
{
    bool made = false;
    int fd;

    if (is_there(ledger))
        return true;
    if (!first && !has_room(ledger)) {
        error_set(error, "less than %d MiB are left for the ledger %s", 2 * (LEDGER_RESERVE >> 20), ledger->path);
        return false;
    }
    fd = openat(ledger->folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        made = fill(fd) == 0 && fdatasync(fd) == 0;
        close(fd);
    }
    if (!made) {
        error_errno(error, "no room for the reserve of %d MiB beside the ledger %s", LEDGER_RESERVE >> 20,
                    ledger->path);
        unlinkat(ledger->folder, name, 0);
    }
    return made;
}

bool ledger_reserve_free(struct ledger *ledger)
{
    ledger->full = true;
    ledger->full_since = clock_monotonic();
    if (unlinkat(ledger->folder, name, 0) < 0)
        return false;
    log_error("no space left for the ledger %s: the reserve is spent and noise is not stored; sightings still are",
              ledger->path);
    return true;
}

void ledger_reserve_restore(struct ledger *ledger)
{
    struct error error;

    if (ledger->full && ledger_reserve_make(ledger, false, &error)) {
        ledger->full = false;
        log_info("there is room for the ledger %s again: noise is stored", ledger->path);
    }
}
