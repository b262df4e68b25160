/* SPDX-License-Identifier: ISC */
#include "server/planter/door.h"
#include "server/planter/oauth.h"
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/secret.h"

#define SECOND INT64_C(1000000)
#define EARLY_S 120 /* a token that ends sooner is asked for anew */
#define ASSERTION_S 600
#define FORM_BYTES (2 * CREDENTIALS_FILE)

/* ---- signing ---- */

static char *base64url(const void *data, size_t length)
{
    return secret_base64((struct slice){data, length}, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static char *base64url_json(json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    char *encoded = text != NULL ? base64url(text, strlen(text)) : NULL;

    secret_free(text);
    json_decref(object);
    return encoded;
}

static void name_certificate(json_t *head, struct slice pem, const char *name, const EVP_MD *digest)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, door_no_passphrase, NULL) : NULL;
    unsigned char print[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char *text = certificate != NULL && X509_digest(certificate, digest, print, &length) == 1 ? base64url(print, length)
                                                                                              : NULL;

    if (text != NULL)
        json_object_set_new(head, name, json_string(text));
    free(text);
    X509_free(certificate);
    BIO_free(bio);
}

/* Of "HEAD.CLAIMS"; to be freed. */
static char *sign(const char *text, struct slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, door_no_passphrase, NULL) : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *signature = NULL;
    size_t length = 0;
    char *result = NULL;

    if (key != NULL && context != NULL && EVP_PKEY_is_a(key, "RSA") &&
        EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(context, NULL, &length, (const unsigned char *)text, strlen(text)) == 1 &&
        (signature = malloc(length)) != NULL &&
        EVP_DigestSign(context, signature, &length, (const unsigned char *)text, strlen(text)) == 1)
        result = base64url(signature, length);
    free(signature);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return result;
}

char *oauth_jwt(json_t *claims, struct slice key, struct slice certificate, struct error *error)
{
    json_t *head = json_pack("{s:s, s:s}", "alg", "RS256", "typ", "JWT");
    char *first, *second, *text = NULL, *signature, *whole = NULL;

    if (certificate.length > 0) {
        name_certificate(head, certificate, "x5t", EVP_sha1());
        name_certificate(head, certificate, "x5t#S256", EVP_sha256());
    }
    first = base64url_json(head);
    second = base64url_json(claims);
    if (first == NULL || second == NULL || asprintf(&text, "%s.%s", first, second) < 0)
        text = NULL;
    signature = text != NULL ? sign(text, key) : NULL;
    if (signature == NULL || asprintf(&whole, "%s.%s", text, signature) < 0) {
        whole = NULL;
        error_set(error, "the account's key is no RSA key in PEM, without a passphrase");
    }
    secret_free(first);
    secret_free(second);
    secret_free(text);
    secret_free(signature);
    return whole;
}

/* ---- asking ---- */

static void add_field(struct buffer *form, const char *name, const char *value)
{
    buffer_add_format(form, "%s%s=", form->length > 0 ? "&" : "", name);
    web_escape(form, value);
}

static void add_secret(struct buffer *form, const char *name, struct slice value)
{
    struct buffer text;

    buffer_init(&text, CREDENTIALS_FILE);
    buffer_add_slice(&text, value);
    add_field(form, name, buffer_text(&text));
    buffer_free(&text);
}

/* The account's, or the API's with the tenant in it; to be freed. */
static char *token_url(const struct web *web, struct error *error)
{
    const struct credentials *credentials = &web->visit->credentials;
    const char *own = credentials_setting(credentials, "token-url"), *hole;
    const char *tenant = credentials_setting(credentials, "tenant");
    struct buffer url;
    char *text;

    if (own[0] == '\0')
        own = web->api->token_url;
    if (own == NULL) {
        error_set(error, "the account %s needs token-url:, where access tokens are given out", credentials->name);
        return NULL;
    }
    hole = strstr(own, "{tenant}");
    buffer_init(&url, 4096);
    buffer_add(&url, own, hole != NULL ? (size_t)(hole - own) : strlen(own));
    if (hole != NULL) {
        web_escape(&url, tenant[0] != '\0' ? tenant : web->tenant);
        buffer_add_text(&url, hole + strlen("{tenant}"));
    }
    text = url.failed ? NULL : strdup(buffer_text(&url));
    if (text == NULL)
        error_set(error, "the account's token-url: is too long");
    buffer_free(&url);
    return text;
}

