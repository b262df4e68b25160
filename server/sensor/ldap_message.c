/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_message.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE 0x30
#define NOTICE_OF_DISCONNECTION "1.3.6.1.4.1.1466.20036"
#define TAG_OID 0x8aU
#define TAG_VALUE 0x8bU
#define TAG_CONTROLS 0xa0U
#define TAG_REFERRAL 0xa3U
#define TAG_CHALLENGE 0x87U

/* Bytes of the tag at the front; 0: not all there. */
static size_t tag_length(struct slice input)
{
    size_t n = 1;

    if (input.length == 0)
        return 0;
    if ((input.data[0] & 0x1f) != 0x1f)
        return 1;
    while (n < input.length && (input.data[n] & 0x80) != 0)
        n++;
    return n < input.length ? n + 1 : 0;
}

int ldap_frame(struct slice input, size_t *length)
{
    size_t at = tag_length(input), size = 0, bytes;

    if (at == 0 || at > sizeof(ber_tag_t) || at == input.length)
        return at > sizeof(ber_tag_t) || input.length > sizeof(ber_tag_t) ? -1 : 0;
    bytes = input.data[at] & 0x80 ? input.data[at] & 0x7f : 0;
    if (bytes > 4)
        return -1;
    if (bytes == 0)
        size = input.data[at] & 0x7f;
    if (input.length - at - 1 < bytes)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        size = size << 8 | input.data[at + 1 + i];
    if (size == 0 || size > LDAP_LARGEST)
        return -1;
    *length = at + 1 + bytes + size;
    return input.length >= *length ? 1 : 0;
}

bool ldap_is_message(struct slice message)
{
    return message.length > 0 && message.data[0] == MESSAGE;
}

/* SEQUENCE, INTEGER (the id, of at most 127 bytes), bind. */
bool ldap_is_bind(struct slice message)
{
    struct reader reader = reader_of(message);
    uint8_t size;

    if (reader_u8(&reader) != MESSAGE)
        return false;
    size = reader_u8(&reader);
    if ((size & 0x80) != 0)
        reader_raw(&reader, size & 0x7f);
    if (reader_u8(&reader) != 0x02)
        return false;
    reader_raw(&reader, reader_u8(&reader));
    return reader_u8(&reader) == LDAP_BIND && !reader.failed;
}

/* liblber ends octet strings in place with a NUL, which may fall on the byte behind the message. */
BerElement *ldap_read(struct ldap_reader *reader, struct slice message)
{
    struct berval value;

    reader->length = message.length;
    reader->element = ber_alloc_t(LBER_USE_DER);
    reader->copy = malloc(message.length + 1);
    if (reader->copy == NULL || reader->element == NULL)
        return NULL;
    memcpy(reader->copy, message.data, message.length);
    reader->copy[message.length] = '\0';
    value = (struct berval){.bv_len = message.length, .bv_val = (char *)reader->copy};
    ber_init2(reader->element, &value, LBER_USE_DER);
    return reader->element;
}

void ldap_read_end(struct ldap_reader *reader)
{
    if (reader->element != NULL)
        ber_free(reader->element, 0);
    if (reader->copy != NULL)
        sodium_memzero(reader->copy, reader->length);
    free(reader->copy);
    reader->element = NULL;
    reader->copy = NULL;
}

struct slice ldap_slice(const struct berval *value)
{
    return (struct slice){(const unsigned char *)value->bv_val, value->bv_len};
}

int ldap_write(BerElement *element, bool failed, struct buffer *out)
{
    struct berval value;
    int result = -1;

    if (!failed && ber_flatten2(element, &value, 0) == 0)
        result = buffer_add(out, value.bv_val, value.bv_len);
    ber_free(element, 1);
    return result;
}

static struct berval berval_of(struct slice value)
{
    return (struct berval){value.length, (char *)(uintptr_t)value.data};
}

static int add_urls(BerElement *element, const struct slice *urls, size_t count)
{
    int added = 0;

    for (size_t i = 0; i < count && added >= 0; i++) {
        struct berval url = berval_of(urls[i]);

        added = ber_printf(element, "O", &url);
    }
    return added;
}

int ldap_result(struct buffer *out, ber_int_t id, ber_tag_t tag, const struct ldap_answer *answer)
{
    BerElement *element = ber_alloc_t(LBER_USE_DER);
    struct berval matched = berval_of(answer->matched), value = berval_of(answer->value);
    int added;

    if (element == NULL)
        return -1;
    added = ber_printf(element, "{it{eOs", id, tag, (ber_int_t)answer->code, &matched, answer->text);
    if (added >= 0 && answer->url_count > 0 &&
        (ber_printf(element, "t{", (ber_tag_t)TAG_REFERRAL) < 0 ||
         add_urls(element, answer->urls, answer->url_count) < 0 || ber_printf(element, "}") < 0))
        added = -1;
    if (added >= 0 && answer->challenge != NULL) {
        value = berval_of(buffer_slice(answer->challenge));
        added = ber_printf(element, "tO", (ber_tag_t)TAG_CHALLENGE, &value);
    }
    if (added >= 0)
        added = ber_printf(element, "}");
    if (added >= 0 && answer->control != NULL)
        added = ber_printf(element, "t{{sO}}", (ber_tag_t)TAG_CONTROLS, answer->control, &value);
    if (added >= 0)
        added = ber_printf(element, "}");
    return ldap_write(element, added < 0, out);
}

int ldap_reference(struct buffer *out, ber_int_t id, const struct slice *urls, size_t count)
{
    BerElement *element = ber_alloc_t(LBER_USE_DER);
    bool failed;

    if (element == NULL)
        return -1;
    failed = ber_printf(element, "{it{", id, (ber_tag_t)LDAP_SEARCH_REFERENCE) < 0 ||
             add_urls(element, urls, count) < 0 || ber_printf(element, "}}") < 0;
    return ldap_write(element, failed, out);
}

int ldap_extended(struct buffer *out, ber_int_t id, int code, const char *text, const struct berval *value)
{
    BerElement *element = ber_alloc_t(LBER_USE_DER);
    int added;

    if (element == NULL)
        return -1;
    added = ber_printf(element, "{it{ess", id, (ber_tag_t)LDAP_EXTENDED_ANSWER, (ber_int_t)code, "", text);
    if (added >= 0 && value != NULL)
        added = ber_printf(element, "tO", (ber_tag_t)TAG_VALUE, value);
    if (added >= 0)
        added = ber_printf(element, "}}");
    return ldap_write(element, added < 0, out);
}

int ldap_notice(struct buffer *out, int code, const char *text)
{
    BerElement *element = ber_alloc_t(LBER_USE_DER);
    int added;

    if (element == NULL)
        return -1;
    added = ber_printf(element, "{it{essts}}", (ber_int_t)0, (ber_tag_t)LDAP_EXTENDED_ANSWER, (ber_int_t)code, "",
                       text, (ber_tag_t)TAG_OID, NOTICE_OF_DISCONNECTION);
    return ldap_write(element, added < 0, out);
}

ber_tag_t ldap_answer(ber_tag_t operation)
{
    switch (operation) {
    case LDAP_DELETE:
        return 0x6b;
    case LDAP_SEARCH:
        return LDAP_SEARCH_ANSWER;
    case LDAP_BIND:
    case LDAP_MODIFY:
    case LDAP_ADD:
    case LDAP_RENAME:
    case LDAP_COMPARE:
    case LDAP_EXTENDED:
        return operation + 1;
    default:
        return 0;
    }
}
