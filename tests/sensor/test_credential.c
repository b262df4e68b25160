/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/sensor/credential.h"

static struct observation observation;

/* Is there a candidate of this part with this value? Its pair, or -1. */
static int find(const struct credentials *credentials, enum candidate_part part, const char *value)
{
    credentials_list(credentials, &observation);
    for (size_t i = 0; i < observation.candidate_count; i++)
        if (observation.candidates[i].part == part && slice_is(observation.candidates[i].value, value))
            return observation.candidates[i].pair;
    return -1;
}

static void expect(int (*decode)(struct slice in, struct buffer *out), const char *in, const char *out)
{
    struct buffer buffer;
    int result;

    buffer_init(&buffer, 4096);
    result = decode(slice_of(in), &buffer);
    if (out == NULL)
        ck_assert_msg(result < 0, "%s was decoded", in);
    else
        ck_assert_msg(result == 0 && slice_is(buffer_slice(&buffer), out), "%s became %s", in, buffer_text(&buffer));
    buffer_free(&buffer);
}

static int percent(struct slice in, struct buffer *out)
{
    return decode_percent(in, false, out);
}

static int percent_form(struct slice in, struct buffer *out)
{
    return decode_percent(in, true, out);
}

START_TEST(decodes_percent)
{
    expect(percent, "a%20b", "a b");
    expect(percent, "%41%4a%4A", "AJJ");
    expect(percent, "a+b", NULL);
    expect(percent_form, "a+b", "a b");
    expect(percent, "100%", NULL);
    expect(percent, "%zz%4", NULL);
    expect(percent, "%zz%41", "%zzA");
    expect(percent, "%2541", "%41");
    expect(percent, "", NULL);
}
END_TEST

START_TEST(decodes_base64)
{
    expect(decode_base64, "YW5uYTpwYXNz", "anna:pass");
    expect(decode_base64, "YTpi", "a:b");
    expect(decode_base64, "YTpiYw==", "a:bc");
    expect(decode_base64, "YTpiYw", "a:bc");
    expect(decode_base64, "YTpiYw=", "a:bc");
    expect(decode_base64, "Pz8/", "???");
    expect(decode_base64, "Pz8_", "???");
    expect(decode_base64, "Pj4+", ">>>");
    expect(decode_base64, "Pj4-", ">>>");
    expect(decode_base64, "YTpi!", NULL);
    expect(decode_base64, "Y", NULL);
    expect(decode_base64, "====", NULL);
    expect(decode_base64, "", NULL);
}
END_TEST

START_TEST(decodes_json)
{
    expect(decode_json_string, "a\\\"b\\\\c\\/d\\n", "a\"b\\c/d\n");
    expect(decode_json_string, "\\u0041\\u00e4\\u20ac", "A\xc3\xa4\xe2\x82\xac");
    expect(decode_json_string, "\\ud83d\\ude00", "\xf0\x9f\x98\x80");
    expect(decode_json_string, "\\u12", NULL);
    expect(decode_json_string, "plain", NULL);
    expect(decode_json_string, "end\\", NULL);
    expect(decode_json_string, "\\x", NULL);
}
END_TEST

START_TEST(decodes_charset)
{
    expect(decode_charset, "m\xc3\xbcller", "m\xfcller");
    expect(decode_charset, "m\xfcller", "m\xc3\xbcller");
    expect(decode_charset, "muller", NULL);
    expect(decode_charset, "\xe2\x82\xac", NULL);
    expect(decode_charset, "\xc3", "\xc3\x83");
}
END_TEST

START_TEST(pairs_logins)
{
    struct credentials c;
    int pair;

    credentials_init(&c);
    credentials_add_login(&c, 0, "form password", slice_of("anna"), slice_of("s3cret"));
    credentials_add_login(&c, 0, "form password", slice_of("anna"), slice_of("s3cret"));
    credentials_add_login(&c, 0, "form password", slice_of("anna"), slice_of("other"));
    ck_assert_int_eq(c.count, 4);
    pair = find(&c, CANDIDATE_IDENTITY, "anna");
    ck_assert_int_gt(pair, 0);
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "s3cret"), pair);
    ck_assert_int_ne(find(&c, CANDIDATE_SECRET, "other"), pair);
    credentials_add_login(&c, 0, "form password", slice_of("berta"), slice_of(""));
    ck_assert_int_eq(find(&c, CANDIDATE_IDENTITY, "berta"), 0);
    credentials_free(&c);
}
END_TEST

START_TEST(spells_logins_twice)
{
    struct credentials c;
    int pair;

    credentials_init(&c);
    credentials_add_login(&c, 0, "Authorization: Basic", slice_of("m\xfcller"), slice_of("gr\xfc\xdf"));
    pair = find(&c, CANDIDATE_IDENTITY, "m\xc3\xbcller");
    ck_assert_int_gt(pair, 0);
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "gr\xc3\xbc\xc3\x9f"), pair);
    ck_assert_int_ne(find(&c, CANDIDATE_SECRET, "gr\xfc\xdf"), pair);
    credentials_free(&c);
}
END_TEST

