/* SPDX-License-Identifier: ISC
 *
 * Servers that do not come to an end: whatever they send, each question ends. */
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/planter/imap_talk.h"
#include "server/planter/visit.h"
#include "server/planter/web_talk.h"
#include "tests/test.h"

#define PIECE (1 << 20)

static const char *const piece_begins[] = {"* 1 FETCH (BODY[] {1048576}\r\n", "100000\r\n"};
static const char *const piece_ends[] = {")\r\n", "\r\n"};

struct server {
    int fd;
    const char *first;
    size_t what; /* of the pieces, without end */
    SSL_CTX *tls;
    pthread_t thread;
};

static bool give(int fd, const void *data, size_t length)
{
    const char *at = data;
    ssize_t sent = 0;

    for (; length > 0 && sent >= 0; at += sent, length -= (size_t)sent)
        sent = send(fd, at, length, MSG_NOSIGNAL);
    return sent >= 0;
}

static void *send_pieces(void *context)
{
    const struct server *server = context;
    static char piece[PIECE];
    bool taken = give(server->fd, server->first, strlen(server->first));

    memset(piece, 'x', sizeof piece);
    while (taken)
        taken = give(server->fd, piece_begins[server->what], strlen(piece_begins[server->what])) &&
                give(server->fd, piece, sizeof piece) &&
                give(server->fd, piece_ends[server->what], strlen(piece_ends[server->what]));
    return NULL;
}

static void serve(struct server *server, struct door *door, void *(*way)(void *))
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    door->fd = pair[0];
    server->fd = pair[1];
    ck_assert_int_eq(pthread_create(&server->thread, NULL, way, server), 0);
}

static void end(struct server *server, struct door *door)
{
    door_close(door);
    ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
    close(server->fd);
}

START_TEST(a_turn_has_so_many_bytes_and_so_long)
{
    struct server server = {.first = "", .what = 0};
    struct error error;
    struct door door;
    size_t got = 0;

    door_init(&door);
    serve(&server, &door, send_pieces);
    door_turn(&door, 60000, 3 * PIECE);
    door_wait(&door, 60000);
    for (; door_read(&door, &error) == 1; buffer_clear(&door.input))
        got += door.input.length;
    ck_assert_uint_ge(got, 3 * PIECE);
    ck_assert_uint_lt(got, 4 * PIECE);
    ck_assert_ptr_nonnull(strstr(error.text, "does not come to an end"));
    door_turn(&door, -1, 3 * PIECE);
    door_wait(&door, 60000);
    ck_assert_int_eq(door_read(&door, &error), -1);
    ck_assert_int_le(door.deadline, clock_monotonic());
    end(&server, &door);
}
END_TEST

START_TEST(an_imap_command_ends)
{
    struct server server = {.first = "", .what = 0};
    struct imap imap = {.host = (char[]){"imap.corp.example"}};
    struct error error;

    door_init(&imap.door);
    imap.door.input.maximum = IMAP_RESPONSE + 65536;
    buffer_init(&imap.command, 1024);
    buffer_init(&imap.text, 1024);
    buffer_init(&imap.scratch, IMAP_RESPONSE);
    serve(&server, &imap.door, send_pieces);
    imap_begin(&imap, "NOOP");
    ck_assert_int_eq(imap_run(&imap, NULL, NULL, &error), -1);
    ck_assert(imap.broken);
    ck_assert_ptr_nonnull(strstr(error.text, "imap.corp.example: the answer does not come to an end"));
    end(&server, &imap.door);
    buffer_free(&imap.command);
    buffer_free(&imap.text);
    buffer_free(&imap.scratch);
}
END_TEST

START_TEST(an_answer_of_http_ends)
{
    struct server server = {.first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .what = 1};
    struct web_head head;
    struct buffer body;
    struct error error;
    struct door door;
    bool begun;

    door_init(&door);
    door.input.maximum = WEB_ANSWER + WEB_HEAD;
    buffer_init(&body, WEB_ANSWER);
    serve(&server, &door, send_pieces);
    ck_assert_int_eq(web_exchange(&door, slice_of("GET / HTTP/1.1\r\n\r\n"), &head, &body, &begun, &error), -1);
    ck_assert_uint_le(body.length, WEB_ANSWER);
    end(&server, &door);
    buffer_free(&body);
}
END_TEST

START_TEST(a_copy_has_so_many_bytes_and_so_long)
{
    struct visit visit = {.copy_left = 0};
    struct error error;

    visit_allow(&visit, 60000, 10);
    ck_assert_int_eq(visit_count(&visit, 10, &error), 0);
    ck_assert_int_eq(visit_count(&visit, 1, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "look at what answers there"));
    visit_allow(&visit, -1, 10);
    ck_assert_int_eq(visit_count(&visit, 1, &error), -1);
}
END_TEST

/* ---- what is TLS's own ---- */

static unsigned int shared_key(SSL *ssl, const char *hint, char *name, unsigned int most, unsigned char *key,
                               unsigned int room)
{
    (void)ssl, (void)hint;
    snprintf(name, most, "x");
    memset(key, 'k', room < 32 ? room : 32);
    return 32;
}

static unsigned int same_key(SSL *ssl, const char *name, unsigned char *key, unsigned int room)
{
    (void)ssl, (void)name;
    memset(key, 'k', room < 32 ? room : 32);
    return 32;
}

static void *send_keys(void *context)
{
    const struct server *server = context;
    SSL *ssl = SSL_new(server->tls);

    ck_assert_int_eq(SSL_set_fd(ssl, server->fd), 1);
    if (SSL_accept(ssl) == 1)
        while (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl) == 1)
            continue;
    SSL_free(ssl);
    return NULL;
}

START_TEST(new_keys_without_end_hold_nobody)
{
    struct server server = {.tls = SSL_CTX_new(TLS_server_method())};
    struct error error;
    struct door door;

    signal(SIGPIPE, SIG_IGN);
    door_init(&door);
    ck_assert_int_eq(door_prepare(&door, &error), 0);
    SSL_CTX_set_psk_client_callback(door.tls, shared_key);
    SSL_CTX_set_psk_server_callback(server.tls, same_key);
    serve(&server, &door, send_keys);
    door_wait(&door, 60000);
    ck_assert_msg(door_tls(&door, "", &error) == 0, "%s", error.text);
    door_wait(&door, 100);
    ck_assert_int_lt(door_read(&door, &error), 1);
    end(&server, &door);
    SSL_CTX_free(server.tls);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("door");
    TCase *tests = tcase_create("door");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_turn_has_so_many_bytes_and_so_long);
    tcase_add_test(tests, an_imap_command_ends);
    tcase_add_test(tests, an_answer_of_http_ends);
    tcase_add_test(tests, a_copy_has_so_many_bytes_and_so_long);
    tcase_add_test(tests, new_keys_without_end_hold_nobody);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
