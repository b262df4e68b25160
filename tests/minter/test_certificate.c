/* SPDX-License-Identifier: ISC
 *
 * The certificates as a client sees them: OpenSSL builds and judges the chains. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>
#include "server/minter/certificate.h"
#include "server/minter/minter.h"
#include "tests/test.h"

#define NOW 1795000000
#define DAY 86400

static struct buffer ca, ca_key, leaf, leaf_key;
static struct error error;

static void setup(void)
{
    const struct certificate_names none = {0};

    buffer_init(&ca, 65536);
    buffer_init(&ca_key, 65536);
    buffer_init(&leaf, 65536);
    buffer_init(&leaf_key, 65536);
    ck_assert_msg(certificate_authority("Quill Rail", "corp.quill.internal", "en", &none, NOW, &minter_draw, &ca,
                                        &ca_key, &error) == 0,
                  "%s", error.text);
}

static void teardown(void)
{
    buffer_free(&ca);
    buffer_free(&ca_key);
    buffer_free(&leaf);
    buffer_free(&leaf_key);
}

static X509 *read_certificate(struct buffer *pem)
{
    BIO *bio = BIO_new_mem_buf(buffer_text(pem), -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    ck_assert_ptr_nonnull(certificate);
    return certificate;
}

static EVP_PKEY *read_key(struct buffer *pem)
{
    BIO *bio = BIO_new_mem_buf(buffer_text(pem), -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    BIO_free(bio);
    ck_assert_ptr_nonnull(key);
    return key;
}

/* X509_V_OK or what is wrong, for a server of that name or address at the time. */
static int verify(X509 *root, X509 *certificate, const char *host, const char *address, int64_t when)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *parameters;
    int result;

    X509_STORE_add_cert(store, root);
    X509_STORE_CTX_init(context, store, certificate, NULL);
    parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)when);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    if (host != NULL)
        X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    if (address != NULL)
        X509_VERIFY_PARAM_set1_ip_asc(parameters, address);
    X509_verify_cert(context);
    result = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return result;
}

static int64_t seconds(const ASN1_TIME *text)
{
    struct tm tm;

    ck_assert_int_eq(ASN1_TIME_to_tm(text, &tm), 1);
    return (int64_t)timegm(&tm);
}

static int make_leaf(const char *const *names, size_t name_count, const char *const *addresses, size_t address_count)
{
    const struct certificate_names wanted = {names, name_count, addresses, address_count};

    buffer_clear(&leaf);
    buffer_clear(&leaf_key);
    return certificate_leaf(&wanted, buffer_slice(&ca), buffer_slice(&ca_key), NOW, &minter_draw, &leaf, &leaf_key,
                            &error);
}

START_TEST(a_leaf_verifies_for_its_names_and_addresses)
{
    static const char *const names[] = {"git.corp.quill.internal", "*.pages.corp.quill.internal"};
    static const char *const addresses[] = {"127.0.0.1", "::1", "10.1.2.3", "0.0.0.0", "::", "8.8.8.8", "nonsense"};
    X509 *root = read_certificate(&ca), *certificate;
    EVP_PKEY *key;

    ck_assert_msg(make_leaf(names, 2, addresses, 7) == 0, "%s", error.text);
    certificate = read_certificate(&leaf);
    key = read_key(&leaf_key);
    ck_assert_int_eq(X509_check_private_key(certificate, key), 1);
    ck_assert_int_eq(verify(root, certificate, "git.corp.quill.internal", NULL, NOW), X509_V_OK);
    ck_assert_int_eq(verify(root, certificate, "a.pages.corp.quill.internal", NULL, NOW), X509_V_OK);
    ck_assert_int_eq(verify(root, certificate, NULL, "127.0.0.1", NOW), X509_V_OK);
    ck_assert_int_eq(verify(root, certificate, NULL, "::1", NOW), X509_V_OK);
    ck_assert_int_eq(verify(root, certificate, NULL, "10.1.2.3", NOW), X509_V_OK);
    ck_assert_int_ne(verify(root, certificate, NULL, "8.8.8.8", NOW), X509_V_OK);
    ck_assert_int_ne(verify(root, certificate, "other.corp.quill.internal", NULL, NOW), X509_V_OK);
    X509_free(root);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(the_chain_stands_behind_the_leaf)
{
    static const char *const names[] = {"git.corp.quill.internal"};
    const char *end;

    ck_assert_int_eq(make_leaf(names, 1, NULL, 0), 0);
    end = strstr(buffer_text(&leaf), "-----END CERTIFICATE-----\n");
    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end + strlen("-----END CERTIFICATE-----\n"), buffer_text(&ca));
}
END_TEST