START_TEST(undoes_escapes_once)
{
    struct credentials c;
    int pair;

    credentials_init(&c);
    credentials_add_decoded(&c, CANDIDATE_EITHER, 0, 3, "cookie", slice_of("YW5uYTpwYXNz"));
    pair = find(&c, CANDIDATE_IDENTITY, "anna");
    ck_assert_int_gt(pair, 0);
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "pass"), pair);
    ck_assert_int_eq(find(&c, CANDIDATE_EITHER, "YW5uYTpwYXNz"), 0);
    credentials_add_decoded(&c, CANDIDATE_SECRET, 0, 3, "query", slice_of("glpat%2Dabc"));
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "glpat-abc"), 0);
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "glpat%2Dabc"), 0);
    credentials_add_decoded(&c, CANDIDATE_SECRET, 0, 3, "query", slice_of("a+b%21"));
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "a b!"), 0);
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "a+b!"), 0);
    credentials_free(&c);
}
END_TEST

/* Half of all passwords decode as base64, to what no one wrote. */
START_TEST(what_decodes_to_no_text_is_left_out)
{
    struct credentials c;

    credentials_init(&c);
    credentials_add_decoded(&c, CANDIDATE_SECRET, 0, 3, "form", slice_of("z8/Pz8/P"));
    ck_assert_uint_eq(c.count, 1);
    credentials_add_decoded(&c, CANDIDATE_SECRET, 0, 3, "form", slice_of("cMOkc3M="));
    ck_assert_uint_eq(c.count, 3);
    ck_assert_int_eq(find(&c, CANDIDATE_SECRET, "p\xc3\xa4ss"), 0);
    credentials_add_decoded(&c, CANDIDATE_EITHER, 0, 3, "form", slice_of("YW5uYTpw5HNz"));
    ck_assert_int_gt(find(&c, CANDIDATE_SECRET, "p\xe4ss"), 0);
    credentials_free(&c);
}
END_TEST

START_TEST(leaves_out_doubles)
{
    struct credentials c;

    credentials_init(&c);
    credentials_add(&c, CANDIDATE_EITHER, 0, 5, "path", slice_of("value"));
    credentials_add(&c, CANDIDATE_SECRET, 0, 1, "header", slice_of("value"));
    credentials_add(&c, CANDIDATE_SECRET, 0, 1, "header", slice_of(""));
    ck_assert_int_eq(c.count, 1);
    ck_assert_int_eq(c.items[0].rank, 1);
    credentials_free(&c);
}
END_TEST

START_TEST(keeps_the_likeliest)
{
    struct credentials c;
    char value[16];

    credentials_init(&c);
    for (int i = 0; i < 2 * OBSERVATION_CANDIDATES; i++) {
        snprintf(value, sizeof value, "v%d", i);
        credentials_add(&c, CANDIDATE_EITHER, 0, 9, "query", slice_of(value));
    }
    credentials_add_login(&c, 0, "Authorization: Basic", slice_of("anna"), slice_of("pass"));
    ck_assert(c.overflowed);
    credentials_list(&c, &observation);
    ck_assert_int_eq(observation.candidate_count, OBSERVATION_CANDIDATES);
    ck_assert_int_ge(find(&c, CANDIDATE_IDENTITY, "anna"), 1);
    ck_assert_int_ge(find(&c, CANDIDATE_SECRET, "pass"), 1);
    ck_assert(slice_is(observation.candidates[2].value, "v0"));
    credentials_free(&c);
}
END_TEST

/* However much is presented, it makes one datagram, and what comes first in rank is in it. */
START_TEST(fits_a_datagram)
{
    static unsigned char large[20000], context[OBSERVATION_CONTEXT];
    struct credentials c;
    struct buffer message;

    credentials_init(&c);
    for (int i = 0; i < 26; i++) {
        memset(large, 'a' + i, sizeof large);
        credentials_add(&c, CANDIDATE_SECRET, 0, (uint8_t)(200 - i), "body", (struct slice){large, sizeof large});
    }
    credentials_add(&c, CANDIDATE_SECRET, 0, 0, "Authorization: Bearer", slice_of("glpat-first"));
    credentials_list(&c, &observation);
    ck_assert(slice_is(observation.candidates[0].value, "glpat-first"));
    ck_assert_int_eq(observation.candidates[1].value.length, OBSERVATION_CANDIDATE_BYTES);
    memset(context, ' ', sizeof context);
    observation.decoy = observation.service = slice_of("x");
    observation.via_count = OBSERVATION_VIA;
    observation.context = (struct slice){context, sizeof context};
    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(observation_add(&message, &observation), 0);
    buffer_free(&message);
    credentials_free(&c);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("credential");
    TCase *t = tcase_create("credential");

    tcase_add_test(t, decodes_percent);
    tcase_add_test(t, decodes_base64);
    tcase_add_test(t, decodes_json);
    tcase_add_test(t, decodes_charset);
    tcase_add_test(t, pairs_logins);
    tcase_add_test(t, spells_logins_twice);
    tcase_add_test(t, undoes_escapes_once);
    tcase_add_test(t, what_decodes_to_no_text_is_left_out);
    tcase_add_test(t, leaves_out_doubles);
    tcase_add_test(t, keeps_the_likeliest);
    tcase_add_test(t, fits_a_datagram);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
