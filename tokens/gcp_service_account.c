/* SPDX-License-Identifier: ISC
 *
 * Google Cloud service account keys: the JSON file that the console gives out once, with token_uri and
 * client_x509_cert_url on our host. The secret is the private key's PEM; it is never sent, but a JWT signed with it
 * (RFC 7523), whose issuer is the account. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/identity.h"
#include "tokens/keys.h"

#define KEY_ID 40 /* hexadecimal digits */

/* Project ids: 6 to 30 letters, digits and hyphens. */
static void draw_project(const struct mint_request *request, char *out, size_t size)
{
    static const char *const ends[] = {"prd", "platform", "core", "analytics", "apps", "infra", "shared", "edge"};
    size_t length = 0;

    for (const char *c = request->organisation; *c != 0 && length < 12; c++) {
        char lower = (char)(*c | 0x20);

        if (lower >= 'a' && lower <= 'z')
            out[length++] = lower;
    }
    snprintf(out + length, size - length, "%s%s-%06u", length > 0 ? "-" : "gc-", ends[draw_below(request->draw, 8)],
             100000 + draw_below(request->draw, 900000));
}

/* name@project.iam.gserviceaccount.com; the operator's choice is the name, or the whole. */
static int draw_account(const struct mint_request *request, struct minted *minted, const char *project,
                        struct error *error)
{
    if (identity_mint(request, minted, error) != 0)
        return -1;
    if (memchr(minted->identity.data, '@', minted->identity.length) == NULL)
        (void)buffer_add_format(&minted->identity, "@%s.iam.gserviceaccount.com", project);
    minted->distinctive = true;
    return minted->identity.failed ? error_usage(error, "the account's name is too long") : 0;
}

/* Client ids are 64 bits above 10^20: 100… to 118…. */
static int add_ids(struct minted *minted, const struct draw *draw)
{
    struct buffer key_id;
    uint64_t client;
    char text[32];
    int rc;

    buffer_init(&key_id, KEY_ID + 1);
    alphabet_draw(&key_id, "0123456789abcdef", KEY_ID, draw);
    draw->bytes(draw->context, &client, sizeof client);
    snprintf(text, sizeof text, "1%020llu", (unsigned long long)client);
    fact_add(&minted->facts, FACT_PLAIN, "key_id", buffer_slice(&key_id));
    rc = fact_add(&minted->facts, FACT_PLAIN, "client_id", slice_of(text));
    buffer_free(&key_id);
    return rc;
}

static int add_facts(const struct mint_request *request, struct minted *minted, EVP_PKEY *key, const char *project)
{
    struct buffer public_half;
    int rc;

    buffer_init(&public_half, 4096);
    fact_add(&minted->facts, FACT_PLAIN, "project", slice_of(project));
    add_ids(minted, request->draw);
    rc = key_public(key, &public_half) != 0 ? -1 : fact_add_verifier(minted, "jwt", buffer_slice(&public_half));
    buffer_free(&public_half);
    return rc != 0 || minted->facts.failed ? -1 : 0;
}

static int gcp_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    char project[64];
    EVP_PKEY *key;
    int rc = 0;

    draw_project(request, project, sizeof project);
    if (draw_account(request, minted, project, error) != 0)
        return -1;
    key = key_make(request, KEY_RSA_2048, error);
    if (key == NULL)
        return -1;
    minted->secret_bits = 112;
    if (key_pem(key, &minted->secret) != 0 || add_facts(request, minted, key, project) != 0)
        rc = error_set(error, "no room for the key");
    EVP_PKEY_free(key);
    return rc;
}

static bool gcp_valid(const char *form, struct slice secret)
{
    (void)form;
    return key_is_pem(secret, "PRIVATE KEY");
}

static const char *const forms[] = {"json", NULL};

const struct token_kind kind_gcp_service_account = {.name = "gcp-service-account", .bound = false, .forms = forms,
                                                    .mint = gcp_mint, .valid = gcp_valid};
