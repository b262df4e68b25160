/* SPDX-License-Identifier: ISC
 *
 * Client certificates: a PKCS #12 file with or without a password, whose secret is the file in base64; or a PEM pair,
 * whose secret is the private key. The handshake proves the key; the public half is known by the SHA-256 of its
 * SubjectPublicKeyInfo. */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/client_certificate.h"
#include "tokens/identity.h"
#include "tokens/keys.h"
#include "tokens/password.h"

#define FILE_BYTES 6144

static const struct layout {
    const char *form;
    enum key_type type;
    bool pem, open, mail; /* open: the file has no password */
} layouts[] = {
    {"p12", KEY_RSA_2048, false, false, false},
    {"p12-open", KEY_RSA_2048, false, true, false},
    {"pem", KEY_P256, true, true, false},
    {"smime", KEY_RSA_2048, false, false, true},
};

static const struct layout *layout_of(const char *form)
{
    const struct layout *layout = layouts;

    while (strcmp(layout->form, form) != 0)
        layout++;
    return layout;
}

static int draw_password(const struct mint_request *request, struct minted *minted, struct buffer *out)
{
    do {
        buffer_clear(out);
        password_human_draw(request, out);
    } while (!out->failed && kind_filtered(buffer_slice(out)));
    return fact_add(&minted->facts, FACT_PLAIN, "password", buffer_slice(out));
}

static int write_p12(const struct mint_request *request, struct minted *minted, const struct layout *layout,
                     EVP_PKEY *key, const struct client_certificate *made)
{
    char text[sodium_base64_ENCODED_LEN(FILE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    struct buffer password, file;
    int rc = 0;

    buffer_init(&password, 128);
    buffer_init(&file, FILE_BYTES);
    if (!layout->open)
        rc = draw_password(request, minted, &password);
    if (rc == 0)
        rc = client_certificate_p12(made, key, buffer_text(&minted->identity), buffer_text(&password), &file);
    if (rc == 0) {
        sodium_bin2base64(text, sizeof text, file.data, file.length, sodium_base64_VARIANT_ORIGINAL);
        rc = buffer_add_text(&minted->secret, text);
    }
    sodium_memzero(text, sizeof text);
    buffer_free(&password);
    buffer_free(&file);
    return rc;
}

static int add_certificates(struct minted *minted, EVP_PKEY *key, const struct client_certificate *made, bool pem)
{
    struct buffer text;
    int rc = 0;

    buffer_init(&text, FILE_BYTES);
    if (pem) {
        rc = client_certificate_pem(made->certificate, &text);
        fact_add(&minted->facts, FACT_PLAIN, "certificate", buffer_slice(&text));
        buffer_clear(&text);
        rc = rc != 0 ? rc : client_certificate_pem(made->authority, &text);
        fact_add(&minted->facts, FACT_PLAIN, "authority", buffer_slice(&text));
        buffer_clear(&text);
    }
    if (rc == 0 && key_public(key, &text) == 0 && fact_add_fingerprint(minted, buffer_slice(&text)) == 0)
        rc = fact_add_verifier(minted, "tls-client-key", buffer_slice(&text));
    buffer_free(&text);
    return rc != 0 || minted->facts.failed ? -1 : 0;
}

static int write_all(const struct mint_request *request, struct minted *minted, const struct layout *layout,
                     EVP_PKEY *key)
{
    char mail[IDENTITY_MAXIMUM + 260];
    const struct client_subject subject = {buffer_text(&minted->identity), request->organisation,
                                           layout->mail ? mail : NULL, NULL};
    struct client_certificate made;
    int rc;

    snprintf(mail, sizeof mail, "%s@%.250s", buffer_text(&minted->identity), request->domain);
    rc = client_certificate_make(request, key, &subject, &made);
    if (rc == 0)
        rc = layout->pem ? key_pem(key, &minted->secret) : write_p12(request, minted, layout, key, &made);
    if (rc == 0)
        rc = add_certificates(minted, key, &made, layout->pem);
    client_certificate_free(&made);
    return rc;
}

static int draw_client(const struct mint_request *request, struct minted *minted, const struct layout *layout,
                       EVP_PKEY *key, struct error *error)
{
    buffer_clear(&minted->identity);
    buffer_clear(&minted->secret);
    buffer_clear(&minted->facts);
    if (identity_mint(request, minted, error) != 0)
        return -1;
    if (minted->identity.length > 60)
        return error_usage(error, "a certificate's name has at most 60 bytes; choose a shorter identity");
    return write_all(request, minted, layout, key) == 0
               ? 0
               : error_set(error, "no certificate can be made for this name, or there is no room for it");
}

/* A file holds the name in clear, so what is filtered may be the name's; one that was chosen has it every time. */
static int tls_client_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    const struct layout *layout = layout_of(request->form);
    EVP_PKEY *key = key_make(request, layout->type, error);
    int rc, tries = 0;

    if (key == NULL)
        return -1;
    minted->secret_bits = 112;
    do
        rc = draw_client(request, minted, layout, key, error);
    while (rc == 0 && !layout->pem && kind_filtered(buffer_slice(&minted->secret)) && ++tries < KIND_TRIES);
    EVP_PKEY_free(key);
    return rc;
}

/* A file begins as a SEQUENCE of two bytes' length does. */
static bool tls_client_valid(const char *form, struct slice secret)
{
    return layout_of(form)->pem ? key_is_pem(secret, "PRIVATE KEY")
                               : secret.length > 1000 && secret.length % 4 == 0 && memcmp(secret.data, "MII", 3) == 0;
}

static const char *const forms[] = {"p12", "p12-open", "pem", "smime", NULL};

const struct token_kind kind_tls_client = {.name = "tls-client", .forms = forms, .mint = tls_client_mint,
                                           .valid = tls_client_valid};
