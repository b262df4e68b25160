/* SPDX-License-Identifier: ISC
 *
 * Logins with a user and a password: databases, queues, mail, files, registries. Form `generated` is a machine's password
 * that stands in URLs, connection strings and settings as it is; `human` is a person's (password.h). */
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/identity.h"
#include "tokens/password.h"
#include "tokens/shape.h"

#define LEAST 20
#define MOST 28

/* log2(62) = 5.95 bits for each character; 5.9 are stated. No signs: what they mean differs from file to file. */
static uint16_t draw_generated(const struct draw *draw, struct buffer *out)
{
    uint32_t length = LEAST + draw_below(draw, MOST - LEAST + 1);

    alphabet_draw(out, ALPHABET_BASE62, length, draw);
    return (uint16_t)(length * 59 / 10);
}

/* A mailbox's login is its address. */
static int add_domain(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->identity;

    if (out->length == 0 || memchr(out->data, '@', out->length) != NULL)
        return 0;
    buffer_add_format(out, "@%s", request->domain);
    return out->failed ? error_set(error, "no room for the address") : 0;
}

static int draw_secret(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;

    do {
        buffer_clear(out);
        minted->secret_bits =
            strcmp(request->form, "human") == 0 ? password_human_draw(request, out) : draw_generated(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the password") : 0;
}

static int login_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    return identity_mint(request, minted, error) != 0 ? -1 : draw_secret(request, minted, error);
}

static int address_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    if (identity_mint(request, minted, error) != 0 || add_domain(request, minted, error) != 0)
        return -1;
    return draw_secret(request, minted, error);
}

static bool login_valid(const char *form, struct slice secret)
{
    if (strcmp(form, "human") == 0)
        return password_human_valid(secret);
    return secret.length >= LEAST && secret.length <= MOST && alphabet_holds(ALPHABET_BASE62, secret);
}

static const char *const login_forms[] = {"generated", "human", NULL};

#define LOGIN(symbol, name_, mint_)                                                                                    \
    const struct token_kind kind_##symbol = {                                                                          \
        .name = name_, .bound = true, .forms = login_forms, .mint = mint_, .valid = login_valid}

LOGIN(docker_registry, "docker-registry", login_mint);
LOGIN(postgres, "postgres", login_mint);
LOGIN(mysql, "mysql", login_mint);
LOGIN(mssql, "mssql", login_mint);
LOGIN(mongodb, "mongodb", login_mint);
LOGIN(redis, "redis", login_mint);
LOGIN(amqp, "amqp", login_mint);
LOGIN(ftp, "ftp", login_mint);
LOGIN(ldap_bind, "ldap-bind", login_mint);
LOGIN(maven, "maven", login_mint);
LOGIN(composer, "composer", login_mint);
LOGIN(smb, "smb", login_mint);
LOGIN(rdp, "rdp", login_mint);
LOGIN(openvpn, "openvpn", login_mint);
LOGIN(imap, "imap", address_mint);
LOGIN(smtp, "smtp", address_mint);
