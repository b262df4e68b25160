/* SPDX-License-Identifier: ISC
 *
 * Every message: add, get, the same again; every cut and every byte too many is refused. With SUNDEW_WRITE_SEEDS=DIR
 * the messages are also written there, as seeds of fuzz_wire. */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/base/paths.h"
#include "server/wire/message.h"

#define S(text) ((struct slice){(const unsigned char *)(text), sizeof(text) - 1})

static struct observation *observation(void)
{
    struct observation *o = calloc(1, sizeof *o);

    *o = (struct observation){.id = id_random(), .ticket = 7, .time = 1700000000123456, .decoy = S("gitlab"),
                              .service = S("http"), .source_port = 40112, .via_count = 1, .local_port = 443,
                              .connection = 1ull << 40, .request = 3, .again = true, .context = S("{\"http\":{}}"),
                              .candidate_count = 2};
    address_parse("203.0.113.9", &o->source);
    address_parse("2001:db8::1", &o->via[0]);
    address_parse("192.0.2.1", &o->local);
    o->candidates[0] = (struct candidate){CANDIDATE_IDENTITY, 1, S("Authorization: Basic"), S("svc")};
    o->candidates[1] = (struct candidate){CANDIDATE_SECRET, 1, S("Authorization: Basic"), S("x\0y")};
    return o;
}

static void make(int which, struct buffer *b)
{
    struct observation *o = observation();
    struct command command = {S("tokens"), {{S("kind"), S("password")}, {S("kind"), S("x")}}, 2};

    switch (which) {
    case 0:
        observation_add(b, o);
        break;
    case 1:
        verdict_add(b, &(struct verdict){9, true, S("world")});
        break;
    case 2:
        decoy_keys_add(b, &(struct decoy_keys){S("gitlab"), S("PEM"), S("KEY"), S("0123456789abcdef0123456789abcdef"),
                                               S("{}")});
        break;
    case 3:
        job_add(b, &(struct job){5, S("mint"), S("{\"kind\":\"password\"}")});
        break;
    case 4:
        result_add(b, &(struct result){5, S("artifact"), S(".env"), S("A=b\n"), true});
        break;
    case 5:
        result_done_add(b, &(struct result_done){5, 2, S("why")});
        break;
    case 6:
        delivery_add(b, &(struct delivery){id_random(), id_random(), S("soc"), 2, S("{}")});
        break;
    case 7:
        outcome_add(b, &(struct outcome){id_random(), OUTCOME_AGAIN, 503, 30, S("busy")});
        break;
    case 8:
        command_add(b, &command);
        break;
    case 9:
        reply_row_add(b, &(struct reply_row){S("row"), S(""), S("{}"), false});
        break;
    case 10:
        reply_done_add(b, &(struct reply_done){3, S("could not")});
        break;
    case 11:
        plant_add(b, &(struct plant){S("plant"), S("maildir:/m"), S("{}"), S("{}")});
        break;
    case 12:
        file_add(b, &(struct file){S("message"), S("From: x\r\n"), false});
        break;
    case 13:
        planted_add(b, &(struct planted){true, S("{}"), S("there"), S("")});
        break;
    case 14:
        hello_add(b);
        break;
    case 15:
        at_door_add(b, &(struct at_door){{{0xfe, 0x80, 1}}, 40112, 443});
        break;
    case 16:
        plant_account_add(b, &(struct plant_account){S("mail"), S("{}")});
        break;
    case 17:
        credential_add(b, &(struct credential){S("password"), S("/etc/p")});
        break;
    case 18:
        connect_add(b, &(struct connect){S("mail.example"), 993});
        break;
    case 19:
        connected_add(b, &(struct connected){S("refused")});
        break;
    default:
        credit_add(b, 64);
    }
    free(o);
}

#define MESSAGES 21