static const char *scope(const struct web *web)
{
    const char *own = credentials_setting(&web->visit->credentials, "scope");

    return own[0] != '\0' ? own : web->api->scope;
}

static int take_token(struct web *web, const char *what, struct error *error)
{
    json_t *answer = json_loadb((const char *)web->answer.data, web->answer.length, JSON_REJECT_DUPLICATES, NULL);
    const char *token = json_string_value(json_object_get(answer, "access_token"));
    json_int_t seconds = json_integer_value(json_object_get(answer, "expires_in"));
    int rc = 0;

    buffer_clear(&web->token);
    if (token == NULL || token[strcspn(token, "\r\n")] != '\0' || buffer_add_text(&web->token, token) != 0)
        rc = error_set(error, "%s: %s answers without an access token", what, web->host);
    web->token_until = clock_monotonic() + (seconds > 0 && seconds < 86400 ? seconds : 3600) * SECOND;
    json_decref(answer);
    buffer_clear(&web->answer);
    return rc;
}

static int ask(struct web *web, const char *url, struct buffer *form, struct error *error)
{
    const struct web_call call = {.method = "POST", .path = url, .type = "application/x-www-form-urlencoded",
                                  .body = buffer_slice(form), .open = true};
    const char *what = "no access token was given out";

    if (form->failed)
        return error_set(error, "the account's files are too long");
    return web_must(web, &call, what, error) == 0 ? take_token(web, what, error) : -1;
}

static json_t *assertion_claims(const char *issuer, const char *subject, const char *audience)
{
    int64_t now = clock_wall() / SECOND;
    unsigned char random[16];
    char id[2 * sizeof random + 1];

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(id, sizeof id, random, sizeof random);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "iss", issuer, "sub", subject, "aud", audience, "jti", id, "iat",
                     (json_int_t)now, "nbf", (json_int_t)now - 60, "exp", (json_int_t)now + ASSERTION_S);
}

/* ---- the ways ---- */

