/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <unistd.h>
#include "tests/finder/hunted.h"
#include "tests/test.h"

static const char *const secrets[] = {
    "glpat-U9FmYm0Zh154cKyd5FJ9Qm86MQp1OjJpeAk.01.0z0or4v2y",
    "Tr0ub4dor",
    "a<b&c=\"d\"'e/f+g%h=41j\\u0041k?lmnop",
    "correct-horse-battery",
    "~~~>>>?~~>>>?~~~>>>?~~>>>?",
    "-----BEGIN KEY-----\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
    "c2VjcmV0IGxpbmUgb2YgdGhlIG1pZGRsZSBwYXJ0\r\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVph\r\n-----END KEY-----\r\n",
};
#define COUNT (sizeof secrets / sizeof secrets[0])

static struct hunted hunted;

static void setup(void)
{
    hunted_open(&hunted, secrets, COUNT, true);
}

static void teardown(void)
{
    hunted_close(&hunted);
}

/* Whatever stands before and behind it, and however the stream is cut. */
START_TEST(finds_each_secret_at_each_place_of_a_stream)
{
    for (size_t before = 0; before < 40; before++) {
        char text[4096];
        size_t offsets[COUNT];
        int length = 0;

        for (size_t i = 0; i < COUNT - 1; i++) {
            length += snprintf(text + length, sizeof text - (size_t)length, "%*s", (int)before, "");
            offsets[i] = (size_t)length;
            length += snprintf(text + length, sizeof text - (size_t)length, "%s|", secrets[i]);
        }
        for (size_t piece = 1; piece <= 4096; piece = piece * 3 + 1) {
            hunted_search(&hunted, (struct slice){(unsigned char *)text, (size_t)length}, piece);
            ck_assert_uint_eq(hunted.count, COUNT - 1);
            for (size_t i = 0; i < COUNT - 1; i++)
                ck_assert_msg(hunted_has(&hunted, i, offsets[i], ""), "%zu, %zu before, pieces of %zu", i, before,
                              piece);
        }
    }
}
END_TEST

START_TEST(finds_nothing_else)
{
    static unsigned char noise[1 << 20];
    const char near[] = "glpat-U9FmYm0Zh154cKyd5FJ9Qm86MQp1OjJpeAk.01.0z0or4v2Y Tr0ub4do r0ub4dor correct-horse-batter";

    randombytes_buf(noise, sizeof noise);
    hunted_search(&hunted, (struct slice){noise, sizeof noise}, 65536);
    ck_assert_uint_eq(hunted.count, 0);
    hunted_search(&hunted, slice_of(near), 4096);
    ck_assert_uint_eq(hunted.count, 0);
}
END_TEST

/* Of which there is one alone: texts are passed over by the range of its characters. */
START_TEST(finds_a_secret_of_whatever_characters)
{
    static const char *const alone[] = {"correct horse battery staple",
                                        "pass phrase",
                                        "n\303\251 \303\240 l'\303\251t\303\251, hier",
                                        "!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
                                        "\001\002\003\004\177\376\377\001\002\003\004",
                                        "AAAAAAAABBBBBBBBCCCCCCCC"};

    hunted_close(&hunted);
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        hunted_open(&hunted, &alone[i], 1, false);
        for (size_t before = 0; before < 40; before++) {
            char text[256];
            int length = snprintf(text, sizeof text, "%*s%s\377|", (int)before, "", alone[i]);

            hunted_search(&hunted, (struct slice){(unsigned char *)text, (size_t)length}, 4096);
            ck_assert_msg(hunted_has(&hunted, 0, before, ""), "%s behind %zu", alone[i], before);
        }
        hunted_close(&hunted);
    }
    setup();
}
END_TEST

START_TEST(finds_the_middle_line_of_a_key)
{
    static const char text[] = "  -----BEGIN KEY-----\n    c2VjcmV0IGxpbmUgb2YgdGhlIG1pZGRsZSBwYXJ0\n";

    hunted_search(&hunted, slice_of(text), 4096);
    ck_assert(hunted_has(&hunted, 5, strstr(text, "c2Vj") - text, ""));
}
END_TEST

