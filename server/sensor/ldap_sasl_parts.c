/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_sasl_parts.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

bool sasl_starts(struct slice text, const char *start)
{
    size_t length = strlen(start);

    return text.length >= length && memcmp(text.data, start, length) == 0;
}

struct slice sasl_cram_name(struct slice message)
{
    size_t length = message.length;

    while (length > 0 && message.data[length - 1] != ' ')
        length--;
    message = sasl_before(message, length > 0 ? length - 1 : 0);
    return sasl_before(message, sasl_find(message, '\0'));
}

struct slice sasl_cram_digest(struct slice message)
{
    size_t start = message.length;

    while (start > 0 && message.data[start - 1] != ' ')
        start--;
    return sasl_from(message, start);
}

/* ---- DIGEST-MD5 ---- */

static void skip_space(struct slice *text)
{
    while (sasl_at(*text, 0) == ' ' || sasl_at(*text, 0) == '\t' || sasl_at(*text, 0) == '\r' || sasl_at(*text, 0) == '\n')
        *text = sasl_from(*text, 1);
}

static bool is_token(int c)
{
    return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static struct slice take_token(struct slice *text)
{
    size_t length = 0;
    struct slice token;

    while (is_token(sasl_at(*text, length)))
        length++;
    token = sasl_before(*text, length);
    *text = sasl_from(*text, length);
    return token;
}

/* A quoted string, its escapes left as they are. -1: it does not end. */
static int take_quoted(struct slice *text, struct slice *value)
{
    size_t length = 1;

    while (sasl_at(*text, length) != '"') {
        if (sasl_at(*text, length) < 0)
            return -1;
        length += sasl_at(*text, length) == '\\' ? 2 : 1;
    }
    *value = sasl_before(sasl_from(*text, 1), length - 1);
    *text = sasl_from(*text, length + 1);
    return 0;
}

/* One name=value of a list. 1: one; 0: the end; -1: it is none. */
static int next_pair(struct slice *text, struct slice *name, struct slice *value)
{
    if (text->length == 0)
        return 0;
    skip_space(text);
    *name = take_token(text);
    skip_space(text);
    if (sasl_at(*text, 0) != '=')
        return -1;
    *text = sasl_from(*text, 1);
    skip_space(text);
    if (sasl_at(*text, 0) != '"')
        *value = take_token(text);
    else if (take_quoted(text, value) < 0)
        return -1;
    skip_space(text);
    if (text->length > 0 && sasl_at(*text, 0) != ',')
        return -1;
    *text = sasl_from(*text, 1);
    return 1;
}

static int read_count(struct slice value, unsigned *count)
{
    *count = 0;
    for (size_t i = 0; i < value.length; i++) {
        int c = tolower(value.data[i]);

        if (!isxdigit(c))
            return -1;
        *count = *count * 16 + (unsigned)(c > '9' ? c - 'a' + 10 : c - '0');
    }
    return 0;
}

static enum sasl_digest_result take_pair(struct sasl_digest *digest, struct slice nonce, struct slice name,
                                         struct slice value)
{
    if (slice_is_nocase(name, "username"))
        digest->username = value;
    else if (slice_is_nocase(name, "realm"))
        digest->realm = value;
    else if (slice_is_nocase(name, "cnonce"))
        digest->cnonce = value;
    else if (slice_is_nocase(name, "digest-uri"))
        digest->uri = value;
    else if (slice_is_nocase(name, "response"))
        digest->response = value;
    else if (slice_is_nocase(name, "qop"))
        digest->qop = value;
    else if (slice_is_nocase(name, "authzid"))
        digest->authzid = value;
    else if (slice_is_nocase(name, "nc") && read_count(digest->nc = value, &digest->count) < 0)
        return SASL_DIGEST_COUNT;
    else if (slice_is_nocase(name, "charset") && !slice_is_nocase(value, "utf-8"))
        return SASL_DIGEST_CHARSET;
    else if (slice_is_nocase(name, "nonce") && !slice_equal(value, nonce))
        return SASL_DIGEST_NONCE;
    else if (slice_is_nocase(name, "nonce"))
        digest->nonce = value;
    return SASL_DIGEST_SOUND;
}

enum sasl_digest_result sasl_digest_read(struct slice message, struct slice nonce, struct sasl_digest *digest)
{
    struct slice text = sasl_before(message, sasl_find(message, '\0')), name, value;
    enum sasl_digest_result result = SASL_DIGEST_SOUND;
    int more;

    *digest = (struct sasl_digest){.count = 0};
    while (result == SASL_DIGEST_SOUND && (more = next_pair(&text, &name, &value)) != 0)
        result = more < 0 ? SASL_DIGEST_BROKEN : take_pair(digest, nonce, name, value);
    return result;
}

void sasl_digest_unescape(struct slice value, struct buffer *out)
{
    for (size_t i = 0; i < value.length; i++) {
        i += value.data[i] == '\\' && i + 1 < value.length;
        buffer_add_u8(out, value.data[i]);
    }
}

/* ---- NTLM ---- */

#define NTLM_SIGNATURE "NTLMSSP"
#define NTLM_HEAD 12
#define NTLM_UNICODE 1U
#define NTLM_OEM 2U
#define NTLM_TARGET 4U
#define NTLM_TARGET_IS_SERVER 0x20000U
#define NTLM_CHALLENGE 48
#define NTLM_RESPONSE 24
#define NTLM_NONCE 24 /* where it stands in a challenge */

static uint32_t little(struct slice message, size_t offset, size_t bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | (uint32_t)(sasl_at(message, offset + bytes) & 0xff);
    return value;
}

static void add_little(struct buffer *out, uint32_t value, size_t bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        buffer_add_u8(out, (uint8_t)value);
}

struct slice sasl_ntlm_nonce(struct slice challenge)
{
    return sasl_before(sasl_from(challenge, NTLM_NONCE), 8);
}

static bool is_ntlm(struct slice message, size_t least, uint32_t type)
{
    return message.length >= least && memcmp(message.data, NTLM_SIGNATURE, sizeof NTLM_SIGNATURE) == 0 &&
           little(message, 8, 4) == type;
}

int sasl_ntlm_challenge(struct slice message, const char *host, struct buffer *challenge)
{
    unsigned char nonce[8];
    uint32_t flags = little(message, NTLM_HEAD, 2), length;
    size_t name = strlen(host);

    if (!is_ntlm(message, NTLM_HEAD + 4, 1))
        return -1;
    flags &= (flags & NTLM_UNICODE) != 0 ? ~NTLM_OEM : ~0U;
    name = (flags & NTLM_TARGET) != 0 ? name : 0;
    flags |= (flags & NTLM_TARGET) != 0 ? NTLM_TARGET_IS_SERVER : 0;
    length = (uint32_t)((flags & NTLM_UNICODE) != 0 ? 2 * name : name);
    randombytes_buf(nonce, sizeof nonce);
    buffer_add(challenge, NTLM_SIGNATURE, sizeof NTLM_SIGNATURE);
    add_little(challenge, 2, 4);
    add_little(challenge, length, 2);
    add_little(challenge, length, 2);
    add_little(challenge, NTLM_CHALLENGE, 4);
    add_little(challenge, flags, 4);
    buffer_add(challenge, nonce, sizeof nonce);
    for (size_t i = 0; i < 4; i++)
        add_little(challenge, 0, 4);
    for (size_t i = 0; i < name; i++)
        add_little(challenge, (uint32_t)toupper((unsigned char)host[i]), (flags & NTLM_UNICODE) != 0 ? 2 : 1);
    while (challenge->length < NTLM_CHALLENGE + 2 * name)
        buffer_add_u8(challenge, 0);
    return 0;
}

/* The field whose length and place stand at `offset`. -1: it lies beyond the message. */
static int ntlm_field(struct slice message, size_t offset, struct slice *field)
{
    size_t length = little(message, offset, 2), start = little(message, offset + 4, 4);

    *field = SLICE_NONE;
    if (length == 0)
        return 0;
    if (start > message.length || length > message.length - start)
        return -1;
    *field = sasl_before(sasl_from(message, start), length);
    return 0;
}

static void add_utf8(struct buffer *out, uint32_t unit)
{
    if (unit < 0x80) {
        buffer_add_u8(out, (uint8_t)unit);
    } else if (unit < 0x800) {
        buffer_add_u8(out, (uint8_t)(0xc0 | unit >> 6));
        buffer_add_u8(out, (uint8_t)(0x80 | (unit & 0x3f)));
    } else {
        buffer_add_u8(out, (uint8_t)(0xe0 | unit >> 12));
        buffer_add_u8(out, (uint8_t)(0x80 | (unit >> 6 & 0x3f)));
        buffer_add_u8(out, (uint8_t)(0x80 | (unit & 0x3f)));
    }
}

enum sasl_ntlm_result sasl_ntlm_read(struct slice message, struct sasl_ntlm *ntlm)
{
    if (!is_ntlm(message, 52, 3))
        return SASL_NTLM_NONE;
    ntlm->unicode = (little(message, 60, 4) & NTLM_UNICODE) != 0;
    if (ntlm_field(message, 12, &ntlm->lan) < 0 || ntlm_field(message, 20, &ntlm->nt) < 0 ||
        ntlm_field(message, 28, &ntlm->domain) < 0 || ntlm_field(message, 36, &ntlm->user) < 0)
        return SASL_NTLM_BROKEN;
    if ((ntlm->lan.length == 0 && ntlm->nt.length == 0) ||
        (ntlm->lan.length > 0 && ntlm->lan.length < NTLM_RESPONSE) ||
        (ntlm->nt.length > 0 && ntlm->nt.length < NTLM_RESPONSE) || ntlm->user.length == 0)
        return SASL_NTLM_EMPTY;
    return SASL_NTLM_SOUND;
}

void sasl_ntlm_utf8(const struct sasl_ntlm *ntlm, struct slice name, struct buffer *out)
{
    if (!ntlm->unicode)
        buffer_add_slice(out, name);
    for (size_t i = 0; ntlm->unicode && i + 1 < name.length; i += 2)
        add_utf8(out, little(name, i, 2));
}

void sasl_ntlm_utf16(const struct sasl_ntlm *ntlm, struct slice name, struct buffer *out)
{
    if (ntlm->unicode)
        buffer_add_slice(out, name);
    for (size_t i = 0; !ntlm->unicode && i < name.length; i++)
        add_little(out, name.data[i], 2);
}

size_t sasl_plain_parts(struct slice message, struct slice parts[3])
{
    size_t count = 0, end;

    while (count < 3) {
        end = sasl_find(message, '\0');
        parts[count++] = sasl_before(message, end);
        if (end == message.length)
            return count;
        message = sasl_from(message, end + 1);
    }
    return 4;
}
