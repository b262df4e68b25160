/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include "server/sensor/http/extract.h"
#include "server/sensor/http/head.h"
#include "server/sensor/proof.h"
#include "tests/sensor/fake_site.h"
#include "tokens/proof/proof.h"

#define KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define S3_KEY "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define SUITE "Host:example.amazonaws.com\r\nX-Amz-Date:20150830T123600Z\r\n"
#define SUITE_AUTHORIZATION(headers, signature)                                                                        \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "                 \
    "SignedHeaders=" headers ", Signature=" signature "\r\n"
#define S3_AUTHORIZATION(headers, signature)                                                                           \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"              \
    "SignedHeaders=" headers ",Signature=" signature "\r\n"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct credentials found;

static void take(const char *head_text, const char *body)
{
    struct extract *extract = extract_new();
    struct http_request request;
    struct head head;

    credentials_free(&found);
    credentials_init(&found);
    head_begin(&head);
    (void)head_parse(&head, slice_of(head_text));
    head_request(&head, slice_of(head_text), &request);
    request.body = slice_of(body);
    request.body_length = request.body.length;
    extract_request(extract, &request, fake_site(), site_route(fake_site(), &request), &found);
    extract_free(extract);
}

static struct slice value_at(size_t i)
{
    return (struct slice){found.bytes.data + found.items[i].value, found.items[i].value_length};
}

/* How many proofs by that method there are of the secret, for which the identity stands in the same pair. */
static int proven(const char *name, const char *identity, struct slice secret)
{
    const struct proof *proof = proof_named(slice_of(name));
    struct proof_secret given = {.secret = secret};
    struct transcript transcript;
    struct buffer verifier;
    int count = 0;

    buffer_init(&verifier, PROOF_VERIFIER);
    ck_assert_int_eq(proof->make(&given, &verifier), 0);
    for (size_t i = 0; i < found.count; i++) {
        bool named = identity == NULL;

        if (found.items[i].part != CANDIDATE_PROOF)
            continue;
        ck_assert_int_eq(transcript_get(value_at(i), &transcript), 0);
        for (size_t k = 0; k < found.count && !named; k++)
            named = found.items[k].part == CANDIDATE_IDENTITY && found.items[k].pair == found.items[i].pair &&
                    slice_is(value_at(k), identity);
        count += named && strcmp(transcript_name(transcript.number), name) == 0 &&
                 proof_verify(proof, buffer_slice(&verifier), transcript.fields, transcript.count);
    }
    buffer_free(&verifier);
    return count;
}

static int proofs(void)
{
    int count = 0;

    for (size_t i = 0; i < found.count; i++)
        count += found.items[i].part == CANDIDATE_PROOF;
    return count;
}

