/* SPDX-License-Identifier: ISC
 *
 * Blocks of base64 in texts, as mails and JSON have them, and what only looks so. */
#include <sodium.h>
#include "tests/finder/archives.h"

/* In lines of so many characters, each with that ending; the padding, if any, without one behind. */
static void add_block(struct buffer *out, struct slice bytes, size_t columns, const char *ending)
{
    size_t size = sodium_base64_encoded_len(bytes.length, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(size);

    ck_assert(text != NULL && sodium_bin2base64(text, size, bytes.data, bytes.length, sodium_base64_VARIANT_ORIGINAL));
    for (size_t at = 0; at < size - 1; at += columns) {
        size_t length = size - 1 - at < columns ? size - 1 - at : columns;

        buffer_add_text(out, at > 0 ? ending : "");
        buffer_add(out, text + at, length);
    }
    free(text);
}

/* Deflated, so that nothing of the secret stands in it. */
static void add_archive(struct buffer *out, size_t length)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    for (unsigned n = 0; text.length < length; n++)
        buffer_add_format(&text, "%u %x; ", n, n * 2654435761u);
    buffer_add_text(&text, secrets[1]);
    buffer_init(out, 1 << 20);
    add_deflated(out, buffer_slice(&text));
    buffer_free(&text);
}

static void add_mail(struct buffer *out, const char *header, struct slice archive, size_t columns, const char *ending)
{
    buffer_add_format(out, "Subject: it%s%s%sX: base64%s%s", ending, header, ending, ending, ending);
    add_block(out, archive, columns, ending);
    buffer_add_format(out, "%s--%s%s%s", ending, secrets[0], ending, secrets[0]);
}

START_TEST(opens_blocks_of_any_shape)
{
    static const size_t columns[] = {60, 61, 64, 72, 74, 75, 76, 77, 998, 1024, 1025, 5000, 1 << 20};
    static const char *const endings[] = {"\n", "\r\n"};

    for (size_t length = 1; length < 60000; length = 3 * length + 1)
        for (size_t i = 0; i < 2 * sizeof columns / sizeof columns[0]; i++) {
            struct buffer archive, out;

            add_archive(&archive, length);
            buffer_init(&out, 1 << 20);
            add_mail(&out, "X", buffer_slice(&archive), columns[i / 2], endings[i % 2]);
            ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
            ck_assert_msg(hunted.count == 3, "%zu in lines of %zu: %zu", length, columns[i / 2], hunted.count);
            ck_assert(hunted_has(&hunted, 0, out.length - strlen(secrets[0]), "") && hunted_within(&hunted, 0, ""));
            buffer_free(&archive);
            buffer_free(&out);
        }
}
END_TEST

START_TEST(names_blocks_as_their_headers_do)
{
    static const char *const named[][2] = {
        {"X: y", "base64 at 28!/zlib"},
        {"X: name=", "base64 at 32!/zlib"},
        {"Content-Type: a/b; name=a.zip;", "a.zip!/zlib"},
        {"Content-Type: a/b;\r\n name=\"a b.zip\"", "a b.zip!/zlib"},
        {"Content-Disposition: attachment; filename*=UTF-8''Zug%C3%A4nge%20a.zip", "Zug\xc3\xa4nge a.zip!/zlib"},
        {"Content-Disposition: attachment; filename*0*=UTF-8''a%2", "a%2!/zlib"},
        {"X-name*0=\"\x1b[31m\"", "?[31m!/zlib"},
    };
    struct buffer archive;

    add_archive(&archive, 1000);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        struct buffer out;

        buffer_init(&out, 1 << 20);
        add_mail(&out, named[i][0], buffer_slice(&archive), 76, "\n");
        ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
        ck_assert_msg(hunted_within(&hunted, 1, named[i][1]), "%s: %s", named[i][1], hunted.told[0].member);
        buffer_free(&out);
    }
    buffer_free(&archive);
}
END_TEST

/* Its last line is cut, or no line of base64; it has no padding; text follows at once. */
START_TEST(ends_blocks_where_they_end)
{
    struct buffer archive, out;

    add_archive(&archive, 20000);
    for (size_t missing = 0; missing < 5; missing++) {
        buffer_init(&out, 1 << 20);
        add_block(&out, buffer_slice(&archive), 76, "\n");
        out.length -= missing;
        buffer_add_format(&out, "\n%s and no more\n\n%s", secrets[0], secrets[1]);
        (void)search(buffer_slice(&out));
        ck_assert_msg(hunted.count == 3 && hunted_within(&hunted, 0, "") && hunted_within(&hunted, 1, "") &&
                      hunted_within(&hunted, 1, "base64 at 0!/zlib"), "%zu missing: %s", missing, error.text);
        buffer_free(&out);
    }
    buffer_free(&archive);
}
END_TEST

/* One after the other, also directly; what is no archive stays text, and is found as such. */
START_TEST(goes_on_behind_blocks)
{
    struct buffer archive, out;

    add_archive(&archive, 300);
    buffer_init(&out, 1 << 20);
    for (int i = 0; i < 200; i++) {
        buffer_add_text(&out, "\n\n");
        add_block(&out, i % 3 == 2 ? slice_of("it is correct-horse-battery, as I said") : buffer_slice(&archive), 76, "\n");
    }
    ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
    ck_assert_uint_eq(hunted.count, 200);
    buffer_free(&archive);
    buffer_free(&out);
}
END_TEST

