/* SPDX-License-Identifier: ISC */
#include "server/minter/stamp.h"
#include <sodium.h>
#include <string.h>

#define ALPHABET "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz" /* of Postfix's long queue ids */
#define DAY 86400
#define SECONDS 6  /* digits of a long id's seconds, until 2595 */
#define LONGEST 24

static size_t add_digits(char *out, uint64_t value, uint64_t base, size_t least)
{
    char digits[16];
    size_t count = 0;

    for (; value > 0 || count < least; value /= base)
        digits[count++] = ALPHABET[value % base];
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

void stamp_postfix(const struct draw *draw, int64_t time, char text[STAMP])
{
    size_t used = add_digits(text, (uint64_t)time, 52, SECONDS);

    used += add_digits(text + used, draw_below(draw, 1000000), 52, 4);
    text[used++] = 'z';
    used += add_digits(text + used, 400000 + draw_below(draw, 3000000), 51, 0);
    text[used] = 0;
}

static bool is_near(int64_t a, int64_t b)
{
    return a > b - DAY && a < b + DAY;
}

bool stamp_is_postfix(const char *text, int64_t time)
{
    int64_t seconds = 0;

    if (strlen(text) < SECONDS + 6 || strlen(text) > LONGEST || text[SECONDS + 4] != 'z' ||
        strspn(text, ALPHABET) != strlen(text))
        return false;
    for (int i = 0; i < SECONDS; i++)
        seconds = seconds * 52 + (strchr(ALPHABET, text[i]) - ALPHABET);
    return is_near(seconds, time);
}

static void add_little(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> 8 * i);
}

void stamp_dovecot(const struct draw *draw, const char *host, int64_t time, char text[STAMP])
{
    unsigned char id[16], hash[crypto_generichash_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)host, strlen(host), NULL, 0);
    add_little(id, draw_below(draw, 1000000000));
    add_little(id + 4, (uint32_t)time);
    add_little(id + 8, 700 + draw_below(draw, 400000));
    add_little(id + 12, (1 + (hash[0] | (unsigned)hash[1] << 8) % 65000) * 48271u);
    sodium_bin2base64(text, STAMP, id, sizeof id, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

bool stamp_is_dovecot(const char *text, int64_t time)
{
    unsigned char id[16];
    size_t length;

    return strlen(text) == 22 &&
           sodium_base642bin(id, sizeof id, text, 22, NULL, &length, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           length == sizeof id &&
           is_near(id[4] | (int64_t)id[5] << 8 | (int64_t)id[6] << 16 | (int64_t)id[7] << 24, time);
}
