/* SPDX-License-Identifier: ISC
 *
 * SSH private keys as ssh-keygen writes them: OpenSSH's own format; and the PEM of RSA keys, as `ssh-keygen -m PEM` and
 * older versions do; both with a passphrase, too. The public half is known by the SHA-256 of its blob (RFC 4253, section
 * 6.6). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/identity.h"
#include "tokens/keys.h"
#include "tokens/openssh.h"
#include "tokens/password.h"

#define BLOB 4096
#define WORD 32 /* bytes of an Ed25519 half */

static const struct layout {
    const char *form;
    enum key_type type;
    const char *label;
    bool passphrase;
} layouts[] = {
    {"ed25519", KEY_ED25519, OPENSSH_LABEL, false},
    {"ecdsa", KEY_P256, OPENSSH_LABEL, false},
    {"rsa", KEY_RSA_3072, OPENSSH_LABEL, false},
    {"rsa-pem", KEY_RSA_2048, "RSA PRIVATE KEY", false},
    {"rsa-passphrase", KEY_RSA_2048, "RSA PRIVATE KEY", true},
    {"ed25519-passphrase", KEY_ED25519, OPENSSH_LABEL, true},
    {"ecdsa-passphrase", KEY_P256, OPENSSH_LABEL, true},
};

static const struct layout *layout_of(const char *form)
{
    const struct layout *layout = layouts;

    while (strcmp(layout->form, form) != 0)
        layout++;
    return layout;
}

/* ---- wire format (RFC 4251, section 5) ---- */

static void add_mpint(struct buffer *out, EVP_PKEY *key, const char *name)
{
    unsigned char bytes[1 + 1024] = {0};
    BIGNUM *number = NULL;
    int length;

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
        out->failed = true;
        return;
    }
    length = BN_num_bytes(number);
    BN_bn2binpad(number, bytes + 1, length);
    if ((bytes[1] & 0x80) != 0)
        buffer_add_bytes(out, (struct slice){bytes, (size_t)length + 1});
    else
        buffer_add_bytes(out, (struct slice){bytes + 1, (size_t)length});
    sodium_memzero(bytes, sizeof bytes);
    BN_clear_free(number);
}

static struct slice ed25519_public(EVP_PKEY *key, unsigned char out[WORD])
{
    size_t length = WORD;

    return (struct slice){out, EVP_PKEY_get_raw_public_key(key, out, &length) == 1 ? length : 0};
}

/* curve and point, uncompressed */
static void add_point(struct buffer *out, EVP_PKEY *key)
{
    unsigned char point[65];
    size_t length = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length) != 1)
        out->failed = true;
    buffer_add_string(out, "nistp256");
    buffer_add_bytes(out, (struct slice){point, length});
}

static const char *type_name(enum key_type type)
{
    return type == KEY_ED25519 ? "ssh-ed25519" : type == KEY_P256 ? "ecdsa-sha2-nistp256" : "ssh-rsa";
}

static void add_public(struct buffer *out, EVP_PKEY *key, enum key_type type)
{
    unsigned char word[WORD];

    buffer_add_string(out, type_name(type));
    if (type == KEY_ED25519) {
        buffer_add_bytes(out, ed25519_public(key, word));
    } else if (type == KEY_P256) {
        add_point(out, key);
    } else {
        add_mpint(out, key, OSSL_PKEY_PARAM_RSA_E);
        add_mpint(out, key, OSSL_PKEY_PARAM_RSA_N);
    }
}

static void add_private(struct buffer *out, EVP_PKEY *key, enum key_type type)
{
    static const char *const numbers[] = {OSSL_PKEY_PARAM_RSA_N,           OSSL_PKEY_PARAM_RSA_E,
                                          OSSL_PKEY_PARAM_RSA_D,           OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
                                          OSSL_PKEY_PARAM_RSA_FACTOR1,     OSSL_PKEY_PARAM_RSA_FACTOR2};
    unsigned char pair[2 * WORD];
    size_t length = WORD;

    buffer_add_string(out, type_name(type));
    if (type == KEY_ED25519) {
        buffer_add_bytes(out, ed25519_public(key, pair + WORD));
        out->failed = out->failed || EVP_PKEY_get_raw_private_key(key, pair, &length) != 1;
        buffer_add_bytes(out, (struct slice){pair, sizeof pair});
        sodium_memzero(pair, sizeof pair);
    } else if (type == KEY_P256) {
        add_point(out, key);
        add_mpint(out, key, OSSL_PKEY_PARAM_PRIV_KEY);
    } else {
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            add_mpint(out, key, numbers[i]);
    }
}

