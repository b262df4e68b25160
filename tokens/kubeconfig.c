/* SPDX-License-Identifier: ISC
 *
 * What opens a Kubernetes cluster. `token`: that of a service account, which does not end (a Secret of type
 * kubernetes.io/service-account-token): a JWT signed by the cluster's key. `client-certificate`: the private key of a
 * user's certificate. The server's address has a path of the token's own, as workspaces of kcp have, so that also who
 * only comes is known. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "tokens/client_certificate.h"
#include "tokens/identity.h"
#include "tokens/keys.h"
#include "tokens/shape.h"

#define CLUSTER "%16a"
#define KEY_ID "%42u%1e"
#define NAME_MOST 60 /* of a service account here; Kubernetes takes 253 */
#define FILE_BYTES 6144
#define CLAIMS_BYTES 2048
#define TOKEN_START "eyJhbGciOiJSUzI1NiIsImtpZCI6I" /* {"alg":"RS256","kid":" */

static const char *const namespaces[] = {"kube-system", "ci",      "gitops",     "monitoring", "platform", "ingress",
                                         "backup",      "logging", "automation", "registry",   "argocd",   "velero"};
static const char *const groups[] = {"system:masters", "platform", "cluster-admins", "ops", "sre", "devops"};

/* Adds the fact and leaves its text in `out`. */
static int draw_fact(const struct mint_request *request, struct minted *minted, enum fact_role role, const char *name,
                     const char *pattern, struct buffer *out)
{
    do {
        buffer_clear(out);
        shape_draw(pattern, request->draw, out);
    } while (!out->failed && kind_filtered(buffer_slice(out)));
    return fact_add(&minted->facts, role, name, buffer_slice(out));
}

static int add_names(const struct mint_request *request, struct minted *minted)
{
    const char *home = namespaces[draw_below(request->draw, sizeof namespaces / sizeof *namespaces)];
    struct buffer text;
    int rc;

    buffer_init(&text, 64);
    rc = draw_fact(request, minted, FACT_IDENTITY, "cluster", CLUSTER, &text);
    if (rc == 0)
        rc = fact_add(&minted->facts, FACT_PLAIN, "namespace", slice_of(home));
    buffer_free(&text);
    return rc;
}

/* ---- token ---- */

/* In the order in which Kubernetes writes them. */
static int write_claims(const struct mint_request *request, struct minted *minted, struct buffer *out)
{
    struct slice home = fact_value(buffer_slice(&minted->facts), "namespace");
    const char *account = buffer_text(&minted->identity);
    int length = (int)home.length;
    const char *name = (const char *)home.data;

    (void)buffer_add_format(out,
                            "{\"iss\":\"kubernetes/serviceaccount\",\"kubernetes.io/serviceaccount/namespace\":\"%.*s\","
                            "\"kubernetes.io/serviceaccount/secret.name\":\"%s-token-",
                            length, name, account);
    shape_draw("%5q", request->draw, out);
    (void)buffer_add_format(out, "\",\"kubernetes.io/serviceaccount/service-account.name\":\"%s\","
                                 "\"kubernetes.io/serviceaccount/service-account.uid\":\"", account);
    shape_draw(SHAPE_UUID, request->draw, out);
    return buffer_add_format(out, "\",\"sub\":\"system:serviceaccount:%.*s:%s\"}", length, name, account);
}

static int sign_token(const struct mint_request *request, struct minted *minted, EVP_PKEY *key)
{
    struct buffer header, claims;
    int rc;

    buffer_init(&header, 256);
    buffer_init(&claims, CLAIMS_BYTES);
    buffer_add_text(&header, "{\"alg\":\"RS256\",\"kid\":\"");
    shape_draw(KEY_ID, request->draw, &header);
    buffer_add_text(&header, "\"}");
    rc = write_claims(request, minted, &claims);
    if (rc == 0 && !header.failed)
        rc = key_jwt(key, buffer_text(&header), buffer_text(&claims), &minted->secret);
    rc = header.failed ? -1 : rc;
    buffer_free(&header);
    buffer_free(&claims);
    return rc;
}

/* ---- client certificate ---- */

