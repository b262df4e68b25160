/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "server/sensor/connection.h"
#include "tests/sensor/rig.h"

/* Anonymous bind with id 7, a bind of cn=a with password b, StartTLS; and their answers. */
static const char anonymous[] = "\x30\x0c\x02\x01\x07\x60\x07\x02\x01\x03\x04\x00\x80\x00";
static const char anonymous_answer[] = "\x30\x0c\x02\x01\x07\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
static const char login[] = "\x30\x11\x02\x01\x01\x60\x0c\x02\x01\x03\x04\x04"
                            "cn=a\x80\x01"
                            "b";
static const char login_answer[] = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00";
static const char unavailable_answer[] = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x34\x04\x00\x04\x00";
static const char start_tls[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                                "1.3.6.1.4.1.1466.20037";
static const char start_tls_answer[] = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";

static struct rig rig;
static char answer[65536];
static size_t got;
static bool closed;

static void begin(enum tls_mode tls)
{
    struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .tls = tls};

    signal(SIGPIPE, SIG_IGN);
    rig_begin(&rig, &options);
}

#define ASK(client, text) (got = rig_ask(&rig, client, text, sizeof(text) - 1, answer, sizeof answer, &closed))
#define ANSWERED(text) (got == sizeof(text) - 1 && memcmp(answer, text, got) == 0)

START_TEST(answers_after_the_verdict)
{
    int client;

    begin(TLS_NONE);
    client = rig_connect(&rig);
    ASK(client, anonymous);
    ck_assert(ANSWERED(anonymous_answer) && !closed);
    ck_assert_int_eq(rig.observations, 1);
    ck_assert_int_eq(rig.presentations, 0);
    rig.hold = true;
    ASK(client, login);
    ck_assert_int_eq(got, 0);
    ck_assert_int_eq(rig.presentations, 1);
    ck_assert_str_eq(rig_last(&rig)->candidates[0].value, "cn=a");
    ck_assert_str_eq(rig_last(&rig)->candidates[1].value, "b");
    ck_assert_int_eq(rig_last(&rig)->candidates[0].pair, rig_last(&rig)->candidates[1].pair);
    ck_assert_ptr_nonnull(
        strstr(rig_last(&rig)->context, "\"connection\":1,\"request\":2,\"local\":{\"address\":\"127"));
    ck_assert_ptr_null(strstr(rig_last(&rig)->context, "cn=a"));
    rig_release(&rig);
    ASK(client, "");
    ck_assert(ANSWERED(login_answer) && !closed);
    close(client);
    rig_end(&rig);
}
END_TEST

/* What follows waits its turn, and nothing is lost by a client that goes before its answer. */
START_TEST(keeps_order_and_orphans)
{
    char both[256];
    int client;

    begin(TLS_NONE);
    rig.hold = true;
    client = rig_connect(&rig);
    memcpy(both, login, sizeof login - 1);
    memcpy(both + sizeof login - 1, login, sizeof login - 1);
    got = rig_ask(&rig, client, both, 2 * (sizeof login - 1), answer, sizeof answer, &closed);
    ck_assert_int_eq(rig.presentations, 1);
    rig_release(&rig);
    rig_turn(&rig, 0);
    ck_assert_int_eq(rig.presentations, 2);
    close(client);
    rig_turn(&rig, 0);
    ck_assert_int_eq(link_waiting(rig.sensor->link), 1);
    rig_release(&rig);
    rig_turn(&rig, 0);
    ck_assert_int_eq(link_waiting(rig.sensor->link), 0);
    ck_assert_int_eq(rig.sensor->crowd.count, 0);
    rig_end(&rig);
}
END_TEST