static const struct {
    const char *source, *head, *body, *identity, *secret;
} vectors[] = {
    {"get-vanilla",
     "GET / HTTP/1.1\r\n" SUITE SUITE_AUTHORIZATION(
         "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31") "\r\n",
     "", "AKIDEXAMPLE", KEY},
    {"get-vanilla-query-order-key-case",
     "GET /?Param2=value2&Param1=value1 HTTP/1.1\r\n" SUITE SUITE_AUTHORIZATION(
         "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500") "\r\n",
     "", "AKIDEXAMPLE", KEY},
    {"get-utf8",
     "GET /\xe1\x88\xb4 HTTP/1.1\r\n" SUITE SUITE_AUTHORIZATION(
         "host;x-amz-date", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85") "\r\n",
     "", "AKIDEXAMPLE", KEY},
    {"get-header-value-trim",
     "GET / HTTP/1.1\r\nHost:example.amazonaws.com\r\nMy-Header1: value1\r\nMy-Header2: \"a   b   c\"\r\n"
     "X-Amz-Date:20150830T123600Z\r\n" SUITE_AUTHORIZATION(
         "host;my-header1;my-header2;x-amz-date",
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736") "\r\n",
     "", "AKIDEXAMPLE", KEY},
    {"post-x-www-form-urlencoded",
     "POST / HTTP/1.1\r\nContent-Type:application/x-www-form-urlencoded\r\nContent-Length: 13\r\n" SUITE
     SUITE_AUTHORIZATION("content-type;host;x-amz-date",
                         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a") "\r\n",
     "Param1=value1", "AKIDEXAMPLE", KEY},
    {"S3's page on the header: GET with Range",
     "GET /test.txt HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\nRange: bytes=0-9\r\n"
     "x-amz-content-sha256: " EMPTY "\r\nx-amz-date: 20130524T000000Z\r\n" S3_AUTHORIZATION(
         "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") "\r\n",
     "", "AKIAIOSFODNN7EXAMPLE", S3_KEY},
    {"S3's page on the header: PUT",
     "PUT /test$file.text HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n"
     "Date: Fri, 24 May 2013 00:00:00 GMT\r\nx-amz-date: 20130524T000000Z\r\n"
     "x-amz-storage-class: REDUCED_REDUNDANCY\r\n"
     "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\r\n" S3_AUTHORIZATION(
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") "Content-Length: 21\r\n\r\n",
     "Welcome to Amazon S3.", "AKIAIOSFODNN7EXAMPLE", S3_KEY},
    {"S3's page on the header: GET lifecycle",
     "GET /?lifecycle HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\nx-amz-date: 20130524T000000Z\r\n"
     "x-amz-content-sha256: " EMPTY "\r\n" S3_AUTHORIZATION(
         "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543") "\r\n",
     "", "AKIAIOSFODNN7EXAMPLE", S3_KEY},
    {"S3's page on the header: GET objects",
     "GET /?max-keys=2&prefix=J HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\nx-amz-date: 20130524T000000Z\r\n"
     "x-amz-content-sha256: " EMPTY "\r\n" S3_AUTHORIZATION(
         "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7") "\r\n",
     "", "AKIAIOSFODNN7EXAMPLE", S3_KEY},
    {"S3's page on query strings",
     "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
     "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
     "&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 "
     "HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n\r\n",
     "", "AKIAIOSFODNN7EXAMPLE", S3_KEY},
};

#define VECTORS (sizeof vectors / sizeof *vectors)

START_TEST(test_sigv4)
{
    take(vectors[_i].head, vectors[_i].body);
    ck_assert_msg(proven("sigv4", vectors[_i].identity, slice_of(vectors[_i].secret)) == 1, "%s", vectors[_i].source);
    ck_assert_int_eq(proven("sigv4", vectors[_i].identity, slice_of("another")), 0);
    ck_assert_int_eq(proven("sigv4", "another", slice_of(vectors[_i].secret)), 0);
}
END_TEST

/* A request of which one byte was changed after it was signed. */
START_TEST(test_sigv4_of_another_request)
{
    char head[2048];
    size_t length = strlen(vectors[_i].head);

    snprintf(head, sizeof head, "%s", vectors[_i].head);
    ck_assert_uint_lt(length, sizeof head);
    head[strstr(head, " HTTP/1.1") - head - 1] ^= 1;
    take(head, vectors[_i].body);
    ck_assert_int_eq(proven("sigv4", vectors[_i].identity, slice_of(vectors[_i].secret)), 0);
}
END_TEST

START_TEST(test_sigv4_spells_paths_both_ways)
{
    take("GET /a%20b HTTP/1.1\r\n" SUITE SUITE_AUTHORIZATION(
             "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31") "\r\n", "");
    ck_assert_int_eq(proofs(), 2);
    take("GET /a%20b HTTP/1.1\r\n" SUITE S3_AUTHORIZATION(
             "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31") "\r\n", "");
    ck_assert_int_eq(proofs(), 1);
}
END_TEST

START_TEST(test_sigv4_in_pieces_is_nothing)
{
    static const char *const authorizations[] = {
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/B, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/B/C/D/aws4_request, SignedHeaders=host, "
        "Signature=zfa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        "AWS4-HMAC-SHA256 Credential=/B/C/D/aws4_request, SignedHeaders=host, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        "AWS4-HMAC-SHA256,,,,====;;;;",
    };
    char head[1024];

    for (size_t i = 0; i < sizeof authorizations / sizeof *authorizations; i++) {
        snprintf(head, sizeof head, "GET / HTTP/1.1\r\n" SUITE "Authorization: %s\r\n\r\n", authorizations[i]);
        take(head, "");
        ck_assert_msg(proofs() == 0, "%s", authorizations[i]);
    }
}
END_TEST

/* What cannot be verified still shows whose key it is. */
START_TEST(test_sigv4_names_its_key_in_any_case)
{
    char parameters[2001], head[4096];

    for (size_t i = 0; i < sizeof parameters; i++)
        parameters[i] = "p&"[i % 2];
    parameters[2000] = '\0';
    snprintf(head, sizeof head, "GET /?%s HTTP/1.1\r\n" SUITE SUITE_AUTHORIZATION(
                 "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31") "\r\n",
             parameters);
    take(head, "");
    ck_assert_int_eq(proofs(), 0);
    ck_assert(credentials_hold(&found, CANDIDATE_IDENTITY, slice_of("AKIDEXAMPLE")));
    take("GET / HTTP/1.1\r\n" SUITE "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE, Signature=00\r\n\r\n", "");
    ck_assert_int_eq(proofs(), 0);
    ck_assert(credentials_hold(&found, CANDIDATE_IDENTITY, slice_of("AKIDEXAMPLE")));
}
END_TEST

#define HS256_KEY "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define HS256                                                                                                          \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."                  \
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define ES256                                                                                                          \
    "eyJhbGciOiJFUzI1NiJ9."                                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."                  \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static struct slice es256_key(void)
{
    static const char hex[] = "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                              "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
                              "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad";
    static unsigned char der[128];
    size_t length;

    sodium_hex2bin(der, sizeof der, hex, sizeof hex - 1, NULL, &length, NULL);
    return (struct slice){der, length};
}

/* The text with `token` in place of its @. */
static void fill(char *out, size_t size, const char *text, const char *token)
{
    const char *at = strchr(text, '@');

    if (at == NULL)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s%s%s", (int)(at - text), text, token, at + 1);
}

/* The tokens of RFC 7515, wherever HTTP carries one. */
START_TEST(test_jwt)
{
    static const struct {
        const char *head, *body;
    } places[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer @\r\n\r\n", ""},
        {"GET / HTTP/1.1\r\nHost: a\r\nX-Auth-Token: @\r\n\r\n", ""},
        {"GET / HTTP/1.1\r\nHost: a\r\nCookie: theme=dark; session=@\r\n\r\n", ""},
        {"GET /?jwt=@ HTTP/1.1\r\nHost: a\r\n\r\n", ""},
        {"POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
         "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=@"},
        {"POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n", "{\"client_assertion\": \"@\"}"},
    };
    char head[2048], body[2048];

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        fill(head, sizeof head, places[i].head, HS256);
        fill(body, sizeof body, places[i].body, HS256);
        take(head, body);
        ck_assert_msg(proven("hs256", "joe", slice_of(HS256_KEY)) == 1, "%s%s", places[i].head, places[i].body);
        ck_assert_int_eq(proven("hs256", NULL, slice_of("another")), 0);
        fill(head, sizeof head, places[i].head, ES256);
        fill(body, sizeof body, places[i].body, ES256);
        take(head, body);
        ck_assert_msg(proven("jwt", "joe", es256_key()) == 1, "%s%s", places[i].head, places[i].body);
        ck_assert_int_eq(proven("jwt", "jim", es256_key()), 0);
    }
}
END_TEST

START_TEST(test_no_jwt)
{
    static const char *const values[] = {
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.", /* without a signature */
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ",
        "eyJhbGciOiJIUzI1NiJ9..dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyJhbGciOiJIUzI1NiJ9.e30.dBjftJeZ4CVP.dBjftJeZ4CVP.mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyJhbGciOjI1Nn0.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyJub25zZW5zZQ.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.!!!!",
    };
    char head[1024];

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", values[i]);
        take(head, "");
        ck_assert_msg(proofs() == 0, "%s", values[i]);
    }
}
END_TEST

START_TEST(test_transcripts_are_bounded)
{
    struct transcript transcript = {PROOF_SIGV4, {SLICE_NONE}, TRANSCRIPT_FIELDS}, read;
    struct buffer packed;

    buffer_init(&packed, 4096);
    ck_assert_int_eq(transcript_add(&packed, &transcript), 0);
    ck_assert_int_eq(transcript_get(buffer_slice(&packed), &read), 0);
    ck_assert_uint_eq(read.count, TRANSCRIPT_FIELDS);
    buffer_add_bytes(&packed, SLICE_NONE);
    ck_assert_int_eq(transcript_get(buffer_slice(&packed), &read), -1);
    buffer_clear(&packed);
    buffer_add_u8(&packed, PROOF_NUMBERS);
    ck_assert_int_eq(transcript_get(buffer_slice(&packed), &read), -1);
    buffer_clear(&packed);
    ck_assert_int_eq(transcript_get(buffer_slice(&packed), &read), -1);
    buffer_add_u8(&packed, PROOF_JWT);
    buffer_add_u32(&packed, 5);
    ck_assert_int_eq(transcript_get(buffer_slice(&packed), &read), -1);
    buffer_free(&packed);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("proof");
    TCase *tcase = tcase_create("all");

    tcase_add_loop_test(tcase, test_sigv4, 0, VECTORS);
    tcase_add_loop_test(tcase, test_sigv4_of_another_request, 0, VECTORS);
    tcase_add_test(tcase, test_sigv4_spells_paths_both_ways);
    tcase_add_test(tcase, test_sigv4_in_pieces_is_nothing);
    tcase_add_test(tcase, test_sigv4_names_its_key_in_any_case);
    tcase_add_test(tcase, test_jwt);
    tcase_add_test(tcase, test_no_jwt);
    tcase_add_test(tcase, test_transcripts_are_bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