START_TEST(names_elsewhere_are_refused)
{
    static const char *const bad[] = {"git.elsewhere.internal", "evilcorp.quill.internal", "a b", "", "x/y", "*.*.x"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(make_leaf(&bad[i], 1, NULL, 0) == -1, "'%s' was signed", bad[i]);
        ck_assert_uint_gt(strlen(error.text), 10);
    }
    ck_assert_int_eq(make_leaf(NULL, 0, NULL, 0), -1);
}
END_TEST

/* Even with the stolen key nobody can make the authority vouch for another site. */
START_TEST(constraints_hold_for_what_was_signed_otherwise)
{
    static const char *const names[] = {"git.elsewhere.internal"};
    const struct certificate_names also = {names, 1, NULL, 0};
    struct buffer wide, wide_key;
    X509 *root, *certificate;

    buffer_init(&wide, 65536);
    buffer_init(&wide_key, 65536);
    ck_assert_int_eq(certificate_authority("Quill Rail", "corp.quill.internal", "en", &also, NOW, &minter_draw, &wide,
                                           &wide_key, &error),
                     0);
    buffer_clear(&leaf);
    buffer_clear(&leaf_key);
    ck_assert_msg(certificate_leaf(&also, buffer_slice(&wide), buffer_slice(&wide_key), NOW, &minter_draw, &leaf,
                                   &leaf_key, &error) == 0,
                  "%s", error.text);
    root = read_certificate(&wide);
    certificate = read_certificate(&leaf);
    ck_assert_int_eq(verify(root, certificate, "git.elsewhere.internal", NULL, NOW), X509_V_OK);
    X509_free(root);
    root = read_certificate(&ca);
    ck_assert_int_ne(verify(root, certificate, "git.elsewhere.internal", NULL, NOW), X509_V_OK);
    X509_free(root);
    X509_free(certificate);
    buffer_free(&wide);
    buffer_free(&wide_key);
}
END_TEST

START_TEST(validity_looks_lived_in)
{
    static const char *const names[] = {"git.corp.quill.internal"};
    X509 *root = read_certificate(&ca), *certificate;
    int64_t from, until;

    ck_assert_int_eq(make_leaf(names, 1, NULL, 0), 0);
    certificate = read_certificate(&leaf);
    from = seconds(X509_get0_notBefore(certificate));
    until = seconds(X509_get0_notAfter(certificate));
    ck_assert_int_le(until - from, 397LL * DAY);
    ck_assert_int_lt(from, NOW - 7 * DAY);
    ck_assert_int_gt(until, NOW + 300 * DAY);
    ck_assert_int_lt(seconds(X509_get0_notBefore(root)), from);
    ck_assert_int_gt(seconds(X509_get0_notAfter(root)), until);
    X509_free(root);
    X509_free(certificate);
}
END_TEST

START_TEST(the_authority_is_one_of_depth_zero)
{
    X509 *root = read_certificate(&ca);

    ck_assert_int_eq(X509_check_ca(root), 1);
    ck_assert_int_eq(X509_get_pathlen(root), 0);
    ck_assert_int_ge(X509_get_ext_by_NID(root, NID_name_constraints, -1), 0);
    ck_assert_int_eq(X509_self_signed(root, 1), 1);
    X509_free(root);
}
END_TEST

START_TEST(no_two_authorities_are_alike)
{
    struct buffer other, other_key;
    const struct certificate_names none = {0};
    X509 *a = read_certificate(&ca), *b;

    buffer_init(&other, 65536);
    buffer_init(&other_key, 65536);
    ck_assert_int_eq(certificate_authority("Quill Rail", "corp.quill.internal", "en", &none, NOW, &minter_draw, &other,
                                           &other_key, &error),
                     0);
    b = read_certificate(&other);
    ck_assert_int_ne(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)), 0);
    ck_assert_int_ne(seconds(X509_get0_notBefore(a)), seconds(X509_get0_notBefore(b)));
    ck_assert_int_ne(EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)), 1);
    X509_free(a);
    X509_free(b);
    buffer_free(&other);
    buffer_free(&other_key);
}
END_TEST