START_TEST(presents_again_to_a_new_keeper)
{
    struct id id;
    int client;

    begin(TLS_NONE);
    rig.hold = true;
    client = rig_connect(&rig);
    ASK(client, login);
    ck_assert_int_eq(rig.presentations, 1);
    ck_assert(!rig_last(&rig)->again);
    id = rig_last(&rig)->id;
    rig_kill_keeper(&rig);
    rig_turn(&rig, 0);
    ck_assert(!link_up(rig.sensor->link));
    rig.hold = false;
    rig_new_keeper(&rig);
    ASK(client, "");
    ck_assert_int_eq(rig.presentations, 2);
    ck_assert(rig_last(&rig)->again);
    ck_assert_mem_eq(&rig_last(&rig)->id, &id, sizeof id);
    ck_assert(ANSWERED(login_answer));
    close(client);
    rig_end(&rig);
}
END_TEST

/* Nothing was sent yet, so it is not "again". */
START_TEST(presents_late_to_a_late_keeper)
{
    int client;

    begin(TLS_NONE);
    rig_kill_keeper(&rig);
    client = rig_connect(&rig);
    ASK(client, login);
    ck_assert_int_eq(got, 0);
    rig_new_keeper(&rig);
    ASK(client, "");
    ck_assert(ANSWERED(login_answer));
    ck_assert(!rig_last(&rig)->again);
    close(client);
    rig_end(&rig);
}
END_TEST

/* Moves the waiting client's time limit to now. */
static void pass_limit(void)
{
    struct connection *c = rig_newest(&rig);

    ck_assert(c->session.waiting);
    ck_assert_int_le(c->timer.due, c->verdict_due);
    c->verdict_due -= LINK_WAIT_US;
    wheel_remove(&c->timer);
    connection_fire(&c->timer, c->verdict_due + 1);
}