static void expect(const char *text, size_t length, size_t secret, uint64_t offset, uint64_t span, const char *how)
{
    hunted_search(&hunted, (struct slice){(const unsigned char *)text, length}, 4096);
    for (size_t i = 0; i < hunted.count; i++) {
        const struct told *told = &hunted.told[i];

        if (told->secret == secret && strcmp(told->how, how) == 0) {
            ck_assert_uint_eq(told->offset, offset);
            ck_assert_uint_eq(told->length, span);
            ck_assert_uint_eq(hunted.count, 1);
            return;
        }
    }
    ck_abort_msg("not found as %s: %s", how, text);
}

#define EXPECT(text, secret, offset, span, how) expect(text, sizeof(text) - 1, secret, offset, span, how)

START_TEST(reads_what_others_wrote_differently)
{
    EXPECT("q=%54r0ub%34dor&x", 1, 2, 13, "percent");
    EXPECT("q=a%3Cb%26c%3d%22d%22%27e%2ff%2Bg%25h%3D41j%5Cu0041k%3Flmnop ", 2, 2, 58, "percent");
    EXPECT("q=a%253Cb%2526c%253D%2522d%2522%2527e%252Ff%252Bg%2525h%253D41j%255Cu0041k%253Flmnop ", 2, 2, 82,
           "percent percent");
    EXPECT("x: Tr0ub=\r\n4dor", 1, 3, 12, "quoted-printable");
    EXPECT("x: Tr0u=  \nb4dor=20", 1, 3, 13, "quoted-printable");
    EXPECT("a<b&c=3D\"d\"'e/f+g%h=3D41j\\u0041=\nk?lmnop", 2, 0, 40, "quoted-printable");
    EXPECT("{\"p\":\"a\\u003cb\\u0026c=\\\"d\\\"'e\\/f+g%h=41j\\\\u0041k?lmnop\"}", 2, 6, 48, "backslash");
    EXPECT("<b>a&lt;b&amp;c=&quot;d&quot;&#39;e/f+g%h=41j\\u0041k?lmnop</b>", 2, 3, 55, "html");
    EXPECT("<b>a&lt;b&amp;c=3D&quot;d&quot;&#39;e/f=\r\n+g%h=3D41j\\u0041k?lmnop</b>", 2, 3, 62,
           "quoted-printable html");
    EXPECT("T\0r\0" "0\0u\0b\0" "4\0d\0o\0r\0", 1, 0, 18, "utf-16");
    EXPECT("> a line that is full, and then correct-horse-b\r\n> attery", 3, 32, 25, "folded");
}
END_TEST

/* Any one character of it, far from the text's ends. */
START_TEST(reads_a_character_that_is_written_differently)
{
    static const struct {
        const char *front, *end, *how;
    } written[] = {
        {"%", "", "percent"},
        {"=", "", "quoted-printable"},
        {"\\x", "", "backslash"},
        {"&#x", ";", "html"},
        {"%26#x", ";", "percent html"},
        {"%5Cx", "", "percent backslash"},
        {"&#x25;", "", "html percent"},
        {"=5Cu00", "", "quoted-printable backslash"},
        {"\\x3d", "", "backslash quoted-printable"},
    };
    char text[24000];

    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        for (size_t at = 0; secrets[0][at] != '\0'; at++) {
            snprintf(text, sizeof text, "%*s%.*s%s%02x%s%s%*s", 12000, " ", (int)at, secrets[0], written[i].front,
                     (unsigned)secrets[0][at], written[i].end, secrets[0] + at + 1, 9000, " ");
            hunted_search(&hunted, slice_of(text), sizeof text);
            ck_assert_msg(hunted.count == 1 && hunted_has(&hunted, 0, 12000, written[i].how), "%.80s", text + 12000);
        }
}
END_TEST

/* By libsodium, at each of the three alignments, in both alphabets, in one line and in many. */
START_TEST(reads_base64_at_any_alignment)
{
    for (size_t before = 0; before < 12; before++) {
        for (size_t secret = 0; secret < COUNT - 1; secret++) {
            char plain[512], text[1024];

            snprintf(plain, sizeof plain, "%.*s%s:x", (int)before, "user:pass, and so on", secrets[secret]);
            for (int variant = sodium_base64_VARIANT_ORIGINAL; variant <= sodium_base64_VARIANT_URLSAFE; variant += 4) {
                sodium_bin2base64(text, sizeof text, (unsigned char *)plain, strlen(plain), variant);
                hunted_search(&hunted, slice_of(text), 4096);
                ck_assert_msg(hunted.count == 1 && hunted.told[0].secret == secret &&
                                  strcmp(hunted.told[0].how, "base64") == 0,
                              "secret %zu behind %zu bytes: %s", secret, before, text);
            }
        }
    }
}
END_TEST

