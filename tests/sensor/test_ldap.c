/* SPDX-License-Identifier: ISC
 *
 * Searches that mean harm, against a whole sensor; what slapd answers to the others, tests/scenarios/ldap_slapd.test
 * compares. */
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/sensor/ldap.h"
#include "server/sensor/ldap_directory.h"
#include "server/sensor/ldap_filter.h"
#include "server/sensor/ldap_sasl.h"
#include "tests/sensor/rig.h"
#include "tests/test.h"

#define MOST 262000

static const char face[] =
    "{\"hidden\":\"ou=accounts,dc=corp,dc=example\",\"directory\":\""
    "dn: dc=corp,dc=example\\nobjectClass: top\\nobjectClass: dcObject\\nobjectClass: organization\\no: Corp\\ndc: corp\\n\\n"
    "dn: cn=Ann,dc=corp,dc=example\\nobjectClass: top\\nobjectClass: person\\ncn: Ann\\nsn: A\\n\\n\"}";

static struct rig rig;
static unsigned char message[MOST + 64], answer[1 << 20];

static void setup(void)
{
    static const struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .face = face};

    signal(SIGPIPE, SIG_IGN);
    rig_begin(&rig, &options);
}

static void teardown(void)
{
    rig_end(&rig);
}

/* ---- BER, from the back: each part is put before what is there ---- */

struct back {
    unsigned char *at;
    size_t length;
};

static struct back back(void)
{
    return (struct back){message + sizeof message, 0};
}

static void put(struct back *b, const void *data, size_t length)
{
    b->at -= length;
    b->length += length;
    memcpy(b->at, data, length);
}

/* Tag and length for the last `length` bytes put. */
static void wrap(struct back *b, unsigned char tag, size_t length)
{
    unsigned char head[4] = {tag, 0x82, (unsigned char)(length >> 8), (unsigned char)length};
    unsigned char long_head[5] = {tag, 0x83, (unsigned char)(length >> 16), (unsigned char)(length >> 8),
                                  (unsigned char)length};

    if (length < 65536)
        put(b, head, sizeof head);
    else
        put(b, long_head, sizeof long_head);
}

static void put_text(struct back *b, unsigned char tag, const char *text)
{
    unsigned char head[2] = {tag, (unsigned char)strlen(text)};

    put(b, text, strlen(text));
    put(b, head, sizeof head);
}

/* `attributes` bytes are at the back already, then `filter` bytes before them. */
static void finish(struct back *b)
{
    static const unsigned char scope[] = {10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0}, id[] = {2, 1, 7};

    put(b, scope, sizeof scope);
    put_text(b, 4, "dc=corp,dc=example");
    wrap(b, 0x63, b->length);
    put(b, id, sizeof id);
    wrap(b, 0x30, b->length);
}

/* The code of the result at the end of the answer, -1 where there is none. */
static int ask(struct back *b)
{
    bool closed;
    int client = rig_connect(&rig), tries = 0;
    size_t sent = 0, got = 0;

    while (sent < b->length && tries++ < 1000) {
        ssize_t n = write(client, b->at + sent, b->length - sent);

        sent += n > 0 ? (size_t)n : 0;
        rig_turn(&rig, 0);
    }
    got = rig_ask(&rig, client, "", 0, answer, sizeof answer, &closed);
    close(client);
    rig_turn(&rig, 0);
    return got >= 14 && !closed ? answer[got - 5] : -1;
}

static void no_attributes(struct back *b)
{
    put_text(b, 4, "1.1");
    wrap(b, 0x30, b->length);
}

START_TEST(a_small_search_is_answered)
{
    struct back b = back();

    no_attributes(&b);
    put_text(&b, 0x87, "sn");
    finish(&b);
    ck_assert_int_eq(ask(&b), 0);
    ck_assert_ptr_nonnull(memmem(answer, 100, "cn=Ann", 6));
}
END_TEST

