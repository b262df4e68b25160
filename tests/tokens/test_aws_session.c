/* SPDX-License-Identifier: ISC
 *
 * Session tokens read by a reader of Protocol Buffers' wire format written for this test, and their signatures by
 * OpenSSL. How they begin is how all of AWS's begin that were published since 2019: IQoJb3JpZ2luX2Vj. */
#include <openssl/ecdsa.h>
#include <string.h>
#include "tests/test.h"
#include "tests/tokens/draws.h"
#include "tokens/aws_session.h"

#define MADE 1790000000
#define DRAWS 500

struct field {
    uint64_t number, value; /* value: of a varint; else the length */
    bool text;
    struct slice data;
};

static uint64_t varint(struct slice *rest)
{
    uint64_t value = 0;
    unsigned char byte = 0x80;

    for (unsigned shift = 0; (byte & 0x80) != 0; shift += 7) {
        ck_assert_uint_gt(rest->length, 0);
        ck_assert_uint_lt(shift, 64);
        byte = *rest->data;
        value |= (uint64_t)(byte & 0x7f) << shift;
        *rest = (struct slice){rest->data + 1, rest->length - 1};
    }
    return value;
}

/* The next field, which has that number and is a text or a number. */
static struct field next(struct slice *rest, uint64_t number, bool text)
{
    uint64_t key = varint(rest);
    struct field field = {key >> 3, varint(rest), (key & 7) == 2, SLICE_NONE};

    ck_assert_uint_eq(field.number, number);
    ck_assert_uint_eq(key & 7, text ? 2 : 0);
    if (text) {
        ck_assert_uint_le(field.value, rest->length);
        field.data = (struct slice){rest->data, (size_t)field.value};
        *rest = (struct slice){rest->data + field.value, rest->length - (size_t)field.value};
    }
    return field;
}

/* DER that OpenSSL reads, and writes as it was. */
static void check_signature(struct slice der)
{
    const unsigned char *at = der.data;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.length);
    unsigned char *again = NULL;
    int length = i2d_ECDSA_SIG(signature, &again);

    ck_assert_ptr_nonnull(signature);
    ck_assert_ptr_eq(at, der.data + der.length);
    ck_assert_int_eq(length, (int)der.length);
    ck_assert_mem_eq(again, der.data, der.length);
    OPENSSL_free(again);
    ECDSA_SIG_free(signature);
}

static void check_session(struct slice session, const char *account)
{
    ck_assert_uint_gt(next(&session, 1, false).value, 0);
    ck_assert_uint_eq(next(&session, 2, false).value, 0);
    ck_assert(slice_is(next(&session, 3, true).data, account));
    ck_assert_uint_eq(next(&session, 4, true).data.length, 12);
    ck_assert_uint_ge(next(&session, 5, true).data.length, 300);
    ck_assert_uint_eq(session.length, 0);
}

static void check_token(const char *text, const char *account)
{
    unsigned char room[1024];
    struct slice rest = {room, 0};

    ck_assert_int_eq(sodium_base642bin(room, sizeof room, text, strlen(text), NULL, &rest.length, NULL,
                                       sodium_base64_VARIANT_ORIGINAL), 0);
    ck_assert_uint_eq(room[0], 0x21);
    rest = (struct slice){room + 1, rest.length - 1};
    ck_assert(slice_is(next(&rest, 1, true).data, "origin_ec"));
    ck_assert_uint_gt(next(&rest, 2, false).value, 0);
    ck_assert(slice_is(next(&rest, 3, true).data, "us-east-1"));
    check_signature(next(&rest, 4, true).data);
    check_session(next(&rest, 5, true).data, account);
    ck_assert_uint_eq(next(&rest, 6, false).value, MADE);
    ck_assert_uint_eq(rest.length, 0);
}

START_TEST(every_token_is_read)
{
    struct counter counter = {0};
    const struct draw draw = {counter_bytes, &counter};
    struct buffer out, last;

    buffer_init(&out, 2048);
    buffer_init(&last, 2048);
    for (int i = 0; i < DRAWS; i++) {
        buffer_clear(&out);
        ck_assert_int_eq(aws_session_draw(&draw, "609629065308", MADE, &out), 0);
        ck_assert_int_eq(strncmp(buffer_text(&out), "IQoJb3JpZ2luX2Vj", 16), 0);
        ck_assert(out.length > 400 && out.length < 1200);
        check_token(buffer_text(&out), "609629065308");
        ck_assert_str_ne(buffer_text(&out), buffer_text(&last));
        buffer_clear(&last);
        buffer_add_slice(&last, buffer_slice(&out));
    }
    buffer_free(&out);
    buffer_free(&last);
}
END_TEST

START_TEST(it_goes_behind_what_is_there)
{
    struct counter counter = {7};
    const struct draw draw = {counter_bytes, &counter};
    struct buffer out;

    buffer_init(&out, 2048);
    buffer_add_text(&out, "token=");
    ck_assert_int_eq(aws_session_draw(&draw, "000000000001", MADE, &out), 0);
    ck_assert_int_eq(strncmp(buffer_text(&out), "token=IQoJ", 10), 0);
    check_token(buffer_text(&out) + 6, "000000000001");
    buffer_free(&out);
}
END_TEST

START_TEST(no_room_is_a_failure)
{
    struct counter counter = {0};
    const struct draw draw = {counter_bytes, &counter};
    struct buffer out;

    buffer_init(&out, 400);
    ck_assert_int_eq(aws_session_draw(&draw, "609629065308", MADE, &out), -1);
    buffer_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("aws_session");
    TCase *tcase = tcase_create("aws_session");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_token_is_read);
    tcase_add_test(tcase, it_goes_behind_what_is_there);
    tcase_add_test(tcase, no_room_is_a_failure);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
