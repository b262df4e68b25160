/* SPDX-License-Identifier: ISC
 *
 * session: nonce (7) | mark (1) and time (2) under a mask from the nonce | keyed hash of these (6)
 * field:   pad (32) | pad xor token; token = half (16) | keyed hash of half (16); half = keyed hash of the nonce */
#include "server/sensor/http/csrf.h"

#include <sodium.h>
#include <string.h>

#define NONCE 7
#define MARK NONCE       /* where it stands */
#define TIME (NONCE + 1)
#define PLAIN (NONCE + 3) /* bytes that the hash is of */
#define TAG 6
#define TOKEN CSRF_PAD
#define HALF 16
#define AHEAD (-86400 / CSRF_STEP)

static void keyed(const struct csrf *csrf, const char *what, const void *data, size_t length, unsigned char *out,
                  size_t out_length)
{
    crypto_generichash_state state;
    unsigned char hash[32];

    crypto_generichash_init(&state, csrf->key, sizeof(csrf->key), sizeof(hash));
    crypto_generichash_update(&state, (const unsigned char *)what, strlen(what) + 1);
    crypto_generichash_update(&state, data, length);
    crypto_generichash_final(&state, hash, sizeof(hash));
    memcpy(out, hash, out_length);
    sodium_memzero(hash, sizeof(hash));
}

void csrf_init(struct csrf *csrf, const unsigned char salt[32])
{
    crypto_generichash(csrf->key, sizeof(csrf->key), (const unsigned char *)"site session", 12, salt, 32);
}

static uint16_t step_of(int64_t now)
{
    return (uint16_t)(now / CSRF_STEP);
}

static void mask_plain(const struct csrf *csrf, unsigned char bytes[CSRF_SESSION_BYTES])
{
    unsigned char mask[PLAIN - NONCE];

    keyed(csrf, "step", bytes, NONCE, mask, sizeof(mask));
    for (size_t i = 0; i < sizeof(mask); i++)
        bytes[NONCE + i] ^= mask[i];
}

static void seal(const struct csrf *csrf, struct csrf_session *session)
{
    keyed(csrf, "session", session->bytes, PLAIN, session->bytes + PLAIN, TAG);
    mask_plain(csrf, session->bytes);
}

struct csrf_session csrf_session_new(const struct csrf *csrf, int64_t now)
{
    struct csrf_session session;
    uint16_t step = step_of(now);

    randombytes_buf(session.bytes, NONCE);
    session.bytes[MARK] = 0;
    session.bytes[TIME] = (unsigned char)(step >> 8);
    session.bytes[TIME + 1] = (unsigned char)(step & 255);
    seal(csrf, &session);
    return session;
}

unsigned char csrf_session_mark(const struct csrf *csrf, const struct csrf_session *session)
{
    struct csrf_session plain = *session;

    mask_plain(csrf, plain.bytes);
    return plain.bytes[MARK];
}

struct csrf_session csrf_session_marked(const struct csrf *csrf, const struct csrf_session *session, unsigned char mark)
{
    struct csrf_session marked = *session;

    mask_plain(csrf, marked.bytes);
    marked.bytes[MARK] = mark;
    seal(csrf, &marked);
    return marked;
}

const char *csrf_session_text(const struct csrf_session *session, char text[CSRF_SESSION_TEXT])
{
    return sodium_bin2hex(text, CSRF_SESSION_TEXT, session->bytes, sizeof(session->bytes));
}

int csrf_session_read(const struct csrf *csrf, struct slice text, int64_t now, struct csrf_session *session,
                      int64_t *age)
{
    unsigned char plain[CSRF_SESSION_BYTES], tag[TAG];
    size_t length;
    int16_t steps;

    if (text.length != CSRF_SESSION_TEXT - 1 ||
        sodium_hex2bin(session->bytes, sizeof(session->bytes), (const char *)text.data, text.length, NULL, &length,
                       NULL) != 0 ||
        length != sizeof(session->bytes))
        return -1;
    memcpy(plain, session->bytes, sizeof(plain));
    mask_plain(csrf, plain);
    keyed(csrf, "session", plain, PLAIN, tag, sizeof(tag));
    if (sodium_memcmp(tag, plain + PLAIN, TAG) != 0)
        return -1;
    steps = (int16_t)(step_of(now) - (uint16_t)(plain[TIME] << 8 | plain[TIME + 1]));
    steps = steps < 0 && steps >= AHEAD ? 0 : steps;
    *age = (int64_t)(steps < 0 ? -(int)steps : steps) * CSRF_STEP;
    return 0;
}

static void second_half(const struct csrf *csrf, const unsigned char *half, unsigned char *out)
{
    keyed(csrf, "field", half, HALF, out, HALF);
}

static void token_of(const struct csrf *csrf, const struct csrf_session *session, unsigned char token[TOKEN])
{
    keyed(csrf, "token", session->bytes, NONCE, token, HALF);
    second_half(csrf, token, token + HALF);
}

const char *csrf_field(const struct csrf *csrf, const struct csrf_session *session, const unsigned char *pad,
                       char text[CSRF_FIELD_TEXT])
{
    unsigned char field[2 * TOKEN];

    token_of(csrf, session, field + TOKEN);
    if (pad != NULL)
        memcpy(field, pad, TOKEN);
    else
        randombytes_buf(field, TOKEN);
    for (size_t i = 0; i < TOKEN; i++)
        field[TOKEN + i] ^= field[i];
    return sodium_bin2base64(text, CSRF_FIELD_TEXT, field, sizeof(field), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Either alphabet, with or without padding, as Rails takes them. */
static int decode_field(struct slice text, unsigned char field[2 * TOKEN])
{
    char plain[CSRF_FIELD_TEXT];
    size_t length = 0, used = text.length;

    while (used > 0 && text.data[used - 1] == '=')
        used--;
    if (used != 86 || text.length > 88)
        return -1;
    for (size_t i = 0; i < used; i++)
        plain[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : (char)text.data[i];
    if (sodium_base642bin(field, 2 * TOKEN, plain, used, NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return -1;
    return length == 2 * TOKEN ? 0 : -1;
}

int csrf_field_pad(struct slice text, unsigned char pad[CSRF_PAD])
{
    unsigned char field[2 * TOKEN];

    if (decode_field(text, field) != 0)
        return -1;
    memcpy(pad, field, TOKEN);
    return 0;
}

bool csrf_field_is(const struct csrf *csrf, const struct csrf_session *session, struct slice text)
{
    unsigned char field[2 * TOKEN], expected[TOKEN];

    if (decode_field(text, field) != 0)
        return false;
    for (size_t i = 0; i < TOKEN; i++)
        field[i] ^= field[TOKEN + i];
    if (session != NULL) {
        token_of(csrf, session, expected);
    } else {
        memcpy(expected, field, HALF);
        second_half(csrf, field, expected + HALF);
    }
    return sodium_memcmp(field, expected, TOKEN) == 0;
}
