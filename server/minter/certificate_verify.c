/* SPDX-License-Identifier: ISC
 *
 * Certificates that others made. */
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "server/minter/certificate_parts.h"

static int check_dates(const X509 *x, int64_t now, struct error *error)
{
    time_t at = (time_t)now;
    char name[128] = "";

    X509_NAME_oneline(X509_get_subject_name(x), name, sizeof name);
    if (X509_cmp_time(X509_get0_notAfter(x), &at) < 0)
        return error_set(error, "the certificate of %s has expired; renew it", name);
    if (X509_cmp_time(X509_get0_notBefore(x), &at) > 0)
        return error_set(error, "the certificate of %s is not valid yet; see whether the clock is right", name);
    return 0;
}

/* "*.corp.example" is covered by a certificate for just that. */
static int check_names(X509 *leaf, const struct certificate_names *names, struct error *error)
{
    for (size_t i = 0; i < names->name_count; i++)
        if (X509_check_host(leaf, names->names[i], 0, 0, NULL) != 1)
            return error_set(error, "the certificate is not for %s; get one for all names of the decoy, or take the "
                                    "name out of its names:", names->names[i]);
    return 0;
}

/* Those behind the first; `issued` is the one before. */
static int check_chain(BIO *bio, X509 *leaf, int64_t now, struct error *error)
{
    X509 *issued = leaf, *issuer;
    int rc = 0;

    while (rc == 0 && (issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        rc = check_dates(issuer, now, error);
        if (rc == 0 && (X509_check_issued(issuer, issued) != X509_V_OK ||
                        X509_verify(issued, X509_get0_pubkey(issuer)) != 1))
            rc = error_set(error, "the chain is broken: put the server's certificate first, then each that signed the "
                                  "one before");
        if (issued != leaf)
            X509_free(issued);
        issued = issuer;
    }
    if (issued != leaf)
        X509_free(issued);
    if (rc == 0 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        rc = certificate_error(error, "a certificate of the chain cannot be read");
    ERR_clear_error();
    return rc;
}

static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

int certificate_verify(const struct certificate_names *names, struct slice certificate, struct slice key, int64_t now,
                       struct error *error)
{
    BIO *bio = BIO_new_mem_buf(certificate.data, (int)certificate.length),
        *key_bio = BIO_new_mem_buf(key.data, (int)key.length);
    X509 *leaf = bio == NULL ? NULL : PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
    EVP_PKEY *pair = key_bio == NULL ? NULL : PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL);
    int rc = -1;

    if (leaf == NULL)
        certificate_error(error, "the certificate cannot be read");
    else if (pair == NULL)
        certificate_error(error, "the key cannot be read (it must not need a passphrase)");
    else if (X509_check_private_key(leaf, pair) != 1)
        error_set(error, "key and certificate do not belong together");
    else if (check_dates(leaf, now, error) == 0 && check_names(leaf, names, error) == 0)
        rc = check_chain(bio, leaf, now, error);
    ERR_clear_error();
    X509_free(leaf);
    EVP_PKEY_free(pair);
    BIO_free(bio);
    BIO_free(key_bio);
    return rc;
}