static int take(int which, struct reader *reader, struct buffer *again)
{
    union {
        struct verdict verdict;
        struct decoy_keys keys;
        struct job job;
        struct result result;
        struct result_done result_done;
        struct delivery delivery;
        struct outcome outcome;
        struct command command;
        struct reply_row row;
        struct reply_done done;
        struct plant plant;
        struct file file;
        struct planted planted;
        struct at_door at;
        struct plant_account account;
        struct credential credential;
        struct connect connect;
        struct connected connected;
        uint32_t credit;
        struct observation observation;
    } *m = calloc(1, sizeof *m);
    int result;

#define BOTH(member, name) (name##_get(reader, &m->member) == 0 ? name##_add(again, &m->member) : -1)
    switch (which) {
    case 0:
        result = BOTH(observation, observation);
        break;
    case 1:
        result = BOTH(verdict, verdict);
        break;
    case 2:
        result = BOTH(keys, decoy_keys);
        break;
    case 3:
        result = BOTH(job, job);
        break;
    case 4:
        result = BOTH(result, result);
        break;
    case 5:
        result = BOTH(result_done, result_done);
        break;
    case 6:
        result = BOTH(delivery, delivery);
        break;
    case 7:
        result = BOTH(outcome, outcome);
        break;
    case 8:
        result = BOTH(command, command);
        break;
    case 9:
        result = BOTH(row, reply_row);
        break;
    case 10:
        result = BOTH(done, reply_done);
        break;
    case 11:
        result = BOTH(plant, plant);
        break;
    case 12:
        result = BOTH(file, file);
        break;
    case 13:
        result = BOTH(planted, planted);
        break;
    case 15:
        result = BOTH(at, at_door);
        break;
    case 16:
        result = BOTH(account, plant_account);
        break;
    case 17:
        result = BOTH(credential, credential);
        break;
    case 18:
        result = BOTH(connect, connect);
        break;
    case 19:
        result = BOTH(connected, connected);
        break;
    case 14:
        result = hello_get(reader);
        if (result == 0)
            hello_add(again);
        break;
    default:
        result = credit_get(reader, &m->credit);
        if (result == 0)
            credit_add(again, m->credit);
    }
    free(m);
    return result;
}

START_TEST(comes_out_as_it_went_in)
{
    struct buffer b, again;
    struct reader reader;

    buffer_init(&b, CHANNEL_MESSAGE);
    buffer_init(&again, CHANNEL_MESSAGE);
    make(_i, &b);
    ck_assert(!b.failed);
    reader = reader_of(buffer_slice(&b));
    ck_assert_uint_ge(message_type(&reader), MESSAGE_HELLO);
    ck_assert_int_eq(take(_i, &reader, &again), 0);
    ck_assert(slice_equal(buffer_slice(&b), buffer_slice(&again)));
    buffer_free(&b);
    buffer_free(&again);
}
END_TEST

START_TEST(cuts_and_additions_are_refused)
{
    struct buffer b, again;

    buffer_init(&b, CHANNEL_MESSAGE);
    buffer_init(&again, CHANNEL_MESSAGE);
    make(_i, &b);
    for (size_t length = 2; length < b.length; length++) {
        struct reader reader = reader_of((struct slice){b.data, length});

        message_type(&reader);
        ck_assert_int_eq(take(_i, &reader, &again), -1);
    }
    buffer_add_char(&b, 'x');
    {
        struct reader reader = reader_of(buffer_slice(&b));

        message_type(&reader);
        ck_assert_int_eq(take(_i, &reader, &again), -1);
    }
    buffer_free(&b);
    buffer_free(&again);
}
END_TEST

START_TEST(the_last_argument_counts)
{
    struct command command = {S("tokens"), {{S("kind"), S("a")}, {S("kind"), S("b")}}, 2};

    ck_assert(slice_is(command_argument(&command, "kind"), "b"));
    ck_assert_ptr_null(command_argument(&command, "state").data);
}
END_TEST

START_TEST(write_seeds)
{
    const char *folder = getenv("SUNDEW_WRITE_SEEDS");

    for (int i = 0; folder != NULL && i < MESSAGES; i++) {
        struct error error;
        struct buffer b;
        char path[4096];

        buffer_init(&b, CHANNEL_MESSAGE);
        make(i, &b);
        snprintf(path, sizeof path, "%s/message-%02d", folder, i);
        ck_assert_int_eq(paths_create(path, b.data, b.length, 0644, &error), 0);
        buffer_free(&b);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("message");
    TCase *tests = tcase_create("message");

    tcase_add_loop_test(tests, comes_out_as_it_went_in, 0, MESSAGES);
    tcase_add_loop_test(tests, cuts_and_additions_are_refused, 0, MESSAGES);
    tcase_add_test(tests, the_last_argument_counts);
    tcase_add_test(tests, write_seeds);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