/* What folds and escapes it stands within the block. */
START_TEST(reads_texts_in_blocks)
{
    static const char *const texts[] = {
        "DESCRIPTION:a calendar's lines are folded\\, and this one: correct-ho\r\n rse-battery\r\n",
        "<p>Gr\xc3\xbc\xc3\x9f" "e, the page has the key &#99;orrect-horse-battery in it</p>\n",
    };

    for (size_t i = 0; i < 2; i++) {
        struct buffer out;

        buffer_init(&out, 65536);
        add_mail(&out, "X: name=it", slice_of(texts[i]), 76, "\r\n");
        ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
        ck_assert_msg(hunted.count == 3 && hunted_within(&hunted, 1, "it"), "%zu: %zu", i, hunted.count);
        buffer_free(&out);
    }
}
END_TEST

/* As JSON's writers do: slashes escaped, lines of 60, codes for what HTML has. */
static void add_string(struct buffer *out, struct slice bytes, const char *slash, const char *plus, size_t columns)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    add_block(&text, bytes, columns, "\n");
    buffer_add_text(out, "{\"type\":\"file\",\"content\":\"");
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == '/')
            buffer_add_text(out, slash);
        else if (text.data[i] == '+')
            buffer_add_text(out, plus);
        else if (text.data[i] == '\n')
            buffer_add_text(out, "\\n");
        else
            buffer_add_char(out, (char)text.data[i]);
    buffer_add_format(out, "\",\"key\":\"%s\"}", secrets[0]);
    buffer_free(&text);
}

START_TEST(opens_strings_of_json)
{
    static const char *const slashes[] = {"/", "\\/", "\\u002f"}, *const pluses[] = {"+", "+", "\\u002B"};
    static const size_t columns[] = {60, 76, 1 << 20};
    struct buffer archive, out;

    for (size_t i = 0; i < 27; i++) {
        size_t length = 300 * (i % 3 * i % 3 * 40 + 1);

        add_archive(&archive, length);
        buffer_init(&out, 1 << 20);
        add_string(&out, buffer_slice(&archive), slashes[i / 3 % 3], pluses[i / 3 % 3], columns[i / 9]);
        ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
        ck_assert_msg(hunted.count == 2 && hunted_within(&hunted, 0, "") &&
                      hunted_within(&hunted, 1, "base64 at 26!/zlib"), "%zu: %zu", i, hunted.count);
        buffer_free(&archive);
        buffer_free(&out);
    }
}
END_TEST

/* A text, whose first line is read as it is, too: the secret may itself be base64 of one. Web tokens are none. */
START_TEST(reads_texts_in_strings)
{
    static const char text[] = "apiVersion: v1\nkind: Config\nusers:\n- name: it\n  user:\n    password: correct-horse-battery\n"
                               "    client: of the cluster, for as long as it lasts, and no longer than that, they say\n";
    struct buffer out;

    buffer_init(&out, 65536);
    add_string(&out, slice_of(text), "\\/", "+", 1 << 20);
    ck_assert_msg(search(buffer_slice(&out)) == 0, "%s", error.text);
    ck_assert_msg(hunted.count == 2 && hunted_within(&hunted, 1, "base64 at 26"), "%zu", hunted.count);
    buffer_clear(&out);
    for (int i = 0; i < 20; i++)
        buffer_add_format(&out, "{\"host\":\"repo\",\"user\":\"it\",\"token\":\"%s\"},", REFERENCE);
    ck_assert(search(buffer_slice(&out)) == 0 && hunted.count == 20 && hunted_within(&hunted, 2, ""));
    buffer_free(&out);
}
END_TEST

/* Alone in its file. */
START_TEST(finds_secrets_that_are_base64_of_a_text)
{
    ck_assert(search(slice_of(REFERENCE "\n")) == 0 && hunted.count == 1 && hunted_has(&hunted, 2, 0, ""));
    ck_assert(search(slice_of("The key:\r\n\r\n" REFERENCE "\r\n")) == 0 && hunted.count == 1);
}
END_TEST

/* What is base64 of something by chance, alone on its line. */
START_TEST(leaves_words_alone)
{
    static const char *const alone[] = {"Tr0ub4dorAndMoreOfIt", "dGhlIGtleSBpcyB0aGUgb25lTr0ub4dorYOk",
                                        "UEsDBBQAAAAIAAAAIQAP_Tr0ub4dor", "H4sIAAAAAAAAA8tIzcnJBwCGphA2Tr0ub4dor and more"};

    for (size_t i = 0; i < 4; i++) {
        struct buffer out;

        buffer_init(&out, 65536);
        buffer_add_format(&out, "The key:\n\n%s\n\nBye\n", alone[i]);
        ck_assert(search(buffer_slice(&out)) == 0 && hunted.count == 1 && hunted_within(&hunted, 0, ""));
        buffer_free(&out);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("block");
    TCase *t = tcase_create("block");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, opens_blocks_of_any_shape);
    tcase_add_test(t, names_blocks_as_their_headers_do);
    tcase_add_test(t, ends_blocks_where_they_end);
    tcase_add_test(t, goes_on_behind_blocks);
    tcase_add_test(t, reads_texts_in_blocks);
    tcase_add_test(t, leaves_words_alone);
    tcase_add_test(t, opens_strings_of_json);
    tcase_add_test(t, reads_texts_in_strings);
    tcase_add_test(t, finds_secrets_that_are_base64_of_a_text);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
