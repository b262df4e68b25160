/* SPDX-License-Identifier: ISC */
#include "server/wire/transcript.h"

int transcript_add(struct buffer *buffer, const struct transcript *transcript)
{
    buffer_add_u8(buffer, (uint8_t)transcript->number);
    for (size_t i = 0; i < transcript->count; i++)
        buffer_add_bytes(buffer, transcript->fields[i]);
    return buffer->failed ? -1 : 0;
}

int transcript_get(struct slice packed, struct transcript *transcript)
{
    struct reader reader = reader_of(packed);

    transcript->number = reader_u8(&reader);
    for (transcript->count = 0; reader.left > 0 && !reader.failed; transcript->count++) {
        if (transcript->count == TRANSCRIPT_FIELDS)
            return -1;
        transcript->fields[transcript->count] = reader_bytes(&reader, packed.length);
    }
    return reader_end(&reader) != 0 || transcript->number >= PROOF_NUMBERS ? -1 : 0;
}

const char *transcript_name(enum proof_number number)
{
    static const char *const names[] = {
#define PROOF(number, symbol, name, summary, fields, find, stored) name,
#include "server/wire/tables/proofs.def"
#undef PROOF
    };

    return number < PROOF_NUMBERS ? names[number] : "";
}