START_TEST(is_unavailable_without_a_keeper)
{
    int client;

    begin(TLS_NONE);
    rig_kill_keeper(&rig);
    client = rig_connect(&rig);
    ASK(client, login);
    pass_limit();
    ASK(client, "");
    ck_assert(ANSWERED(unavailable_answer));
    ck_assert_int_eq(link_waiting(rig.sensor->link), 1);
    rig_new_keeper(&rig);
    rig_turn(&rig, 0);
    ck_assert_int_eq(rig.presentations, 1);
    ck_assert_int_eq(link_waiting(rig.sensor->link), 0);
    ASK(client, anonymous);
    ck_assert(ANSWERED(anonymous_answer));
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(keeps_so_many_presentations_and_no_more)
{
    static struct observation observation;
    struct link_ticket *ticket;
    int waiter;

    begin(TLS_NONE);
    rig_kill_keeper(&rig);
    rig_turn(&rig, 0);
    observation.decoy = observation.service = slice_of("x");
    observation.candidate_count = 1;
    observation.candidates[0] = (struct candidate){CANDIDATE_SECRET, 0, slice_of("x"), slice_of("y")};
    for (int i = 0; i < LINK_ORPHANS + 10; i++) {
        ticket = link_present(rig.sensor->link, &observation, &waiter);
        ck_assert_ptr_nonnull(ticket);
        link_forget(rig.sensor->link, ticket);
    }
    ck_assert_int_eq(link_waiting(rig.sensor->link), LINK_ORPHANS);
    rig_new_keeper(&rig);
    rig_turn(&rig, 1);
    ck_assert_int_eq(rig.presentations, LINK_ORPHANS);
    ck_assert_int_eq(link_waiting(rig.sensor->link), 0);
    rig_end(&rig);
}
END_TEST

START_TEST(sheds_what_presents_nothing)
{
    int client;

    begin(TLS_NONE);
    rig_kill_keeper(&rig);
    rig_turn(&rig, 0);
    client = rig_connect(&rig);
    for (int i = 0; i < 3; i++)
        ASK(client, anonymous);
    ck_assert(ANSWERED(anonymous_answer));
    rig_new_keeper(&rig);
    rig_turn(&rig, 0);
    ASK(client, anonymous);
    ck_assert_int_eq(rig.observations, 1);
    ck_assert_ptr_nonnull(strstr(rig_last(&rig)->context, "\"shed\":3"));
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(closes_idle_connections)
{
    struct connection *c;
    int client;

    begin(TLS_NONE);
    client = rig_connect(&rig);
    c = rig_newest(&rig);
    wheel_remove(&c->timer);
    connection_fire(&c->timer, c->active + 1);
    ck_assert_int_eq(rig.sensor->crowd.count, 1);
    wheel_remove(&c->timer);
    connection_fire(&c->timer, c->active + c->idle_us);
    ASK(client, "");
    ck_assert(closed && got == 0);
    ck_assert_int_eq(rig.sensor->crowd.count, 0);
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(makes_room_for_new_clients)
{
    struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .proxies = "127.0.0.0/8"};
    int clients[4];

    rig_begin(&rig, &options);
    rig.sensor->crowd.maximum = 3;
    for (int i = 0; i < 3; i++)
        clients[i] = rig_connect(&rig);
    ASK(clients[0], anonymous);
    clients[3] = rig_connect(&rig);
    ASK(clients[3], anonymous);
    ck_assert(ANSWERED(anonymous_answer));
    ASK(clients[0], anonymous);
    ck_assert(ANSWERED(anonymous_answer));
    ASK(clients[1], "");
    ck_assert(closed);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    rig_end(&rig);
}
END_TEST

START_TEST(gives_one_source_its_part)
{
    int clients[3];

    begin(TLS_NONE);
    rig.sensor->crowd.maximum = 2 * CROWD_SHARE;
    for (int i = 0; i < 3; i++)
        clients[i] = rig_connect(&rig);
    ck_assert_uint_eq(rig.sensor->crowd.count, 2);
    ASK(clients[0], "");
    ck_assert(closed);
    for (int i = 1; i < 3; i++) {
        ASK(clients[i], anonymous);
        ck_assert(ANSWERED(anonymous_answer));
    }
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    rig_end(&rig);
}
END_TEST

START_TEST(idle_connections_hold_no_buffers)
{
    int client;

    begin(TLS_NONE);
    client = rig_connect(&rig);
    ASK(client, login);
    ck_assert_ptr_null(rig_newest(&rig)->session.input.data);
    ck_assert_ptr_null(rig_newest(&rig)->session.output.data);
    ck_assert_int_eq(rig.sensor->buffered, 0);
    ck_assert_int_le(sizeof(struct connection), 2048);
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(a_byte_at_a_time_fits_into_one_buffer)
{
    int client;

    begin(TLS_NONE);
    client = rig_connect(&rig);
    for (size_t i = 0; i + 1 < sizeof login - 1; i++) {
        rig_ask(&rig, client, login + i, 1, answer, sizeof answer, &closed);
        ck_assert_uint_le(rig_newest(&rig)->session.input.capacity, 4096);
    }
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(those_with_little_are_served_when_others_hold_much)
{
    int client;

    begin(TLS_NONE);
    client = rig_connect(&rig);
    rig.sensor->buffered = SENSOR_BUFFERED + 1;
    ASK(client, login);
    ck_assert(!closed);
    rig_newest(&rig)->accounted = SENSOR_LITTLE + 1;
    ASK(client, login);
    ck_assert(closed);
    close(client);
    client = rig_connect(&rig);
    rig.sensor->buffered = 2 * SENSOR_BUFFERED + 1;
    ASK(client, login);
    ck_assert(closed);
    close(client);
    rig_end(&rig);
}
END_TEST

/* ---- TLS ---- */

static SSL *tls_client(int fd, const char *name)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    int done = 0;

    SSL_CTX_free(context);
    SSL_set_fd(ssl, fd);
    if (name != NULL)
        SSL_set_tlsext_host_name(ssl, name);
    for (int i = 0; i < 50 && (done = SSL_connect(ssl)) != 1; i++)
        rig_turn(&rig, 1);
    ck_assert_int_eq(done, 1);
    return ssl;
}

static bool tls_ask(SSL *ssl, const char *text, size_t length, const char *expected, size_t expected_length)
{
    int n = -1;

    ck_assert_int_eq(SSL_write(ssl, text, (int)length), (int)length);
    for (int i = 0; i < 50 && n <= 0; i++) {
        rig_turn(&rig, 1);
        n = SSL_read(ssl, answer, sizeof answer);
    }
    return n == (int)expected_length && memcmp(answer, expected, expected_length) == 0;
}

static void common_name(SSL *ssl, char name[64])
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);

    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, 64);
    X509_free(certificate);
}

