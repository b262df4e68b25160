/* SPDX-License-Identifier: ISC */
#include "server/base/channel.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 32   /* messages in one system call */
#define TURN 512   /* messages in one turn of the loop */
#define VECTORS 512 /* pieces of memory in one system call */
#define PREFIX 4    /* each message's length stands before it */
#define SOCKET_BUFFER (4 * 1024 * 1024)
#define ROUND 256 /* messages are of many lengths */
#define KEPT 1024 /* places of the ring, and bytes of each, whose memory stays for the next message */

union control {
    struct cmsghdr header;
    unsigned char bytes[CMSG_SPACE(sizeof(int))];
};

/* A packed datagram: this, then messages with their lengths before them. No message has the type 0xffff. */
static const unsigned char pack_mark[2] = {0xff, 0xff};

/* A message that waits. bytes: its length as 32 bits, then the message. A place without one may have bytes, too. */
struct queued {
    int fd;
    bool packed;
    size_t length, room;
    unsigned char *bytes;
};

/* What the kernel is given for one batch; made once, for it is large and used for every turn. */
struct vectors {
    struct mmsghdr headers[BATCH];
    struct iovec vectors[VECTORS];
    union control controls[BATCH];
    size_t messages[BATCH]; /* in each datagram */
};

struct channel {
    int fd;
    struct event *reading, *writing, *flushing;
    const struct channel_events *events;
    void *context;
    struct queued *queue; /* ring of CHANNEL_QUEUE */
    size_t first, count;
    size_t ring;
    unsigned char *slots; /* BATCH receive slots of CHANNEL_MESSAGE, touched only as far as used */
    struct vectors sending, receiving;
    size_t received; /* slots that hold what has come */
    bool gone, paused;
    bool *freed; /* set while callbacks run, so that they may free the channel */
};

static void on_readable(evutil_socket_t fd, short what, void *context);
static void on_writable(evutil_socket_t fd, short what, void *context);

struct channel *channel_new(struct event_base *base, int fd, const struct channel_events *events, void *context)
{
    struct channel *channel = calloc(1, sizeof *channel);

    if (channel == NULL) {
        close(fd);
        return NULL;
    }
    *channel = (struct channel){.fd = fd, .events = events, .context = context};
    evutil_make_socket_nonblocking(fd);
    evutil_make_socket_closeonexec(fd);
    channel->reading = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, channel);
    channel->writing = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, channel);
    channel->flushing = event_new(base, -1, EV_PERSIST, on_writable, channel);
    channel->slots = malloc((size_t)BATCH * CHANNEL_MESSAGE);
    if (channel->reading == NULL || channel->writing == NULL || channel->flushing == NULL || channel->slots == NULL ||
        event_add(channel->reading, NULL) < 0) {
        channel_free(channel);
        channel = NULL;
    }
    return channel;
}

static void drop_first(struct channel *channel)
{
    struct queued *item = &channel->queue[channel->first];

    if (item->fd >= 0)
        close(item->fd);
    sodium_memzero(item->bytes, PREFIX + item->length);
    if (item->room > KEPT || channel->ring > KEPT) {
        free(item->bytes);
        item->bytes = NULL;
        item->room = 0;
    }
    channel->first = (channel->first + 1) % channel->ring;
    channel->count--;
}

/* What came is nowhere but where its receiver put it. */
static void wipe_received(struct channel *channel)
{
    for (size_t i = 0; i < channel->received; i++)
        sodium_memzero(channel->slots + i * CHANNEL_MESSAGE, channel->receiving.headers[i].msg_len);
    channel->received = 0;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL)
        return;
    if (channel->freed != NULL)
        *channel->freed = true;
    if (!channel->gone)
        channel_flush(channel);
    while (channel->count > 0)
        drop_first(channel);
    if (channel->reading != NULL)
        event_free(channel->reading);
    if (channel->writing != NULL)
        event_free(channel->writing);
    if (channel->flushing != NULL)
        event_free(channel->flushing);
    wipe_received(channel);
    close(channel->fd);
    for (size_t i = 0; i < channel->ring; i++)
        free(channel->queue[i].bytes);
    free(channel->queue);
    free(channel->slots);
    free(channel);
}

