/* SPDX-License-Identifier: ISC
 *
 * Typed messages between processes over SOCK_SEQPACKET, at most CHANNEL_MESSAGE bytes each, with a bounded queue of
 * what could not be sent yet. The first two bytes of a message are its type (server/wire/message.h). */
#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#include <event2/event.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define CHANNEL_MESSAGE 65536
#define CHANNEL_QUEUE 8192 /* messages that may wait for the peer; past that channel_send() fails */

struct channel;

struct channel_events {
    /* One message; `fd` is -1 or a descriptor that now belongs to the callee. The slice is gone afterwards. The
     * callee may call channel_free(). */
    void (*message)(struct channel *channel, struct slice message, int fd, void *context);
    /* All that was there, or 512 messages, has been passed on: time to commit a batch. May be NULL. */
    void (*drained)(struct channel *channel, void *context);
    /* The peer is gone; nothing more comes. The callee usually calls channel_free(). */
    void (*closed)(struct channel *channel, void *context);
};

/* Takes over fd. NULL without memory. */
struct channel *channel_new(struct event_base *base, int fd, const struct channel_events *events, void *context);
void channel_free(struct channel *channel);
int channel_fd(const struct channel *channel);
/* Copies the message into the queue, which is sent at the end of this turn of the loop (or by channel_flush()) with
 * as few system calls as possible. `fd` (or -1) is passed along; it is duplicated, the caller keeps its own.
 * -1 when the queue is full or the peer is gone. */
int channel_send(struct channel *channel, struct slice message, int fd);
/* As channel_send() without a descriptor; the message may share a datagram with its neighbours, which spares the kernel
 * work. Receiving channels take both; channel_receive_now() takes only what channel_send() sent. */
int channel_send_packed(struct channel *channel, struct slice message);
void channel_flush(struct channel *channel);
/* Messages not yet taken by the kernel. */
size_t channel_waiting(const struct channel *channel);
/* Stops and resumes reading: back pressure. */
void channel_pause(struct channel *channel, bool paused);

/* A connected pair with large socket buffers, close-on-exec. */
int channel_pair(int fds[2], struct error *error);
/* Blocking forms for start-up and for commands. receive: -1 on error, 1 when the peer closed, 0 with the message put
 * into `message` (cleared before) and *fd -1 or a descriptor. timeout_ms -1 waits for ever. */
int channel_send_now(int socket, struct slice message, int fd, struct error *error);
int channel_receive_now(int socket, struct buffer *message, int *fd, int timeout_ms, struct error *error);

#endif
