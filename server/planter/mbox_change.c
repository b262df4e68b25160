/* SPDX-License-Identifier: ISC
 *
 * Opening an mbox, locking it, and changing it so that nothing is lost. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/planter/disk.h"
#include "server/planter/mbox_file.h"

#define TRY_MS 50
#define PIECE ((size_t)1 << 20)
#define NAME 280

/* ---- locks ---- */

static void lock_name(const struct mbox *mbox, char name[NAME])
{
    snprintf(name, NAME, "%.255s.lock", mbox->name);
}

static int lock_range(int fd, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

    return fcntl(fd, F_SETLK, &lock);
}

/* 0 taken, or not to be had in this folder, where fcntl() has to do; 1 somebody else's. */
static int take_dot(struct mbox *mbox)
{
    char name[NAME], pid[24];
    struct stat status;
    int fd;

    lock_name(mbox, name);
    fd = openat(mbox->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0) {
        snprintf(pid, sizeof pid, "%d\n", (int)getpid());
        mbox->dotted = write(fd, pid, strlen(pid)) >= 0; /* on a full disk an empty lock is one too */
        mbox->dotted = true;
        close(fd);
        return 0;
    }
    return errno == EEXIST || fstatat(mbox->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void drop_dot(struct mbox *mbox)
{
    char name[NAME];

    lock_name(mbox, name);
    if (mbox->dotted)
        unlinkat(mbox->folder, name, 0);
    mbox->dotted = false;
}

/* fcntl() first, then the file, neither waiting while the other is held. */
static int lock_both(struct mbox *mbox, bool write, int wait_ms)
{
    int64_t until = clock_monotonic() + wait_ms * 1000LL;
    const struct timespec pause = {.tv_nsec = TRY_MS * 1000000L};

    for (;;) {
        if (lock_range(mbox->fd, write ? F_WRLCK : F_RDLCK) == 0) {
            if (!write || take_dot(mbox) == 0)
                return 0;
            lock_range(mbox->fd, F_UNLCK);
        }
        if (clock_monotonic() >= until)
            return write ? -1 : 0;
        nanosleep(&pause, NULL);
    }
}

static int tell_locked(const struct mbox *mbox, struct error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(mbox->fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        return error_set(error, "%s is locked by another program (process %d); close it there, or try again",
                         mbox->path, (int)lock.l_pid);
    return error_set(error,
                     "%s is locked by a mail program (%s.lock); close it there, or try again. Remove that file only "
                     "if no mail program runs",
                     mbox->path, mbox->path);
}

/* ---- opening ---- */

void mbox_blank(struct mbox *mbox)
{
    *mbox = (struct mbox){.folder = -1, .fd = -1};
}

static int open_files(const char *path, bool write, struct mbox *mbox, struct error *error)
{
    char *slash;

    mbox->path = realpath(path, NULL);
    if (mbox->path == NULL)
        return errno == ENOENT ? error_set(error, "there is no mailbox %s; name one that is in use", path)
                               : error_errno(error, "cannot open %s", path);
    slash = strrchr(mbox->path, '/');
    mbox->name = slash + 1;
    *slash = 0;
    mbox->folder = open(slash == mbox->path ? "/" : mbox->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    if (mbox->folder < 0)
        return error_errno(error, "cannot open the folder of %s", path);
    mbox->fd = openat(mbox->folder, mbox->name, (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return mbox->fd >= 0 ? 0 : error_errno(error, "cannot open %s", mbox->path);
}

/* Is the file that was locked still the one by that name? */
static int check(struct mbox *mbox, struct error *error)
{
    struct stat named;

    if (fstat(mbox->fd, &mbox->status) != 0 || !S_ISREG(mbox->status.st_mode))
        return error_set(error, "%s is no mailbox file; a Maildir is a folder: maildir:DIR", mbox->path);
    if (fstatat(mbox->folder, mbox->name, &named, AT_SYMLINK_NOFOLLOW) != 0 || named.st_ino != mbox->status.st_ino ||
        named.st_dev != mbox->status.st_dev)
        return error_set(error, "%s was replaced by another program meanwhile; try again", mbox->path);
    return 0;
}

static int map(struct mbox *mbox, struct error *error)
{
    void *data = NULL;

    mbox->text.length = (size_t)mbox->status.st_size;
    if (mbox->text.length > 0)
        data = mmap(NULL, mbox->text.length, PROT_READ, MAP_SHARED, mbox->fd, 0);
    if (data == MAP_FAILED) {
        mbox->text.length = 0;
        return error_errno(error, "cannot read %s", mbox->path);
    }
    mbox->text.data = data;
    if (mbox->text.length > 0 && (mbox->text.length < 5 || memcmp(mbox->text.data, "From ", 5) != 0))
        return error_set(error, "%s is no mbox: it does not begin with \"From \"", mbox->path);
    if (mbox->text.length > 0) {
        const unsigned char *newline = memchr(mbox->text.data, '\n', mbox->text.length);

        if (newline == NULL || newline[-1] == '\r')
            return error_set(error, "the lines of %s do not end as on Unix; Debian's mail programs do not write such",
                             mbox->path);
    }
    return 0;
}

int mbox_open(const char *path, bool write, int wait_ms, struct mbox *mbox, struct error *error)
{
    int rc = -1;

    mbox_blank(mbox);
    if (open_files(path, write, mbox, error) != 0)
        goto out;
    if (lock_both(mbox, write, wait_ms) != 0)
        tell_locked(mbox, error);
    else if (check(mbox, error) == 0)
        rc = map(mbox, error);
out:
    if (rc != 0)
        mbox_close(mbox);
    return rc;
}

static void unmap(struct mbox *mbox)
{
    if (mbox->text.length > 0)
        munmap((void *)(uintptr_t)mbox->text.data, mbox->text.length);
    mbox->text = SLICE_NONE;
}

void mbox_close(struct mbox *mbox)
{
    unmap(mbox);
    drop_dot(mbox);
    if (mbox->fd >= 0)
        close(mbox->fd);
    if (mbox->folder >= 0)
        close(mbox->folder);
    free(mbox->path);
    mbox_blank(mbox);
}

/* ---- writing ---- */

static int write_at(int fd, struct slice data, size_t at)
{
    while (data.length > 0) {
        ssize_t n = pwrite(fd, data.data, data.length < PIECE ? data.length : PIECE, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += (size_t)n;
        data = (struct slice){data.data + n, data.length - (size_t)n};
    }
    return 0;
}

static void keep_times(const struct mbox *mbox, int fd)
{
    struct timespec times[] = {mbox->status.st_atim, mbox->status.st_mtim};

    futimens(fd, times);
}

/* Room is taken first: a disk that is full is then known before a byte is written. */
static int append(struct mbox *mbox, struct slice added, struct error *error)
{
    size_t size = mbox->text.length;

    if ((fallocate(mbox->fd, FALLOC_FL_KEEP_SIZE, (off_t)size, (off_t)added.length) != 0 && errno != EOPNOTSUPP &&
         errno != ENOSYS && errno != EPERM) ||
        write_at(mbox->fd, added, size) != 0 || fsync(mbox->fd) != 0) {
        error_errno(error, "cannot write %s; it is as it was", mbox->path);
        if (ftruncate(mbox->fd, (off_t)size) != 0)
            error_errno(error, "%s is left with part of a mail behind its last", mbox->path);
        keep_times(mbox, mbox->fd);
        return -1;
    }
    keep_times(mbox, mbox->fd);
    return 0;
}

/* Does nobody else have the file open? A lease on it also makes those wait who open it from now on. */
static bool alone(const struct mbox *mbox)
{
    return mbox->dotted && mbox->status.st_nlink == 1 && mbox->status.st_uid == geteuid() &&
           flistxattr(mbox->fd, NULL, 0) <= 0 && fcntl(mbox->fd, F_SETLEASE, F_WRLCK) == 0;
}

static int write_parts(int fd, const struct mbox *mbox, size_t at, size_t removed, struct slice added)
{
    struct slice before = {mbox->text.data, at};
    struct slice after = {mbox->text.data + at + removed, mbox->text.length - at - removed};

    return write_at(fd, before, 0) != 0 || write_at(fd, added, at) != 0 || write_at(fd, after, at + added.length) != 0
               ? -1
               : 0;
}

/* A new file by a hidden name, complete and on disk, then given the old one's name. 1: it cannot be made as the old one
 * is, or somebody came in meanwhile. */
static int replace(struct mbox *mbox, size_t at, size_t removed, struct slice added, struct error *error)
{
    char name[NAME];
    int rc = 1, fd;

    snprintf(name, sizeof name, ".%.200s.%08x", mbox->name, (unsigned)(clock_wall() ^ getpid()));
    fd = openat(mbox->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return 1;
    if (write_parts(fd, mbox, at, removed, added) != 0)
        rc = error_errno(error, "cannot write a new %s; the old one stays as it is", mbox->path);
    else if (fchown(fd, (uid_t)-1, mbox->status.st_gid) == 0 && fchmod(fd, mbox->status.st_mode & 07777) == 0) {
        keep_times(mbox, fd);
        if (fsync(fd) == 0 && fcntl(mbox->fd, F_GETLEASE) == F_WRLCK)
            rc = renameat(mbox->folder, name, mbox->folder, mbox->name) == 0 ? 0 : 1;
    }
    close(fd);
    if (rc == 0)
        disk_sync(mbox->folder);
    else
        unlinkat(mbox->folder, name, 0);
    return rc;
}

/* Moves up what follows, as mail programs do. */
static int cut(struct mbox *mbox, size_t at, size_t removed, struct error *error)
{
    struct slice after = {mbox->text.data + at + removed, mbox->text.length - at - removed};

    if (write_at(mbox->fd, after, at) != 0 || ftruncate(mbox->fd, (off_t)(at + after.length)) != 0 ||
        fsync(mbox->fd) != 0)
        return error_errno(error, "cannot write %s", mbox->path);
    keep_times(mbox, mbox->fd);
    return 0;
}

int mbox_splice(struct mbox *mbox, size_t at, size_t removed, struct slice added, struct error *error)
{
    int rc = 1;

    if (at + removed == mbox->text.length && removed == 0)
        return append(mbox, added, error);
    signal(SIGIO, SIG_IGN); /* how the kernel tells that somebody wants in */
    if (alone(mbox))
        rc = replace(mbox, at, removed, added, error);
    fcntl(mbox->fd, F_SETLEASE, F_UNLCK);
    return rc == 1 && removed > 0 && added.length == 0 ? cut(mbox, at, removed, error) : rc;
}