static int by_client(struct web *web, const char *url, struct buffer *form, struct error *error)
{
    const struct credentials *credentials = &web->visit->credentials;
    const char *client = credentials_setting(credentials, "client");
    struct slice secret = credentials_file(credentials, ACCOUNT_SECRET);
    char *assertion;

    add_field(form, "grant_type", "client_credentials");
    add_field(form, "client_id", client);
    if (scope(web) != NULL)
        add_field(form, "scope", scope(web));
    if (secret.length > 0) {
        add_secret(form, "client_secret", secret);
        return ask(web, url, form, error);
    }
    assertion = oauth_jwt(assertion_claims(client, client, url), credentials_file(credentials, ACCOUNT_KEY),
                          credentials_file(credentials, ACCOUNT_CERTIFICATE), error);
    if (assertion == NULL)
        return -1;
    add_field(form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    add_field(form, "client_assertion", assertion);
    secret_free(assertion);
    return ask(web, url, form, error);
}

static int by_service_account(struct web *web, const char *url, struct buffer *form, struct error *error)
{
    const struct credentials *credentials = &web->visit->credentials;
    struct slice file = credentials_file(credentials, ACCOUNT_SERVICE_ACCOUNT);
    json_t *account = json_loadb((const char *)file.data, file.length, JSON_REJECT_DUPLICATES, NULL), *claims;
    const char *mail = json_string_value(json_object_get(account, "client_email"));
    const char *key = json_string_value(json_object_get(account, "private_key"));
    char *assertion = NULL;
    int rc = -1;

    if (mail == NULL || key == NULL) {
        error_set(error, "%s is no key of a Google service account: it has no client_email and private_key",
                  credentials->files[ACCOUNT_SERVICE_ACCOUNT].path);
    } else {
        claims = assertion_claims(mail, web->subject, url);
        if (scope(web) != NULL)
            json_object_set_new(claims, "scope", json_string(scope(web)));
        assertion = oauth_jwt(claims, slice_of(key), SLICE_NONE, error);
    }
    if (assertion != NULL) {
        add_field(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        add_field(form, "assertion", assertion);
        rc = ask(web, url, form, error);
    }
    secret_free(assertion);
    json_decref(account);
    return rc;
}

static int find_token(struct web *web, struct error *error)
{
    const struct credentials *credentials = &web->visit->credentials;
    struct slice given = credentials_file(credentials, ACCOUNT_TOKEN);
    struct buffer form;
    char *url;
    int rc;

    if (given.length > 0) {
        buffer_clear(&web->token);
        web->token_until = 0;
        return buffer_add_slice(&web->token, given) == 0 ? 0 : error_set(error, "the account's token is too long");
    }
    if (web->token.length > 0 && clock_monotonic() < web->token_until - EARLY_S * SECOND)
        return 0;
    if (credentials_file(credentials, ACCOUNT_SERVICE_ACCOUNT).length == 0 &&
        credentials_setting(credentials, "client")[0] == '\0')
        return error_set(error, "the account %s has nothing by which this place lets in: give it client:, token: or "
                         "service-account:", credentials->name);
    url = token_url(web, error);
    buffer_init(&form, FORM_BYTES);
    if (url == NULL)
        rc = -1;
    else if (credentials_setting(credentials, "client")[0] != '\0')
        rc = by_client(web, url, &form, error);
    else
        rc = by_service_account(web, url, &form, error);
    buffer_free(&form);
    free(url);
    return rc;
}

int oauth_token(struct web *web, struct error *error)
{
    struct buffer *granted = &web->visit->credentials.granted;
    int rc = find_token(web, error);

    buffer_clear(granted);
    buffer_add_slice(granted, buffer_slice(&web->token));
    return rc;
}

/* ---- for other servers ---- */

bool oauth_is_way(const struct credentials *credentials)
{
    return credentials_file(credentials, ACCOUNT_TOKEN).length > 0 ||
           credentials_file(credentials, ACCOUNT_SERVICE_ACCOUNT).length > 0 ||
           credentials_setting(credentials, "client")[0] != '\0';
}

static struct web *tokens_for(struct visit *visit, const char *host, const char *person, struct error *error)
{
    static const struct web_api none = {.url = NULL};
    bool personal = credentials_file(&visit->credentials, ACCOUNT_SERVICE_ACCOUNT).length > 0;
    char key[1024];
    struct web *web;

    snprintf(key, sizeof key, "%s %s", host, personal ? person : "");
    web = visit_tokens(visit, key);
    if (web == NULL) {
        web = web_new(visit, &none, host, 0, person, error);
        if (web == NULL || visit_keep_tokens(visit, key, web, web_free, error) != 0)
            return NULL;
    }
    return web;
}

int oauth_bearer(struct visit *visit, const char *host, const char *person, bool anew, struct slice *token, bool *kept,
                 struct error *error)
{
    struct web *web = tokens_for(visit, host, person, error);
    int64_t before;
    int rc;

    if (web == NULL)
        return -1;
    if (anew)
        buffer_clear(&web->token);
    before = web->token_until;
    rc = oauth_token(web, error);
    door_close(&web->door);
    *kept = before != 0 && web->token_until == before;
    *token = buffer_slice(&web->token);
    return rc;
}
