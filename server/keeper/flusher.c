/* SPDX-License-Identifier: ISC */
#include "server/keeper/flusher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(struct error *error)
{
    return error_errno(error, "the ledger cannot be made durable: its disk fails; see the kernel's log");
}

int flusher_open(struct flusher *flusher, int folder, const char *name, struct error *error)
{
    *flusher = (struct flusher){.ended = -1};
    flusher->log = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (flusher->log < 0)
        return error_errno(error, "the ledger's log %s cannot be opened", name);
    flusher->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (flusher->ended < 0) {
        error_errno(error, "no descriptor for the ledger");
        flusher_close(flusher);
        return -1;
    }
    if (syscall(SYS_io_setup, FLUSHER_DEPTH, &flusher->context) < 0)
        flusher->context = 0;
    if (fdatasync(flusher->log) < 0) {
        failed(error);
        flusher_close(flusher);
        return -1;
    }
    return 0;
}

void flusher_close(struct flusher *flusher)
{
    if (flusher->context != 0)
        syscall(SYS_io_destroy, flusher->context);
    if (flusher->log >= 0)
        close(flusher->log);
    if (flusher->ended >= 0)
        close(flusher->ended);
    *flusher = (struct flusher){.log = -1, .ended = -1};
}

/* Waits for the disk here and now. */
static int flush(struct flusher *flusher, struct error *error)
{
    const uint64_t one = 1;

    if (fdatasync(flusher->log) < 0)
        return failed(error);
    flusher->over++;
    return write(flusher->ended, &one, sizeof one) < 0 ? failed(error) : 0;
}

int flusher_begin(struct flusher *flusher, struct error *error)
{
    struct iocb one = {.aio_lio_opcode = IOCB_CMD_FDSYNC, .aio_fildes = (uint32_t)flusher->log,
                       .aio_flags = IOCB_FLAG_RESFD, .aio_resfd = (uint32_t)flusher->ended};
    struct iocb *ones[] = {&one};

    if (flusher->context == 0 || syscall(SYS_io_submit, flusher->context, 1, ones) != 1)
        return flush(flusher, error);
    flusher->under_way++;
    return 0;
}

/* How many the kernel has done. */
static int collect(struct flusher *flusher, bool wait, struct error *error)
{
    struct io_event events[FLUSHER_DEPTH];
    long count;

    do
        count = syscall(SYS_io_getevents, flusher->context, wait ? 1L : 0L, (long)FLUSHER_DEPTH, events, NULL);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return failed(error);
    for (long i = 0; i < count; i++) {
        if (events[i].res != 0) {
            errno = (int)-events[i].res;
            return failed(error);
        }
    }
    flusher->under_way -= (size_t)count;
    return (int)count;
}

int flusher_end(struct flusher *flusher, bool wait, struct error *error)
{
    int over = (int)flusher->over;
    uint64_t told;
    int count = 0;

    if (read(flusher->ended, &told, sizeof told) < 0 && errno != EAGAIN)
        return failed(error);
    flusher->over = 0;
    if (flusher->under_way > 0)
        count = collect(flusher, wait && over == 0, error);
    return count < 0 ? -1 : over + count;
}
