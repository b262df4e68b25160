/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_scram.h"

#include <sodium.h>
#include "server/sensor/ldap_sasl_parts.h"

/* ---- the first message ---- */

/* "=2C" and "=3D" are all that may be escaped. */
static bool escapes(struct slice name)
{
    for (size_t i = sasl_find(name, '='); i < name.length; i += 3 + sasl_find(sasl_from(name, i + 3), '=')) {
        struct slice escape = sasl_from(name, i);

        if (!sasl_starts(escape, "=2C") && !sasl_starts(escape, "=3D"))
            return false;
    }
    return true;
}

/* The channel binding's flag, up to its comma. */
static enum sasl_scram_result read_flag(struct slice *text)
{
    size_t comma;

    if (sasl_at(*text, 0) != 'y' && sasl_at(*text, 0) != 'n' && sasl_at(*text, 0) != 'p')
        return SASL_SCRAM_FLAG;
    if (sasl_at(*text, 0) != 'p') {
        *text = sasl_from(*text, 1);
        return SASL_SCRAM_SOUND;
    }
    if (sasl_at(*text, 1) != '=')
        return SASL_SCRAM_BINDING;
    comma = sasl_find(*text, ',');
    if (comma == text->length)
        return SASL_SCRAM_UNENDED;
    *text = sasl_from(*text, comma);
    return SASL_SCRAM_SOUND;
}

/* ",a=…," or ",,". */
static enum sasl_scram_result read_authorisation(struct slice *text, struct sasl_scram *scram)
{
    size_t comma;

    if (sasl_at(*text, 0) != ',')
        return SASL_SCRAM_COMMA;
    *text = sasl_from(*text, 1);
    if (sasl_starts(*text, "a=")) {
        *text = sasl_from(*text, 2);
        comma = sasl_find(*text, ',');
        scram->authorisation = sasl_before(*text, comma);
        if (!escapes(scram->authorisation))
            return SASL_SCRAM_AUTHORISATION;
        *text = sasl_from(*text, comma);
    }
    if (sasl_at(*text, 0) != ',')
        return SASL_SCRAM_COMMA;
    *text = sasl_from(*text, 1);
    return SASL_SCRAM_SOUND;
}

static enum sasl_scram_result read_name(struct slice *text, struct sasl_scram *scram)
{
    size_t comma;

    if (sasl_starts(*text, "m="))
        return SASL_SCRAM_EXTENSION;
    if (!sasl_starts(*text, "n="))
        return SASL_SCRAM_NO_NAME;
    *text = sasl_from(*text, 2);
    comma = sasl_find(*text, ',');
    scram->name = sasl_before(*text, comma);
    *text = sasl_from(*text, comma + 1);
    if (!sasl_starts(*text, "r="))
        return SASL_SCRAM_NO_NONCE;
    scram->nonce = sasl_from(*text, 2);
    scram->nonce.length = sasl_find(scram->nonce, ',');
    return escapes(scram->name) ? SASL_SCRAM_SOUND : SASL_SCRAM_ESCAPE;
}

enum sasl_scram_result sasl_scram_read(struct slice message, struct sasl_scram *scram)
{
    enum sasl_scram_result result;
    struct slice text = message;

    *scram = (struct sasl_scram){.name = SLICE_NONE};
    if (message.length > SASL_SCRAM_LONGEST)
        return SASL_SCRAM_LONG;
    if (message.length < 10)
        return SASL_SCRAM_INVALID;
    if (sasl_find(message, '\0') < message.length)
        return SASL_SCRAM_NULS;
    result = read_flag(&text);
    if (result == SASL_SCRAM_SOUND)
        result = read_authorisation(&text, scram);
    scram->header = sasl_before(message, message.length - text.length);
    scram->bare = text;
    if (result == SASL_SCRAM_SOUND)
        result = read_name(&text, scram);
    return result;
}

void sasl_scram_unescape(struct slice name, struct buffer *out)
{
    for (size_t i = 0; i < name.length; i++) {
        bool escape = name.data[i] == '=' && i + 2 < name.length;

        buffer_add_u8(out, !escape ? name.data[i] : name.data[i + 1] == '2' ? ',' : '=');
        i += escape ? 2 : 0;
    }
}

/* ---- the last message ---- */

/* One base64 text as a whole. -1: it is none, or longer. */
static int decode(struct slice text, unsigned char *out, size_t size, size_t *length)
{
    *length = 0;
    return sodium_base642bin(out, size, (const char *)text.data, text.length, NULL, length, NULL,
                             sodium_base64_VARIANT_ORIGINAL);
}

static enum sasl_scram_result check_binding(struct slice text, struct slice header)
{
    unsigned char bytes[SASL_SCRAM_LONGEST];
    struct slice binding = {bytes, 0};

    if (decode(text, bytes, sizeof bytes, &binding.length) < 0)
        return SASL_SCRAM_BINDING_CODE;
    if (!slice_equal(sasl_before(binding, header.length), header))
        return SASL_SCRAM_BINDING_OTHER;
    if (header.length == 0 || header.data[0] != 'p')
        return SASL_SCRAM_SOUND;
    return binding.length == header.length ? SASL_SCRAM_BINDING_EMPTY : SASL_SCRAM_BINDING_TYPE;
}

/* "c=…,". */
static enum sasl_scram_result read_binding(struct slice *text, struct slice header)
{
    size_t comma = sasl_find(*text, ',');
    struct slice binding = sasl_from(sasl_before(*text, comma), 2);