int channel_fd(const struct channel *channel)
{
    return channel->fd;
}

size_t channel_waiting(const struct channel *channel)
{
    return channel->count;
}

void channel_pause(struct channel *channel, bool paused)
{
    if (paused == channel->paused || channel->gone)
        return;
    channel->paused = paused;
    if (paused)
        event_del(channel->reading);
    else
        event_add(channel->reading, NULL);
}

/* Makes room for one more in the ring. */
static int ring_grow(struct channel *channel)
{
    size_t ring = channel->ring == 0 ? 64 : channel->ring * 2;
    struct queued *queue;

    if (channel->count < channel->ring)
        return 0;
    if (ring > CHANNEL_QUEUE || (queue = calloc(ring, sizeof *queue)) == NULL)
        return -1;
    for (size_t i = 0; i < channel->count; i++)
        queue[i] = channel->queue[(channel->first + i) % channel->ring];
    free(channel->queue);
    channel->queue = queue;
    channel->ring = ring;
    channel->first = 0;
    return 0;
}

static int make_room(struct queued *item, size_t length)
{
    size_t room = (length + ROUND - 1) / ROUND * ROUND;

    if (item->room >= length)
        return 0;
    free(item->bytes);
    item->bytes = malloc(room);
    item->room = item->bytes == NULL ? 0 : room;
    return item->bytes == NULL ? -1 : 0;
}

static int enqueue(struct channel *channel, struct slice message, int fd, bool packed)
{
    struct queued *item;

    if (channel->gone || message.length == 0 || message.length > CHANNEL_MESSAGE || ring_grow(channel) < 0)
        return -1;
    item = &channel->queue[(channel->first + channel->count) % channel->ring];
    if (make_room(item, PREFIX + message.length) < 0)
        return -1;
    item->fd = -1;
    if (fd >= 0 && (item->fd = dup(fd)) < 0)
        return -1;
    item->packed = packed;
    item->length = message.length;
    for (size_t i = 0; i < PREFIX; i++)
        item->bytes[i] = (unsigned char)(message.length >> (8 * (PREFIX - 1 - i)));
    memcpy(item->bytes + PREFIX, message.data, message.length);
    channel->count++;
    if (!event_pending(channel->writing, EV_WRITE, NULL))
        event_active(channel->flushing, EV_WRITE, 0);
    return 0;
}

int channel_send(struct channel *channel, struct slice message, int fd)
{
    return enqueue(channel, message, fd, false);
}

int channel_send_packed(struct channel *channel, struct slice message)
{
    return enqueue(channel, message, -1, true);
}

static void put_descriptor(struct msghdr *header, union control *control, int fd)
{
    if (fd < 0)
        return;
    memset(control, 0, sizeof *control);
    control->header.cmsg_level = SOL_SOCKET;
    control->header.cmsg_type = SCM_RIGHTS;
    control->header.cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(&control->header), &fd, sizeof fd);
    header->msg_control = control;
    header->msg_controllen = sizeof *control;
}

/* The descriptor that came along, or -1. The control's padding has room for a second one: no peer sends two, so one
 * that does loses both. */
static int take_descriptor(struct msghdr *header)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(header);
    size_t count = 0;
    int fd = -1, taken = -1;

    if (part != NULL && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
        count = (part->cmsg_len - CMSG_LEN(0)) / sizeof fd;
    for (size_t i = 0; i < count; i++) {
        memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
        if (count == 1)
            taken = fd;
        else
            close(fd);
    }
    return taken;
}

static struct queued *queued_at(const struct channel *channel, size_t index)
{
    return &channel->queue[(channel->first + index) % channel->ring];
}

