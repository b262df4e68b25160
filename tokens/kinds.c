/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tokens/kind.h"

static const struct token_kind *const kinds[] = {
#define KIND(symbol, name, summary, forms, opens, bound, proofs) &kind_##symbol,
#include "server/wire/tables/kinds.def"
#undef KIND
};

const struct token_kind *kind_at(size_t index)
{
    return index < sizeof kinds / sizeof *kinds ? kinds[index] : NULL;
}

const struct token_kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

const char *mint_setting(const struct mint_request *request, const char *name)
{
    for (size_t i = 0; i < request->setting_count; i++)
        if (strcmp(request->settings[i].name, name) == 0)
            return request->settings[i].value;
    return NULL;
}

uint32_t draw_below(const struct draw *draw, uint32_t bound)
{
    uint32_t value, least = bound < 2 ? 0 : (uint32_t)(-bound) % bound;

    if (bound < 2)
        return 0;
    do
        draw->bytes(draw->context, &value, sizeof value);
    while (value < least);
    return value % bound;
}
