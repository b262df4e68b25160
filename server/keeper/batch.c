/* SPDX-License-Identifier: ISC
 *
 * The part of observe.h that holds messages and packs rows. */
#include <sodium.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/base/unzeroed.h"
#include "server/keeper/observe.h"
#include "server/keeper/row.h"

void batch_init(struct batch *batch)
{
    buffer_init(&batch->bytes, BATCH_BYTES);
    batch->count = 0;
}

void batch_free(struct batch *batch)
{
    buffer_free(&batch->bytes);
    batch->count = 0;
}

void batch_clear(struct batch *batch)
{
    buffer_clear(&batch->bytes);
    batch->count = 0;
}

int batch_add(struct batch *batch, struct slice message, void *from)
{
    size_t at = batch->bytes.length;

    if (batch->count == BATCH_MESSAGES || buffer_add_slice(&batch->bytes, message) < 0)
        return -1;
    batch->items[batch->count].at = (uint32_t)at;
    batch->items[batch->count].length = (uint32_t)message.length;
    batch->items[batch->count].ticket = 0;
    batch->items[batch->count].verdict = false;
    batch->items[batch->count].grant.kind[0] = '\0';
    batch->items[batch->count].from = from;
    batch->count++;
    return 0;
}

/* Small parts are hashed together. */
struct hashing {
    crypto_generichash_state state;
    unsigned char bytes[1024];
    size_t length;
};

static void hash_bytes(struct hashing *hashing, const void *bytes, size_t length)
{
    if (length > sizeof hashing->bytes - hashing->length) {
        crypto_generichash_update(&hashing->state, hashing->bytes, hashing->length);
        hashing->length = 0;
    }
    if (length > sizeof hashing->bytes) {
        crypto_generichash_update(&hashing->state, bytes, length);
    } else if (length > 0) {
        memcpy(hashing->bytes + hashing->length, bytes, length);
        hashing->length += length;
    }
}

static void hash_part(struct hashing *hashing, struct slice part)
{
    uint64_t length = part.length;

    hash_bytes(hashing, &length, sizeof length);
    hash_bytes(hashing, part.data, part.length);
}

void observed_digest(const struct keyring *keyring, const struct observed *row, unsigned char digest[CHAIN_BYTES])
{
    UNZEROED struct hashing hashing;
    unsigned char fixed[ID_BYTES + 8 + 2];
    int i;

    memcpy(fixed, row->id.bytes, ID_BYTES);
    for (i = 0; i < 8; i++)
        fixed[ID_BYTES + i] = (unsigned char)((uint64_t)row->time >> (8 * i));
    fixed[ID_BYTES + 8] = (unsigned char)row->port;
    fixed[ID_BYTES + 9] = (unsigned char)(row->port >> 8);
    hashing.length = 0;
    keyring_chain(keyring, &hashing.state);
    hash_bytes(&hashing, fixed, sizeof fixed);
    hash_part(&hashing, row->decoy);
    hash_part(&hashing, row->service);
    hash_part(&hashing, row->source);
    hash_part(&hashing, row->flow);
    hash_part(&hashing, row->context);
    hash_part(&hashing, row->presented);
    hash_part(&hashing, row->matched);
    crypto_generichash_update(&hashing.state, hashing.bytes, hashing.length);
    crypto_generichash_final(&hashing.state, digest, CHAIN_BYTES);
}

void flow_pack(struct buffer *out, const struct observation *observation)
{
    size_t i;

    buffer_clear(out);
    buffer_add_u8(out, observation->via_count);
    for (i = 0; i < observation->via_count; i++)
        buffer_add(out, observation->via[i].bytes, ADDRESS_BYTES);
    buffer_add(out, observation->local.bytes, ADDRESS_BYTES);
    buffer_add_u16(out, observation->local_port);
    buffer_add_u64(out, observation->connection);
    buffer_add_u32(out, observation->request);
}

static struct address reader_address(struct reader *reader)
{
    struct slice raw = reader_raw(reader, ADDRESS_BYTES);
    struct address address = {{0}};

    if (raw.length == ADDRESS_BYTES)
        memcpy(address.bytes, raw.data, ADDRESS_BYTES);
    return address;
}

int flow_unpack(struct slice packed, struct flow *flow)
{
    struct reader reader = reader_of(packed);
    size_t i;

    memset(flow, 0, sizeof *flow);
    flow->via_count = reader_u8(&reader);
    if (flow->via_count > OBSERVATION_VIA)
        return -1;
    for (i = 0; i < flow->via_count; i++)
        flow->via[i] = reader_address(&reader);
    flow->local = reader_address(&reader);
    flow->local_port = reader_u16(&reader);
    flow->connection = reader_u64(&reader);
    flow->request = reader_u32(&reader);
    return reader_end(&reader);
}

static const uint8_t classes[256] = {
    [0 ... 31] = CLASS_CONTROL,          [' '] = CLASS_SPACE,
    ['!' ... '/'] = CLASS_PUNCTUATION,   ['0' ... '9'] = CLASS_DIGIT,
    [':' ... '@'] = CLASS_PUNCTUATION,   ['A' ... 'Z'] = CLASS_UPPER,
    ['[' ... '`'] = CLASS_PUNCTUATION,   ['a' ... 'z'] = CLASS_LOWER,
    ['{' ... '~'] = CLASS_PUNCTUATION,   [127] = CLASS_CONTROL,
    [128 ... 255] = CLASS_HIGH,
};

static uint8_t classes_of(struct slice value)
{
    uint8_t seen = 0;

    for (size_t i = 0; i < value.length; i++)
        seen |= classes[value.data[i]];
    return seen;
}

void presented_pack(struct buffer *out, const struct observation *observation, const struct recognition *recognition)
{
    size_t i;

    buffer_clear(out);
    for (i = 0; i < observation->candidate_count; i++) {
        const struct candidate *candidate = &observation->candidates[i];

        buffer_add_u8(out, candidate->part);
        buffer_add_u8(out, candidate->pair);
        buffer_add_u8(out, classes_of(candidate->value));
        buffer_add_u16(out, (uint16_t)candidate->value.length);
        buffer_add_bytes(out, candidate->where);
        buffer_add(out, recognition->digests[i].bytes, DIGEST_BYTES);
    }
}

bool presented_next(struct reader *reader, struct presented *presented)
{
    struct slice digest;

    if (reader->failed || reader->left == 0)
        return false;
    presented->part = reader_u8(reader);
    presented->pair = reader_u8(reader);
    presented->classes = reader_u8(reader);
    presented->length = reader_u16(reader);
    presented->where = reader_bytes(reader, CHANNEL_MESSAGE);
    digest = reader_raw(reader, DIGEST_BYTES);
    if (reader->failed)
        return false;
    memcpy(presented->digest.bytes, digest.data, DIGEST_BYTES);
    return true;
}
