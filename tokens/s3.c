/* SPDX-License-Identifier: ISC
 *
 * Access key id and secret key of an S3 service. `minio`: 20 of A-Z0-9 and 40 of base64. `aws`, for endpoint_url on our
 * host, and the kind aws: AWS's own form, whose id holds the account:
 *
 *   id = "AKIA" base32(1, account in 40 bits, 39 random bits); "ASIA" of a temporary key, which has a session token */
#include <stdio.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/aws_session.h"
#include "tokens/identity.h"
#include "tokens/shape.h"

#define ACCOUNT_DIGITS 12
#define ACCOUNT_BELOW 1000000000000ull
#define SESSION 2048
/* trufflehog */
#define ID_FLOOR 300
#define KEY_FLOOR 425

/* Accounts that scanners know as those of other makers of canaries. */
static const uint64_t canaries[] = {
    52310077262,  171436882533, 534261010715, 595918472158, 717712589309, 819147034852, 992382622183,
    730335385048, 266735846894, 893192397702, 44858866125,  251535659677, 344043088457, 351906852752,
    390477818340, 426127672474, 427150556519, 439872796651, 445142720921, 465867158099, 637958123769,
    693412236332, 732624840810, 735421457923, 959235150393, 982842642351,
};

static bool is_canary(uint64_t account)
{
    for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++)
        if (canaries[i] == account)
            return true;
    return false;
}

/* The operator's own; without one, the installation's, which its seed makes. */
static int choose_account(const struct mint_request *request, uint64_t *account, struct error *error)
{
    const char *text = mint_setting(request, "account");

    if (text == NULL) {
        *account = request->seed % (ACCOUNT_BELOW - 100000000000ull) + 100000000000ull;
        while (is_canary(*account))
            (*account)++;
        return 0;
    }
    if (strlen(text) != ACCOUNT_DIGITS || !alphabet_holds(ALPHABET_DIGITS, slice_of(text)))
        return error_usage(error, "the account '%.40s' is no AWS account number, which has twelve digits", text);
    *account = 0;
    for (const char *c = text; *c != '\0'; c++)
        *account = *account * 10 + (uint64_t)(*c - '0');
    if (is_canary(*account))
        return error_usage(error, "thieves' tools know account %s as that of a maker of canaries; give your own", text);
    return 0;
}

static void draw_aws_id(const struct draw *draw, const char *begin, uint64_t account, struct buffer *out)
{
    unsigned char random[5], bytes[10];
    uint64_t first;

    draw->bytes(draw->context, random, sizeof random);
    first = 1ull << 47 | account << 7 | (random[4] & 127); /* the upper 48 bits */
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(first >> (40 - 8 * i));
    memcpy(bytes + 6, random, 4);
    buffer_add_text(out, begin);
    alphabet_base32(out, (struct slice){bytes, sizeof bytes});
}

static bool is_session(const struct mint_request *request)
{
    return strcmp(request->form, "session") == 0;
}

static int add_session(const struct mint_request *request, const char *account, struct minted *minted)
{
    struct buffer token;
    int rc;

    buffer_init(&token, SESSION);
    rc = aws_session_draw(request->draw, account, request->now, &token);
    if (rc == 0)
        rc = fact_add(&minted->facts, FACT_PLAIN, "session_token", buffer_slice(&token));
    buffer_free(&token);
    return rc;
}

static int aws_identity(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->identity;
    uint64_t account = 0;
    char digits[24];
    int tries = 0;

    if (choose_account(request, &account, error) != 0)
        return -1;
    if (request->identity != NULL)
        return error_usage(error, "AWS gives out the id of a key; leave --identity out");
    if (request->style != NULL)
        return error_usage(error, "AWS gives out the id of a key; leave --style out");
    do {
        buffer_clear(out);
        draw_aws_id(request->draw, is_session(request) ? "ASIA" : "AKIA", account, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), ID_FLOOR) && ++tries < KIND_TRIES);
    minted->identity_bits = 39;
    minted->distinctive = true;
    snprintf(digits, sizeof digits, "%012llu", (unsigned long long)account);
    if (out->failed || fact_add(&minted->facts, FACT_PLAIN, "account", slice_of(digits)) != 0 ||
        (is_session(request) && add_session(request, digits, minted) != 0))
        return error_set(error, "no room for the key's id");
    return 0;
}

/* With the end of a word behind it, which scanners look for. */
static int draw_key(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;

    minted->secret_bits = 238;
    do {
        buffer_clear(out);
        shape_draw("%40b", request->draw, out);
    } while (!out->failed && (kind_skipped(buffer_slice(out), KEY_FLOOR) ||
                              strchr("+/", out->data[out->length - 1]) != NULL));
    return out->failed ? error_set(error, "no room for the key") : 0;
}

static int aws_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    return aws_identity(request, minted, error) != 0 ? -1 : draw_key(request, minted, error);
}

static int s3_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    if (strcmp(request->form, "aws") == 0)
        return aws_mint(request, minted, error);
    if (mint_setting(request, "account") != NULL)
        return error_usage(error, "only the form aws holds an account; leave --account out, or say --form aws");
    return shape_identity("%20A", request, minted, error) != 0 ? -1 : draw_key(request, minted, error);
}

static bool s3_valid(const char *form, struct slice secret)
{
    (void)form;
    return shape_fits("%40b", secret);
}

static const char *const s3_forms[] = {"minio", "aws", NULL};
static const char *const s3_settings[] = {"account", NULL};
static const char *const aws_forms[] = {"access-key", "session", NULL};

const struct token_kind kind_aws = {
    .name = "aws",
    .forms = aws_forms,
    .settings = s3_settings,
    .mint = aws_mint,
    .valid = s3_valid,
};

const struct token_kind kind_s3 = {
    .name = "s3",
    .forms = s3_forms,
    .settings = s3_settings,
    .mint = s3_mint,
    .valid = s3_valid,
};
