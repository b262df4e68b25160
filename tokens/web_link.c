/* SPDX-License-Identifier: ISC
 *
 * An address of its own at our host. That it was fetched says that somebody read where it lay, and no more. */
#include <string.h>
#include "tokens/shape.h"

#define SLUG "%22w"
#define SLUG_LENGTH 22

/* Where products keep what is shared by its address. */
static const char *const folders[] = {"s", "share", "d", "f", "i", "link", "go", "dl", "r", "view"};
#define FOLDERS (sizeof folders / sizeof folders[0])

static int web_link_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret, slug;
    int rc = 0;

    buffer_init(&slug, 64);
    if (shape_identity(NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = shape_bits(SLUG);
    do {
        buffer_clear(&slug);
        shape_draw(SLUG, request->draw, &slug);
    } while (!slug.failed && kind_filtered(buffer_slice(&slug)));
    buffer_add_format(out, "%s/%s/", request->door->url, folders[draw_below(request->draw, FOLDERS)]);
    buffer_add_slice(out, buffer_slice(&slug));
    if (out->failed || fact_add(&minted->facts, FACT_ADDRESS, "slug", buffer_slice(&slug)) != 0)
        rc = error_set(error, "no room for the address");
    buffer_free(&slug);
    return rc;
}

static bool web_link_valid(const char *form, struct slice secret)
{
    (void)form;
    return secret.length > SLUG_LENGTH + 8 && memcmp(secret.data, "http", 4) == 0 &&
           secret.data[secret.length - SLUG_LENGTH - 1] == '/' &&
           shape_fits(SLUG, (struct slice){secret.data + secret.length - SLUG_LENGTH, SLUG_LENGTH});
}

static const char *const web_link_forms[] = {"link", NULL};

const struct token_kind kind_web_link = {
    .name = "web-link",
    .forms = web_link_forms,
    .mint = web_link_mint,
    .valid = web_link_valid,
};
