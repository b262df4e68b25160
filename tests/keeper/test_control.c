/* SPDX-License-Identifier: ISC */
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/wire/message.h"
#include "tests/keeper/operator.h"
#include "tests/test.h"

static struct operator o;

static void with_ledger(void)
{
    operator_open(&o, true);
    operator_clear(&o);
}

static void teardown(void)
{
    operator_close(&o);
}

START_TEST(rows_never_exceed_the_credit)
{
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "count", "700", NULL), 0);
    ck_assert_uint_eq(o.row_count, 700);
    o.window = 0;
    o.credit = 0;
    operator_connect(&o);
    operator_send(&o, "tokens", NULL);
    operator_turn(&o, 1);
    ck_assert_uint_eq(o.row_count, 0);
    operator_credit(&o, 3);
    operator_turn(&o, 4);
    ck_assert_uint_eq(o.row_count, 3);
    ck_assert(!o.done);
    operator_credit(&o, 1000);
    ck_assert_int_eq(operator_wait(&o), 0);
    ck_assert_uint_eq(o.row_count, 700);
    ck_assert(!o.exceeded);
}
END_TEST

START_TEST(a_slow_client_holds_up_nobody)
{
    struct channel *slow;

    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "count", "300", NULL), 0);
    o.window = 1;
    o.credit = 0;
    operator_connect(&o);
    operator_send(&o, "tokens", NULL);
    operator_turn(&o, 1);
    slow = o.end;
    o.end = NULL;
    o.window = 64;
    o.credit = 0;
    operator_connect(&o);
    ck_assert_int_eq(operator_ask(&o, "status", NULL), 0);
    channel_free(slow);
    ck_assert_int_eq(operator_ask(&o, "retire", "token", "t-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
}
END_TEST

START_TEST(a_client_may_vanish_at_any_time)
{
    for (int turns = 0; turns < 12; turns++) {
        operator_connect(&o);
        operator_send(&o, turns % 2 == 0 ? "mint" : "plant", turns % 2 == 0 ? "kind" : "token", "password",
                      turns % 2 == 0 ? "count" : "place", turns % 2 == 0 ? "2000" : "maildir:/m", NULL);
        for (int i = 0; i < turns; i++)
            event_base_loop(o.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        channel_free(o.end);
        o.end = NULL;
        operator_turn(&o, 1);
    }
    operator_connect(&o);
    ck_assert_int_eq(operator_ask(&o, "audit", NULL), 0);
}
END_TEST

START_TEST(a_second_command_at_once_is_refused)
{
    o.window = 0;
    operator_connect(&o);
    operator_send(&o, "watch", NULL);
    operator_send(&o, "tokens", NULL);
    ck_assert_int_eq(operator_wait(&o), -1);
}
END_TEST

START_TEST(another_build_is_told_to_restart)
{
    struct buffer message;

    operator_connect(&o);
    operator_clear(&o);
    channel_free(o.end);
    o.end = NULL;
    /* A fresh end whose HELLO names another build. */
    {
        struct error error;
        int fds[2], fd = -1;
        struct reader reader;
        struct reply_done done;

        ck_assert_int_eq(channel_pair(fds, &error), 0);
        ck_assert_int_eq(control_peer(o.keeper.control, "operator", fds[1]), 0);
        buffer_init(&message, CHANNEL_MESSAGE);
        message_begin(&message, MESSAGE_HELLO);
        buffer_add_string(&message, "another");
        ck_assert_int_eq(channel_send_now(fds[0], buffer_slice(&message), -1, &error), 0);
        operator_turn(&o, 1);
        ck_assert_int_eq(channel_receive_now(fds[0], &message, &fd, 1000, &error), 0);
        ck_assert_int_eq(channel_receive_now(fds[0], &message, &fd, 1000, &error), 0);
        reader = reader_of(buffer_slice(&message));
        ck_assert_int_eq(message_type(&reader), MESSAGE_REPLY_DONE);
        ck_assert_int_eq(reply_done_get(&reader, &done), 0);
        ck_assert_int_eq(done.code, 3);
        ck_assert_ptr_nonnull(memmem(done.text.data, done.text.length, "restart", 7));
        ck_assert_int_eq(channel_receive_now(fds[0], &message, &fd, 1000, &error), 1);
        close(fds[0]);
        buffer_free(&message);
    }
}
END_TEST

START_TEST(nonsense_ends_only_its_sender)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_add_text(&message, "\1\2\3 nonsense");
    ck_assert_int_eq(channel_send(o.end, buffer_slice(&message), -1), 0);
    buffer_free(&message);
    ck_assert_int_eq(operator_wait(&o), -1);
    operator_clear(&o);
    operator_connect(&o);
    ck_assert_int_eq(operator_ask(&o, "tokens", NULL), 0);
}
END_TEST

static int connect_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (const struct sockaddr *)address, sizeof *address), 0);
    return fd;
}

