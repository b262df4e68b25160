/* SPDX-License-Identifier: ISC */
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include "server/base/address.h"
#include "server/minter/certificate_parts.h"

#define NAMES_BYTES 65536

int certificate_error(struct error *error, const char *what)
{
    char text[256] = "out of memory";
    unsigned long code = ERR_peek_last_error();

    if (code != 0)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return error_set(error, "%s: %s", what, text);
}

int certificate_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    int rc;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    rc = extension != NULL && X509_add_ext(certificate, extension, -1) == 1 ? 0 : -1;
    X509_EXTENSION_free(extension);
    return rc;
}

bool certificate_is_host(const char *name)
{
    size_t length = strlen(name);

    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    return length > 0 && length < 254 && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(name);
}

bool certificate_is_unspecified(const struct address *address)
{
    static const unsigned char none[ADDRESS_BYTES], none4[ADDRESS_BYTES] = {[10] = 0xff, [11] = 0xff};

    return memcmp(address->bytes, none, sizeof none) == 0 || memcmp(address->bytes, none4, sizeof none4) == 0;
}

/* A certificate without subject that holds one name only, to ask whether the constraints let it pass. OpenSSL looks
 * at the names that it keeps beside the extensions, which X509_check_purpose() fills in. */
static bool permitted(NAME_CONSTRAINTS *constraints, const char *name)
{
    X509 *probe = X509_new();
    bool passes = probe != NULL && certificate_add_extension(probe, probe, NID_subject_alt_name, name) == 0;

    if (passes && constraints != NULL) {
        X509_check_purpose(probe, -1, 0);
        passes = NAME_CONSTRAINTS_check(probe, constraints) == X509_V_OK;
    }

    X509_free(probe);
    ERR_clear_error();
    return passes;
}

static void add_listed(struct buffer *list, const char *entry)
{
    if (list->length > 0)
        buffer_add_char(list, ',');
    buffer_add_text(list, entry);
}

static int list_names(const struct certificate_names *names, NAME_CONSTRAINTS *constraints, struct buffer *list,
                      struct error *error)
{
    struct address address;
    char entry[300], text[ADDRESS_TEXT];

    for (size_t i = 0; i < names->name_count; i++) {
        snprintf(entry, sizeof entry, "DNS:%.260s", names->names[i]);
        if (!certificate_is_host(names->names[i]))
            return error_set(error, "'%s' is no host name that a certificate can hold", names->names[i]);
        if (!permitted(constraints, entry))
            return error_set(error,
                             "the installation's certificate authority is limited to its domain and may not sign "
                             "for '%s'; give the decoy a name within it, or a `certificate:` and `key:` of its own",
                             names->names[i]);
        add_listed(list, entry);
    }
    for (size_t i = 0; i < names->address_count; i++) {
        if (address_parse(names->addresses[i], &address) != 0 || certificate_is_unspecified(&address))
            continue;
        snprintf(entry, sizeof entry, "IP:%s", address_text(&address, text));
        if (permitted(constraints, entry))
            add_listed(list, entry);
    }
    if (list->length == 0)
        return error_set(error, "a certificate needs at least one name or address");
    return list->failed ? error_set(error, "too many names for one certificate") : 0;
}

int certificate_add_names(X509 *certificate, const struct certificate_names *names, NAME_CONSTRAINTS *constraints,
                          struct error *error)
{
    struct buffer list;
    int rc;

    buffer_init(&list, NAMES_BYTES);
    rc = list_names(names, constraints, &list, error);
    if (rc == 0 && certificate_add_extension(certificate, certificate, NID_subject_alt_name, buffer_text(&list)) != 0)
        rc = certificate_error(error, "cannot write the certificate's names");
    buffer_free(&list);
    return rc;
}
