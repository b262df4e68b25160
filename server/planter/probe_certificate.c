/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>
#include "server/base/cage.h"
#include "server/base/clock.h"
#include "server/base/paths.h"
#include "server/planter/door.h"
#include "server/planter/probe.h"

#define PEM_BYTES (1024 * 1024)
#define LINE 512

static json_t *time_json(const ASN1_TIME *time)
{
    char text[CLOCK_TEXT];
    struct tm parts;

    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return json_string("");
    return json_string(clock_text((int64_t)timegm(&parts) * 1000000, text));
}

/* A text of the certificate's; what is no UTF-8 is left out. */
static void append_text(json_t *array, const unsigned char *text, int length)
{
    json_t *item = length > 0 ? json_stringn((const char *)text, (size_t)length) : NULL;

    if (item != NULL)
        json_array_append_new(array, item);
}

static json_t *names_json(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    json_t *array = json_array();

    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_DNS)
            append_text(array, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    return array;
}

static json_t *misses_json(X509 *certificate, const json_t *names)
{
    json_t *array = json_array();

    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (name != NULL && name[0] != '\0' && X509_check_host(certificate, name, 0, 0, NULL) != 1 &&
            X509_check_ip_asc(certificate, name, 0) != 1)
            json_array_append_new(array, json_string(name));
    }
    ERR_clear_error();
    return array;
}

json_t *certificate_facts(X509 *certificate, const json_t *names)
{
    char issuer[LINE] = "";
    json_t *text;

    X509_NAME_oneline(X509_get_issuer_name(certificate), issuer, sizeof issuer);
    text = json_string(issuer);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "from", time_json(X509_get0_notBefore(certificate)), "to",
                     time_json(X509_get0_notAfter(certificate)), "names", names_json(certificate), "misses",
                     misses_json(certificate, names), "issuer", text != NULL ? text : json_string(""));
}

static int read_pem(const char *path, struct buffer *out, struct error *error)
{
    return path != NULL ? paths_read(path, out, error) : error_set(error, "the planter was sent a damaged job");
}

static int look(const struct task *task, const struct buffer *pem, const struct buffer *key_pem,
                struct place_result *result, struct error *error)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->length), *key_bio = BIO_new_mem_buf(key_pem->data, (int)key_pem->length);
    X509 *certificate = bio != NULL ? PEM_read_bio_X509_AUX(bio, NULL, door_no_passphrase, NULL) : NULL;
    EVP_PKEY *key = key_bio != NULL ? PEM_read_bio_PrivateKey(key_bio, NULL, door_no_passphrase, NULL) : NULL;
    int rc = -1;

    if (certificate == NULL) {
        error_set(error, "%s holds no certificate in PEM", task_option(task, "certificate"));
    } else if (key == NULL) {
        error_set(error, "%s holds no private key in PEM without a password", task_option(task, "key"));
    } else {
        result->where = certificate_facts(certificate, json_object_get(task->options, "names"));
        json_object_set_new(result->where, "fits", json_boolean(X509_check_private_key(certificate, key) == 1));
        result->state = "answered";
        rc = 0;
    }
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(key_bio);
    BIO_free(bio);
    return rc;
}

int probe_certificate(const struct task *task, struct place_result *result, struct error *error)
{
    static const char *const calls[] = {NULL};
    struct buffer pem, key;
    int rc = -1;

    buffer_init(&pem, PEM_BYTES);
    buffer_init(&key, PEM_BYTES);
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG, NULL);
    if (read_pem(task_option(task, "certificate"), &pem, error) == 0 &&
        read_pem(task_option(task, "key"), &key, error) == 0 &&
        cage_shut(&(struct cage){"planter", calls, NULL}, error) == 0)
        rc = look(task, &pem, &key, result, error);
    buffer_free(&key);
    buffer_free(&pem);
    return rc;
}