/* ---- the file ---- */

static int write_openssh(const struct mint_request *request, EVP_PKEY *key, enum key_type type, struct openssh_key *file,
                         struct buffer *out)
{
    struct buffer private_half;
    int rc = -1;

    buffer_init(&private_half, BLOB);
    add_private(&private_half, key, type);
    file->private_half = buffer_slice(&private_half);
    if (!private_half.failed)
        rc = openssh_key_add(out, file, request->draw);
    buffer_free(&private_half);
    return rc;
}

static int add_facts(struct minted *minted, enum key_type type, struct slice blob, const char *comment)
{
    fact_add(&minted->facts, FACT_PLAIN, "type", slice_of(type_name(type)));
    fact_add(&minted->facts, FACT_PLAIN, "comment", slice_of(comment));
    fact_add_base64(minted, FACT_PLAIN, "public", blob);
    fact_add_fingerprint(minted, blob);
    return minted->facts.failed ? -1 : fact_add_verifier(minted, "ssh-signature", blob);
}

static int draw_passphrase(const struct mint_request *request, struct buffer *out)
{
    do {
        buffer_clear(out);
        password_human_draw(request, out);
    } while (!out->failed && kind_filtered(buffer_slice(out)));
    return out->failed ? -1 : 0;
}

/* A passphrase lies beside. */
static int write_private(const struct mint_request *request, struct minted *minted, EVP_PKEY *key,
                         const struct layout *layout, struct openssh_key *file)
{
    struct buffer passphrase;
    int rc = 0;

    buffer_init(&passphrase, 128);
    if (layout->passphrase) {
        rc = draw_passphrase(request, &passphrase);
        file->passphrase = buffer_text(&passphrase);
    }
    if (rc == 0)
        rc = strcmp(layout->label, OPENSSH_LABEL) == 0 ? write_openssh(request, key, layout->type, file, &minted->secret)
                                                       : key_pem_old(key, file->passphrase, &minted->secret);
    if (rc == 0 && layout->passphrase)
        rc = fact_add(&minted->facts, FACT_PLAIN, "passphrase", buffer_slice(&passphrase));
    buffer_free(&passphrase);
    return rc;
}

static int write_all(const struct mint_request *request, struct minted *minted, EVP_PKEY *key,
                     const struct layout *layout)
{
    char comment[IDENTITY_MAXIMUM + 300];
    struct openssh_key file = {.comment = comment};
    struct buffer blob;
    int rc;

    buffer_init(&blob, BLOB);
    snprintf(comment, sizeof comment, "%s@%s", buffer_text(&minted->identity), request->domain);
    add_public(&blob, key, layout->type);
    file.blob = buffer_slice(&blob);
    rc = blob.failed ? -1 : add_facts(minted, layout->type, file.blob, comment);
    if (rc == 0)
        rc = write_private(request, minted, key, layout, &file);
    buffer_free(&blob);
    return rc;
}

static int ssh_key_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    const struct layout *layout = layout_of(request->form);
    EVP_PKEY *key;
    int rc = 0;

    if (identity_mint(request, minted, error) != 0)
        return -1;
    key = key_make(request, layout->type, error);
    if (key == NULL)
        return -1;
    minted->secret_bits = layout->type == KEY_RSA_2048 ? 112 : 128;
    if (write_all(request, minted, key, layout) != 0)
        rc = error_set(error, "no room for the key");
    EVP_PKEY_free(key);
    return rc;
}

static bool ssh_key_valid(const char *form, struct slice secret)
{
    return key_is_pem(secret, layout_of(form)->label);
}

static const char *const forms[] = {"ed25519",        "ecdsa",              "rsa",              "rsa-pem",
                                    "rsa-passphrase", "ed25519-passphrase", "ecdsa-passphrase", NULL};

const struct token_kind kind_ssh_key = {.name = "ssh-key", .bound = false, .forms = forms, .mint = ssh_key_mint,
                                        .valid = ssh_key_valid};
