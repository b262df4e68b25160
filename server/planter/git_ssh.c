/* SPDX-License-Identifier: ISC */
#include "server/planter/git_ssh.h"
#include <errno.h>
#include <libssh2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/buffer.h"

#define COMMAND 4500
#define GREETING (256 * 1024) /* bytes until git runs there */

struct transport {
    git_smart_subtransport parent;
    const struct git_ssh *to;
    struct stream *stream; /* the one that there is, or NULL */
};

struct stream {
    git_smart_subtransport_stream parent;
    struct transport *transport;
    int fd;
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
    char command[COMMAND];
    bool begun, running;
    size_t greeted;      /* bytes before it was running */
    struct error endless; /* why no more was taken; "" */
};

static int fail(const struct error *error)
{
    git_error_set_str(GIT_ERROR_SSH, error->text);
    return -1;
}

/* With libssh2's own reason. */
static int session_error(const struct stream *stream, const char *what)
{
    char *reason = NULL;
    struct error error;

    if (stream->endless.text[0] != '\0')
        return fail(&stream->endless);
    libssh2_session_last_error(stream->session, &reason, NULL, 0);
    error_set(&error, "%s: %.200s", what, reason != NULL ? reason : "no reason given");
    return fail(&error);
}

/* ---- is it the server that we know? ---- */

static int key_kind(int type)
{
    switch (type) {
    case LIBSSH2_HOSTKEY_TYPE_RSA:
        return LIBSSH2_KNOWNHOST_KEY_SSHRSA;
    case LIBSSH2_HOSTKEY_TYPE_ECDSA_256:
        return LIBSSH2_KNOWNHOST_KEY_ECDSA_256;
    case LIBSSH2_HOSTKEY_TYPE_ECDSA_384:
        return LIBSSH2_KNOWNHOST_KEY_ECDSA_384;
    case LIBSSH2_HOSTKEY_TYPE_ECDSA_521:
        return LIBSSH2_KNOWNHOST_KEY_ECDSA_521;
    case LIBSSH2_HOSTKEY_TYPE_ED25519:
        return LIBSSH2_KNOWNHOST_KEY_ED25519;
    default:
        return LIBSSH2_KNOWNHOST_KEY_UNKNOWN;
    }
}

static LIBSSH2_KNOWNHOSTS *read_known(const struct stream *stream, struct slice list)
{
    LIBSSH2_KNOWNHOSTS *known = libssh2_knownhost_init(stream->session);
    char line[4096];
    size_t length;

    for (; known != NULL && list.length > 0; list.data += length, list.length -= length) {
        const unsigned char *end = memchr(list.data, '\n', list.length);

        length = end != NULL ? (size_t)(end - list.data) + 1 : list.length;
        /* It wants the line's end, and looks at it even beyond the length. A line that it does not know is none. */
        snprintf(line, sizeof(line), "%.*s\n", (int)(length - (end != NULL)), (const char *)list.data);
        libssh2_knownhost_readline(known, line, strlen(line), LIBSSH2_KNOWNHOST_FILE_OPENSSH);
    }
    return known;
}

/* The server has keys of several sorts; it is to show one that is known. */
static void prefer_known(const struct stream *stream, struct slice list)
{
    static const char *const sorts[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521"};
    char wanted[128] = "";

    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++) {
        if (list.length > 0 && memmem(list.data, list.length, sorts[i], strlen(sorts[i])) != NULL)
            snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "%s%s", wanted[0] != '\0' ? "," : "",
                     sorts[i]);
    }
    if (wanted[0] != '\0')
        libssh2_session_method_pref(stream->session, LIBSSH2_METHOD_HOSTKEY, wanted);
}

