/* SPDX-License-Identifier: ISC */
#include "server/courier/sign.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/paths.h"

#define SIGN_FILE 8192

static int from_base64(struct slice text, unsigned char *out, size_t size, size_t *length)
{
    const char *end = NULL;
    int variant = text.length > 0 && text.data[text.length - 1] == '=' ? sodium_base64_VARIANT_ORIGINAL
                                                                       : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;

    if (text.length > 0 && text.length % 4 == 0)
        variant = sodium_base64_VARIANT_ORIGINAL;
    if (sodium_base642bin(out, size, (const char *)text.data, text.length, NULL, length, &end, variant) != 0)
        return -1;
    return end == (const char *)text.data + text.length ? 0 : -1;
}

static bool starts(struct slice text, const char *prefix)
{
    return text.length >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

static int parse_secret(struct slice base64, struct sign_key *key, struct error *error)
{
    key->scheme = SIGN_V1;
    if (from_base64(base64, key->bytes, sizeof(key->bytes), &key->length) != 0)
        return error_set(error, "the whsec_ key is not base64, or is longer than %d bytes", SIGN_KEY_BYTES);
    if (key->length < 24)
        return error_set(error, "the whsec_ key has %zu bytes; it needs 24 to %d", key->length, SIGN_KEY_BYTES);
    return 0;
}

static int parse_private(struct slice base64, struct sign_key *key, struct error *error)
{
    unsigned char public[crypto_sign_PUBLICKEYBYTES];
    unsigned char given[SIGN_KEY_BYTES];

    key->scheme = SIGN_V1A;
    if (from_base64(base64, given, sizeof(given), &key->length) != 0 || (key->length != 32 && key->length != 64))
        return error_set(error, "the whsk_ key is not base64 of 32 or 64 bytes");
    crypto_sign_seed_keypair(public, key->bytes, given);
    if (key->length == 64 && sodium_memcmp(given, key->bytes, sizeof(given)) != 0) {
        sodium_memzero(given, sizeof(given));
        return error_set(error, "the two halves of the whsk_ key do not belong together");
    }
    key->length = sizeof(key->bytes);
    sodium_memzero(given, sizeof(given));
    return 0;
}

int sign_key_parse(struct slice text, struct sign_key *key, struct error *error)
{
    memset(key, 0, sizeof(*key));
    if (starts(text, "whsec_"))
        return parse_secret((struct slice){text.data + 6, text.length - 6}, key, error);
    if (starts(text, "whsk_"))
        return parse_private((struct slice){text.data + 5, text.length - 5}, key, error);
    return error_set(error, "a signing key begins with whsec_ (HMAC) or whsk_ (Ed25519, private half)");
}

static struct slice next_line(struct slice *rest)
{
    const unsigned char *end = memchr(rest->data, '\n', rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->data);
    struct slice line = {rest->data, length};

    rest->data += length + (end != NULL);
    rest->length -= length + (end != NULL);
    while (line.length > 0 && strchr(" \t\r", line.data[line.length - 1]) != NULL && line.data[line.length - 1] != 0)
        line.length--;
    while (line.length > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
        line.data++, line.length--;
    return line;
}

static int load_lines(struct slice rest, struct sign_keys *keys, struct error *error)
{
    size_t before = keys->count;

    while (rest.length > 0) {
        struct slice line = next_line(&rest);

        if (line.length == 0 || line.data[0] == '#')
            continue;
        if (keys->count == SIGN_KEYS)
            return error_set(error, "more than %d signing keys", SIGN_KEYS);
        if (sign_key_parse(line, &keys->keys[keys->count], error) != 0)
            return -1;
        keys->count++;
    }
    return keys->count > before ? 0 : error_set(error, "holds no signing key");
}

int sign_keys_load(const char *path, struct sign_keys *keys, struct error *error)
{
    struct buffer content;
    int rc;

    buffer_init(&content, SIGN_FILE);
    rc = paths_read(path, &content, error);
    if (rc == 0) {
        rc = load_lines(buffer_slice(&content), keys, error);
        if (rc != 0)
            error_prefix(error, "%s", path);
    }
    buffer_free(&content);
    return rc;
}

static int add_base64(struct buffer *out, const char *scheme, const unsigned char *bytes, size_t length)
{
    char text[sodium_base64_ENCODED_LEN(crypto_sign_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    sodium_bin2base64(text, sizeof(text), bytes, length, sodium_base64_VARIANT_ORIGINAL);
    if (buffer_add_text(out, scheme) != 0)
        return -1;
    return buffer_add_text(out, text);
}

static int add_v1(const struct sign_key *key, struct slice head, struct slice body, struct buffer *out)
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, key->bytes, key->length);
    crypto_auth_hmacsha256_update(&state, head.data, head.length);
    crypto_auth_hmacsha256_update(&state, body.data, body.length);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof(state));
    return add_base64(out, "v1,", mac, sizeof(mac));
}

static int add_v1a(const struct sign_key *key, struct slice head, struct slice body, struct buffer *out)
{
    unsigned char signature[crypto_sign_BYTES];
    struct buffer signed_content;
    int rc = -1;

    buffer_init(&signed_content, head.length + body.length + 1);
    if (buffer_add_slice(&signed_content, head) == 0 && buffer_add_slice(&signed_content, body) == 0) {
        crypto_sign_detached(signature, NULL, signed_content.data, signed_content.length, key->bytes);
        rc = add_base64(out, "v1a,", signature, sizeof(signature));
    }
    buffer_free(&signed_content);
    return rc;
}

int sign_body(const struct sign_keys *keys, const char *id, int64_t timestamp, struct slice body, struct buffer *out)
{
    char text[128];
    struct slice head = {(unsigned char *)text, 0};
    int length = snprintf(text, sizeof(text), "%s.%" PRId64 ".", id, timestamp);

    if (length < 0 || (size_t)length >= sizeof(text) || strchr(id, '.') != NULL || keys->count == 0)
        return -1;
    head.length = (size_t)length;
    for (size_t i = 0; i < keys->count; i++) {
        const struct sign_key *key = &keys->keys[i];

        if (i > 0 && buffer_add_char(out, ' ') != 0)
            return -1;
        if ((key->scheme == SIGN_V1 ? add_v1 : add_v1a)(key, head, body, out) != 0)
            return -1;
    }
    return 0;
}

void sign_keys_wipe(struct sign_keys *keys)
{
    sodium_memzero(keys, sizeof(*keys));
}