/* Kinds of filters' parts, as many as fit into one message. */
START_TEST(a_filter_that_costs_too_much_is_refused)
{
    struct back b = back();
    size_t start;

    no_attributes(&b);
    start = b.length;
    while (b.length < MOST - 1000) {
        size_t before = b.length;

        if (_i == 0) {
            put_text(&b, 0x87, "l");
        } else if (_i == 1) {
            put_text(&b, 4, "x");
            put_text(&b, 4, "cn");
            wrap(&b, 0xa3, b.length - before);
        } else {
            put_text(&b, 0x83, "a");
            put_text(&b, 0x81, "caseExactMatch");
            wrap(&b, 0xa9, b.length - before);
        }
    }
    wrap(&b, 0xa1, b.length - start);
    finish(&b);
    ck_assert_int_eq(ask(&b), 11);
}
END_TEST

START_TEST(thousands_of_pieces_match_nothing)
{
    struct back b = back();
    size_t start;

    no_attributes(&b);
    start = b.length;
    while (b.length < MOST - 1000)
        put_text(&b, 0x81, "n");
    wrap(&b, 0x30, b.length - start);
    put_text(&b, 4, "cn");
    wrap(&b, 0xa4, b.length - start);
    finish(&b);
    ck_assert_int_eq(ask(&b), 0);
}
END_TEST

START_TEST(a_huge_list_of_attributes_is_refused)
{
    struct back b = back();
    size_t start;

    while (b.length < MOST - 1000)
        put_text(&b, 4, _i == 0 ? "cn" : "@person");
    wrap(&b, 0x30, b.length);
    start = b.length;
    put_text(&b, 0x87, "objectClass");
    (void)start;
    finish(&b);
    ck_assert_int_eq(ask(&b), 11);
}
END_TEST

/* Two nots around each other, deeper than slapd goes: a notice, and the end. */
START_TEST(nesting_has_an_end)
{
    struct back b = back();
    size_t start;

    no_attributes(&b);
    start = b.length;
    put_text(&b, 0x87, "cn");
    for (int i = 0; i < 1100; i++)
        wrap(&b, 0xa2, b.length - start);
    finish(&b);
    ck_assert_int_eq(ask(&b), -1);
    ck_assert_ptr_nonnull(memmem(answer, 100, "filter nested too deeply", 24));
}
END_TEST

/* One client sends searches as fast as it can; another one's turn comes long before all of these are answered. */
START_TEST(a_flood_of_searches_lets_others_in)
{
    unsigned char got[64];
    struct back b = back();
    int flood = rig_connect(&rig), other = rig_connect(&rig);
    size_t sent = 0;
    ssize_t n, of_flood = 0;

    no_attributes(&b);
    put_text(&b, 0x87, "l");
    finish(&b);
    while (sent < 3000 && write(flood, b.at, b.length) == (ssize_t)b.length)
        sent++;
    ck_assert_uint_gt(sent, 500);
    ck_assert_int_eq(write(other, b.at, b.length), (ssize_t)b.length);
    for (int i = 0; i < 4; i++)
        event_base_loop(rig.base, EVLOOP_ONCE);
    ck_assert_int_eq(read(other, got, sizeof got), 14);
    while ((n = read(flood, answer, sizeof answer)) > 0)
        of_flood += n;
    ck_assert_int_lt(of_flood, (ssize_t)sent * 14);
    for (size_t i = 0; i < sent && of_flood < (ssize_t)sent * 14; i++) {
        rig_turn(&rig, 0);
        while ((n = read(flood, answer, sizeof answer)) > 0)
            of_flood += n;
    }
    ck_assert_int_eq(of_flood, (ssize_t)sent * 14);
    close(flood);
    close(other);
    rig_turn(&rig, 0);
}
END_TEST

/* A connection that binds. */
struct binding {
    struct decoy_face decoy;
    struct session session;
    struct ldap_directory directory;
    struct ldap_sasl sasl;
    struct credentials credentials;
    struct buffer out;
    struct ldap_call call;
};

