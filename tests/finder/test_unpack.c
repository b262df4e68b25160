/* SPDX-License-Identifier: ISC
 *
 * Archives that no program makes: what a reader must not believe. Those that programs make are in
 * tests/scenarios/recognise_archives.test. */
#include <stdio.h>
#include <zlib.h>
#include "server/finder/tar.h"
#include "tests/finder/archives.h"

static void add_number(struct buffer *out, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++, number >>= 8)
        buffer_add_u8(out, (uint8_t)number);
}

/* A local header; extra fields, if any, are the caller's to add. */
static void add_entry(struct buffer *out, const char *name, unsigned flags, unsigned method, uint32_t size, size_t extra)
{
    buffer_add(out, "PK\3\4\24\0", 6);
    add_number(out, flags, 2);
    add_number(out, method, 2);
    add_number(out, 0, 8); /* time, date, checksum */
    add_number(out, size, 4);
    add_number(out, size, 4);
    add_number(out, strlen(name), 2);
    add_number(out, extra, 2);
    buffer_add_text(out, name);
}

static void add_directory(struct buffer *out)
{
    buffer_add(out, "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
}

static void add_header(struct buffer *out, const char *name, char type, const char *size)
{
    char block[512] = "";
    unsigned sum = 0;

    snprintf(block, 100, "%s", name);
    memcpy(block + 124, size, strlen(size));
    memset(block + 148, ' ', 8);
    block[156] = type;
    for (size_t i = 0; i < sizeof block; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
    buffer_add(out, block, sizeof block);
}

static void add_padded(struct buffer *out, const char *text)
{
    char block[512] = "";

    snprintf(block, sizeof block, "%s", text);
    buffer_add(out, block, sizeof block);
}

/* ---- ZIP ---- */

START_TEST(takes_no_descriptor_that_does_not_fit)
{
    static const char text[] = "PK\7\10 PK\7\10\1\2\3\4\11\0\0\0\11\0\0\0 Tr0ub4dor PK\3\4 PK\1\2";
    struct buffer out;

    buffer_init(&out, 65536);
    add_entry(&out, "a", 8, 0, 0, 0);
    buffer_add(&out, text, sizeof text);
    buffer_add(&out, "PK\7\10", 4);
    add_number(&out, crc32(0, (const unsigned char *)text, sizeof text), 4);
    add_number(&out, sizeof text, 4);
    add_number(&out, sizeof text, 4);
    add_entry(&out, "b", 0, 0, 21, 0);
    buffer_add_text(&out, secrets[1]);
    add_directory(&out);
    ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
    ck_assert_uint_eq(hunted.count, 2);
    ck_assert(hunted_has(&hunted, 0, 22, "") && hunted_has(&hunted, 1, 0, ""));
    buffer_free(&out);
}
END_TEST

/* The other fields before it lie about their lengths, or it is too short. */
START_TEST(reads_long_sizes_within_their_field)
{
    struct buffer out;

    buffer_init(&out, 65536);
    add_entry(&out, "a", 0, 0, UINT32_MAX, 24);
    buffer_add(&out, "\x75\x70\0\0\1\0\20\0", 8);
    add_number(&out, 9, 8);
    add_number(&out, 9, 8);
    buffer_add_text(&out, secrets[0]);
    add_entry(&out, "b", 0, 0, UINT32_MAX, 4);
    buffer_add(&out, "\1\0\xff\xff", 4);
    add_directory(&out);
    ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
    ck_assert(hunted.count == 1 && hunted_has(&hunted, 0, 0, ""));
    buffer_free(&out);
}
END_TEST

START_TEST(goes_on_behind_what_it_cannot_read)
{
    struct buffer out;

    buffer_init(&out, 65536);
    add_entry(&out, "locked", 1, 8, 9, 0);
    buffer_add_text(&out, secrets[0]); /* as if it were its cipher */
    add_entry(&out, "odd", 0, 14, 9, 0);
    buffer_add_text(&out, secrets[0]);
    add_entry(&out, "open", 0, 0, 21, 0);
    buffer_add_text(&out, secrets[1]);
    add_directory(&out);
    ck_assert_int_eq(search(buffer_slice(&out)), -1);
    ck_assert_str_eq(error.text, "locked: it is encrypted, and was passed over; so are 1 more parts of it");
    ck_assert(hunted.count == 1 && hunted_has(&hunted, 1, 0, ""));
    buffer_free(&out);
}
END_TEST

/* ---- tar ---- */

START_TEST(believes_pax_about_the_next_file_only)
{
    struct buffer out;

    buffer_init(&out, 65536);
    add_header(&out, "PaxHeaders/a", 'x', "00000000037");
    add_padded(&out, "9 size=9\n13 path=a/b/c\n99 no=\n");
    add_header(&out, "a", '0', "00000000777");
    add_padded(&out, secrets[0]);
    add_header(&out, "b", '0', "00000000025");
    add_padded(&out, secrets[1]);
    ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
    ck_assert(hunted.count == 2 && hunted_has(&hunted, 0, 0, "") && hunted_has(&hunted, 1, 0, ""));
    buffer_free(&out);
}
END_TEST

/* Sizes that no file has: GNU's binary form, negative, and all digits. */
START_TEST(does_not_run_away_with_a_size)
{
    static const char *const sizes[] = {"\x80\1\1\1\1\1\1\1\1\1\1\1", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                                        "777777777777", "            ", "99999999999"};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer out;

        buffer_init(&out, 65536);
        add_header(&out, "a", '0', sizes[i]);
        add_header(&out, "b", '0', "00000000011");
        add_padded(&out, secrets[0]);
        (void)search(buffer_slice(&out));
        ck_assert_msg(hunted.count == 1, "size %zu: %zu found", i, hunted.count);
        buffer_free(&out);
    }
}
END_TEST

/* Of bytes with their signs 0 is a sum like others. */
START_TEST(takes_no_noise_for_a_header)
{
    unsigned char block[512] = {0x80, 0x80, [148] = 'x'};

    ck_assert(!tar_is((struct slice){block, sizeof block}));
}
END_TEST

/* ---- what grows ---- */

static void pack_again(struct buffer *bytes)
{
    struct buffer packed;

    buffer_init(&packed, 1 << 26);
    add_deflated(&packed, buffer_slice(bytes));
    buffer_free(bytes);
    *bytes = packed;
}

START_TEST(unpacks_to_a_depth)
{
    for (int depth = 1; depth <= 2 * SOURCE_DEPTH; depth++) {
        struct buffer bytes;
        int result;

        buffer_init(&bytes, 1 << 26);
        for (int i = 0; i < 30; i++) /* can be deflated: does not shrink to nothing */
            buffer_add_format(&bytes, "%d Tr0ub4dor is the one of %d; ", i, i * i);
        for (int i = 0; i < depth; i++)
            pack_again(&bytes);
        result = search(buffer_slice(&bytes));
        ck_assert_msg((result == 0) == (depth <= SOURCE_DEPTH), "%d: %s", depth, error.text);
        ck_assert_uint_eq(hunted.count, depth <= SOURCE_DEPTH ? 30 : 0);
        buffer_free(&bytes);
    }
}
END_TEST

START_TEST(stops_what_grows_without_end)
{
    struct buffer bytes;

    buffer_init(&bytes, 1 << 28);
    memset(buffer_reserve(&bytes, 128 << 20), 0, 128 << 20);
    buffer_grow(&bytes, 128 << 20);
    pack_again(&bytes);
    pack_again(&bytes);
    ck_assert_int_eq(search(buffer_slice(&bytes)), -1);
    ck_assert_msg(strstr(error.text, "more than 1100 times its size") != NULL, "%s", error.text);
    ck_assert_uint_le(hunted.source.inputs[0].made, 2 * INPUT_FREE);
    buffer_free(&bytes);
}
END_TEST

/* ---- git's packs ---- */

#define BLOB 3
#define BY_OFFSET 6
#define BY_NAME 7

static void begin_pack(struct buffer *out, uint32_t count)
{
    buffer_add(out, "PACK\0\0\0\2", 8);
    buffer_add_u32(out, count);
}

static void add_head(struct buffer *out, unsigned type, size_t size)
{
    buffer_add_u8(out, (uint8_t)(type << 4 | (size & 15) | (size > 15 ? 0x80 : 0)));
    for (size >>= 4; size > 0; size >>= 7)
        buffer_add_u8(out, (uint8_t)((size & 127) | (size > 127 ? 0x80 : 0)));
}

static void add_size(struct buffer *out, size_t size)
{
    for (; size > 127; size >>= 7)
        buffer_add_u8(out, (uint8_t)(size | 0x80));
    buffer_add_u8(out, (uint8_t)size);
}

/* So many copies of the 64 KiB that are there, one behind the other. */
static void add_copies(struct buffer *out, size_t base, size_t count)
{
    struct buffer delta;
    size_t from = out->length - base;

    buffer_init(&delta, 1 << 20);
    add_size(&delta, 1 << 16);
    add_size(&delta, count << 16);
    for (size_t i = 0; i < count; i++)
        buffer_add_u8(&delta, 0x80); /* from 0, 64 KiB */
    add_head(out, BY_OFFSET, delta.length);
    if (from > 127)
        buffer_add_u8(out, (uint8_t)(((from >> 7) - 1) | 0x80));
    buffer_add_u8(out, from & 127);
    add_deflated(out, buffer_slice(&delta));
    buffer_free(&delta);
}

START_TEST(makes_no_differences_without_end)
{
    static const unsigned char zeros[1 << 16];
    struct buffer bytes;

    buffer_init(&bytes, 1 << 20);
    begin_pack(&bytes, 7);
    add_head(&bytes, BLOB, sizeof zeros);
    add_deflated(&bytes, (struct slice){zeros, sizeof zeros});
    for (int i = 0; i < 6; i++)
        add_copies(&bytes, 12, 2000);
    buffer_add(&bytes, zeros, 20);
    ck_assert_int_eq(search(buffer_slice(&bytes)), -1);
    ck_assert_msg(strstr(error.text, "more than 16384 times its size") != NULL, "%s", error.text);
    buffer_free(&bytes);
}
END_TEST

/* What does not come out of one does not come out of another that is the same. */
START_TEST(tries_each_difference_once)
{
    static const unsigned char name[] = "\xe6\x9d\xe2\x9b\xb2\xd1\xd6\x43\x4b\x8b\x29\xae\x77\x5a\xd8\xc2\xe4\x8c\x53\x91";
    const uint32_t count = 4000;
    struct buffer bytes;

    buffer_init(&bytes, 1 << 20);
    begin_pack(&bytes, 2 * count);
    for (uint32_t i = 0; i < count; i++) {
        add_head(&bytes, BLOB, 0);
        add_deflated(&bytes, slice_of(""));
    }
    for (uint32_t i = 0; i < count; i++) {
        add_head(&bytes, BY_NAME, 2);
        buffer_add(&bytes, name, 20);
        add_deflated(&bytes, slice_of("\1\1"));
    }
    buffer_add(&bytes, name, 20);
    ck_assert_int_eq(search(buffer_slice(&bytes)), -1);
    ck_assert_msg(strstr(error.text, "4000 of the pack's 8000 objects do not come out") != NULL, "%s", error.text);
    buffer_free(&bytes);
}
END_TEST

/* ---- archives behind a program ---- */

static void add_record(struct buffer *out, const char *name, uint32_t size, size_t at)
{
    buffer_add(out, "PK\1\2\24\0\24\0\0\0\10\0\0\0\0\0\0\0\0\0", 20);
    add_number(out, size, 4);
    add_number(out, size, 4);
    add_number(out, strlen(name), 2);
    add_number(out, 0, 12);
    add_number(out, at, 4);
    buffer_add_text(out, name);
}

/* Sizes and places are from `from` on. */
static void add_self_extracting(struct buffer *out, const char *program, size_t program_length, bool from_file,
                                size_t comment)
{
    struct buffer text;
    size_t entry, directory;

    buffer_init(&text, 65536);
    add_deflated(&text, slice_of("the key is correct-horse-battery"));
    buffer_add_text(out, program);
    while (out->length < program_length)
        buffer_add_format(out, "PK\3\4 %s %zu\n", secrets[0], out->length);
    entry = out->length;
    add_entry(out, "a.txt", 0, 8, (uint32_t)text.length - 6, 0);
    buffer_add(out, text.data + 2, text.length - 6); /* without what zlib has around it */
    directory = out->length;
    add_record(out, "a.txt", (uint32_t)text.length - 6, from_file ? entry : 0);
    buffer_add(out, "PK\5\6\0\0\0\0\1\0\1\0", 12);
    add_number(out, out->length - 12 - directory, 4);
    add_number(out, directory - (from_file ? 0 : entry), 4);
    add_number(out, comment, 2);
    while (comment-- > 0)
        buffer_add_char(out, '-');
    buffer_free(&text);
}

START_TEST(opens_what_extracts_itself)
{
    static const char *const programs[] = {"MZ\x90", "\x7f" "ELF\2\1", "#!/usr/bin/env python3\n", "#!/bin/bash\n"};
    static const size_t lengths[] = {0, 100, 4096, 70000}, comments[] = {0, 1, 30000, 65535};
    struct buffer out;

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            buffer_init(&out, 1 << 20);
            add_self_extracting(&out, programs[i], lengths[k], i % 2, comments[(i + k) % 4]);
            ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
            ck_assert_msg(hunted_within(&hunted, 1, "a.txt") && hunted_within(&hunted, 0, "") == (k > 0), "%zu %zu", i, k);
            buffer_free(&out);
        }
}
END_TEST

