/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tests/test.h"
#include "tokens/proof/proof.h"

/* Texts; those that begin with "hex:" or "base64:" (the URL alphabet too) stand for bytes. */
static const struct vector {
    const char *proof, *source, *identity, *secret, *salt;
    uint32_t rounds;
    const char *fields[PROOF_FIELDS];
} vectors[] = {
    {"scram-sha-1", "RFC 5802, section 5", "user", "pencil", "base64:QSXCR+Q6sek8bf92", 4096,
     {"n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
      "base64:v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "base64:QSXCR+Q6sek8bf92", "4096"}},
    {"scram-sha-256", "RFC 7677, section 3", "user", "pencil", "base64:W22ZaJ0SNY7soEsUEjb6gQ==", 4096,
     {"n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
      "base64:dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "base64:W22ZaJ0SNY7soEsUEjb6gQ==", "4096"}},
    {"scram-sha-224", "RFC 7677's messages, by Python's hashlib and hmac", "user", "pencil",
     "base64:W22ZaJ0SNY7soEsUEjb6gQ==", 4096,
     {"n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
      "base64:G+jImI3JVyfKziL8SmvWt6s7DBkoCRivS4b9Pw==",
      "base64:W22ZaJ0SNY7soEsUEjb6gQ==", "4096"}},
    {"scram-sha-384", "RFC 7677's messages, by Python's hashlib and hmac", "user", "pencil",
     "base64:W22ZaJ0SNY7soEsUEjb6gQ==", 4096,
     {"n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
      "base64:38QOLqcXFnyvjFUdM4HfSjz5ppcQ02OwnS5CmEK4PniDQJkN2DCKR1oAI+y+NRKq",
      "base64:W22ZaJ0SNY7soEsUEjb6gQ==", "4096"}},
    {"scram-sha-512", "RFC 7677's messages, by Python's hashlib and hmac", "user", "pencil",
     "base64:W22ZaJ0SNY7soEsUEjb6gQ==", 4096,
     {"n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
      "base64:gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
      "base64:W22ZaJ0SNY7soEsUEjb6gQ==", "4096"}},
    {"mysql-native", "what Go's driver is tested with", "root", "secret", "", 0,
     {"hex:46725c5e01260b743f7217657e671a5f51111815", "hex:35b18c9ffbbd7f356dfcac32d3c0f0a41a30cf2d"}},
    {"mysql-native", "what Rust's driver is tested with", "root", "G!ider27", "", 0,
     {"hex:4e523348503a714959615f393d64623f53647b60", "hex:09cff8855e9e705340ff2270d8fb9fadba906b70"}},
    {"mysql-sha2", "what Go's driver is tested with", "root", "secret", "", 0,
     {"hex:0a2f4a6f4b492230584c724a250d035052021715",
      "hex:f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c"}},
    {"mysql-sha2", "what Rust's driver is tested with", "root", "G!ider27", "", 0,
     {"hex:4e523348503a714959615f393d64623f53647b60",
      "hex:4f97bbfd202401c42a69deaae53bda077ed7578563c1a80eb816c82119b68d2e"}},
    {"postgres-md5", "what Rust's driver is tested with", "md5_user", "password", "", 0,
     {"hex:2a3d8fe0", "md562af4dd09bbb41884907a838a3233294"}},
    {"cram-md5", "RFC 2195, section 2", "tim", "tanstaaftanstaaf", "", 0,
     {"<1896.697170952@postoffice.reston.mci.net>", "b913a602c7eda7a495b4e6e7334d3890"}},
    {"digest-md5", "RFC 2831, section 4 (IMAP)", "chris", "secret", "", 0,
     {"md5-sess", "chris", "elwood.innosoft.com", "OA6MG9tEQGm2hh", "00000001", "OA6MHXh6VqTrRk", "auth", "",
      "AUTHENTICATE:imap/elwood.innosoft.com", "d388dad90d4bbd760a152321f2143af7"}},
    {"digest-md5", "RFC 2831, section 4 (ACAP)", "chris", "secret", "", 0,
     {"md5-sess", "chris", "elwood.innosoft.com", "OA9BSXrbuRhWay", "00000001", "OA9BSuZWMSpW8m", "auth", "",
      "AUTHENTICATE:acap/elwood.innosoft.com", "6084c6db3fede7352c551284490fd0fc"}},
    {"digest-md5", "RFC 2617, section 3.5", "Mufasa", "Circle Of Life", "", 0,
     {"", "Mufasa", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "00000001", "0a4f113b", "auth", "",
      "GET:/dir/index.html", "6629fae49393a05397450978507c4ef1"}},
    {"digest-md5", "RFC 2617 without qop", "Mufasa", "Circle Of Life", "", 0,
     {"MD5", "Mufasa", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "", "", "", "",
      "GET:/dir/index.html", "670fd8c2df070c60b045671b8b24ff02"}},
    {"digest-md5", "RFC 7616, section 3.9.1 (MD5)", "Mufasa", "Circle of Life", "", 0,
     {"MD5", "Mufasa", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001",
      "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "auth", "", "GET:/dir/index.html",
      "8ca523f5e9506fed4657c9700eebdbec"}},
    {"digest-md5", "RFC 7616, section 3.9.1 (SHA-256)", "Mufasa", "Circle of Life", "", 0,
     {"SHA-256", "Mufasa", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001",
      "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "auth", "", "GET:/dir/index.html",
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}},
    {"apop", "RFC 1939, section 7", "mrose", "tanstaaf", "", 0,
     {"<1896.697170952@dbc.mtview.ca.us>", "c4c9334bac560ecc979e58001b3e22fb"}},
    {"ntlmv1", "[MS-NLMP] 4.2.2", "User", "Password", "", 0,
     {"hex:0123456789abcdef", "hex:67c43011f30298a2ad35ece64f16331c44bdbed927841f94"}},
    {"ntlmv2", "[MS-NLMP] 4.2.4", "User", "Password", "", 0,
     {"hex:5500730065007200", "hex:44006f006d00610069006e00", "hex:0123456789abcdef",
      "hex:68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000"
      "02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000"}},
    {"sigv4", "AWS's test suite, get-vanilla", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", 0,
     {"20150830/us-east-1/service/aws4_request",
      "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
      "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
      "hex:5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"}},
    {"sigv4", "AWS's page on query strings", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", 0,
     {"20130524/us-east-1/s3/aws4_request",
      "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
      "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04",
      "hex:aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"}},
    {"hs256", "RFC 7515, A.1", "",
     "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", "", 0,
     {"HS256",
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
      "base64:dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}},
    {"jwt", "RFC 7515, A.2", "",
     "hex:30820122300d06092a864886f70d01010105000382010f003082010a0282010100"
     "a1f8160ae2e3c9b465ce8d2d656263362b927dbe29e1f02477fc1625cc90a136e38bd93497c5b6ea63dd7711e67c7429f956b0fb8a8f089a"
     "dc4b69893cc1333f53edd019b87784252fec914fe4857769594bea4280d32c0f55bf62944f130396bc6e9bdf6ebdd2bda3678eeca0c668f7"
     "01b38dbffb38c8342ce2fe6d27fade4a5a4874979dd4b9cf9adec4c75b05852c2c0f5ef8a5c1750392f944e8ed64c110c6b647609aa4783a"
     "eb9c6c9ad755313050638b83665c6f6f7a82a396702a1f641b82d3ebf2392219491fb686872c5716f50af8358d9a8b9d17c340728f7f87d8"
     "9a18d8fcab67ad84590c2ecf759339363c07034d6f606f9e21e05456cae5e9a1"
     "0203010001",
     "", 0,
     {"RS256",
      "eyJhbGciOiJSUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
      "base64:cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb"
      "F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
      "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
      "oypGlUPQGe77Rw"}},
    {"jwt", "RFC 7515, A.3", "",
     "hex:3059301306072a8648ce3d020106082a8648ce3d03010703420004"
     "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
     "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad",
     "", 0,
     {"ES256",
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
      "base64:DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}},
    {"jwt", "RFC 8037, A.4", "",
     "hex:302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", 0,
     {"EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      "base64:hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}},
    {"ssh-signature", "RFC 8032, section 7.1, test 3", "",
     "hex:0000000b7373682d6564323535313900000020fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "", 0,
     {"ssh-ed25519", "hex:af82",
      "hex:6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
      "dc027beceea1ec40a"}},
    {"tls-client-key", "itself", "",
     "hex:302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", 0,
     {"hex:302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}},
};

#define VECTORS (sizeof vectors / sizeof *vectors)

static struct slice bytes_of(const char *text, unsigned char *out, size_t size)
{
    size_t length = 0;

    if (text == NULL)
        return SLICE_NONE;
    if (strncmp(text, "hex:", 4) == 0)
        ck_assert_int_eq(sodium_hex2bin(out, size, text + 4, strlen(text + 4), NULL, &length, NULL), 0);
    else if (strncmp(text, "base64:", 7) == 0)
        ck_assert(sodium_base642bin(out, size, text + 7, strlen(text + 7), NULL, &length, NULL,
                                    sodium_base64_VARIANT_ORIGINAL) == 0 ||
                  sodium_base642bin(out, size, text + 7, strlen(text + 7), NULL, &length, NULL,
                                    sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0);
    else
        return slice_of(text);
    return (struct slice){out, length};
}

static size_t fields_of(const struct vector *vector, unsigned char store[PROOF_FIELDS][1024],
                        struct slice fields[PROOF_FIELDS])
{
    size_t count = 0;

    for (; count < PROOF_FIELDS && vector->fields[count] != NULL; count++) {
        fields[count] = bytes_of(vector->fields[count], store[count], 1024);
        if (fields[count].data != store[count]) { /* so that it can be changed */
            memcpy(store[count], fields[count].data, fields[count].length);
            fields[count].data = store[count];
        }
    }
    return count;
}

static void make(const struct vector *vector, const char *wrong, struct buffer *verifier)
{
    unsigned char secret[1024], salt[64];
    struct proof_secret given = {slice_of(vector->identity),
                                 bytes_of(wrong != NULL ? wrong : vector->secret, secret, sizeof secret),
                                 bytes_of(vector->salt, salt, sizeof salt), vector->rounds};

    buffer_init(verifier, PROOF_VERIFIER);
    ck_assert_int_eq(proof_named(slice_of(vector->proof))->make(&given, verifier), 0);
}

START_TEST(published_vectors_verify)
{
    const struct vector *vector = &vectors[_i];
    unsigned char store[PROOF_FIELDS][1024];
    struct slice fields[PROOF_FIELDS];
    size_t count = fields_of(vector, store, fields);
    struct buffer verifier;

    make(vector, NULL, &verifier);
    ck_assert_msg(proof_verify(proof_named(slice_of(vector->proof)), buffer_slice(&verifier), fields, count),
                  "%s of %s was refused", vector->proof, vector->source);
    buffer_free(&verifier);
}
END_TEST

/* Every bit counts, but those of letters whose case does not. */
START_TEST(nothing_else_verifies)
{
    const struct vector *vector = &vectors[_i];
    const struct proof *proof = proof_named(slice_of(vector->proof));
    unsigned char store[PROOF_FIELDS][1024];
    struct slice fields[PROOF_FIELDS];
    size_t count = fields_of(vector, store, fields), step = strcmp(vector->proof, "jwt") == 0 ? 13 : 1;
    struct buffer verifier;

    make(vector, NULL, &verifier);
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < fields[i].length; at += step)
            for (int bit = 0; bit < 8; bit++) {
                bool letter = (store[i][at] | 32) >= 'a' && (store[i][at] | 32) <= 'z';

                store[i][at] ^= (unsigned char)(1 << bit);
                if (bit != 5 || !letter)
                    ck_assert_msg(!proof_verify(proof, buffer_slice(&verifier), fields, count),
                                  "%s of %s: bit %d of byte %zu of field %zu does not count", vector->proof,
                                  vector->source, bit, at, i);
                store[i][at] ^= (unsigned char)(1 << bit);
            }
        fields[i].length -= fields[i].length > 0;
        ck_assert(!proof_verify(proof, buffer_slice(&verifier), fields, count) || vector->fields[i][0] == 0);
        fields[i].length += vector->fields[i][0] != 0;
    }
    ck_assert(proof_verify(proof, buffer_slice(&verifier), fields, count));
    ck_assert(!proof_verify(proof, buffer_slice(&verifier), fields, count - 1));
    for (size_t i = 0; i < verifier.length; i += step) {
        verifier.data[i] ^= 1;
        if (strncmp(vector->proof, "scram", 5) != 0) /* of whose verifier only one part counts */
            ck_assert(!proof_verify(proof, buffer_slice(&verifier), fields, count));
        verifier.data[i] ^= 1;
    }
    ck_assert(!proof_verify(proof, SLICE_NONE, fields, count));
    buffer_free(&verifier);
}
END_TEST

START_TEST(wrong_secrets_do_not_verify)
{
    const struct vector *vector = &vectors[_i];
    unsigned char store[PROOF_FIELDS][1024];
    struct slice fields[PROOF_FIELDS];
    size_t count = fields_of(vector, store, fields);
    struct buffer verifier;

    if (strncmp(vector->secret, "hex:", 4) == 0)
        return; /* a key */
    make(vector, "another secret", &verifier);
    ck_assert(!proof_verify(proof_named(slice_of(vector->proof)), buffer_slice(&verifier), fields, count));
    buffer_free(&verifier);
}
END_TEST

START_TEST(every_proof_has_a_vector)
{
    const struct proof *proof;

    for (size_t i = 0; (proof = proof_at(i)) != NULL; i++) {
        bool found = false;

        for (size_t k = 0; k < VECTORS; k++)
            found = found || strcmp(vectors[k].proof, proof->name) == 0;
        ck_assert_msg(found, "no vector of %s", proof->name);
        ck_assert_ptr_eq(proof_named(slice_of(proof->name)), proof);
    }
    ck_assert_ptr_null(proof_named(slice_of("plain")));
}
END_TEST

START_TEST(secrets_that_make_no_verifier)
{
    static const struct {
        const char *proof, *secret;
    } bad[] = {{"jwt", "hex:302a3005"},
               {"jwt", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH\n-----END ENCRYPTED PRIVATE KEY-----\n"},
               {"ssh-signature", "hex:0000000b7373682d6564323535313900000020fc51"},
               {"ssh-signature", "hex:0000000b7373682d6564323535313900000001fc"},
               {"ssh-signature", "hex:000000077373682d64737300000001fc00000001fc"},
               {"scram-sha-256", "pencil"}, /* no salt */
               {"hs256", ""},
               {"sigv4", ""},
               {"ntlmv2", ""},
               {"ntlmv1", ""},
               {"tls-client-key", "none"}};
    unsigned char store[256];
    struct buffer verifier;

    buffer_init(&verifier, PROOF_VERIFIER);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct proof_secret secret = {.secret = bytes_of(bad[i].secret, store, sizeof store)};

        ck_assert_msg(proof_named(slice_of(bad[i].proof))->make(&secret, &verifier) == -1, "%s of %s", bad[i].proof,
                      bad[i].secret);
    }
    buffer_free(&verifier);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("proof");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, published_vectors_verify, 0, VECTORS);
    tcase_add_loop_test(tcase, nothing_else_verifies, 0, VECTORS);
    tcase_add_loop_test(tcase, wrong_secrets_do_not_verify, 0, VECTORS);
    tcase_add_test(tcase, every_proof_has_a_vector);
    tcase_add_test(tcase, secrets_that_make_no_verifier);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
