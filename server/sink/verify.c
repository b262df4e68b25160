/* SPDX-License-Identifier: ISC */
#include "server/sink/verify.h"
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/paths.h"

#define FILE_MOST 8192

static int decode(const char *base64, size_t length, unsigned char *out, size_t size, size_t *got)
{
    while (length > 0 && base64[length - 1] == '=')
        length--;
    return sodium_base642bin(out, size, base64, length, NULL, got, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static int add_one(const char *text, size_t length, struct verify_keys *keys, struct error *error)
{
    struct verify_key *key = &keys->list[keys->count];
    const char *value = memchr(text, '_', length);
    bool secret = length > 6 && memcmp(text, "whsec_", 6) == 0;
    bool public = length > 5 && memcmp(text, "whpk_", 5) == 0;
    bool private = length > 5 && memcmp(text, "whsk_", 5) == 0;

    if (keys->count == VERIFY_KEYS)
        return error_usage(error, "more than %d keys", VERIFY_KEYS);
    if ((!secret && !public && !private) ||
        decode(value + 1, length - (size_t)(value + 1 - text), key->bytes, sizeof(key->bytes), &key->length) != 0)
        return error_usage(error, "a key is whsec_ (shared) or whpk_ (public) and base64");
    key->type = secret ? VERIFY_SECRET : VERIFY_PUBLIC;
    if (private && key->length == 64)
        memmove(key->bytes, key->bytes + 32, 32);
    if (secret ? key->length < 24 : public ? key->length != 32 : key->length != 64)
        return error_usage(error, "the key is cut off or too long");
    if (private)
        key->length = 32;
    keys->count++;
    return 0;
}

static int add_file(const char *path, struct verify_keys *keys, struct error *error)
{
    static const char blanks[] = " \t\r\n";
    struct buffer content;
    size_t before = keys->count;
    int rc;

    buffer_init(&content, FILE_MOST);
    rc = paths_read(path, &content, error);
    for (const char *word = buffer_text(&content) + strspn(buffer_text(&content), blanks); *word != '\0' && rc == 0;) {
        size_t length = strcspn(word, blanks);

        if (strncmp(word, "wh", 2) == 0)
            rc = add_one(word, length, keys, error);
        word += length;
        word += strspn(word, blanks);
    }
    if (rc == 0 && keys->count == before)
        rc = error_usage(error, "%s holds no key (whsec_… or whpk_…)", path);
    buffer_free(&content);
    return rc;
}

int verify_keys_add(const char *text, struct verify_keys *keys, struct error *error)
{
    if (strncmp(text, "whsec_", 6) == 0 || strncmp(text, "whpk_", 5) == 0 || strncmp(text, "whsk_", 5) == 0)
        return add_one(text, strlen(text), keys, error);
    return add_file(text, keys, error);
}

static bool good_v1(const struct verify_keys *keys, struct slice content, const unsigned char *mac, size_t length)
{
    bool good = false;

    for (size_t i = 0; i < keys->count && length == crypto_auth_hmacsha256_BYTES; i++) {
        crypto_auth_hmacsha256_state state;
        unsigned char own[crypto_auth_hmacsha256_BYTES];

        if (keys->list[i].type != VERIFY_SECRET)
            continue;
        crypto_auth_hmacsha256_init(&state, keys->list[i].bytes, keys->list[i].length);
        crypto_auth_hmacsha256_update(&state, content.data, content.length);
        crypto_auth_hmacsha256_final(&state, own);
        good = sodium_memcmp(own, mac, sizeof(own)) == 0 || good;
    }
    return good;
}

static bool good_v1a(const struct verify_keys *keys, struct slice content, const unsigned char *signature,
                     size_t length)
{
    bool good = false;

    for (size_t i = 0; i < keys->count && length == crypto_sign_BYTES; i++) {
        if (keys->list[i].type == VERIFY_PUBLIC)
            good =
                crypto_sign_verify_detached(signature, content.data, content.length, keys->list[i].bytes) == 0 || good;
    }
    return good;
}

/* One of "v1,BASE64 v1a,BASE64 …" must be right. */
static const char *good_scheme(const struct verify_keys *keys, struct slice content, const char *signatures)
{
    unsigned char bytes[crypto_sign_BYTES];
    size_t got;

    while (signatures[0] != '\0') {
        size_t length = strcspn(signatures, " ");

        if (strncmp(signatures, "v1,", 3) == 0 && decode(signatures + 3, length - 3, bytes, sizeof(bytes), &got) == 0 &&
            good_v1(keys, content, bytes, got))
            return "v1";
        if (strncmp(signatures, "v1a,", 4) == 0 &&
            decode(signatures + 4, length - 4, bytes, sizeof(bytes), &got) == 0 && good_v1a(keys, content, bytes, got))
            return "v1a";
        signatures += length + (signatures[length] == ' ');
    }
    return "";
}

static bool fresh(const char *timestamp, int64_t now_s)
{
    char *end = NULL;
    long long then;

    errno = 0;
    then = strtoll(timestamp, &end, 10);
    return errno == 0 && end != timestamp && *end == '\0' && then >= now_s - VERIFY_TOLERANCE_S &&
           then <= now_s + VERIFY_TOLERANCE_S;
}

enum verify_result verify_body(const struct verify_keys *keys, const char *id, const char *timestamp,
                               const char *signatures, struct slice body, int64_t now_s, const char **scheme)
{
    struct buffer content;

    *scheme = "";
    if (keys->count == 0)
        return VERIFY_NO_KEY;
    if (id == NULL || timestamp == NULL || signatures == NULL)
        return VERIFY_NO_HEADERS;
    if (!fresh(timestamp, now_s))
        return VERIFY_STALE;
    buffer_init(&content, body.length + 1024);
    buffer_add_text(&content, id);
    buffer_add_char(&content, '.');
    buffer_add_text(&content, timestamp);
    buffer_add_char(&content, '.');
    buffer_add_slice(&content, body);
    if (!content.failed)
        *scheme = good_scheme(keys, buffer_slice(&content), signatures);
    buffer_free(&content);
    return (*scheme)[0] != '\0' ? VERIFY_GOOD : VERIFY_WRONG;
}

const char *verify_text(enum verify_result result)
{
    static const char *const texts[] = {
        [VERIFY_GOOD] = "verified",
        [VERIFY_NO_KEY] = "NOT VERIFIED: no key was given (--key)",
        [VERIFY_NO_HEADERS] = "NOT VERIFIED: it has no webhook-id, webhook-timestamp or webhook-signature",
        [VERIFY_STALE] = "NOT VERIFIED: its timestamp is more than five minutes off",
        [VERIFY_WRONG] = "NOT VERIFIED: no signature fits the key",
    };

    return texts[result];
}
