/* SPDX-License-Identifier: ISC
 *
 * Mails in folders, against a server that says what stands here. */
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/planter/imap_folder.h"
#include "tests/test.h"

#define ID "<ours@corp.example>"
#define FETCHED(number, id)                                                                                            \
    "* 1 FETCH (UID " number " FLAGS (\\Seen) BODY[] {38}\r\nMessage-ID: " id "\r\n\r\n.\r\n)\r\n"
#define OURS FETCHED("7", ID)
#define OTHERS FETCHED("7", "<them@corp.example>")

struct turn {
    const char *asked, *answer; /* the answer without its tagged line */
};

struct server {
    int fd;
    const struct turn *turns;
    bool good;
    pthread_t thread;
};

static void *answer(void *context)
{
    struct server *server = context;
    char asked[512], said[600];

    server->good = true;
    for (const struct turn *turn = server->turns; turn->asked != NULL && server->good; turn++) {
        ssize_t got = recv(server->fd, asked, sizeof asked - 1, 0);

        asked[got > 0 ? got : 0] = '\0';
        server->good = strstr(asked, turn->asked) != NULL;
        snprintf(said, sizeof said, "%sa%lu OK\r\n", turn->answer, strtoul(asked + (got > 0), NULL, 10));
        server->good = send(server->fd, said, strlen(said), MSG_NOSIGNAL) > 0 && server->good;
    }
    shutdown(server->fd, SHUT_RDWR);
    return NULL;
}

static const struct {
    uint32_t validity; /* of the folder now; the mail is known as 7 of 40 */
    struct turn turns[3];
    int found;
} cases[] = {
    {40, {{"UID FETCH 7 ", OURS}}, 1},
    {40, {{"UID FETCH 7 ", OTHERS}, {"UID SEARCH HEADER Message-ID \"" ID, "* SEARCH\r\n"}}, 0},
    {41, {{"UID SEARCH HEADER Message-ID \"" ID, "* SEARCH\r\n"}}, 0},
    {41, {{"UID SEARCH HEADER Message-ID \"" ID, "* SEARCH 7\r\n"}, {"UID FETCH 7 ", OURS}}, 1},
    {0, {{"UID SEARCH HEADER Message-ID \"" ID, "* SEARCH\r\n"}}, 0},
};

START_TEST(a_uid_holds_in_the_folder_it_is_of)
{
    struct server server = {.turns = cases[_i].turns};
    struct imap imap = {.host = (char[]){"imap.corp.example"}, .validity = cases[_i].validity};
    struct imap_mail mail = {.uid = 0};
    struct error error = {""};
    int pair[2];

    door_init(&imap.door);
    buffer_init(&imap.command, 1024);
    buffer_init(&imap.text, 1024);
    buffer_init(&imap.scratch, 1024);
    buffer_init(&mail.message, 1024);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    imap.door.fd = pair[0];
    server.fd = pair[1];
    ck_assert_int_eq(pthread_create(&server.thread, NULL, answer, &server), 0);
    ck_assert_int_eq(imap_find(&imap, ID, (struct imap_known){40, 7}, &mail, &error), cases[_i].found);
    door_close(&imap.door);
    ck_assert_int_eq(pthread_join(server.thread, NULL), 0);
    ck_assert_msg(server.good, "%s", error.text);
    close(pair[1]);
    buffer_free(&mail.message);
    buffer_free(&imap.command);
    buffer_free(&imap.text);
    buffer_free(&imap.scratch);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("imap_folder");
    TCase *tests = tcase_create("imap_folder");

    tcase_add_loop_test(tests, a_uid_holds_in_the_folder_it_is_of, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