static struct ldap_call *begin_binding(struct binding *binding, bool tls)
{
    *binding = (struct binding){.decoy = {.salt = "a salt"}, .directory = {.host = "ldap.corp.example"}};
    binding->session = (struct session){.tls = {.on = tls}, .face = &binding->decoy};
    binding->call = (struct ldap_call){.session = &binding->session, .directory = &binding->directory, .id = 1,
                                       .answer = &binding->out, .credentials = &binding->credentials,
                                       .sasl = &binding->sasl};
    buffer_init(&binding->out, 65536);
    credentials_init(&binding->credentials);
    return &binding->call;
}

static void end_binding(struct binding *binding)
{
    ldap_sasl_free(&binding->sasl);
    credentials_free(&binding->credentials);
    buffer_free(&binding->out);
}

/* One bind by LOGIN; how many candidates it presented. */
static size_t login(struct ldap_call *call, const char *words)
{
    const struct ldap_mechanism *before = call->sasl->mechanism;
    struct slice sent = words != NULL ? slice_of(words) : SLICE_NONE;

    call->sasl->mechanism = NULL;
    credentials_clear(call->credentials);
    ck_assert(ldap_sasl_present(call, before, "LOGIN", sent));
    ldap_sasl_bind(call, before, "LOGIN", sent);
    return call->credentials->count;
}

START_TEST(a_login_that_is_over_pairs_with_nothing)
{
    struct binding binding;
    struct ldap_call *call = begin_binding(&binding, true);

    ck_assert_uint_eq(login(call, NULL), 0);
    ck_assert_uint_eq(login(call, "svc-first"), 0);
    ck_assert_uint_eq(login(call, "its password"), 2);
    ck_assert_uint_eq(login(call, "svc-second"), 0);
    ck_assert_uint_eq(login(call, "another password"), 2);
    ck_assert(credentials_hold(&binding.credentials, CANDIDATE_IDENTITY, slice_of("svc-second")));
    end_binding(&binding);
}
END_TEST

/* Who goes after SCRAM's challenge has shown a name; who goes after an answer has shown it already. */
START_TEST(a_name_that_is_left_is_known)
{
    struct binding binding;
    struct ldap_call *call = begin_binding(&binding, false);

    ck_assert_ptr_null(ldap_sasl_left(&binding.sasl));
    ck_assert(ldap_sasl_present(call, NULL, "SCRAM-SHA-1", slice_of("n,,n=a=2Cb,r=abc")));
    ck_assert_uint_eq(binding.credentials.count, 0);
    ldap_sasl_bind(call, NULL, "SCRAM-SHA-1", slice_of("n,,n=a=2Cb,r=abc"));
    ck_assert_str_eq(ldap_sasl_left(&binding.sasl), "a,b");
    ck_assert(ldap_sasl_present(call, binding.sasl.mechanism, "SCRAM-SHA-1", slice_of("what?")));
    ck_assert(credentials_hold(&binding.credentials, CANDIDATE_IDENTITY, slice_of("a,b")));
    ck_assert_uint_eq(binding.credentials.count, 1);
    binding.sasl.mechanism = NULL;
    ck_assert_ptr_null(ldap_sasl_left(&binding.sasl));
    end_binding(&binding);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("ldap");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_small_search_is_answered);
    tcase_add_loop_test(tcase, a_filter_that_costs_too_much_is_refused, 0, 3);
    tcase_add_test(tcase, thousands_of_pieces_match_nothing);
    tcase_add_loop_test(tcase, a_huge_list_of_attributes_is_refused, 0, 2);
    tcase_add_test(tcase, nesting_has_an_end);
    tcase_add_test(tcase, a_flood_of_searches_lets_others_in);
    tcase_add_test(tcase, a_login_that_is_over_pairs_with_nothing);
    tcase_add_test(tcase, a_name_that_is_left_is_known);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