/* Lays out the datagram that begins with the message `index`, from vector *used on. How many messages it holds. */
static size_t lay_out(struct channel *channel, size_t index, size_t datagram, size_t *used)
{
    struct vectors *v = &channel->sending;
    struct iovec *first = &v->vectors[*used];
    struct queued *item = queued_at(channel, index);
    size_t messages = 0, bytes = sizeof pack_mark;

    first[0] = (struct iovec){(void *)(uintptr_t)pack_mark, sizeof pack_mark};
    while (item->packed && *used + 1 + messages < VECTORS && bytes + PREFIX + item->length <= CHANNEL_MESSAGE) {
        first[++messages] = (struct iovec){item->bytes, PREFIX + item->length};
        bytes += PREFIX + item->length;
        if (index + messages == channel->count)
            break;
        item = queued_at(channel, index + messages);
    }
    v->headers[datagram].msg_hdr = (struct msghdr){.msg_iov = first, .msg_iovlen = 1 + messages};
    if (messages < 2) {
        item = queued_at(channel, index);
        first[0] = (struct iovec){item->bytes + PREFIX, item->length};
        v->headers[datagram].msg_hdr.msg_iovlen = messages = 1;
        put_descriptor(&v->headers[datagram].msg_hdr, &v->controls[datagram], item->fd);
    }
    *used += v->headers[datagram].msg_hdr.msg_iovlen;
    return messages;
}

