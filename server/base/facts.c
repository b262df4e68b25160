/* SPDX-License-Identifier: ISC */
#include "server/base/facts.h"

int fact_add(struct buffer *facts, enum fact_role role, const char *name, struct slice value)
{
    buffer_add_u8(facts, (uint8_t)role);
    buffer_add_string(facts, name);
    buffer_add_bytes(facts, value);
    return facts->failed ? -1 : 0;
}

bool fact_next(struct reader *reader, struct token_fact *fact)
{
    if (reader->left == 0 || reader->failed)
        return false;
    fact->role = reader_u8(reader);
    fact->name = reader_bytes(reader, FACT_NAME);
    fact->value = reader_bytes(reader, FACTS_BYTES);
    return !reader->failed;
}

struct slice fact_value(struct slice facts, const char *name)
{
    struct reader reader = reader_of(facts);
    struct token_fact fact;

    while (fact_next(&reader, &fact))
        if (slice_is(fact.name, name))
            return fact.value;
    return SLICE_NONE;
}