static int check_host(const struct stream *stream)
{
    const struct git_ssh *to = stream->transport->to;
    const struct credentials *account = &to->visit->credentials;
    LIBSSH2_KNOWNHOSTS *known = read_known(stream, credentials_file(account, ACCOUNT_KNOWN_HOSTS));
    int type, verdict = LIBSSH2_KNOWNHOST_CHECK_FAILURE;
    size_t length;
    const char *key = libssh2_session_hostkey(stream->session, &length, &type);
    struct error error;

    if (known != NULL && key != NULL)
        verdict = libssh2_knownhost_checkp(known, to->remote->host, to->remote->port != 0 ? to->remote->port : 22, key,
                                           length, LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW |
                                                       key_kind(type), NULL);
    if (known != NULL)
        libssh2_knownhost_free(known);
    if (verdict == LIBSSH2_KNOWNHOST_CHECK_MATCH)
        return 0;
    if (verdict == LIBSSH2_KNOWNHOST_CHECK_MISMATCH)
        error_set(&error, "%s shows another host key than the one in known-hosts: of the account %s; either it was "
                          "changed, or this is another host", to->remote->host, account->name);
    else
        error_set(&error, "%s is not in known-hosts: of the account %s; put there what ssh-keyscan says, once it is "
                          "checked", to->remote->host, account->name);
    return fail(&error);
}

/* ---- who are we? ---- */

static char *user_of(const struct git_ssh *to)
{
    return credentials_user(&to->visit->credentials, to->remote->user != NULL ? to->remote->user : "git");
}

static int prove(const struct stream *stream)
{
    const struct credentials *account = &stream->transport->to->visit->credentials;
    struct slice key = credentials_file(account, ACCOUNT_SSH_KEY), password = credentials_file(account, ACCOUNT_PASSWORD);
    char *user = user_of(stream->transport->to);
    unsigned length = user != NULL ? (unsigned)strlen(user) : 0;
    struct error error;
    int rc = LIBSSH2_ERROR_AUTHENTICATION_FAILED;

    if (user != NULL && key.length > 0)
        rc = libssh2_userauth_publickey_frommemory(stream->session, user, length, NULL, 0, (const char *)key.data,
                                                   key.length, NULL);
    else if (user != NULL && password.length > 0)
        rc = libssh2_userauth_password_ex(stream->session, user, length, (const char *)password.data,
                                          (unsigned)password.length, NULL);
    if (rc != 0)
        error_set(&error, "the server does not let %.80s in with the %s of the account %s", user != NULL ? user : "",
                  key.length > 0 ? "key" : "password", account->name);
    free(user);
    return rc == 0 ? 0 : fail(&error);
}

/* ---- the conversation ---- */

/* libssh2 reads on as long as more comes that is not for us (lines before the banner, messages to be ignored), whatever its
 * timeout is. */
static LIBSSH2_RECV_FUNC(take)
{
    struct stream *stream = *abstract;
    ssize_t got = recv(socket, buffer, length, flags);

    if (got < 0)
        return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
    stream->greeted += stream->running ? 0 : (size_t)got;
    if (stream->greeted > GREETING)
        error_set(&stream->endless, "the server does not come to an end before it lets anybody in; look at what answers there");
    else if (visit_count(stream->transport->to->visit, (size_t)got, &stream->endless) == 0)
        return got;
    return -ECONNABORTED;
}

static int begin(struct stream *stream)
{
    const struct git_ssh *to = stream->transport->to;
    struct error error;

    stream->begun = true;
    stream->fd = visit_connect(to->remote->host, to->remote->port != 0 ? to->remote->port : 22, &error);
    if (stream->fd < 0)
        return fail(&error);
    stream->session = libssh2_session_init_ex(NULL, NULL, NULL, stream);
    if (stream->session == NULL)
        return -1;
    libssh2_session_callback_set(stream->session, LIBSSH2_CALLBACK_RECV, (void *)take);
    libssh2_session_set_blocking(stream->session, 1);
    libssh2_session_set_timeout(stream->session, VISIT_TIMEOUT_MS);
    prefer_known(stream, credentials_file(&to->visit->credentials, ACCOUNT_KNOWN_HOSTS));
    if (libssh2_session_handshake(stream->session, stream->fd) != 0)
        return session_error(stream, "the server does not speak ssh as we do");
    if (check_host(stream) != 0 || prove(stream) != 0)
        return -1;
    stream->channel = libssh2_channel_open_session(stream->session);
    if (stream->channel == NULL || libssh2_channel_exec(stream->channel, stream->command) != 0)
        return session_error(stream, "the server does not run git for us");
    stream->running = true;
    return 0;
}

