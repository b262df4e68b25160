/* SPDX-License-Identifier: ISC
 *
 * The login in a URL (RFC 3986, section 3.2.1: https://user:secret@host/path), as it stands in git remotes,
 * .git-credentials, .netrc, package indexes and curl's settings. The secret is what the client sends, before any
 * percent-encoding. Form `git` is made by a machine, of characters that stand in a URL as they are; form `basic` is a
 * person's password, whose signs a URL carries encoded. */
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/identity.h"
#include "tokens/password.h"

#define LEAST 20
#define MOST 26

/* log2(64) = 6 bits for each inner character, log2(62) = 5.95 for the first and the last; 1.9 bits less than their sum
 * are stated, which is more than the draws that are filtered take off it. */
static uint16_t draw_machine(const struct draw *draw, struct buffer *out)
{
    uint32_t length = LEAST + draw_below(draw, MOST - LEAST + 1);

    alphabet_draw(out, ALPHABET_BASE62, 1, draw);
    alphabet_draw(out, ALPHABET_BASE64URL, length - 2, draw);
    alphabet_draw(out, ALPHABET_BASE62, 1, draw);
    return (uint16_t)(length * 6 - 2);
}

static int url_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;

    if (identity_mint(request, minted, error) != 0)
        return -1;
    do {
        buffer_clear(out);
        minted->secret_bits =
            strcmp(request->form, "basic") == 0 ? password_human_draw(request, out) : draw_machine(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the URL's secret") : 0;
}

static bool url_valid(const char *form, struct slice secret)
{
    if (strcmp(form, "basic") == 0)
        return password_human_valid(secret);
    return secret.length >= LEAST && secret.length <= MOST && alphabet_holds(ALPHABET_BASE64URL, secret);
}

static const char *const url_forms[] = {"git", "basic", NULL};

const struct token_kind kind_url = {
    .name = "url",
    .bound = true,
    .forms = url_forms,
    .mint = url_mint,
    .valid = url_valid,
};
