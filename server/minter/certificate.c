/* SPDX-License-Identifier: ISC */
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include "server/base/address.h"
#include "server/minter/certificate_parts.h"

#define DAY 86400
#define LEAF_DAYS 397
#define SERIAL_BYTES 16
#define PEM_BYTES 65536

/* What an internal authority signs for beside the domain: loopback (RFC 1122, 4291), private use (RFC 1918, 4193)
 * and link-local addresses. */
static const char *const private_networks[] = {
    "127.0.0.0/255.0.0.0",     "10.0.0.0/255.0.0.0",      "172.16.0.0/255.240.0.0",
    "192.168.0.0/255.255.0.0", "169.254.0.0/255.255.0.0", "::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::/fe00::",           "fe80::/ffc0::",
};

static int set_serial(X509 *certificate, const struct draw *draw)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    int rc;

    draw->bytes(draw->context, bytes, sizeof bytes);
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    rc = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL ? 0 : -1;
    BN_free(number);
    return rc;
}

static int add_entry(X509_NAME *name, const char *field, const char *text)
{
    char cut[65]; /* ub-organization-name and ub-common-name are 64 */
    size_t length = strlen(text);

    if (length > 64)
        length = 64;
    while (length > 0 && length < strlen(text) && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    snprintf(cut, sizeof cut, "%.*s", (int)length, text);
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)cut, -1, -1, 0) == 1 ? 0 : -1;
}

/* Version 3, serial, validity in seconds since 1970 and key; subject to follow. */
static X509 *begin(EVP_PKEY *key, int64_t from, int64_t until, const struct draw *draw)
{
    X509 *certificate = X509_new();

    if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        set_serial(certificate, draw) != 0 || ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from) == NULL ||
        ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)until) == NULL ||
        X509_set_pubkey(certificate, key) != 1) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static int write_pem(X509 *certificate, EVP_PKEY *key, struct buffer *out_certificate, struct buffer *out_key)
{
    BIO *text = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_secmem());
    char *data;
    long length;
    int rc = -1;

    if (text == NULL || secret == NULL || PEM_write_bio_X509(text, certificate) != 1 ||
        PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) != 1)
        goto out;
    length = BIO_get_mem_data(text, &data);
    rc = buffer_add(out_certificate, data, (size_t)length);
    length = BIO_get_mem_data(secret, &data);
    rc |= buffer_add(out_key, data, (size_t)length);
out:
    BIO_free(text);
    BIO_free(secret);
    return rc;
}

/* ---- the authority ---- */

static bool below(const char *name, const char *domain)
{
    size_t n = strlen(name), d = strlen(domain);

    return n >= d && strcasecmp(name + n - d, domain) == 0 && (n == d || name[n - d - 1] == '.');
}

