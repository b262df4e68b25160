/* SPDX-License-Identifier: ISC */
#include "tokens/client_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define DAY 86400
#define SERIAL 16

static bool add_entry(X509_NAME *name, const char *field, const char *text)
{
    return text[0] == 0 || X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1,
                                                      0) == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool good;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *certificate, const struct draw *draw)
{
    unsigned char bytes[SERIAL];
    BIGNUM *number;
    bool good;

    draw->bytes(draw->context, bytes, sizeof bytes);
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

/* Without names: version, serial, key, and from so many days before `now` for so many. */
static X509 *begin(const struct mint_request *request, EVP_PKEY *key, unsigned before, unsigned days)
{
    time_t now = (time_t)request->now, start = now - (time_t)before * DAY - (time_t)draw_below(request->draw, DAY);
    X509 *certificate = X509_new();

    if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !set_serial(certificate, request->draw) || X509_set_pubkey(certificate, key) != 1 ||
        X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &start) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, 0, &start) == NULL) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

static bool name_authority(const struct mint_request *request, X509_NAME *name, const char *given)
{
    static const char *const what[] = {"Users CA", "Client CA", "Issuing CA", "Device CA", "Staff CA", "Internal CA"};
    static const char *const ends[] = {"", " G2", " 2", " 01", " R1", " G3"};
    char text[128];

    if (given != NULL)
        return add_entry(name, "CN", given);
    snprintf(text, sizeof text, "%.40s %s%s", request->organisation, what[draw_below(request->draw, 6)],
             ends[draw_below(request->draw, 6)]);
    return add_entry(name, "O", request->organisation) && add_entry(name, "CN", text);
}

static X509 *make_authority(const struct mint_request *request, EVP_PKEY *key, const char *given)
{
    X509 *authority = begin(request, key, 400 + draw_below(request->draw, 900), 3650);
    X509_NAME *name = authority == NULL ? NULL : X509_get_subject_name(authority);

    if (name == NULL || !name_authority(request, name, given) ||
        X509_set_issuer_name(authority, name) != 1 ||
        !add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(authority, authority, NID_subject_key_identifier, "hash") ||
        X509_sign(authority, key, EVP_sha256()) == 0) {
        X509_free(authority);
        return NULL;
    }
    return authority;
}

static bool add_uses(X509 *leaf, X509 *authority, const char *mail)
{
    char names[300];

    if (mail != NULL) {
        snprintf(names, sizeof names, "email:%.250s", mail);
        if (!add_extension(leaf, authority, NID_subject_alt_name, names))
            return false;
    }
    return add_extension(leaf, authority, NID_basic_constraints, "CA:FALSE") &&
           add_extension(leaf, authority, NID_key_usage,
                         mail != NULL ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature") &&
           add_extension(leaf, authority, NID_ext_key_usage, mail != NULL ? "clientAuth,emailProtection"
                                                                          : "clientAuth") &&
           add_extension(leaf, authority, NID_subject_key_identifier, "hash") &&
           add_extension(leaf, authority, NID_authority_key_identifier, "keyid");
}

int client_certificate_make(const struct mint_request *request, EVP_PKEY *key, const struct client_subject *subject,
                            struct client_certificate *made)
{
    EVP_PKEY *signer = EVP_EC_gen("P-256");
    X509 *leaf = NULL;
    X509_NAME *name;
    int rc = -1;

    *made = (struct client_certificate){NULL, NULL};
    made->authority = signer == NULL ? NULL : make_authority(request, signer, subject->authority);
    made->certificate = leaf = begin(request, key, 10 + draw_below(request->draw, 150), 730);
    name = leaf == NULL ? NULL : X509_get_subject_name(leaf);
    if (made->authority != NULL && name != NULL && add_entry(name, "O", subject->group) &&
        add_entry(name, "CN", subject->name) &&
        X509_set_issuer_name(leaf, X509_get_subject_name(made->authority)) == 1 &&
        add_uses(leaf, made->authority, subject->mail) && X509_sign(leaf, signer, EVP_sha256()) != 0)
        rc = 0;
    EVP_PKEY_free(signer);
    return rc;
}

void client_certificate_free(struct client_certificate *made)
{
    X509_free(made->certificate);
    X509_free(made->authority);
}

int client_certificate_pem(X509 *certificate, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    long length = bio != NULL && PEM_write_bio_X509(bio, certificate) == 1 ? BIO_get_mem_data(bio, &data) : 0;
    int rc = length <= 0 ? -1 : buffer_add(out, data, (size_t)length);

    BIO_free(bio);
    return rc;
}

int client_certificate_p12(const struct client_certificate *made, EVP_PKEY *key, const char *name, const char *password,
                           struct buffer *out)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    unsigned char *bytes = NULL;
    PKCS12 *file = NULL;
    int length = 0, rc;

    if (chain != NULL && sk_X509_push(chain, made->authority) > 0)
        file = PKCS12_create(password, name, key, made->certificate, chain, 0, 0, 0, 0, 0);
    if (file != NULL)
        length = i2d_PKCS12(file, &bytes);
    rc = length <= 0 ? -1 : buffer_add(out, bytes, (size_t)length);
    if (length > 0)
        OPENSSL_clear_free(bytes, (size_t)length);
    PKCS12_free(file);
    sk_X509_free(chain);
    return rc;
}