/* Sends up to BATCH datagrams of what waits. The number sent, -1 when the socket is full or gone. */
static int send_batch(struct channel *channel)
{
    struct vectors *v = &channel->sending;
    size_t datagrams = 0, used = 0, messages = 0;
    int sent;

    while (datagrams < BATCH && messages < channel->count && used + 1 < VECTORS) {
        v->messages[datagrams] = lay_out(channel, messages, datagrams, &used);
        messages += v->messages[datagrams++];
    }
    do
        sent = sendmmsg(channel->fd, v->headers, (unsigned)datagrams, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    for (int i = 0; i < sent; i++)
        for (size_t k = 0; k < v->messages[i]; k++)
            drop_first(channel);
    return sent;
}

void channel_flush(struct channel *channel)
{
    while (channel->count > 0 && !channel->gone)
        if (send_batch(channel) < 0)
            break;
    if (channel->count == 0)
        event_del(channel->writing);
    else if (!event_pending(channel->writing, EV_WRITE, NULL))
        event_add(channel->writing, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    channel_flush(context);
}

/* Receives up to BATCH messages into the slots. The number; 0 at the end; -1 when there is nothing now. */
static int receive_batch(struct channel *channel, int fds[BATCH])
{
    struct vectors *v = &channel->receiving;
    int got;

    for (size_t i = 0; i < BATCH; i++) {
        v->vectors[i] = (struct iovec){channel->slots + i * CHANNEL_MESSAGE, CHANNEL_MESSAGE};
        v->headers[i].msg_hdr = (struct msghdr){.msg_iov = &v->vectors[i],
                                                .msg_iovlen = 1,
                                                .msg_control = &v->controls[i],
                                                .msg_controllen = sizeof v->controls[i]};
    }
    do
        got = recvmmsg(channel->fd, v->headers, BATCH, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET)); /* what a peer said last stands behind its reset */
    if (got < 0)
        return errno == EAGAIN ? -1 : 0;
    for (int i = 0; i < got; i++)
        fds[i] = take_descriptor(&v->headers[i].msg_hdr);
    channel->received = (size_t)got;
    return got;
}

/* One datagram's message, or messages. What is damaged behind a good part is left out. */
static void pass_datagram(struct channel *channel, struct slice datagram, int fd, const bool *freed)
{
    struct reader reader = reader_of(datagram);
    struct slice message;

    if (datagram.length < sizeof pack_mark || memcmp(datagram.data, pack_mark, sizeof pack_mark) != 0) {
        channel->events->message(channel, datagram, fd, channel->context);
        return;
    }
    if (fd >= 0)
        close(fd);
    reader_raw(&reader, sizeof pack_mark);
    while (!*freed && reader.left > 0) {
        message = reader_bytes(&reader, CHANNEL_MESSAGE);
        if (reader.failed)
            return;
        channel->events->message(channel, message, -1, channel->context);
    }
}

/* 1 when the peer has closed or the channel was freed by a callback: then only `freed` may be read. */
static int pass_on(struct channel *channel, const int fds[BATCH], int got, const bool *freed)
{
    unsigned lengths[BATCH];

    for (int i = 0; i < got; i++)
        lengths[i] = channel->receiving.headers[i].msg_len;
    for (int i = 0; i < got; i++) {
        if ((*freed || lengths[i] == 0) && fds[i] >= 0)
            close(fds[i]);
        if (!*freed && lengths[i] == 0)
            return 1;
        if (!*freed)
            pass_datagram(channel, (struct slice){channel->slots + (size_t)i * CHANNEL_MESSAGE, lengths[i]}, fds[i],
                          freed);
    }
    if (!*freed)
        wipe_received(channel);
    return *freed;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct channel *channel = context;
    bool freed = false, end = false;
    int got = BATCH, fds[BATCH];

    (void)fd;
    (void)what;
    channel->freed = &freed;
    for (int turn = 0; turn < TURN && got == BATCH && !end && !freed && !channel->paused; turn += got) {
        got = receive_batch(channel, fds);
        if (got > 0)
            end = pass_on(channel, fds, got, &freed) && !freed;
        else
            end = got == 0;
        if (got < 0)
            break;
    }
    if (!freed && channel->events->drained != NULL)
        channel->events->drained(channel, channel->context);
    if (!freed && end) {
        channel->gone = true;
        event_del(channel->reading);
        event_del(channel->writing);
        channel->events->closed(channel, channel->context);
    }
    if (!freed)
        channel->freed = NULL;
}

int channel_pair(int fds[2], struct error *error)
{
    int size = SOCKET_BUFFER;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return error_errno(error, "cannot make a channel between processes");
    for (int i = 0; i < 2; i++)
        if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
            setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return 0;
}

int channel_send_now(int socket, struct slice message, int fd, struct error *error)
{
    union control control;
    struct iovec vector = {(void *)(uintptr_t)message.data, message.length};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
    struct pollfd wait = {.fd = socket, .events = POLLOUT};
    ssize_t sent;

    put_descriptor(&header, &control, fd);
    do {
        sent = sendmsg(socket, &header, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            poll(&wait, 1, -1);
    } while (sent < 0 && (errno == EINTR || errno == EAGAIN));
    return sent < 0 ? error_errno(error, "cannot send to the other process") : 0;
}

static int wait_readable(int socket, int timeout_ms, struct error *error)
{
    struct pollfd wait = {.fd = socket, .events = POLLIN};
    int ready;

    do
        ready = poll(&wait, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return error_errno(error, "cannot wait for the other process");
    return ready == 0 ? error_set(error, "no word from the other process within %d s", timeout_ms / 1000) : 0;
}

int channel_receive_now(int socket, struct buffer *message, int *fd, int timeout_ms, struct error *error)
{
    union control control;
    struct iovec vector = {.iov_len = CHANNEL_MESSAGE};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
                            .msg_controllen = sizeof control};
    ssize_t got;

    *fd = -1;
    buffer_clear(message);
    vector.iov_base = buffer_reserve(message, CHANNEL_MESSAGE);
    if (vector.iov_base == NULL)
        return error_set(error, "out of memory");
    if (wait_readable(socket, timeout_ms, error) < 0)
        return -1;
    do
        got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET)); /* what a peer said last stands behind its reset */
    if (got < 0)
        return error_errno(error, "cannot receive from the other process");
    if (got <= 0)
        return 1;
    *fd = take_descriptor(&header);
    buffer_grow(message, (size_t)got);
    return 0;
}