START_TEST(the_socket_takes_at_most_32)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct buffer message;
    struct error error;
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fds[CONTROL_CLIENTS], fd = -1;
    struct reader reader;
    struct reply_done done;

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/control", o.state);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 64), 0);
    ck_assert_int_eq(control_peer(o.keeper.control, "control", listener), 0);
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        fds[i] = connect_to(&address);
        operator_turn(&o, 1);
    }
    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(channel_receive_now(fds[0], &message, &fd, 1000, &error), 0);
    /* The operator of the fixture has one place, so the last one is too many. */
    ck_assert_int_eq(channel_receive_now(fds[CONTROL_CLIENTS - 1], &message, &fd, 1000, &error), 0);
    ck_assert_int_eq(channel_receive_now(fds[CONTROL_CLIENTS - 1], &message, &fd, 1000, &error), 0);
    reader = reader_of(buffer_slice(&message));
    ck_assert_int_eq(message_type(&reader), MESSAGE_REPLY_DONE);
    ck_assert_int_eq(reply_done_get(&reader, &done), 0);
    ck_assert_int_eq(done.code, 3);
    for (size_t i = 0; i < CONTROL_CLIENTS; i++)
        close(fds[i]);
    operator_turn(&o, 1);
    fd = connect_to(&address);
    operator_turn(&o, 1);
    ck_assert_int_eq(channel_receive_now(fd, &message, &fds[0], 1000, &error), 0);
    ck_assert_int_eq(channel_receive_now(fd, &message, &fds[0], 20, &error), -1);
    close(fd);
    buffer_free(&message);
}
END_TEST

/* The first REPLY_DONE's code that a stranger of that user and group is sent; -1: none, so it was let in. */
static int visit(const struct sockaddr_un *address, uid_t uid, gid_t gid)
{
    int pipes[2], code = -2;
    pid_t child;

    ck_assert_int_eq(pipe(pipes), 0);
    child = fork();
    if (child == 0) {
        struct buffer message;
        struct error error;
        int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), passed;

        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0 ||
            connect(fd, (const struct sockaddr *)address, sizeof *address) != 0)
            _exit(1);
        buffer_init(&message, CHANNEL_MESSAGE);
        (void)channel_receive_now(fd, &message, &passed, 5000, &error);
        code = channel_receive_now(fd, &message, &passed, 200, &error) == 0 ? message.data[2] : -1;
        _exit(write(pipes[1], &code, sizeof code) == sizeof code ? 0 : 1);
    }
    close(pipes[1]);
    operator_turn(&o, 1);
    ck_assert_int_eq(read(pipes[0], &code, sizeof code), sizeof code);
    close(pipes[0]);
    waitpid(child, NULL, 0);
    operator_turn(&o, 1);
    return code;
}

START_TEST(strangers_are_refused)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const struct group *group = getgrgid(65534);
    struct error error;

    if (geteuid() != 0 || group == NULL)
        return; /* nobody else to be */
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/control", o.state);
    ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 64), 0);
    ck_assert_int_eq(chmod(o.state, 0711), 0);
    ck_assert_int_eq(chmod(address.sun_path, 0666), 0);
    ck_assert_int_eq(control_peer(o.keeper.control, "control", dup(listener)), 0);
    ck_assert_int_eq(visit(&address, 65533, 65533), 3);
    ck_assert_int_eq(visit(&address, 65533, 65534), 3);
    ck_assert_int_eq(visit(&address, 0, 0), -1);
    /* The same with a group of operators. */
    control_free(o.keeper.control);
    free(o.keeper.configuration->operators);
    o.keeper.configuration->operators = strdup(group->gr_name);
    o.keeper.control = control_new(&o.keeper, o.base, o.keeper.jobs, &error);
    ck_assert_ptr_nonnull(o.keeper.control);
    ck_assert_int_eq(control_peer(o.keeper.control, "control", listener), 0);
    ck_assert_int_eq(visit(&address, 65533, 65534), -1);
    ck_assert_int_eq(visit(&address, 65533, 65533), 3);
}
END_TEST

START_TEST(arguments_are_checked_by_the_usage_text)
{
    ck_assert_int_eq(operator_ask(&o, "tokens", "color", "red", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "--kind"));
    ck_assert_int_eq(operator_ask(&o, "tokens", "kind", "password", "kind", "password", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "show", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "show", "id", "", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "ID is empty"));
    ck_assert_int_eq(operator_ask(&o, "mint", "kind", "password", "memo", "caf\xe9", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "--memo holds bytes that are not UTF-8"));
    ck_assert_int_eq(operator_ask(&o, "plant", "token", "password", "place", "file:/tmp/caf\xe9", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "place holds bytes that are not UTF-8"));
    ck_assert_int_eq(operator_ask(&o, "frobnicate", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "retire", "token", "p-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "retire", "token", "t-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
    ck_assert_ptr_nonnull(strstr(o.text, "sundew tokens"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("control");
    TCase *t = tcase_create("control");

    tcase_add_checked_fixture(t, with_ledger, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, rows_never_exceed_the_credit);
    tcase_add_test(t, a_slow_client_holds_up_nobody);
    tcase_add_test(t, a_client_may_vanish_at_any_time);
    tcase_add_test(t, a_second_command_at_once_is_refused);
    tcase_add_test(t, another_build_is_told_to_restart);
    tcase_add_test(t, nonsense_ends_only_its_sender);
    tcase_add_test(t, the_socket_takes_at_most_32);
    tcase_add_test(t, strangers_are_refused);
    tcase_add_test(t, arguments_are_checked_by_the_usage_text);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
