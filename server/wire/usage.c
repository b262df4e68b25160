/* SPDX-License-Identifier: ISC */
#include "server/wire/usage.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void take_option(struct usage_word *word)
{
    const char *space = memchr(word->text.data, ' ', word->text.length), *text = (const char *)word->text.data;
    size_t length = space != NULL ? (size_t)(space - text) : word->text.length, dashes = strspn(text, "-");

    if (space != NULL)
        word->value = (struct slice){word->text.data + length + 1, word->text.length - length - 1};
    word->text.length = length;
    snprintf(word->name, sizeof(word->name), "%.*s", (int)(length - dashes), text + dashes);
}

static void take_operand(struct usage_word *word)
{
    size_t used = 0;

    word->repeated = word->text.length > 3 && memcmp(word->text.data + word->text.length - 3, "...", 3) == 0;
    if (word->repeated)
        word->text.length -= 3;
    while (used < word->text.length && used + 1 < USAGE_NAME && isupper(word->text.data[used])) {
        word->name[used] = (char)tolower(word->text.data[used]);
        used++;
    }
    word->name[used] = '\0';
}

const char *usage_next(const char *usage, struct usage_word *word)
{
    const char *end;

    usage += strspn(usage, " ");
    if (*usage == '\0')
        return NULL;
    *word = (struct usage_word){.optional = *usage == '['};
    usage += word->optional;
    end = usage + strcspn(usage, word->optional ? "]" : " ");
    word->text = (struct slice){(const uint8_t *)usage, (size_t)(end - usage)};
    word->option = *usage == '-';
    if (word->option)
        take_option(word);
    else
        take_operand(word);
    return *end == '\0' ? end : end + 1;
}

bool usage_find(const char *usage, struct slice name, bool option, struct usage_word *word)
{
    while ((usage = usage_next(usage, word)) != NULL)
        if (word->option == option && slice_is(name, word->name))
            return true;
    return false;
}

bool usage_operand(const char *usage, size_t n, struct usage_word *word)
{
    while ((usage = usage_next(usage, word)) != NULL)
        if (!word->option && n-- == 0)
            return true;
    return false;
}
