/* SPDX-License-Identifier: ISC
 *
 * Preloaded into the real programs by cages.test: tries from inside, right after a role has shut its cage, what the
 * role must never do, and says on standard error what came of it. A role's loop (event_base_dispatch) starts after the
 * cage is shut; planter and finder, which have none, then send what they found (sendmsg). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

struct event_base;
int event_base_dispatch(struct event_base *base);

static int told[2]; /* made before the cage is shut */

__attribute__((constructor)) static void prepare(void)
{
    if (pipe2(told, O_CLOEXEC) < 0)
        abort();
}

static void said(const char *what, long result)
{
    char line[160];
    int length = snprintf(line, sizeof line, "probe %s %s %s\n", program_invocation_short_name, what,
                          result >= 0 ? "done" : strerrorname_np(errno));

    if (write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}

static void try_open(const char *what, const char *path, int flags)
{
    int fd = path == NULL ? (errno = ENOENT, -1) : open(path, flags | O_CLOEXEC, 0600);

    said(what, fd);
    if (fd >= 0)
        close(fd);
}

static void try_network(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

    said("socket", fd);
    if (fd < 0)
        return;
    result = bind(fd, (struct sockaddr *)&at, sizeof at);
    said("listen", result < 0 ? result : listen(fd, 1));
    close(fd);
}

static void try_process(void)
{
    char *const arguments[] = {(char *)"true", NULL}, *const none[] = {NULL};
    char failed;
    pid_t pid;

    said("ptrace", ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
    said("kill", kill(getppid(), 0));
    said("setuid", setuid(0) == 0 && geteuid() == 0 ? 0 : -1);
    /* The pipe closes when execve() works; else the child says so. */
    pid = fork();
    if (pid == 0) {
        execve("/bin/true", arguments, none);
        if (write(told[1], "!", 1) < 0)
            _exit(8);
        _exit(7);
    }
    close(told[1]);
    said("execve", pid > 0 && read(told[0], &failed, 1) == 0 ? 0 : (errno = EPERM, -1));
}

static void probe(void)
{
    static int probed;

    if (probed++ > 0 || getenv("SUNDEW_PROBE") == NULL || strncmp(program_invocation_short_name, "sundew", 6) == 0)
        return;
    try_open("read-passwd", "/etc/passwd", O_RDONLY);
    try_open("read-shadow", "/etc/shadow", O_RDONLY);
    try_open("read-key", getenv("SUNDEW_PROBE_KEY"), O_RDONLY);
    try_open("read-ledger", getenv("SUNDEW_PROBE_LEDGER"), O_RDONLY);
    try_open("write-tmp", getenv("SUNDEW_PROBE_TMP"), O_WRONLY | O_CREAT);
    try_network();
    try_process();
}

int event_base_dispatch(struct event_base *base)
{
    int (*real)(struct event_base *) = (int (*)(struct event_base *))dlsym(RTLD_NEXT, "event_base_dispatch");

    probe();
    return real(base);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*real)(int, const struct msghdr *, int) =
        (ssize_t(*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");

    if (strcmp(program_invocation_short_name, "planter") == 0 || strcmp(program_invocation_short_name, "finder") == 0)
        probe();
    return real(fd, message, flags);
}