static int add_certificate(const struct mint_request *request, struct minted *minted, EVP_PKEY *key)
{
    const struct client_subject subject = {buffer_text(&minted->identity),
                                           groups[draw_below(request->draw, sizeof groups / sizeof *groups)], NULL,
                                           "kubernetes"};
    struct client_certificate made;
    struct buffer text;
    int rc = client_certificate_make(request, key, &subject, &made);

    buffer_init(&text, FILE_BYTES);
    if (rc == 0)
        rc = client_certificate_pem(made.certificate, &text);
    if (rc == 0)
        rc = fact_add_base64(minted, FACT_PLAIN, "certificate", buffer_slice(&text));
    buffer_clear(&text);
    if (rc == 0)
        rc = key_public(key, &text);
    if (rc == 0)
        rc = fact_add_fingerprint(minted, buffer_slice(&text));
    if (rc == 0)
        rc = fact_add_verifier(minted, "tls-client-key", buffer_slice(&text));
    client_certificate_free(&made);
    buffer_free(&text);
    return rc;
}

/* kubeadm writes RSA keys as PKCS #1 (RFC 8017). */
static int write_key(const struct mint_request *request, struct minted *minted, EVP_PKEY *key)
{
    return key_pem_old(key, NULL, &minted->secret) != 0 ? -1 : add_certificate(request, minted, key);
}

/* ---- both ---- */

/* A service account's name is a label of DNS (RFC 1123) and a user's goes without quotes, too. */
static int check_name(struct slice name, struct error *error)
{
    bool good = name.length > 0 && name.length <= NAME_MOST && name.data[0] != '-' && name.data[name.length - 1] != '-';

    for (size_t i = 0; i < name.length; i++)
        good = good && ((name.data[i] >= 'a' && name.data[i] <= 'z') || (name.data[i] >= '0' && name.data[i] <= '9') ||
                        name.data[i] == '-');
    return good ? 0
                : error_usage(error, "'%.*s' is no name of a Kubernetes account, which has 1 to %d of a-z, 0-9 and '-'",
                              (int)(name.length < 60 ? name.length : 60), (const char *)name.data, NAME_MOST);
}

/* Drawn logins of people may hold a dot. */
static void use_dashes(struct buffer *name)
{
    for (size_t i = 0; i < name->length; i++)
        if (name->data[i] == '.' || name->data[i] == '_')
            name->data[i] = '-';
}

static int draw_access(const struct mint_request *request, struct minted *minted, EVP_PKEY *key, struct error *error)
{
    int rc;

    buffer_clear(&minted->identity);
    buffer_clear(&minted->secret);
    buffer_clear(&minted->facts);
    if (identity_mint(request, minted, error) != 0)
        return -1;
    if (request->identity == NULL)
        use_dashes(&minted->identity);
    if (check_name(buffer_slice(&minted->identity), error) != 0)
        return -1;
    rc = add_names(request, minted);
    if (rc == 0)
        rc = strcmp(request->form, "token") == 0 ? sign_token(request, minted, key) : write_key(request, minted, key);
    return rc == 0 ? 0 : error_set(error, "no room for the cluster's access");
}

static int kubeconfig_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    EVP_PKEY *key = key_make(request, KEY_RSA_2048, error);
    int rc, tries = 0;

    if (key == NULL)
        return -1;
    minted->secret_bits = 112;
    do /* also names may encode to what is filtered */
        rc = draw_access(request, minted, key, error);
    while (rc == 0 && minted->secret.data[0] != '-' && kind_filtered(buffer_slice(&minted->secret)) &&
           ++tries < KIND_TRIES);
    EVP_PKEY_free(key);
    return rc;
}

/* Header, claims and signature of RS256. */
static bool token_valid(struct slice secret)
{
    const unsigned char *first = secret.length == 0 ? NULL : memchr(secret.data, '.', secret.length);
    size_t dots = 0;

    for (size_t i = 0; i < secret.length; i++)
        dots += secret.data[i] == '.';
    return first != NULL && dots == 2 && secret.length > 600 && memcmp(secret.data, TOKEN_START, strlen(TOKEN_START)) == 0;
}

static bool kubeconfig_valid(const char *form, struct slice secret)
{
    return strcmp(form, "token") == 0 ? token_valid(secret) : key_is_pem(secret, "RSA PRIVATE KEY");
}

static const char *const forms[] = {"token", "client-certificate", NULL};

const struct token_kind kind_kubeconfig = {.name = "kubeconfig", .forms = forms, .mint = kubeconfig_mint,
                                           .valid = kubeconfig_valid};