START_TEST(chooses_decoys_by_server_name)
{
    static const struct {
        const char *asked, *got, *decoy;
    } rows[] = {{"ldap.corp.example", "ldap.corp.example", "first"},
                {"SECOND.corp.EXAMPLE", "second.corp.example", "second"},
                {"unknown.corp.example", "ldap.corp.example", "first"},
                {NULL, "ldap.corp.example", "first"}};

    begin(TLS_DIRECT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int client = rig_connect(&rig);
        SSL *ssl = tls_client(client, rows[i].asked);
        char name[64], sni[128];

        common_name(ssl, name);
        ck_assert_str_eq(name, rows[i].got);
        ck_assert(tls_ask(ssl, login, sizeof login - 1, login_answer, sizeof login_answer - 1));
        ck_assert_str_eq(rig_last(&rig)->decoy, rows[i].decoy);
        ck_assert_ptr_nonnull(strstr(rig_last(&rig)->context, "\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_"));
        snprintf(sni, sizeof sni, "\"sni\":\"%s\",\"alpn\":\"\"}", rows[i].asked != NULL ? rows[i].asked : "");
        ck_assert_ptr_nonnull(strstr(rig_last(&rig)->context, sni));
        SSL_free(ssl);
        close(client);
    }
    rig_turn(&rig, 0);
    ck_assert_int_eq(rig.sensor->crowd.count, 0);
    rig_end(&rig);
}
END_TEST

START_TEST(closes_plain_bytes_on_tls)
{
    int client;

    begin(TLS_DIRECT);
    client = rig_connect(&rig);
    ASK(client, login);
    ck_assert(closed && got == 0);
    ck_assert_int_eq(rig.observations, 0);
    close(client);
    client = rig_connect(&rig);
    ASK(client, "\x16\x03\x01\x00\x05zzzzz");
    ck_assert(closed);
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(starts_tls)
{
    int client;
    SSL *ssl;

    begin(TLS_STARTTLS);
    client = rig_connect(&rig);
    ASK(client, anonymous);
    ck_assert(ANSWERED(anonymous_answer));
    ASK(client, start_tls);
    ck_assert(ANSWERED(start_tls_answer));
    ssl = tls_client(client, "ldap.corp.example");
    ck_assert(tls_ask(ssl, login, sizeof login - 1, login_answer, sizeof login_answer - 1));
    ck_assert_ptr_nonnull(strstr(rig_last(&rig)->context, "\"tls\":{"));
    ck_assert(!tls_ask(ssl, start_tls, sizeof start_tls - 1, start_tls_answer, sizeof start_tls_answer - 1));
    SSL_free(ssl);
    close(client);
    rig_end(&rig);
}
END_TEST

/* ---- who the client is ---- */

START_TEST(believes_trusted_proxies)
{
    struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .proxy = true,
                                  .proxies = "127.0.0.0/8"};
    static const char line[] = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 389\r\n";
    char text[ADDRESS_TEXT];
    int client;

    rig_begin(&rig, &options);
    client = rig_connect(&rig);
    for (size_t i = 0; i < sizeof line - 1; i++)
        rig_ask(&rig, client, line + i, 1, answer, sizeof answer, &closed);
    ASK(client, login);
    ck_assert(ANSWERED(login_answer));
    ck_assert_str_eq(address_text(&rig_last(&rig)->source, text), "192.0.2.7");
    ck_assert_int_eq(rig_last(&rig)->via_count, 1);
    close(client);
    client = rig_connect(&rig);
    ASK(client, login);
    ck_assert(closed && got == 0);
    close(client);
    rig_end(&rig);
}
END_TEST

