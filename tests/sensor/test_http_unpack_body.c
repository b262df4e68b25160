/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "server/sensor/http/body.h"
#include "server/sensor/http/unpack_body.h"

#define FORM "user[login]=anna&user[password]=hunter2%21"
#define SMILE "\xf0\x9f\x98\x80"

static struct unpacked unpacked;

/* The length. */
static size_t pack(struct slice plain, int window, unsigned char *out, size_t room)
{
    z_stream zlib = {.next_in = (unsigned char *)(uintptr_t)plain.data, .avail_in = (uInt)plain.length, .next_out = out,
                     .avail_out = (uInt)room};

    ck_assert_int_eq(deflateInit2(&zlib, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&zlib);
    return room - zlib.avail_out;
}

START_TEST(test_compressed)
{
    static const char *const encodings[] = {"gzip", "deflate", "deflate", "", "x-gzip"};
    static const int windows[] = {15 + 16, 15, -15, 15 + 16, 15 + 16};
    unsigned char packed[512];

    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        size_t length = pack(slice_of(FORM), windows[i], packed, sizeof(packed) / 2);

        unpacked_init(&unpacked);
        ck_assert(slice_is(unpack_body(&unpacked, slice_of(encodings[i]), (struct slice){packed, length}), FORM));
        unpacked_free(&unpacked);
        memcpy(packed + length, packed, length);
        if (windows[i] > 15) /* two members, and one without its end */
            ck_assert(slice_is(unpack_body(&unpacked, slice_of("gzip"), (struct slice){packed, 2 * length - 8}),
                               FORM FORM));
        unpacked_free(&unpacked);
    }
}
END_TEST

/* As behind a proxy that unpacked them, and left the header. */
START_TEST(test_not_compressed)
{
    static const char *const bodies[] = {"{\"grant_type\":\"password\",\"username\":\"svc\",\"password\":\"Kx7-vale\"}",
                                         "client_id=svc&client_secret=Kx7-vale.harbour-91",
                                         "j_username=svc&j_password=Kx7-vale", "key=abc&password=x", FORM};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ck_assert(slice_is(unpack_body(&unpacked, slice_of("gzip"), slice_of(bodies[i])), bodies[i]));
        unpacked_free(&unpacked);
    }
}
END_TEST

START_TEST(test_utf16)
{
    static const unsigned char little[] = "{\0\"\0p\0\"\0:\0\"\0h\0-\0\x3d\xd8\0\xde\"\0}\0";
    size_t length = sizeof(little) - 1;
    unsigned char big[sizeof(little) + 1] = "\xfe\xff";

    ck_assert(slice_is(unpack_body(&unpacked, SLICE_NONE, (struct slice){little, length}), "{\"p\":\"h-" SMILE "\"}"));
    unpacked_free(&unpacked);
    for (size_t i = 0; i < length; i += 2) {
        big[i + 2] = little[i + 1];
        big[i + 3] = little[i];
    }
    ck_assert(slice_is(unpack_body(&unpacked, SLICE_NONE, (struct slice){big, length + 2}), "{\"p\":\"h-" SMILE "\"}"));
    unpacked_free(&unpacked);
    ck_assert(slice_is(unpack_body(&unpacked, SLICE_NONE, slice_of("{\"p\":1}")), "{\"p\":1}"));
}
END_TEST

START_TEST(test_a_bomb_stays_small)
{
    struct slice out;
    size_t size = 8 << 20, length;
    unsigned char *zeros = calloc(1, size), *packed = malloc(size);

    ck_assert(zeros != NULL && packed != NULL);
    memset(zeros, 'a', size);
    length = pack((struct slice){zeros, size}, 15 + 16, packed, size);
    ck_assert_uint_lt(length, 16384);
    unpacked_init(&unpacked);
    out = unpack_body(&unpacked, slice_of("gzip"), (struct slice){packed, length});
    ck_assert_uint_eq(out.length, BODY_KEPT);
    ck_assert_uint_le(unpacked.inflated.capacity, BODY_KEPT + 1);
    unpacked_free(&unpacked);
    out = unpack_body(&unpacked, slice_of("gzip"), (struct slice){packed, 100});
    ck_assert_uint_le(out.length, 16384 + 100 * 128);
    unpacked_free(&unpacked);
    free(zeros);
    free(packed);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_unpack_body");
    TCase *c = tcase_create("unpack_body");

    unpacked_init(&unpacked);
    tcase_add_test(c, test_compressed);
    tcase_add_test(c, test_not_compressed);
    tcase_add_test(c, test_utf16);
    tcase_add_test(c, test_a_bomb_stays_small);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