    if (text->length < 3 || text->data[1] != '=')
        return SASL_SCRAM_INVALID;
    if (sasl_find(*text, '\0') < text->length)
        return SASL_SCRAM_NULS;
    if (text->data[0] != 'c')
        return SASL_SCRAM_NO_BINDING;
    if (comma == text->length)
        return SASL_SCRAM_ENDS_AT_BINDING;
    *text = sasl_from(*text, comma + 1);
    return check_binding(binding, header);
}

/* "r=…,". */
static enum sasl_scram_result read_nonce(struct slice *text, struct slice nonce)
{
    size_t comma = sasl_find(*text, ',');
    struct slice said = sasl_from(sasl_before(*text, comma), 2);

    if (!sasl_starts(*text, "r="))
        return SASL_SCRAM_NONCE_MISSING;
    if (comma == text->length)
        return SASL_SCRAM_ENDS_AT_NONCE;
    *text = sasl_from(*text, comma + 1);
    return slice_equal(said, nonce) ? SASL_SCRAM_SOUND : SASL_SCRAM_NONCE_OTHER;
}

/* "p=…", perhaps behind other attributes. */
static enum sasl_scram_result read_proof(struct slice *text, size_t bytes, struct sasl_scram_final *final)
{
    size_t start = 0;

    while (start < text->length && !sasl_starts(sasl_from(*text, start), "p="))
        start += sasl_find(sasl_from(*text, start), ',') + 1;
    if (start >= text->length)
        return SASL_SCRAM_NO_PROOF;
    *text = sasl_from(*text, start + 2);
    if (sasl_find(*text, ',') < text->length)
        return SASL_SCRAM_MORE;
    if (text->length != (bytes + 2) / 3 * 4)
        return SASL_SCRAM_PROOF_LENGTH;
    if (decode(*text, final->proof, sizeof final->proof, &final->proof_length) < 0 || final->proof_length > bytes)
        return SASL_SCRAM_PROOF_CODE;
    return final->proof_length == bytes ? SASL_SCRAM_SOUND : SASL_SCRAM_PROOF_SHORT;
}

enum sasl_scram_result sasl_scram_read_final(struct slice message, struct slice header, struct slice nonce, size_t bytes,
                                             struct sasl_scram_final *final)
{
    struct slice text = message;
    enum sasl_scram_result result;

    *final = (struct sasl_scram_final){.without = SLICE_NONE};
    if (message.length > SASL_SCRAM_LONGEST)
        return SASL_SCRAM_LONG;
    result = read_binding(&text, header);
    if (result == SASL_SCRAM_SOUND)
        result = read_nonce(&text, nonce);
    if (result == SASL_SCRAM_SOUND)
        result = read_proof(&text, bytes, final);
    if (result == SASL_SCRAM_SOUND)
        final->without = sasl_before(message, message.length - text.length - (sizeof ",p=" - 1));
    return result;
}

/* ---- what Cyrus says ---- */

void sasl_scram_text(enum sasl_scram_result result, const char *words[2])
{
    static const char *const texts[][2] = {
        [SASL_SCRAM_LONG] = {"", " input longer than (MAX_CLIENTIN_LEN) bytes"},
        [SASL_SCRAM_INVALID] = {"Invalid ", " input"},
        [SASL_SCRAM_NULS] = {"NULs found in ", " input"},
        [SASL_SCRAM_FLAG] = {"The initial ", " client response needs to start with 'y', 'n' or 'p'"},
        [SASL_SCRAM_BINDING] = {"The initial 'p' needs to be followed by '=' in ", " input"},
        [SASL_SCRAM_UNENDED] = {"Channel binding name must be terminated by a comma in ", " input"},
        [SASL_SCRAM_COMMA] = {"',' expected in ", " input"},
        [SASL_SCRAM_EXTENSION] = {"Unsupported mandatory extension to ", ""},
        [SASL_SCRAM_NO_NAME] = {"Username (n=) expected in ", " input"},
        [SASL_SCRAM_NO_NONCE] = {"Nonce expected after the username in ", " input"},
        [SASL_SCRAM_ESCAPE] = {"Invalid username encoding in ", " input"},
        [SASL_SCRAM_AUTHORISATION] = {"Invalid authorization identity encoding in ", " input"},
        [SASL_SCRAM_NO_BINDING] = {"Channel binding expected in ", " input"},
        [SASL_SCRAM_ENDS_AT_BINDING] = {"At least nonce is expected in ", " input"},
        [SASL_SCRAM_NONCE_MISSING] = {"Nonce expected in ", " input"},
        [SASL_SCRAM_ENDS_AT_NONCE] = {"At least proof is expected in ", " input"},
        [SASL_SCRAM_NONCE_OTHER] = {"Nonce mismatch ", " input"},
        [SASL_SCRAM_NO_PROOF] = {"Client proof is expected in ", " input"},
        [SASL_SCRAM_MORE] = {"No extension data is allowed after the client proof in ", " input"},
        [SASL_SCRAM_BINDING_CODE] = {"Invalid base64 encoding of the channel bindings in ", ""},
        [SASL_SCRAM_BINDING_OTHER] = {"Channel bindings prefix doesn't match the one received in the GS2 header of ",
                                      ". Expected \""},
        [SASL_SCRAM_BINDING_EMPTY] = {"Channel bindings data expected in ", ""},
        [SASL_SCRAM_BINDING_TYPE] = {"Server does not support channel binding type received in ", ". Received: "},
        [SASL_SCRAM_PROOF_LENGTH] = {"Invalid client proof length in ", " input"},
        [SASL_SCRAM_PROOF_SHORT] = {"Invalid client proof (truncated) in ", " input"},
        [SASL_SCRAM_PROOF_CODE] = {"Invalid base64 encoding of the client proof in ", " input"},
    };

    memcpy(words, texts[result], sizeof texts[result]);
}
