/* SPDX-License-Identifier: ISC
 *
 * For the certificate*.c files alone. */
#ifndef MINTER_CERTIFICATE_PARTS_H
#define MINTER_CERTIFICATE_PARTS_H

#include <openssl/x509v3.h>
#include <stdbool.h>
#include "server/base/address.h"
#include "server/minter/certificate.h"

/* -1; the text is OpenSSL's, behind `what`. */
int certificate_error(struct error *error, const char *what);
/* As X509V3_EXT_nconf_nid() reads the value. 0 or -1. */
int certificate_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value);
/* The subject's alternative names; constraints: of who will sign, or NULL. */
int certificate_add_names(X509 *certificate, const struct certificate_names *names, NAME_CONSTRAINTS *constraints,
                          struct error *error);

/* Letters, digits, '-', '_', dots, a wildcard as the whole first label. */
bool certificate_is_host(const char *name);
/* 0.0.0.0 or :: */
bool certificate_is_unspecified(const struct address *address);

#endif
