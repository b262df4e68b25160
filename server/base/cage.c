/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "server/base/cage.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "server/base/log.h"

/* Rights that Debian 12's kernel headers do not name yet. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define READING (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

const char *const cage_basics[] = {
    "read",          "write",        "readv",          "writev",         "pread64",     "close",
    "poll",          "ppoll",        "epoll_wait",     "epoll_pwait",    "epoll_ctl",   "epoll_create1",
    "recvmsg",       "sendmsg",      "recvmmsg",       "sendmmsg",       "recvfrom",    "sendto",
    "shutdown",      "dup",          "fcntl",          "eventfd2",       "mmap",        "munmap",
    "mremap",        "mprotect",     "madvise",        "brk",            "futex",       "clock_gettime",
    "clock_nanosleep", "nanosleep",  "gettimeofday",   "time",           "getpid",      "gettid",
    "getuid",        "geteuid",      "getgid",         "getegid",        "getrandom",   "exit",
    "exit_group",    "rt_sigreturn", "rt_sigaction",   "rt_sigprocmask", "tgkill",      "restart_syscall",
    "fstat",         "newfstatat",   "sigaltstack",    "sched_yield",    "rseq",        "set_robust_list",
    "timerfd_create", "timerfd_settime", "getsockopt", "sysinfo",        NULL};

int cage_drop(uid_t uid, gid_t gid, struct error *error)
{
    if (geteuid() != 0) {
        /* What a service manager gave the starter, to bind low ports. */
        capng_clear(CAPNG_SELECT_CAPS);
        return capng_apply(CAPNG_SELECT_CAPS) < 0 ? error_set(error, "cannot clear the capabilities") : 0;
    }
    capng_clear(CAPNG_SELECT_BOTH);
    if (uid == 0) {
        if (setgroups(0, NULL) < 0 && errno != EPERM)
            return error_errno(error, "cannot drop supplementary groups");
        return capng_apply(CAPNG_SELECT_BOTH) < 0 ? error_set(error, "cannot clear the capabilities of uid 0") : 0;
    }
    if (capng_change_id((int)uid, (int)gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) < 0)
        return error_set(error, "cannot become user %u and group %u", (unsigned)uid, (unsigned)gid);
    return 0;
}

#ifdef WITH_SANDBOX

static uint64_t file_rights(int abi)
{
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* the thirteen of the first version */

    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
    return rights;
}

static int allow_path(int ruleset, const struct cage_path *path, uint64_t handled, struct error *error)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = path->write ? handled & ~LANDLOCK_ACCESS_FS_EXECUTE
                                                                            : READING & handled};
    int result = 0;

    rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return error_errno(error, "cage: cannot open %s", path->path);
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0) {
        /* A file, unlike a folder, takes fewer rights. */
        rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                               LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_EXECUTE;
        if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
            result = error_errno(error, "cage: cannot allow %s", path->path);
    }
    close(rule.parent_fd);
    return result;
}

static int shut_files(const struct cage *cage, struct error *error)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t rights = file_rights(abi);
    int ruleset, result = 0;

    if (abi < 0) {
        log_warning("cage: this kernel has no Landlock; files are guarded by system call filter and user alone");
        return 0;
    }
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    if (ruleset < 0)
        return error_errno(error, "cage: cannot make a Landlock ruleset");
    for (size_t i = 0; cage->paths != NULL && cage->paths[i].path != NULL && result == 0; i++)
        result = allow_path(ruleset, &cage->paths[i], rights, error);
    if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        result = error_errno(error, "cage: cannot shut Landlock");
    close(ruleset);
    return result;
}

static int allow_calls(scmp_filter_ctx filter, const char *const *calls, struct error *error)
{
    for (size_t i = 0; calls != NULL && calls[i] != NULL; i++) {
        int number = seccomp_syscall_resolve_name(calls[i]);

        if (number == __NR_SCMP_ERROR)
            return error_set(error, "cage: no system call is named %s", calls[i]);
        if (number >= 0 && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) < 0)
            return error_set(error, "cage: cannot allow %s", calls[i]);
    }
    return 0;
}

static int shut_calls(const struct cage *cage, struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result = -1;

    if (filter == NULL)
        return error_set(error, "cage: cannot make a system call filter");
    /* A tree instead of a list: the frequent calls come late in any list. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (allow_calls(filter, cage_basics, error) < 0 || allow_calls(filter, cage->calls, error) < 0)
        goto out;
    if (seccomp_load(filter) < 0) {
        error_set(error, "cage: the kernel refuses the system call filter");
        goto out;
    }
    result = 0;
out:
    seccomp_release(filter);
    return result;
}

int cage_shut(const struct cage *cage, struct error *error)
{
    struct rlimit none = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        setrlimit(RLIMIT_CORE, &none) < 0)
        return error_errno(error, "cage: cannot forbid new privileges and core dumps");
    if (shut_files(cage, error) < 0 || shut_calls(cage, error) < 0)
        return -1;
    log_debug("cage: %s is shut in", cage->role);
    return 0;
}

#else

int cage_shut(const struct cage *cage, struct error *error)
{
    (void)error;
    log_debug("built without the sandbox: %s runs uncaged", cage->role);
    return 0;
}

#endif