START_TEST(walks_forwarded_addresses)
{
    struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .proxies = "127.0.0.0/8"};
    struct session *session;
    char text[ADDRESS_TEXT];
    int client;

    rig_begin(&rig, &options);
    client = rig_connect(&rig);
    session = &rig_newest(&rig)->session;
    session_forwarded(session, slice_of("203.0.113.9, 192.0.2.1,  127.0.0.5"));
    ck_assert_str_eq(address_text(&session->source, text), "192.0.2.1");
    ck_assert_int_eq(session->via_count, 2);
    ck_assert_str_eq(address_text(&session->via[0], text), "127.0.0.5");
    ck_assert_str_eq(address_text(&session->via[1], text), "127.0.0.1");
    session_forwarded(session, slice_of("[2001:db8::1]:443"));
    ck_assert_str_eq(address_text(&session->source, text), "2001:db8::1");
    session_forwarded(session, slice_of("rubbish, , x"));
    ck_assert_str_eq(address_text(&session->source, text), "127.0.0.1");
    ck_assert_int_eq(session->via_count, 0);
    session_forwarded(session, SLICE_NONE);
    ck_assert_str_eq(address_text(&session->source, text), "127.0.0.1");
    close(client);
    rig_end(&rig);
}
END_TEST

/* ---- the wheel ---- */

static int fired;

static void on_fire(struct wheel_entry *entry, int64_t now)
{
    ck_assert_int_le(entry->due, now);
    fired++;
}

START_TEST(wheel_fires_in_time)
{
    static struct wheel wheel;
    struct wheel_entry entries[3] = {{{NULL, NULL}, 0}};

    fired = 0;
    wheel_init(&wheel, 0);
    wheel_put(&wheel, &entries[0], 1000000);
    wheel_put(&wheel, &entries[1], 3000000);
    wheel_put(&wheel, &entries[2], 1000000000);
    wheel_turn(&wheel, 900000, on_fire);
    ck_assert_int_eq(fired, 0);
    wheel_turn(&wheel, 1600000, on_fire);
    ck_assert_int_eq(fired, 1);
    wheel_put(&wheel, &entries[1], 2000000);
    wheel_turn(&wheel, 2500000, on_fire);
    ck_assert_int_eq(fired, 2);
    wheel_turn(&wheel, 2500000 + WHEEL_SLOTS * (int64_t)WHEEL_SLOT_US, on_fire);
    ck_assert_int_eq(fired, 3);
    wheel_turn(&wheel, 9000000000, on_fire);
    ck_assert_int_eq(fired, 3);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("session");
    TCase *t = tcase_create("session");

    tcase_set_timeout(t, 30);
    tcase_add_test(t, answers_after_the_verdict);
    tcase_add_test(t, keeps_order_and_orphans);
    tcase_add_test(t, presents_again_to_a_new_keeper);
    tcase_add_test(t, presents_late_to_a_late_keeper);
    tcase_add_test(t, is_unavailable_without_a_keeper);
    tcase_add_test(t, keeps_so_many_presentations_and_no_more);
    tcase_add_test(t, sheds_what_presents_nothing);
    tcase_add_test(t, closes_idle_connections);
    tcase_add_test(t, makes_room_for_new_clients);
    tcase_add_test(t, gives_one_source_its_part);
    tcase_add_test(t, idle_connections_hold_no_buffers);
    tcase_add_test(t, a_byte_at_a_time_fits_into_one_buffer);
    tcase_add_test(t, those_with_little_are_served_when_others_hold_much);
    tcase_add_test(t, chooses_decoys_by_server_name);
    tcase_add_test(t, closes_plain_bytes_on_tls);
    tcase_add_test(t, starts_tls);
    tcase_add_test(t, believes_trusted_proxies);
    tcase_add_test(t, walks_forwarded_addresses);
    tcase_add_test(t, wheel_fires_in_time);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
