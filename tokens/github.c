/* SPDX-License-Identifier: ISC
 *
 * GitHub's tokens, at a GitHub Enterprise Server or at github.com. `classic`: "ghp_", 30 characters of base 62, and their
 * CRC-32 in six digits of base 62. `fine-grained`:
 *
 *   body  = "github_pat_" "11" base32(user id, four bytes) "0" 12 of base 62 "_" 43 of base 62
 *   token = body, base32(SHA-256(body)) cut to 8, 8 of base 62 */
#include <openssl/evp.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define BODY 77
#define USERS 6000 /* of a company's own server, which counts them from 1 */
#define USERS_THERE 200000000 /* at github.com */

/* The first 40 bits of the SHA-256 are just eight digits. */
static int add_check(struct buffer *out, struct slice body)
{
    unsigned char hash[EVP_MAX_MD_SIZE];

    if (EVP_Digest(body.data, body.length, hash, NULL, EVP_sha256(), NULL) != 1)
        return -1;
    return alphabet_base32(out, (struct slice){hash, 5});
}

static int draw_fine(const struct draw *draw, uint32_t users, struct buffer *out)
{
    uint32_t user = 3 + draw_below(draw, users);
    const unsigned char id[4] = {(unsigned char)(user >> 24), (unsigned char)(user >> 16), (unsigned char)(user >> 8),
                                 (unsigned char)user};

    buffer_add_text(out, "github_pat_11");
    alphabet_base32(out, (struct slice){id, sizeof id});
    shape_draw("0%12w_%43w", draw, out);
    add_check(out, buffer_slice(out));
    return alphabet_draw(out, ALPHABET_BASE62, 8, draw);
}

static int draw_classic(const struct draw *draw, struct buffer *out)
{
    buffer_add_text(out, "ghp_");
    alphabet_draw(out, ALPHABET_BASE62, 30, draw);
    return checksum_number(out, ALPHABET_BASE62, checksum_crc32((struct slice){out->data + 4, out->length - 4}), 6);
}

static int draw_token(const struct mint_request *request, uint32_t users, struct minted *minted, struct error *error)
{
    bool fine = strcmp(request->form, "fine-grained") == 0;
    struct buffer *out = &minted->secret;

    if (shape_identity(NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = fine ? 320 : 177;
    do {
        buffer_clear(out);
        if (buffer_reserve(out, 128) == NULL)
            break;
        if (fine)
            draw_fine(request->draw, users, out);
        else
            draw_classic(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static int github_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    return draw_token(request, USERS_THERE, minted, error);
}

static int enterprise_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    return draw_token(request, USERS, minted, error);
}

static bool fine_valid(struct slice secret)
{
    struct buffer check;
    bool valid;

    if (secret.length != BODY + 16)
        return false;
    buffer_init(&check, 16);
    valid = add_check(&check, (struct slice){secret.data, BODY}) == 0 && memcmp(secret.data, "github_pat_11", 13) == 0 &&
            memcmp(check.data, secret.data + BODY, 8) == 0 &&
            shape_fits("0%12w_%43w", (struct slice){secret.data + 20, 57}) &&
            alphabet_holds(ALPHABET_BASE32, (struct slice){secret.data + 13, 7}) &&
            alphabet_holds(ALPHABET_BASE62, (struct slice){secret.data + BODY + 8, 8});
    buffer_free(&check);
    return valid;
}

static bool classic_valid(struct slice secret)
{
    struct buffer check;
    bool valid;

    if (secret.length != 40)
        return false;
    buffer_init(&check, 16);
    checksum_number(&check, ALPHABET_BASE62, checksum_crc32((struct slice){secret.data + 4, 30}), 6);
    valid = shape_fits("ghp_%36w", secret) && memcmp(check.data, secret.data + 34, 6) == 0;
    buffer_free(&check);
    return valid;
}

static bool github_valid(const char *form, struct slice secret)
{
    return strcmp(form, "fine-grained") == 0 ? fine_valid(secret) : classic_valid(secret);
}

static const char *const github_forms[] = {"classic", "fine-grained", NULL};

const struct token_kind kind_github = {
    .name = "github",
    .forms = github_forms,
    .mint = github_mint,
    .valid = github_valid,
};

const struct token_kind kind_github_enterprise = {
    .name = "github-enterprise",
    .forms = github_forms,
    .mint = enterprise_mint,
    .valid = github_valid,
};
