/* SPDX-License-Identifier: ISC
 *
 * Logging in (RFC 9051, 6.2): by password, PLAIN (RFC 4616) or LOGIN; by access token, given or asked for (oauth.h),
 * XOAUTH2 or OAUTHBEARER (RFC 7628); by the client certificate, EXTERNAL. Where the account is somebody else than the
 * mailbox's user it logs in for that user, by PLAIN's and EXTERNAL's authorisation identity. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/imap_talk.h"
#include "server/planter/oauth.h"
#include "server/planter/secret.h"

#define SECRET_BYTES (CREDENTIALS_FILE + 4096)

/* The setting by which the account proves who it is. */
static const char *proof(const struct credentials *credentials)
{
    static const enum account_file files[] = {ACCOUNT_TOKEN, ACCOUNT_PASSWORD, ACCOUNT_SERVICE_ACCOUNT};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (credentials->files[files[i]].path != NULL)
            return account_file_name(files[i]);
    return credentials_setting(credentials, "client")[0] != '\0' ? "client" : account_file_name(ACCOUNT_CERTIFICATE);
}

/* The server's refusal, with what to do. */
static int refused(struct imap *imap, const struct visit *visit, const char *user, struct error *error)
{
    const struct credentials *credentials = &visit->credentials;
    const char *words = buffer_text(&imap->text);

    return error_set(error, "%s refused the login of %s to the mailbox of %s (%.120s): check user: and %s: of the account "
                     "%s, and whether it may enter this mailbox", imap->host, user, imap->user,
                     words, proof(credentials), credentials->name);
}

/* AUTHENTICATE with an initial response, sent with the command where the server takes it so. If it goes on after that
 * it says why it refuses (RFC 7628, 3.2.3), to which an empty line answers. */
static int authenticate(struct imap *imap, const char *mechanism, struct slice plain, struct error *error)
{
    bool at_once = (imap->can & IMAP_SASL_IR) != 0;
    char *text = secret_base64(plain, sodium_base64_VARIANT_ORIGINAL);
    int went = 1;

    if (text == NULL)
        return error_set(error, "out of memory");
    imap_begin(imap, "AUTHENTICATE %s%s", mechanism, at_once ? " " : "\r\n");
    if (!at_once)
        went = imap_continue(imap, error);
    if (went == 1) {
        buffer_add_text(&imap->command, at_once && plain.length == 0 ? "=" : text);
        buffer_add_text(&imap->command, "\r\n");
        went = imap_continue(imap, error);
    }
    if (went == 1)
        went = imap_run(imap, NULL, NULL, error);
    else if (went == 0)
        went = (int)imap->said;
    secret_free(text);
    return went;
}

static int plain(struct imap *imap, const char *owner, const char *user, struct slice password, struct error *error)
{
    struct buffer text;
    int said;

    buffer_init(&text, SECRET_BYTES);
    buffer_add_text(&text, owner);
    buffer_add_char(&text, '\0');
    buffer_add_text(&text, user);
    buffer_add_char(&text, '\0');
    buffer_add_slice(&text, password);
    said = authenticate(imap, "PLAIN", buffer_slice(&text), error);
    buffer_free(&text);
    return said;
}

static int login(struct imap *imap, const char *user, struct slice password, struct error *error)
{
    imap_begin(imap, "LOGIN ");
    if (imap_add_string(imap, slice_of(user), error) != 0)
        return -1;
    buffer_add_char(&imap->command, ' ');
    return imap_add_string(imap, password, error) != 0 ? -1 : imap_run(imap, NULL, NULL, error);
}

static int by_password(struct imap *imap, const char *owner, const char *user, struct slice password,
                       struct error *error)
{
    bool other = owner[0] != '\0';

    if ((imap->can & IMAP_PLAIN) != 0)
        return plain(imap, owner, user, password, error);
    if (other)
        return error_set(error, "%s offers no AUTH=PLAIN, by which %s could log in for others; where it has master "
                         "users of another form write that form into user:, such as %%u*%s", imap->host, user, user);
    if ((imap->can & IMAP_NO_LOGIN) != 0)
        return error_set(error, "%s takes no passwords", imap->host);
    return login(imap, user, password, error);
}

static int give_token(struct imap *imap, const char *user, struct slice token, struct error *error)
{
    bool bearer = (imap->can & IMAP_XOAUTH2) == 0;
    struct buffer text;
    int said;

    buffer_init(&text, SECRET_BYTES);
    if (bearer)
        buffer_add_format(&text, "n,a=%s,\1host=%s\1auth=Bearer ", user, imap->host);
    else
        buffer_add_format(&text, "user=%s\1auth=Bearer ", user);
    buffer_add_slice(&text, token);
    buffer_add_text(&text, "\1\1");
    said = authenticate(imap, bearer ? "OAUTHBEARER" : "XOAUTH2", buffer_slice(&text), error);
    buffer_free(&text);
    return said;
}

/* One that was kept may have ended before its time: then another is asked for, once. */
static int by_token(struct imap *imap, struct visit *visit, struct error *error)
{
    struct slice token = SLICE_NONE;
    bool kept = false;
    int said = IMAP_OK;

    if ((imap->can & (IMAP_XOAUTH2 | IMAP_OAUTHBEARER)) == 0)
        return error_set(error, "%s takes no access tokens: it offers neither XOAUTH2 nor OAUTHBEARER", imap->host);
    for (int turn = 0; turn == 0 || (turn == 1 && said > IMAP_OK && kept); turn++) {
        if (oauth_bearer(visit, imap->host, imap->user, turn == 1, &token, &kept, error) != 0)
            return -1;
        said = give_token(imap, imap->user, token, error);
    }
    return said;
}

static int capabilities(struct imap *imap, struct error *error)
{
    imap_begin(imap, "CAPABILITY");
    return imap_must(imap, NULL, NULL, "CAPABILITY", error);
}

int imap_log_in(struct imap *imap, struct visit *visit, struct error *error)
{
    const struct credentials *credentials = &visit->credentials;
    struct slice password = credentials_file(credentials, ACCOUNT_PASSWORD);
    char *user = credentials_user(credentials, imap->user);
    const char *setting = credentials_setting(credentials, "user"), *owner = "";
    int said = -1;

    if (user == NULL)
        return error_set(error, "out of memory");
    if (setting[0] != '\0' && strstr(setting, "%u") == NULL && strcmp(setting, imap->user) != 0)
        owner = imap->user;
    if (imap->can == 0 && capabilities(imap, error) != 0)
        goto out;
    if (oauth_is_way(credentials))
        said = by_token(imap, visit, error);
    else if (password.length > 0)
        said = by_password(imap, owner, user, password, error);
    else if (credentials->files[ACCOUNT_CERTIFICATE].path != NULL && (imap->can & IMAP_EXTERNAL) != 0)
        said = authenticate(imap, "EXTERNAL", slice_of(imap->user), error);
    else
        error_set(error, "the account %s has nothing by which %s lets in: give it password:, token: or client:",
                  credentials->name, imap->host);
    if (said > IMAP_OK)
        said = refused(imap, visit, user, error);
    else if (said == IMAP_OK)
        said = capabilities(imap, error);
out:
    free(user);
    return said;
}
