/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_sasl_parts.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

static struct slice from(struct slice text, size_t at)
{
    at = at < text.length ? at : text.length;
    return (struct slice){text.data + at, text.length - at};
}

static struct slice before(struct slice text, size_t length)
{
    text.length = length < text.length ? length : text.length;
    return text;
}

static int at(struct slice text, size_t index)
{
    return index < text.length ? text.data[index] : -1;
}

/* Where the byte stands; text.length: nowhere. */
static size_t find(struct slice text, int byte)
{
    const unsigned char *found = text.length == 0 ? NULL : memchr(text.data, byte, text.length);

    return found == NULL ? text.length : (size_t)(found - text.data);
}

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
    message = before(message, length > 0 ? length - 1 : 0);
    return before(message, find(message, '\0'));
}

/* ---- DIGEST-MD5 ---- */

static void skip_space(struct slice *text)
{
    while (at(*text, 0) == ' ' || at(*text, 0) == '\t' || at(*text, 0) == '\r' || at(*text, 0) == '\n')
        *text = from(*text, 1);
}

static bool is_token(int c)
{
    return c > 0x20 && c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", c) == NULL;
}

static struct slice take_token(struct slice *text)
{
    size_t length = 0;
    struct slice token;

    while (is_token(at(*text, length)))
        length++;
    token = before(*text, length);
    *text = from(*text, length);
    return token;
}

/* A quoted string, its escapes left as they are. -1: it does not end. */
static int take_quoted(struct slice *text, struct slice *value)
{
    size_t length = 1;

    while (at(*text, length) != '"') {
        if (at(*text, length) < 0)
            return -1;
        length += at(*text, length) == '\\' ? 2 : 1;
    }
    *value = before(from(*text, 1), length - 1);
    *text = from(*text, length + 1);
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
    if (at(*text, 0) != '=')
        return -1;
    *text = from(*text, 1);
    skip_space(text);
    if (at(*text, 0) != '"')
        *value = take_token(text);
    else if (take_quoted(text, value) < 0)
        return -1;
    skip_space(text);
    if (text->length > 0 && at(*text, 0) != ',')
        return -1;
    *text = from(*text, 1);
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
    else if (slice_is_nocase(name, "nc") && read_count(value, &digest->count) < 0)
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
    struct slice text = before(message, find(message, '\0')), name, value;
    enum sasl_digest_result result = SASL_DIGEST_SOUND;
    int more;

    *digest = (struct sasl_digest){.count = 0};
    while (result == SASL_DIGEST_SOUND && (more = next_pair(&text, &name, &value)) != 0)
        result = more < 0 ? SASL_DIGEST_BROKEN : take_pair(digest, nonce, name, value);
    return result;
}

/* ---- SCRAM ---- */

/* "=2C" and "=3D" are all that may be escaped. */
static bool escapes(struct slice name)
{
    for (size_t i = find(name, '='); i < name.length; i += 3 + find(from(name, i + 3), '=')) {
        struct slice escape = from(name, i);

        if (!sasl_starts(escape, "=2C") && !sasl_starts(escape, "=3D"))
            return false;
    }
    return true;
}

/* The channel binding's flag, up to its comma. */
static enum sasl_scram_result read_flag(struct slice *text)
{
    size_t comma;

    if (at(*text, 0) != 'y' && at(*text, 0) != 'n' && at(*text, 0) != 'p')
        return SASL_SCRAM_FLAG;
    if (at(*text, 0) != 'p') {
        *text = from(*text, 1);
        return SASL_SCRAM_SOUND;
    }
    if (at(*text, 1) != '=')
        return SASL_SCRAM_BINDING;
    comma = find(*text, ',');
    if (comma == text->length)
        return SASL_SCRAM_UNENDED;
    *text = from(*text, comma);
    return SASL_SCRAM_SOUND;
}

/* ",a=…," or ",,". */
static enum sasl_scram_result read_authorisation(struct slice *text, struct sasl_scram *scram)
{
    size_t comma;

    if (at(*text, 0) != ',')
        return SASL_SCRAM_COMMA;
    *text = from(*text, 1);
    if (sasl_starts(*text, "a=")) {
        *text = from(*text, 2);
        comma = find(*text, ',');
        scram->authorisation = before(*text, comma);
        if (!escapes(scram->authorisation))
            return SASL_SCRAM_AUTHORISATION;
        *text = from(*text, comma);
    }
    if (at(*text, 0) != ',')
        return SASL_SCRAM_COMMA;
    *text = from(*text, 1);
    return SASL_SCRAM_SOUND;
}

static enum sasl_scram_result read_name(struct slice *text, struct sasl_scram *scram)
{
    size_t comma;

    if (sasl_starts(*text, "m="))
        return SASL_SCRAM_EXTENSION;
    if (!sasl_starts(*text, "n="))
        return SASL_SCRAM_NO_NAME;
    *text = from(*text, 2);
    comma = find(*text, ',');
    scram->name = before(*text, comma);
    *text = from(*text, comma + 1);
    if (!sasl_starts(*text, "r="))
        return SASL_SCRAM_NO_NONCE;
    return escapes(scram->name) ? SASL_SCRAM_SOUND : SASL_SCRAM_ESCAPE;
}

enum sasl_scram_result sasl_scram_read(struct slice message, struct sasl_scram *scram)
{
    enum sasl_scram_result result;

    *scram = (struct sasl_scram){.name = SLICE_NONE};
    if (message.length < 10)
        return SASL_SCRAM_SHORT;
    if (find(message, '\0') < message.length)
        return SASL_SCRAM_NULS;
    result = read_flag(&message);
    if (result == SASL_SCRAM_SOUND)
        result = read_authorisation(&message, scram);
    if (result == SASL_SCRAM_SOUND)
        result = read_name(&message, scram);
    return result;
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

static uint32_t little(struct slice message, size_t offset, size_t bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | (uint32_t)(at(message, offset + bytes) & 0xff);
    return value;
}

static void add_little(struct buffer *out, uint32_t value, size_t bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        buffer_add_u8(out, (uint8_t)value);
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
    *field = before(from(message, start), length);
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

enum sasl_ntlm_result sasl_ntlm_read(struct slice message, struct buffer *name)
{
    struct slice lan, nt, domain, user;

    if (!is_ntlm(message, 52, 3))
        return SASL_NTLM_NONE;
    if (ntlm_field(message, 12, &lan) < 0 || ntlm_field(message, 20, &nt) < 0 ||
        ntlm_field(message, 28, &domain) < 0 || ntlm_field(message, 36, &user) < 0)
        return SASL_NTLM_BROKEN;
    if ((lan.length == 0 && nt.length == 0) || (lan.length > 0 && lan.length < NTLM_RESPONSE) ||
        (nt.length > 0 && nt.length < NTLM_RESPONSE) || user.length == 0)
        return SASL_NTLM_EMPTY;
    if ((little(message, 60, 4) & NTLM_UNICODE) == 0)
        buffer_add_slice(name, user);
    else
        for (size_t i = 0; i + 1 < user.length; i += 2)
            add_utf8(name, little(user, i, 2));
    return SASL_NTLM_SOUND;
}

size_t sasl_plain_parts(struct slice message, struct slice parts[3])
{
    size_t count = 0, end;

    while (count < 3) {
        end = find(message, '\0');
        parts[count++] = before(message, end);
        if (end == message.length)
            return count;
        message = from(message, end + 1);
    }
    return 4;
}
