/* SPDX-License-Identifier: ISC */
#include "server/base/id.h"

#include <sodium.h>
#include <string.h>

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

struct id id_random(void)
{
    struct id id;

    randombytes_buf(id.bytes, sizeof id.bytes);
    return id;
}

struct id id_ordered(int64_t time_us)
{
    uint64_t ms = (uint64_t)(time_us < 0 ? 0 : time_us / 1000);
    struct id id = id_random();

    for (int i = 0; i < 6; i++)
        id.bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    return id;
}

const char *id_text(struct id id, char letter, char text[ID_TEXT])
{
    char *out = text;

    *out++ = letter;
    *out++ = '-';
    for (size_t bit = 0; bit < 130; bit += 5) {
        unsigned value = (unsigned)id.bytes[bit / 8] << 8 | (bit / 8 + 1 < ID_BYTES ? id.bytes[bit / 8 + 1] : 0);
        *out++ = alphabet[value >> (11 - bit % 8) & 31];
    }
    *out = '\0';
    return text;
}

int id_parse(const char *text, char letter, struct id *id)
{
    char again[ID_TEXT];

    if (strlen(text) != ID_TEXT - 1 || text[0] != letter || text[1] != '-')
        return -1;
    memset(id, 0, sizeof *id);
    for (size_t i = 0; i < 26; i++) {
        const char *place = strchr(alphabet, text[2 + i]);
        size_t bit = 5 * i;
        unsigned value;

        if (place == NULL)
            return -1;
        value = (unsigned)(place - alphabet) << (11 - bit % 8);
        id->bytes[bit / 8] |= (unsigned char)(value >> 8);
        if (bit / 8 + 1 < ID_BYTES)
            id->bytes[bit / 8 + 1] |= (unsigned char)value;
    }
    return strcmp(id_text(*id, letter, again), text) == 0 ? 0 : -1;
}
