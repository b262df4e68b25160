/* SPDX-License-Identifier: ISC
 *
 * Personal access token of Azure DevOps, of Microsoft's common annotated keys:
 *
 *   T     = 52 of base 62, "JQQJ99", year and month ('A': 2024, January), "ACAAAAA", five of base 62 that are its tenant's,
 *           "AAAS", "AZDO"
 *   token = T, the first four digits in base 62 of a checksum, zeros behind it: Marvin32 of the 60 bytes that T is in
 *           base64, its bytes in the other order
 *
 * The form of the checksum since February 2025; before it was base64. */
#include <sodium.h>
#include <string.h>
#include <time.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/shape.h"

#define RANDOM 52
#define TEXT 80
#define BYTES (TEXT / 4 * 3)
#define CHECK 4
#define TENANT 5
#define SEED 0x44656661756c7430ull /* "Default0" */
#define DAYS 180                   /* at most, since it was made: such a token lives for a year at most */
#define FITS "%52wJQQJ99%1A%1AACAAAAA%5wAAASAZDO"

static int seal(struct buffer *secret)
{
    unsigned char bytes[BYTES];
    size_t length = 0;
    struct buffer digits;
    uint32_t sum;
    int rc = -1;

    if (sodium_base642bin(bytes, sizeof bytes, (const char *)secret->data, secret->length, NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return -1;
    buffer_init(&digits, 16);
    sum = checksum_marvin32((struct slice){bytes, length}, SEED);
    checksum_number(&digits, ALPHABET_BASE62, __builtin_bswap32(sum), 0);
    buffer_add_text(&digits, "000");
    if (!digits.failed)
        rc = buffer_add(secret, digits.data, CHECK);
    sodium_memzero(bytes, sizeof bytes);
    buffer_free(&digits);
    return rc;
}

/* The company's own, in all its tokens. */
static void add_tenant(uint64_t seed, struct buffer *out)
{
    static const char digits[] = ALPHABET_BASE62;

    for (int i = 0; i < TENANT; i++) {
        seed = (seed + 1) * 0x9e3779b97f4a7c15ull; /* the golden ratio's digits, as hashes by multiplication use */
        buffer_add_char(out, digits[(seed >> 32) % 62]);
    }
}

static int draw_token(const struct mint_request *request, struct buffer *out)
{
    time_t made = (time_t)(request->now - (int64_t)draw_below(request->draw, DAYS * 86400));
    struct tm date;

    if (gmtime_r(&made, &date) == NULL)
        return -1;
    alphabet_draw(out, ALPHABET_BASE62, RANDOM, request->draw);
    buffer_add_format(out, "JQQJ99%c%cACAAAAA", 'A' + (date.tm_year - 124) % 26, 'A' + date.tm_mon);
    add_tenant(request->seed, out);
    buffer_add_text(out, "AAASAZDO");
    return out->failed ? -1 : seal(out);
}

/* What is not drawn is Microsoft's. */
static int azure_devops_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;
    int rc;

    if (shape_identity(NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = 308;
    do {
        buffer_clear(out);
        rc = draw_token(request, out);
    } while (rc == 0 && kind_skipped((struct slice){out->data, RANDOM}, KIND_FLOOR));
    return rc != 0 ? error_set(error, "no room for the token") : 0;
}

static bool azure_devops_valid(const char *form, struct slice secret)
{
    struct slice text = {secret.data, TEXT};
    struct buffer again;
    bool valid;

    (void)form;
    if (secret.length != TEXT + CHECK || !shape_fits(FITS, text))
        return false;
    buffer_init(&again, TEXT + CHECK);
    buffer_add_slice(&again, text);
    valid = seal(&again) == 0 && slice_equal(buffer_slice(&again), secret);
    buffer_free(&again);
    return valid;
}

static const char *const azure_devops_forms[] = {"pat", NULL};

const struct token_kind kind_azure_devops = {
    .name = "azure-devops",
    .forms = azure_devops_forms,
    .mint = azure_devops_mint,
    .valid = azure_devops_valid,
};