static void list_constraints(const char *domain, const struct certificate_names *also, struct buffer *list)
{
    struct address address;
    char text[ADDRESS_TEXT];

    buffer_add_format(list, "critical,permitted;DNS:%s,permitted;email:%s,permitted;email:.%s,permitted;URI:.%s",
                      domain, domain, domain, domain);
    for (size_t i = 0; i < also->name_count; i++)
        if (certificate_is_host(also->names[i]) && !below(also->names[i], domain))
            buffer_add_format(list, ",permitted;DNS:%s", also->names[i] + (also->names[i][0] == '*' ? 2 : 0));
    for (size_t i = 0; i < sizeof private_networks / sizeof *private_networks; i++)
        buffer_add_format(list, ",permitted;IP:%s", private_networks[i]);
    for (size_t i = 0; i < also->address_count; i++)
        if (address_parse(also->addresses[i], &address) == 0 && !certificate_is_unspecified(&address))
            buffer_add_format(list, ",permitted;IP:%s/%s", address_text(&address, text),
                              address_is_v4(&address) ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static int authority_subject(X509 *certificate, const char *organisation, const char *language, const struct draw *draw)
{
    static const char *const english[] = {"%s Internal CA",           "%s Root CA",           "%s Issuing CA",
                                          "%s Certificate Authority", "%s Infrastructure CA", "%s Internal Root CA G%u",
                                          "%s Corporate CA %u",       "%s IT Services CA"};
    static const char *const french[] = {"AC interne %s", "AC racine %s",  "Autorité de certification %s",
                                         "%s AC interne", "%s AC %u",      "AC Infrastructure %s",
                                         "AC %s G%u",     "%s AC Services"};
    static const char *const units[] = {"IT", "Infrastructure", "PKI", "IT Security", "Systems"};
    const char *pattern = (strcmp(language, "fr") == 0 ? french : english)[draw_below(draw, 8)], *place;
    X509_NAME *name = X509_get_subject_name(certificate);
    struct buffer common;
    int rc;

    buffer_init(&common, 1024);
    for (const char *c = pattern; *c != 0; c++) {
        place = c[0] == '%' ? c + 1 : "";
        if (*place == 's')
            buffer_add_text(&common, organisation);
        else if (*place == 'u')
            buffer_add_format(&common, "%u", 1 + draw_below(draw, 4));
        else
            buffer_add_char(&common, *c);
        c += *place == 's' || *place == 'u';
    }
    rc = add_entry(name, "O", organisation);
    if (draw_below(draw, 3) == 0)
        rc |= add_entry(name, "OU", units[draw_below(draw, 5)]);
    rc |= add_entry(name, "CN", buffer_text(&common));
    rc |= X509_set_issuer_name(certificate, name) == 1 ? 0 : -1;
    buffer_free(&common);
    return rc;
}

int certificate_authority(const char *organisation, const char *domain, const char *language,
                          const struct certificate_names *also, int64_t now, const struct draw *draw,
                          struct buffer *certificate, struct buffer *key, struct error *error)
{
    int64_t from = now - (int64_t)(90 + draw_below(draw, 500)) * DAY - draw_below(draw, DAY);
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *x = pair == NULL ? NULL : begin(pair, from, from + 3650LL * DAY, draw);
    struct buffer constraints;
    int rc = -1;

    buffer_init(&constraints, PEM_BYTES);
    if (!certificate_is_host(domain)) {
        error_set(error, "'%s' is no domain that an authority can be limited to", domain);
        goto out;
    }
    list_constraints(domain, also, &constraints);
    if (x == NULL || constraints.failed || authority_subject(x, organisation, language, draw) != 0 ||
        certificate_add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") != 0 ||
        certificate_add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") != 0 ||
        certificate_add_extension(x, x, NID_subject_key_identifier, "hash") != 0 ||
        certificate_add_extension(x, x, NID_name_constraints, buffer_text(&constraints)) != 0 ||
        X509_sign(x, pair, EVP_sha256()) == 0 || write_pem(x, pair, certificate, key) != 0)
        certificate_error(error, "cannot make the certificate authority");
    else
        rc = 0;
out:
    buffer_free(&constraints);
    X509_free(x);
    EVP_PKEY_free(pair);
    return rc;
}

/* ---- leaves ---- */

static int read_authority(struct slice pem, struct slice key_pem, X509 **certificate, EVP_PKEY **key)
{
    BIO *text = BIO_new_mem_buf(pem.data, (int)pem.length),
        *secret = BIO_new_mem_buf(key_pem.data, (int)key_pem.length);

    *certificate = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, NULL, NULL);
    *key = secret == NULL ? NULL : PEM_read_bio_PrivateKey(secret, NULL, NULL, NULL);
    BIO_free(text);
    BIO_free(secret);
    return *certificate != NULL && *key != NULL && X509_check_private_key(*certificate, *key) == 1 ? 0 : -1;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* Some weeks ago, not before the authority itself. */
static int64_t leaf_from(X509 *authority, int64_t now, const struct draw *draw)
{
    int64_t from = now - (int64_t)(9 + draw_below(draw, 60)) * DAY - draw_below(draw, DAY);
    int64_t least = seconds_of(X509_get0_notBefore(authority)) + 3600;

    return from < least ? least : from;
}

/* A host without a name is called after its address, with dashes: a bare address would be taken for a host name that
 * the constraints do not permit. */
static int add_common_name(X509 *certificate, const struct certificate_names *names)
{
    char text[64];

    if (names->name_count > 0)
        return add_entry(X509_get_subject_name(certificate), "CN", names->names[0]);
    snprintf(text, sizeof text, "ip-%.48s", names->address_count > 0 ? names->addresses[0] : "0");
    for (char *c = text; *c != 0; c++)
        *c = *c == '.' || *c == ':' ? '-' : *c;
    return add_entry(X509_get_subject_name(certificate), "CN", text);
}

static int finish_leaf(X509 *leaf, X509 *authority, EVP_PKEY *authority_key, const struct certificate_names *names,
                       struct error *error)
{
    NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(authority, NID_name_constraints, NULL, NULL);
    int rc = certificate_add_names(leaf, names, constraints, error);

    if (rc == 0 &&
        (add_common_name(leaf, names) != 0 || X509_set_issuer_name(leaf, X509_get_subject_name(authority)) != 1 ||
         certificate_add_extension(leaf, authority, NID_basic_constraints, "critical,CA:FALSE") != 0 ||
         certificate_add_extension(leaf, authority, NID_key_usage, "critical,digitalSignature") != 0 ||
         certificate_add_extension(leaf, authority, NID_ext_key_usage, "serverAuth") != 0 ||
         certificate_add_extension(leaf, authority, NID_subject_key_identifier, "hash") != 0 ||
         certificate_add_extension(leaf, authority, NID_authority_key_identifier, "keyid:always") != 0 ||
         X509_sign(leaf, authority_key, EVP_sha256()) == 0))
        rc = certificate_error(error, "cannot sign the certificate");
    NAME_CONSTRAINTS_free(constraints);
    return rc;
}

int certificate_leaf(const struct certificate_names *names, struct slice authority, struct slice authority_key,
                     int64_t now, const struct draw *draw, struct buffer *certificate, struct buffer *key,
                     struct error *error)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256"), *signer = NULL;
    X509 *leaf = NULL, *issuer = NULL;
    int64_t from;
    int rc = -1;

    if (authority.length > PEM_BYTES || authority_key.length > PEM_BYTES ||
        read_authority(authority, authority_key, &issuer, &signer) != 0) {
        certificate_error(error, "the certificate authority in the ledger cannot be read");
        goto out;
    }
    from = leaf_from(issuer, now, draw);
    leaf = pair == NULL ? NULL : begin(pair, from, from + LEAF_DAYS * (int64_t)DAY - 1, draw);
    if (leaf == NULL) {
        certificate_error(error, "cannot make a certificate");
        goto out;
    }
    rc = finish_leaf(leaf, issuer, signer, names, error);
    if (rc == 0 && (write_pem(leaf, pair, certificate, key) != 0 || buffer_add_slice(certificate, authority) != 0))
        rc = certificate_error(error, "cannot write the certificate");
out:
    X509_free(leaf);
    X509_free(issuer);
    EVP_PKEY_free(signer);
    EVP_PKEY_free(pair);
    return rc;
}

int certificate_self_signed(const struct certificate_names *names, const char *organisation, int64_t now,
                            const struct draw *draw, struct buffer *certificate, struct buffer *key,
                            struct error *error)
{
    int64_t from = now - (int64_t)(9 + draw_below(draw, 200)) * DAY - draw_below(draw, DAY);
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *x = pair == NULL ? NULL : begin(pair, from, from + (draw_below(draw, 2) == 0 ? 730LL : 3650LL) * DAY, draw);
    X509_NAME *name = x == NULL ? NULL : X509_get_subject_name(x);
    int rc = -1;

    if (name == NULL || (organisation[0] != 0 && add_entry(name, "O", organisation) != 0) ||
        add_common_name(x, names) != 0 || X509_set_issuer_name(x, name) != 1 ||
        certificate_add_extension(x, x, NID_subject_key_identifier, "hash") != 0 ||
        certificate_add_extension(x, x, NID_authority_key_identifier, "keyid:always") != 0 ||
        certificate_add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE") != 0) {
        certificate_error(error, "cannot make a self-signed certificate");
        goto out;
    }
    rc = certificate_add_names(x, names, NULL, error);
    if (rc == 0 && (X509_sign(x, pair, EVP_sha256()) == 0 || write_pem(x, pair, certificate, key) != 0))
        rc = certificate_error(error, "cannot sign the certificate");
out:
    X509_free(x);
    EVP_PKEY_free(pair);
    return rc;
}

X509 *certificate_signing(const char *name, const char *organisation, EVP_PKEY *pair, int64_t now,
                          const struct draw *draw)
{
    int64_t from = now - (int64_t)(30 + draw_below(draw, 900)) * DAY - draw_below(draw, DAY);
    X509 *x = begin(pair, from, from + 3650LL * DAY, draw);
    X509_NAME *subject = x == NULL ? NULL : X509_get_subject_name(x);

    if (subject == NULL || (organisation[0] != 0 && add_entry(subject, "O", organisation) != 0) ||
        add_entry(subject, "CN", name) != 0 || X509_set_issuer_name(x, subject) != 1 ||
        X509_sign(x, pair, EVP_sha256()) == 0) {
        X509_free(x);
        x = NULL;
    }
    return x;
}