/* Where the end of a directory lies about where it is, the file is searched as it is. */
START_TEST(believes_no_end_of_a_directory)
{
    static const uint32_t lies[] = {1, 21, 22, 4000, 0x7fffffff, 0xffffffff};
    struct buffer out;

    for (size_t i = 0; i < 12; i++) {
        buffer_init(&out, 1 << 20);
        add_self_extracting(&out, "MZ", 3000, true, 0);
        for (size_t k = 0; k < 4; k++)
            out.data[out.length - (i < 6 ? 10 : 6) + k] = (unsigned char)(lies[i % 6] >> 8 * k);
        (void)search(buffer_slice(&out));
        ck_assert_uint_gt(hunted.count, 50);
        ck_assert(hunted_within(&hunted, 0, ""));
        buffer_free(&out);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("unpack");
    TCase *t = tcase_create("unpack");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, takes_no_descriptor_that_does_not_fit);
    tcase_add_test(t, reads_long_sizes_within_their_field);
    tcase_add_test(t, goes_on_behind_what_it_cannot_read);
    tcase_add_test(t, believes_pax_about_the_next_file_only);
    tcase_add_test(t, does_not_run_away_with_a_size);
    tcase_add_test(t, unpacks_to_a_depth);
    tcase_add_test(t, stops_what_grows_without_end);
    tcase_add_test(t, makes_no_differences_without_end);
    tcase_add_test(t, tries_each_difference_once);
    tcase_add_test(t, opens_what_extracts_itself);
    tcase_add_test(t, believes_no_end_of_a_directory);
    tcase_add_test(t, takes_no_noise_for_a_header);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
