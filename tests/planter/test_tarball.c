/* SPDX-License-Identifier: ISC */
#include "server/planter/tarball.h"
#include <sodium.h>
#include <zlib.h>
#include "tests/test.h"

#define TEXT(text) {(const unsigned char *)(text), sizeof(text) - 1}

static void unpack(const struct buffer *packed, struct buffer *out)
{
    unsigned char tar[16384];
    z_stream zlib = {.next_in = packed->data, .avail_in = (unsigned int)packed->length, .next_out = tar,
                     .avail_out = sizeof tar};

    ck_assert_int_eq(inflateInit2(&zlib, 15 + 16), Z_OK);
    ck_assert_int_eq(inflate(&zlib, Z_FINISH), Z_STREAM_END);
    buffer_add(out, tar, zlib.total_out);
    inflateEnd(&zlib);
}

/* The sum is that of what npm 11.19 packs of these files, unpacked. */
START_TEST(as_npm_packs)
{
    struct tarball_file files[] = {
        {"README.md", TEXT("hi\n"), false},
        {"scripts/a.sh", TEXT("x\n"), true},
        {"package.json", TEXT("{\"name\":\"@web/shop\",\"version\":\"1.0.0\",\"files\":[\"*\"]}"), false},
        {".env", TEXT("A=1\n"), false},
        {"LICENSE", TEXT("MIT\n"), false},
    };
    static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff};
    unsigned char sum[crypto_hash_sha256_BYTES];
    char text[2 * sizeof sum + 1];
    struct buffer packed, tar;
    struct error error;

    buffer_init(&packed, 65536);
    buffer_init(&tar, 65536);
    ck_assert_int_eq(tarball_write(files, sizeof files / sizeof files[0], &packed, &error), 0);
    ck_assert_mem_eq(packed.data, head, sizeof head);
    unpack(&packed, &tar);
    crypto_hash_sha256(sum, tar.data, tar.length);
    sodium_bin2hex(text, sizeof text, sum, sizeof sum);
    ck_assert_str_eq(text, "a7fded630a2861fdefb9c8aced7e94843f03a439639f7a28e5745bb94e129606");
    buffer_free(&packed);
    buffer_free(&tar);
}
END_TEST

START_TEST(too_long)
{
    struct tarball_file file = {".env", TEXT("A=1\n"), false};
    struct buffer packed;
    struct error error = {""};

    buffer_init(&packed, 16);
    ck_assert_int_eq(tarball_write(&file, 1, &packed, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "too long"));
    buffer_free(&packed);
}
END_TEST

static Suite *suite(void)
{
    Suite *tarball = suite_create("tarball");
    TCase *tcase = tcase_create("tarball");

    tcase_add_test(tcase, as_npm_packs);
    tcase_add_test(tcase, too_long);
    suite_add_tcase(tarball, tcase);
    return tarball;
}

TEST_MAIN(suite)
