/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"

uint32_t checksum_crc32(struct slice data)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < data.length; i++) {
        crc ^= data.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
    }
    return ~crc;
}

struct marvin {
    uint32_t low, high;
};

static uint32_t turned(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static void marvin_take(struct marvin *state, uint32_t word)
{
    state->low += word;
    state->high ^= state->low;
    state->low = turned(state->low, 20) + state->high;
    state->high = turned(state->high, 9) ^ state->low;
    state->low = turned(state->low, 27) + state->high;
    state->high = turned(state->high, 19);
}

uint32_t checksum_marvin32(struct slice data, uint64_t seed)
{
    struct marvin state = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t word = 0;

    for (size_t i = 0; i < data.length; i++) {
        word |= (uint32_t)data.data[i] << 8 * (i % 4);
        if (i % 4 == 3) {
            marvin_take(&state, word);
            word = 0;
        }
    }
    marvin_take(&state, word | 0x80u << 8 * (data.length % 4));
    marvin_take(&state, 0);
    return state.low ^ state.high;
}

int checksum_number(struct buffer *out, const char *alphabet, uint64_t number, unsigned width)
{
    char digits[64];
    size_t base = strlen(alphabet), count = 0;

    do {
        digits[count++] = alphabet[number % base];
        number /= base;
    } while (number != 0);
    for (size_t i = count; i < width; i++)
        buffer_add_char(out, alphabet[0]);
    while (count > 0)
        buffer_add_char(out, digits[--count]);
    return out->failed ? -1 : 0;
}

int checksum_base64url(struct buffer *out, struct slice data)
{
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < data.length; i++) {
        bits = (bits << 8 | data.data[i]) & 0xffff;
        count += 8;
        while (count >= 6) {
            count -= 6;
            buffer_add_char(out, ALPHABET_BASE64URL[bits >> count & 63]);
        }
    }
    if (count > 0)
        buffer_add_char(out, ALPHABET_BASE64URL[bits << (6 - count) & 63]);
    return out->failed ? -1 : 0;
}

int checksum_base64url_decode(struct buffer *out, struct slice text)
{
    const char *digit;
    uint32_t bits = 0;
    unsigned count = 0;

    if (text.length % 4 == 1)
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        digit = text.data[i] == 0 ? NULL : strchr(ALPHABET_BASE64URL, text.data[i]);
        if (digit == NULL)
            return -1;
        bits = (bits << 6 | (uint32_t)(digit - ALPHABET_BASE64URL)) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            buffer_add_u8(out, (uint8_t)(bits >> count));
        }
    }
    return out->failed || (bits & ((1U << count) - 1)) != 0 ? -1 : 0;
}
