/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/command/lure.h"

static pid_t start(const char *mode, int in, int out)
{
    char *program = paths_join(paths_libexec(), "minter");
    pid_t child = program == NULL ? -1 : fork();

    if (child == 0) {
        if (dup2(in, STDIN_FILENO) == STDIN_FILENO && dup2(out, STDOUT_FILENO) == STDOUT_FILENO)
            execl(program, "minter", mode, (char *)NULL);
        _exit(3);
    }
    free(program);
    return child;
}

/* A socket, so that one that has ended does not end us. */
int examiner_start(struct examiner *examiner, const char *mode, struct error *error)
{
    int ends[2], answers[2];

    *examiner = (struct examiner){.in = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_errno(error, "no minter can be started");
    if (pipe2(answers, O_CLOEXEC) != 0) {
        close(ends[0]);
        close(ends[1]);
        return error_errno(error, "no minter can be started");
    }
    fflush(NULL);
    examiner->pid = start(mode, ends[1], answers[1]);
    examiner->in = ends[0];
    close(ends[1]);
    close(answers[1]);
    examiner->out = fdopen(answers[0], "r");
    if (examiner->out == NULL)
        close(answers[0]);
    return examiner->pid > 0 && examiner->out != NULL ? 0 : error_errno(error, "no minter can be started");
}

static int send_all(const struct examiner *examiner, const void *data, size_t length, struct error *error)
{
    const unsigned char *at = data;

    while (length > 0) {
        ssize_t sent = send(examiner->in, at, length, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return error_set(error, "the minter ended early; its own lines above say why");
        at += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

int examiner_tell(struct examiner *examiner, const json_t *line, struct slice bytes, struct error *error)
{
    char *text = json_dumps(line, JSON_COMPACT);
    int rc = text == NULL ? error_set(error, "out of memory") : send_all(examiner, text, strlen(text), error);

    if (rc == 0)
        rc = send_all(examiner, "\n", 1, error);
    if (rc == 0)
        rc = send_all(examiner, bytes.data, bytes.length, error);
    free(text);
    return rc;
}

void examiner_ask(struct examiner *examiner)
{
    if (examiner->in >= 0)
        close(examiner->in);
    examiner->in = -1;
}

int examiner_end(struct examiner *examiner)
{
    int status = 0;

    examiner_ask(examiner);
    if (examiner->out != NULL)
        fclose(examiner->out);
    while (examiner->pid > 0 && waitpid(examiner->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return examiner->pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}
