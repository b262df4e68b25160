/* SPDX-License-Identifier: ISC
 *
 * Containers: names, chains, and that the same contents make the same bytes. What is in them is read by other programs
 * in tests/scenarios/attachments.test. */
#include <stdio.h>
#include "server/minter/container.h"
#include "tests/test.h"

/* A draw that begins anew for each file. */
static void count_up(void *context, void *out, size_t length)
{
    unsigned *count = context;

    for (size_t i = 0; i < length; i++)
        ((unsigned char *)out)[i] = (unsigned char)(*count * 37 + i), *count += 1;
}

static void pack_into(const struct containers *chain, const char *text, char *name, struct buffer *out)
{
    unsigned count = 0;
    struct draw draw = {count_up, &count};
    struct contents contents = {.text = slice_of(text),
                                .name = name,
                                .password = "Harvest47!",
                                .seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                .pgp_seed = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
                                .pgp_created = 1770000000,
                                .author = "Zoë Quill",
                                .organisation = "Example Rail",
                                .language = "en",
                                .zone = {.minutes = 60},
                                .time = 1795000000,
                                .draw = &draw};
    char made[CONTAINER_NAME];
    struct error error;

    ck_assert_msg(containers_pack(chain, &contents, made, sizeof made, out, &error) == 0, "%s", error.text);
    snprintf(name, CONTAINER_NAME, "%s", made);
}

static const char text[] = "# Access\nPlease keep this safe.\n\nUser\tsvc-rail\nPassword\tKd93.jkQ7\n\nThat is (all).\n";

static const char encoded[] = "VGhpcyBpcyBubyB0ZXh0LCBidXQgaXQgaXMgd2hhdCBhIHRlbXBsYXRlIG1hZGUu\n";

static const char *const names[] = {
#define CONTAINER(symbol, name, summary, extension, type, keyed) name,
#include "server/wire/tables/containers.def"
#undef CONTAINER
};

START_TEST(names_follow_what_is_packed)
{
    char name[CONTAINER_NAME];

    container_name(container_find("zip"), "list.xlsx", name, sizeof name);
    ck_assert_str_eq(name, "list.zip");
    container_name(container_find("zip"), ".env", name, sizeof name);
    ck_assert_str_eq(name, ".env.zip");
    container_name(container_find("base64"), "keys.p12", name, sizeof name);
    ck_assert_str_eq(name, "keys.p12");
    container_name(container_find("pgp"), "list.xlsx", name, sizeof name);
    ck_assert_str_eq(name, "list.xlsx.gpg");
    ck_assert_ptr_null(container_find("rar"));
}
END_TEST

START_TEST(what_was_packed_has_a_name)
{
    char name[CONTAINER_NAME];

    container_within(container_find("pgp"), "ops/keys/list.xlsx.gpg", name, sizeof name);
    ck_assert_str_eq(name, "list.xlsx");
    container_within(container_find("pgp"), "ops/list.txt", name, sizeof name);
    ck_assert_str_eq(name, "list.txt");
    container_within(container_find("zip"), "list.zip", name, sizeof name);
    ck_assert_str_eq(name, "list");
    container_within(container_find("pgp"), "ops/.gpg", name, sizeof name);
    ck_assert_str_eq(name, ".gpg");
}
END_TEST

START_TEST(the_same_contents_make_the_same_bytes)
{
    struct containers chain = {.items = {container_find(names[_i])}, .count = 1};
    const char *packed = strcmp(names[_i], "base64") == 0      ? encoded
                         : strncmp(names[_i], "pgp-key", 7) == 0 ? "Zoë Quill <z.quill@rail.example>\n"
                                                                 : text;
    char first_name[CONTAINER_NAME] = "letter", second_name[CONTAINER_NAME] = "letter";
    struct buffer first, second;

    buffer_init(&first, 1 << 20);
    buffer_init(&second, 1 << 20);
    pack_into(&chain, packed, first_name, &first);
    pack_into(&chain, packed, second_name, &second);
    ck_assert_uint_gt(first.length, 30);
    ck_assert(slice_equal(buffer_slice(&first), buffer_slice(&second)));
    ck_assert_str_eq(first_name, second_name);
    buffer_free(&first);
    buffer_free(&second);
}
END_TEST

START_TEST(a_chain_packs_the_file_before_it)
{
    struct containers chain = {.items = {container_find("docx"), container_find("zip")}, .count = 2};
    char name[CONTAINER_NAME] = "letter";
    struct buffer out;

    buffer_init(&out, 1 << 20);
    pack_into(&chain, text, name, &out);
    ck_assert_str_eq(name, "letter.zip");
    ck_assert_ptr_nonnull(memmem(out.data, out.length, "letter.docx", 11));
    buffer_free(&out);
}
END_TEST

static void pack_one(const char *container, const char *packed, struct buffer *out)
{
    struct containers chain = {.items = {container_find(container)}, .count = 1};
    char name[CONTAINER_NAME] = "letter";

    buffer_init(out, 1 << 20);
    pack_into(&chain, packed, name, out);
}

START_TEST(a_title_of_a_pdf_escapes_what_a_reader_takes_for_more)
{
    static const char title[] = "/Title (\xfe\xff\0C\0a\0f\0\xe9\0 \0\\(\1\\r\0\\)\0!)";
    struct buffer out;

    pack_one("pdf", "# Café (č)!\nNothing.\n", &out);
    ck_assert_ptr_nonnull(memmem(out.data, out.length, title, sizeof title - 1));
    buffer_free(&out);
}
END_TEST

/* [MS-OXOCAL], section 2.2.1.27: class, date, creation time, eight zero bytes, the data's size. */
START_TEST(an_entry_has_an_id_as_outlook_makes_them)
{
    struct buffer out, plain;
    struct slice id;
    const unsigned char *at;
    unsigned byte;
    uint64_t made = 0;

    pack_one("ics", text, &out);
    buffer_init(&plain, 1 << 20);
    for (size_t i = 0; i < out.length; i++)
        if (i + 3 <= out.length && memcmp(out.data + i, "\r\n\t", 3) == 0)
            i += 2;
        else
            buffer_add_char(&plain, (char)out.data[i]);
    buffer_add_char(&plain, '\0'); /* sscanf() looks for its end */
    at = memmem(plain.data, plain.length, "UID:", 4);
    ck_assert_ptr_nonnull(at);
    id = (struct slice){at + 4, 112};
    ck_assert_int_eq(memcmp(id.data, "040000008200E00074C5B7101A82E00800000000", 40), 0);
    for (int i = 7; i >= 0; i--) {
        ck_assert_int_eq(sscanf((const char *)id.data + 40 + 2 * i, "%2X", &byte), 1);
        made = made << 8 | byte;
    }
    ck_assert_uint_eq(made / 10000000 - 11644473600, 1795000000);
    ck_assert_int_eq(memcmp(id.data + 56, "000000000000000010000000", 24), 0);
    ck_assert_int_eq(memcmp(id.data + 112, "\r\n", 2), 0);
    buffer_free(&plain);
    buffer_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("container");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, names_follow_what_is_packed);
    tcase_add_test(tcase, what_was_packed_has_a_name);
    tcase_add_loop_test(tcase, the_same_contents_make_the_same_bytes, 0, (int)(sizeof names / sizeof *names));
    tcase_add_test(tcase, a_chain_packs_the_file_before_it);
    tcase_add_test(tcase, a_title_of_a_pdf_escapes_what_a_reader_takes_for_more);
    tcase_add_test(tcase, an_entry_has_an_id_as_outlook_makes_them);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
