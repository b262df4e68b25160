/* SPDX-License-Identifier: ISC
 *
 * What files say: those that we pack, and others that are wrong in each way. */
#include <stdio.h>
#include "server/minter/container.h"
#include "server/minter/opened.h"
#include "tests/test.h"

#define SAVED 1795000000 /* 18 November 2026, 12:06:40 in Paris */

static void count_up(void *context, void *out, size_t length)
{
    unsigned *count = context;

    for (size_t i = 0; i < length; i++)
        ((unsigned char *)out)[i] = (unsigned char)(*count * 37 + i), *count += 1;
}

static const char text[] = "# Access & more\nPlease keep <this> with care, it is for (all) of Zoë’s people.\n\n"
                           "User\tsvc-rail\nPassword\tKd93.jkQ7\nAddress\thttps://git.example.net/x\n";

static void pack(const char *first, const char *second, struct buffer *out)
{
    struct containers chain = {{container_find(first), container_find(second)}, second[0] != '\0' ? 2 : 1};
    unsigned count = 0;
    struct draw draw = {count_up, &count};
    struct contents contents = {.text = slice_of(text),
                                .name = "list",
                                .password = "Harvest47!",
                                .seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                .author = "Zoë & Quill",
                                .organisation = "Example Rail",
                                .language = "en",
                                .zone = {.minutes = 60},
                                .time = SAVED,
                                .draw = &draw};
    char name[CONTAINER_NAME];
    struct error error;

    buffer_init(out, 1024 * 1024);
    ck_assert_msg(containers_pack(&chain, &contents, name, sizeof name, out, &error) == 0, "%s", error.text);
}

static const struct {
    const char *first, *second, *author;
    int64_t saved;
    bool local, document, closed;
} packed[] = {
    {"docx", "", "Zoë & Quill", SAVED - SAVED % 60, false, true, false},
    {"xlsx", "", "Zoë & Quill", SAVED - SAVED % 60, false, true, false},
    {"pdf", "", "", SAVED + 3600, true, true, false},
    {"ics", "", "Zoë & Quill", SAVED, false, true, false},
    {"zip", "", "", SAVED + 3600, true, false, false},
    {"docx", "zip", "Zoë & Quill", SAVED + 3600, true, true, false},
    {"xlsx", "zip-aes", "", SAVED + 3600, true, false, true},
    {"docx", "zip-crypto", "", SAVED + 3600, true, false, true},
    {"keepass", "", "", 0, false, false, true},
};

START_TEST(what_is_packed_is_read)
{
    static const char *const words[] = {"svc-rail", "Kd93.jkQ7", "https://git.example.net/x", "Access & more",
                                        "Please keep <this> with care, it is for (all) of Zoë’s people."};
    struct opened opened;
    struct buffer file;

    pack(packed[_i].first, packed[_i].second, &file);
    opened_read(buffer_slice(&file), &opened);
    ck_assert_str_eq(opened.author, packed[_i].author);
    ck_assert_int_eq(opened.saved, packed[_i].saved);
    ck_assert_int_eq(opened.local, packed[_i].local);
    ck_assert_int_eq(opened.document, packed[_i].document);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        ck_assert_msg((strstr(buffer_text(&opened.text), words[i]) == NULL) == packed[_i].closed, "no %s: %s", words[i],
                      buffer_text(&opened.text));
    opened_free(&opened);
    buffer_free(&file);
}
END_TEST

/* Cut anywhere, each byte turned around: it is read as far as it goes, and not beyond. */
START_TEST(what_is_damaged_is_read_as_far_as_it_goes)
{
    struct opened opened;
    struct buffer file;
    unsigned char *copy;

    pack(packed[_i].first, packed[_i].second, &file);
    for (size_t i = 0; i < file.length; i += 1 + file.length / 512) {
        copy = malloc(i + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, file.data, i);
        opened_read((struct slice){copy, i}, &opened);
        opened_free(&opened);
        free(copy);
        file.data[i] ^= 0xff;
        opened_read(buffer_slice(&file), &opened);
        opened_free(&opened);
        file.data[i] ^= 0xff;
    }
    buffer_free(&file);
}
END_TEST

/* Much text in an archive, in an archive (of megabytes: tests/fuzz/seeds/opened/swelling.zip). */
START_TEST(what_swells_is_bounded)
{
    size_t most = 240 * 1024;
    char *large = malloc(most + 1), name[CONTAINER_NAME];
    struct containers chain = {{container_find("zip"), container_find("zip")}, 2};
    unsigned count = 0;
    struct draw draw = {count_up, &count};
    struct contents contents = {.name = "x.txt", .password = "", .seed = "", .author = "", .organisation = "",
                                .language = "en", .time = SAVED, .draw = &draw};
    struct opened opened;
    struct buffer file;
    struct error error;

    ck_assert_ptr_nonnull(large);
    memset(large, 'a', most);
    contents.text = (struct slice){(unsigned char *)large, most};
    buffer_init(&file, 64 * 1024 * 1024);
    ck_assert_msg(containers_pack(&chain, &contents, name, sizeof name, &file, &error) == 0, "%s", error.text);
    ck_assert_uint_lt(file.length, 4096);
    opened_read(buffer_slice(&file), &opened);
    ck_assert_uint_le(opened.text.length, OPENED_TEXT);
    ck_assert_uint_gt(opened.text.length, 0);
    opened_free(&opened);
    buffer_free(&file);
    free(large);
}
END_TEST

START_TEST(texts_are_as_they_are)
{
    struct opened opened;

    opened_read(slice_of("USER=svc\r\nPASSWORD=x\r\n"), &opened);
    ck_assert_str_eq(buffer_text(&opened.text), "USER=svc\nPASSWORD=x\n");
    ck_assert(!opened.document && opened.saved == 0);
    opened_free(&opened);
    opened_read((struct slice){(const unsigned char *)"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16}, &opened);
    ck_assert_str_eq(buffer_text(&opened.text), "");
    opened_free(&opened);
    opened_read(SLICE_NONE, &opened);
    ck_assert_str_eq(buffer_text(&opened.text), "");
    opened_free(&opened);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("opened");
    TCase *tcase = tcase_create("all");
    int count = sizeof packed / sizeof *packed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, what_is_packed_is_read, 0, count);
    tcase_add_loop_test(tcase, what_is_damaged_is_read_as_far_as_it_goes, 0, count);
    tcase_add_test(tcase, what_swells_is_bounded);
    tcase_add_test(tcase, texts_are_as_they_are);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