START_TEST(reads_base64_across_lines)
{
    for (size_t before = 0; before < 80; before++) {
        char plain[512], text[1024], folded[2048];
        size_t out = 0;

        memset(plain, 'p', before + 60);
        snprintf(plain + before + 60, sizeof plain - before - 60, "%s and more to come", secrets[0]);
        sodium_bin2base64(text, sizeof text, (unsigned char *)plain, strlen(plain), sodium_base64_VARIANT_ORIGINAL);
        for (size_t i = 0; text[i] != '\0'; i++) {
            folded[out++] = text[i];
            if (i % 76 == 75)
                out += (size_t)snprintf(folded + out, 3, "\r\n");
        }
        hunted_search(&hunted, (struct slice){(unsigned char *)folded, out}, 100);
        ck_assert_msg(hunted.count == 1 && hunted.told[0].secret == 0, "%zu before: %zu found", before, hunted.count);
    }
}
END_TEST

START_TEST(takes_letters_only_when_told)
{
    struct hunted plain;

    hunted_open(&plain, secrets, COUNT, false);
    hunted_search(&plain, slice_of("q=%54r0ub4dor Tr0ub4dor"), 4096);
    ck_assert_uint_eq(plain.count, 1);
    ck_assert(hunted_has(&plain, 1, 14, ""));
    hunted_close(&plain);
}
END_TEST

/* A view must take any bytes, and the keeper is hardly ever asked in vain. */
START_TEST(is_hardly_ever_mistaken)
{
    static unsigned char noise[1 << 20];

    hunted.mistaken = 0;
    randombytes_buf(noise, sizeof noise);
    for (size_t i = 0; i < sizeof noise; i += 3)
        noise[i] = (unsigned char)"%=\\&\n\0;x4"[noise[i] % 9];
    hunted_search(&hunted, (struct slice){noise, sizeof noise}, 100000);
    ck_assert_uint_eq(hunted.count, 0);
    ck_assert_uint_lt(hunted.mistaken, 100);
}
END_TEST

/* Secrets of all lengths, in a stream of few letters, at any place, in pieces of any size: what is told is what
 * comparing each of them at each place finds. */
#define DRAWN 120

static size_t draw_letters(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + randombytes_uniform(4));
    text[length] = '\0';
    return length;
}

static size_t compare_at_each_place(const struct hunted *told, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < told->secret_count; i++)
        for (const char *at = text; (at = strstr(at, told->secrets[i])) != NULL; at++, count++)
            ck_assert_msg(hunted_has(told, i, (uint64_t)(at - text), ""), "%s at %td", told->secrets[i], at - text);
    return count;
}

START_TEST(finds_what_a_plain_comparison_finds)
{
    static char drawn[DRAWN][64], text[DRAWN * 160];
    const char *list[DRAWN];
    size_t length = 0;
    struct hunted told;

    for (size_t i = 0; i < DRAWN; i++) {
        draw_letters(drawn[i], 8 + i % 53);
        list[i] = drawn[i];
    }
    for (size_t i = 0; i < DRAWN; i++) {
        length += draw_letters(text + length, randombytes_uniform(90));
        length += (size_t)snprintf(text + length, sizeof text - length, "%s", drawn[randombytes_uniform(DRAWN)]);
    }
    hunted_open(&told, list, DRAWN, false);
    hunted_search(&told, (struct slice){(unsigned char *)text, length}, 1 + randombytes_uniform(5000));
    ck_assert_uint_eq(told.count, compare_at_each_place(&told, text));
    ck_assert_uint_ge(told.count, DRAWN);
    hunted_close(&told);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("search");
    TCase *t = tcase_create("search");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, finds_each_secret_at_each_place_of_a_stream);
    tcase_add_test(t, finds_nothing_else);
    tcase_add_test(t, finds_a_secret_of_whatever_characters);
    tcase_add_test(t, finds_the_middle_line_of_a_key);
    tcase_add_test(t, reads_what_others_wrote_differently);
    tcase_add_test(t, reads_a_character_that_is_written_differently);
    tcase_add_test(t, reads_base64_at_any_alignment);
    tcase_add_test(t, reads_base64_across_lines);
    tcase_add_test(t, takes_letters_only_when_told);
    tcase_add_loop_test(t, finds_what_a_plain_comparison_finds, 0, 40);
    tcase_add_test(t, is_hardly_ever_mistaken);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
