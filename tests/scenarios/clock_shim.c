/* SPDX-License-Identifier: ISC
 *
 * Preloaded into the real programs by clock.test: a wall clock that leaps while they live. It is as far from the
 * host's as the first eight bytes of the file that $SUNDEW_TEST_CLOCK names say, in microseconds. The file is mapped
 * at the start, before any cage is shut. Clocks that only wait (monotonic ones) are left alone. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset; /* NULL: somebody asks before us */

__attribute__((constructor)) static void prepare(void)
{
    const char *path = getenv("SUNDEW_TEST_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (page == MAP_FAILED)
        abort();
    offset = page;
    close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int64_t us;

    if (syscall(SYS_clock_gettime, clock, now) < 0)
        return -1;
    if (offset == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return 0;
    us = now->tv_sec * 1000000LL + now->tv_nsec / 1000 + *offset;
    now->tv_sec = us / 1000000;
    now->tv_nsec = us % 1000000 * 1000 + now->tv_nsec % 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) < 0)
        return -1;
    *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *seconds)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) < 0)
        return -1;
    if (seconds != NULL)
        *seconds = now.tv_sec;
    return now.tv_sec;
}
