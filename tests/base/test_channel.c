/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/channel.h"

struct end {
    struct event_base *base;
    size_t messages, bytes, drained, closed;
    unsigned last;
    int fd;
    bool free_at_first;
    size_t stop_at;
};

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct end *end = context;

    end->messages++;
    end->bytes += message.length;
    end->last = message.data[0];
    if (fd >= 0)
        end->fd = fd;
    if (end->free_at_first)
        channel_free(channel);
    if (end->messages == end->stop_at || end->free_at_first)
        event_base_loopbreak(end->base);
}

static void on_drained(struct channel *channel, void *context)
{
    (void)channel;
    ((struct end *)context)->drained++;
}

static void on_closed(struct channel *channel, void *context)
{
    struct end *end = context;

    (void)channel;
    end->closed++;
    event_base_loopbreak(end->base);
}

static const struct channel_events events = {on_message, on_drained, on_closed};

/* A role that fails at its start says why and ends, whatever else it was still to read. */
START_TEST(last_words_of_a_peer_that_read_nothing)
{
    struct end a = {.base = event_base_new()};
    struct channel *left;
    struct error error;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    left = channel_new(a.base, fds[0], &events, &a);
    ck_assert_int_eq(channel_send(left, slice_of("a setup"), -1), 0);
    channel_flush(left);
    ck_assert_int_eq(channel_send_now(fds[1], slice_of("why not"), -1, &error), 0);
    close(fds[1]);
    event_base_dispatch(a.base);
    ck_assert_uint_eq(a.messages, 1);
    ck_assert_uint_eq(a.last, 'w');
    ck_assert_uint_eq(a.closed, 1);
    channel_free(left);
    event_base_free(a.base);
}
END_TEST

START_TEST(many_messages_arrive_in_order_and_batches)
{
    struct end a = {.base = event_base_new()}, b = {.base = a.base, .fd = -1, .stop_at = 3000};
    struct channel *left, *right;
    struct error error;
    unsigned char message[1000];
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    left = channel_new(a.base, fds[0], &events, &a);
    right = channel_new(a.base, fds[1], &events, &b);
    for (unsigned i = 0; i < 3000; i++) {
        memset(message, (int)(i % 251), sizeof message);
        ck_assert_int_eq(channel_send(left, (struct slice){message, 1 + i % sizeof message}, -1), 0);
    }
    event_base_dispatch(a.base);
    ck_assert_uint_eq(b.messages, 3000);
    ck_assert_uint_eq(b.last, 2999 % 251);
    ck_assert_uint_ge(b.drained, 5);
    ck_assert_uint_lt(b.drained, 1000);
    ck_assert_uint_eq(channel_waiting(left), 0);
    channel_free(left);
    event_base_dispatch(a.base);
    ck_assert_uint_eq(b.closed, 1);
    channel_free(right);
    event_base_free(a.base);
}
END_TEST

/* Sizes that make packs end by their bytes, by their number, and by a message that goes alone. */
START_TEST(packed_messages_arrive_alike)
{
    static unsigned char message[CHANNEL_MESSAGE];
    struct end a = {.base = event_base_new()}, b = {.base = a.base, .fd = -1, .stop_at = 4000};
    struct channel *left, *right;
    struct error error;
    size_t bytes = 0;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    left = channel_new(a.base, fds[0], &events, &a);
    right = channel_new(a.base, fds[1], &events, &b);
    for (unsigned i = 0; i < 4000; i++) {
        size_t length = i % 500 == 7 ? CHANNEL_MESSAGE : i % 50 == 3 ? 9000 : 1 + i % 90;

        memset(message, (int)(i % 251), length);
        if (i % 333 == 0)
            ck_assert_int_eq(channel_send(left, (struct slice){message, length}, STDERR_FILENO), 0);
        else
            ck_assert_int_eq(channel_send_packed(left, (struct slice){message, length}), 0);
        bytes += length;
    }
    event_base_dispatch(a.base);
    ck_assert_uint_eq(b.messages, 4000);
    ck_assert_uint_eq(b.bytes, bytes);
    ck_assert_uint_eq(b.last, 3999 % 251);
    ck_assert_int_ge(b.fd, 0);
    channel_free(left);
    event_base_dispatch(a.base);
    ck_assert_uint_eq(b.closed, 1);
    channel_free(right);
    event_base_free(a.base);
}
END_TEST

START_TEST(a_damaged_pack_does_no_harm)
{
    static const unsigned char pack[] = {0xff, 0xff, 0, 0, 0, 2, 'o', 'k', 0xff, 0xff, 0xff, 0xff, 'x'};
    struct end b = {.base = event_base_new(), .fd = -1, .stop_at = 2};
    struct channel *right;
    struct error error;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    right = channel_new(b.base, fds[1], &events, &b);
    ck_assert_int_eq(channel_send_now(fds[0], (struct slice){pack, sizeof pack}, STDERR_FILENO, &error), 0);
    ck_assert_int_eq(channel_send_now(fds[0], slice_of("next"), -1, &error), 0);
    event_base_dispatch(b.base);
    ck_assert_uint_eq(b.messages, 2);
    ck_assert_uint_eq(b.bytes, 6);
    ck_assert_int_eq(b.fd, -1);
    close(fds[0]);
    channel_free(right);
    event_base_free(b.base);
}
END_TEST