START_TEST(self_signed_ones_stand_alone)
{
    static const char *const names[] = {"git.corp.quill.internal"}, *const addresses[] = {"127.0.0.1"};
    const struct certificate_names wanted = {names, 1, addresses, 1};
    X509 *certificate;

    ck_assert_msg(certificate_self_signed(&wanted,
                                          "Société Générale de Rails et de Trains à Grande Vitesse du Nord-Est", NOW,
                                          &minter_draw, &leaf, &leaf_key, &error) == 0,
                  "%s", error.text);
    certificate = read_certificate(&leaf);
    ck_assert_int_eq(verify(certificate, certificate, "git.corp.quill.internal", NULL, NOW), X509_V_OK);
    ck_assert_int_eq(verify(certificate, certificate, NULL, "127.0.0.1", NOW), X509_V_OK);
    X509_free(certificate);
}
END_TEST

START_TEST(a_damaged_authority_is_said)
{
    static const char *const names[] = {"git.corp.quill.internal"};
    const struct certificate_names wanted = {names, 1, NULL, 0};

    ck_assert_int_eq(certificate_leaf(&wanted, slice_of("no certificate"), buffer_slice(&ca_key), NOW, &minter_draw,
                                      &leaf, &leaf_key, &error),
                     -1);
    ck_assert_int_eq(
        certificate_leaf(&wanted, buffer_slice(&ca), slice_of(""), NOW, &minter_draw, &leaf, &leaf_key, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "authority"));
}
END_TEST

/* What an operator may have put beside a decoy. */
START_TEST(others_are_verified_before_they_are_used)
{
    static const char *const own[] = {"git.corp.quill.internal", "*.pages.corp.quill.internal"},
                             *const more[] = {"git.corp.quill.internal", "portal.corp.quill.internal"};
    const struct certificate_names names = {.names = own, .name_count = 2}, both = {.names = more, .name_count = 2};
    struct slice chain, key;

    ck_assert_int_eq(make_leaf(own, 2, NULL, 0), 0);
    chain = buffer_slice(&leaf);
    key = buffer_slice(&leaf_key);
    ck_assert_msg(certificate_verify(&names, chain, key, NOW, &error) == 0, "%s", error.text);
    ck_assert_int_eq(certificate_verify(&both, chain, key, NOW, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is not for portal.corp.quill.internal"));
    ck_assert_int_eq(certificate_verify(&names, chain, key, NOW + 400LL * DAY, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "has expired"));
    ck_assert_int_eq(certificate_verify(&names, chain, key, NOW - 4000LL * DAY, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "not valid yet"));
    ck_assert_int_eq(certificate_verify(&names, chain, buffer_slice(&ca_key), NOW, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "do not belong together"));
    ck_assert_int_eq(certificate_verify(&names, key, key, NOW, &error), -1);
    ck_assert_int_eq(certificate_verify(&names, chain, chain, NOW, &error), -1);
    ck_assert_int_eq(buffer_add_slice(&leaf, buffer_slice(&ca)), 0); /* the root signed itself: once more is right */
    ck_assert_msg(certificate_verify(&names, buffer_slice(&leaf), key, NOW, &error) == 0, "%s", error.text);
    ck_assert_int_eq(buffer_add_text(&leaf, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0);
    ck_assert_int_eq(certificate_verify(&names, buffer_slice(&leaf), key, NOW, &error), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("certificate");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_leaf_verifies_for_its_names_and_addresses);
    tcase_add_test(tcase, the_chain_stands_behind_the_leaf);
    tcase_add_test(tcase, names_elsewhere_are_refused);
    tcase_add_test(tcase, constraints_hold_for_what_was_signed_otherwise);
    tcase_add_test(tcase, validity_looks_lived_in);
    tcase_add_test(tcase, the_authority_is_one_of_depth_zero);
    tcase_add_test(tcase, no_two_authorities_are_alike);
    tcase_add_test(tcase, self_signed_ones_stand_alone);
    tcase_add_test(tcase, a_damaged_authority_is_said);
    tcase_add_test(tcase, others_are_verified_before_they_are_used);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