/* What git says there beside the protocol: why it does not do it. */
static int tell_ending(const struct stream *stream)
{
    char said[300];
    struct error error;
    ssize_t got = libssh2_channel_read_stderr(stream->channel, said, sizeof(said) - 1);

    said[got > 0 ? got : 0] = '\0';
    for (char *c = said; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    if (said[0] == '\0')
        return 0;
    error_set(&error, "the server says: %s", said);
    return fail(&error);
}

static int stream_read(git_smart_subtransport_stream *parent, char *data, size_t size, size_t *read)
{
    struct stream *stream = (struct stream *)parent;
    ssize_t got;

    *read = 0;
    if (!stream->begun && begin(stream) != 0)
        return -1;
    if (stream->channel == NULL)
        return -1;
    got = libssh2_channel_read(stream->channel, data, size);
    if (got < 0)
        return session_error(stream, "the connection broke");
    *read = (size_t)got;
    return got > 0 ? 0 : tell_ending(stream);
}

static int stream_write(git_smart_subtransport_stream *parent, const char *data, size_t size)
{
    struct stream *stream = (struct stream *)parent;

    if (!stream->begun && begin(stream) != 0)
        return -1;
    while (size > 0 && stream->channel != NULL) {
        ssize_t sent = libssh2_channel_write(stream->channel, data, size);

        if (sent < 0)
            return session_error(stream, "the connection broke");
        data += sent;
        size -= (size_t)sent;
    }
    return stream->channel != NULL ? 0 : -1;
}

static void stream_free(git_smart_subtransport_stream *parent)
{
    struct stream *stream = (struct stream *)parent;

    stream->transport->stream = NULL;
    if (stream->channel != NULL)
        libssh2_channel_free(stream->channel);
    if (stream->session != NULL) {
        libssh2_session_disconnect(stream->session, "");
        libssh2_session_free(stream->session);
    }
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream);
}

/* git-upload-pack '/group/project.git', for the server's shell. */
static int write_command(struct stream *stream, const char *program, const char *path)
{
    struct buffer command;
    int rc;

    buffer_init(&command, COMMAND - 1);
    buffer_add_format(&command, "%s '%s", program, path[0] == '~' ? "" : "/");
    for (; *path != '\0'; path++) {
        if (*path == '\'')
            buffer_add_text(&command, "'\\''");
        else
            buffer_add_char(&command, *path);
    }
    rc = buffer_add_char(&command, '\'');
    if (!command.failed)
        snprintf(stream->command, sizeof(stream->command), "%s", buffer_text(&command));
    rc = command.failed ? -1 : rc;
    buffer_free(&command);
    return rc;
}

static int act(git_smart_subtransport_stream **out, git_smart_subtransport *parent, const char *url,
               git_smart_service_t action)
{
    struct transport *transport = (struct transport *)parent;
    bool fetch = action == GIT_SERVICE_UPLOADPACK_LS || action == GIT_SERVICE_UPLOADPACK;
    struct stream *stream = transport->stream;

    (void)url;
    /* One conversation holds both the listing and what follows it. */
    if (action == GIT_SERVICE_UPLOADPACK || action == GIT_SERVICE_RECEIVEPACK) {
        *out = &stream->parent;
        return stream != NULL ? 0 : -1;
    }
    stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        return -1;
    *stream = (struct stream){.parent = {parent, stream_read, stream_write, stream_free},
                              .transport = transport,
                              .fd = -1};
    transport->stream = stream;
    *out = &stream->parent;
    return write_command(stream, fetch ? "git-upload-pack" : "git-receive-pack", transport->to->path);
}

static int transport_close(git_smart_subtransport *parent)
{
    (void)parent;
    return 0;
}

static void transport_free(git_smart_subtransport *parent)
{
    free(parent);
}

static int subtransport(git_smart_subtransport **out, git_transport *owner, void *to)
{
    struct transport *transport = calloc(1, sizeof(*transport));

    (void)owner;
    if (transport == NULL)
        return -1;
    transport->parent = (git_smart_subtransport){act, transport_close, transport_free};
    transport->to = to;
    *out = &transport->parent;
    return 0;
}

int git_ssh_transport(git_transport **out, git_remote *owner, void *ssh)
{
    git_smart_subtransport_definition definition = {subtransport, 0, ssh};

    return git_transport_smart(out, owner, &definition);
}