START_TEST(the_queue_is_bounded)
{
    struct end a = {.base = event_base_new()};
    struct channel *left;
    struct error error;
    size_t sent = 0;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    left = channel_new(a.base, fds[0], &events, &a);
    while (sent < 3 * CHANNEL_QUEUE && channel_send(left, slice_of("x"), -1) == 0)
        sent++;
    ck_assert_uint_eq(sent, CHANNEL_QUEUE);
    ck_assert_int_eq(channel_send(left, SLICE_NONE, -1), -1);
    channel_free(left);
    close(fds[1]);
    event_base_free(a.base);
}
END_TEST

START_TEST(a_descriptor_travels)
{
    struct end a = {.base = event_base_new()}, b = {.base = a.base, .fd = -1, .stop_at = 1};
    struct channel *left, *right;
    struct error error;
    int fds[2], ends[2];
    char got[3] = "";

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    ck_assert_int_eq(pipe(ends), 0);
    left = channel_new(a.base, fds[0], &events, &a);
    right = channel_new(a.base, fds[1], &events, &b);
    ck_assert_int_eq(channel_send(left, slice_of("take this"), ends[1]), 0);
    close(ends[1]);
    event_base_dispatch(a.base);
    ck_assert_int_ge(b.fd, 0);
    ck_assert_int_eq(write(b.fd, "ok", 2), 2);
    ck_assert_int_eq(read(ends[0], got, 2), 2);
    ck_assert_str_eq(got, "ok");
    ck_assert(fcntl(b.fd, F_GETFD) & FD_CLOEXEC);
    close(b.fd);
    close(ends[0]);
    channel_free(left);
    channel_free(right);
    event_base_free(a.base);
}
END_TEST

START_TEST(descriptors_that_no_peer_sends_are_closed)
{
    struct end b = {.base = event_base_new(), .fd = -1, .stop_at = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control = {{0}};
    struct iovec vector = {(char[]){"x"}, 1};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control};
    struct channel *right;
    struct error error;
    int fds[2], passed[3], before;

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    right = channel_new(b.base, fds[1], &events, &b);
    before = dup(0);
    for (int count = 2; count <= 3; count++) {
        for (int i = 0; i < count; i++)
            passed[i] = fds[0];
        header.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        control.header =
            (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN((size_t)count * 4)};
        memcpy(CMSG_DATA(&control.header), passed, (size_t)count * sizeof(int));
        ck_assert_int_eq(sendmsg(fds[0], &header, 0), 1);
        b.messages = 0;
        event_base_dispatch(b.base);
        ck_assert_int_eq(b.fd, -1);
    }
    close(before);
    ck_assert_int_eq(dup(0), before); /* the lowest free one still */
    close(before);
    channel_free(right);
    close(fds[0]);
    event_base_free(b.base);
}
END_TEST

START_TEST(a_callback_may_free_the_channel)
{
    struct end a = {.base = event_base_new()}, b = {.base = a.base, .fd = -1, .free_at_first = true};
    struct channel *left;
    struct error error;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    left = channel_new(a.base, fds[0], &events, &a);
    ck_assert_ptr_nonnull(channel_new(a.base, fds[1], &events, &b));
    for (int i = 0; i < 10; i++)
        channel_send(left, slice_of("x"), -1);
    channel_flush(left);
    event_base_dispatch(a.base);
    ck_assert_uint_eq(b.messages, 1);
    ck_assert_uint_eq(b.drained, 0);
    channel_free(left);
    event_base_free(a.base);
}
END_TEST

START_TEST(blocking_forms)
{
    struct buffer message;
    struct error error;
    int fds[2], fd;

    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(channel_pair(fds, &error), 0);
    ck_assert_int_eq(channel_receive_now(fds[1], &message, &fd, 0, &error), -1);
    ck_assert_int_eq(channel_send_now(fds[0], slice_of("hello"), -1, &error), 0);
    ck_assert_int_eq(channel_receive_now(fds[1], &message, &fd, 1000, &error), 0);
    ck_assert(slice_is(buffer_slice(&message), "hello"));
    ck_assert_int_eq(fd, -1);
    close(fds[0]);
    ck_assert_int_eq(channel_receive_now(fds[1], &message, &fd, 1000, &error), 1);
    close(fds[1]);
    buffer_free(&message);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("channel");
    TCase *tests = tcase_create("channel");

    tcase_add_test(tests, many_messages_arrive_in_order_and_batches);
    tcase_add_test(tests, packed_messages_arrive_alike);
    tcase_add_test(tests, a_damaged_pack_does_no_harm);
    tcase_add_test(tests, the_queue_is_bounded);
    tcase_add_test(tests, a_descriptor_travels);
    tcase_add_test(tests, descriptors_that_no_peer_sends_are_closed);
    tcase_add_test(tests, a_callback_may_free_the_channel);
    tcase_add_test(tests, last_words_of_a_peer_that_read_nothing);
    tcase_add_test(tests, blocking_forms);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
