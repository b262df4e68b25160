/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/keeper.h"
#include "server/keeper/order.h"
#include "server/keeper/token.h"

void made_free(struct made_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_free(&list->items[i].packed);
        buffer_free(&list->items[i].artifacts);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}

static struct made *made_next(struct made_list *list)
{
    struct made *made;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        struct made *items = reallocarray(list->items, capacity, sizeof *items);

        if (items == NULL)
            return NULL;
        list->items = items;
        list->capacity = capacity;
    }
    made = &list->items[list->count++];
    memset(made, 0, sizeof *made);
    buffer_init(&made->packed, JOBS_RESULT);
    buffer_init(&made->artifacts, JOBS_RESULT);
    return made;
}

static int add_token(struct made_list *list, struct slice data)
{
    struct made *made = made_next(list);
    struct reader reader;

    if (made == NULL || buffer_add_slice(&made->packed, data) != 0)
        return -1;
    made->id = id_ordered(clock_wall());
    reader = reader_of(buffer_slice(&made->packed));
    return token_result_get(&reader, &made->token);
}

void made_add(struct made_list *list, struct slice kind, struct slice name, struct slice data)
{
    if (slice_is(kind, "token") && add_token(list, data) != 0)
        list->failed = true;
    else if (slice_is(kind, "artifact") &&
             (list->count == 0 || artifact_json(name, data, &list->items[list->count - 1].artifacts) != 0))
        list->failed = true;
}

int made_store(struct keeper *keeper, const struct order *order, const struct made *made, struct error *error)
{
    struct token_details details = {
        .id = made->id,
        .decoy = slice_of(order_decoy_name(order)),
        .owner = slice_of(order->owner),
        .contact = slice_of(order->contact),
        .memo = slice_of(order->memo),
        .minted = clock_wall(),
        .expires = order->expires,
        .beside = order->beside != NULL ? order->beside->number : 0,
    };
    int64_t number;

    return token_insert(&keeper->ledger, &keeper->keyring, &made->token, &details, &number, error);
}

/* Well-formed UTF-8 without NUL (RFC 3629). */
static bool is_text(struct slice data)
{
    for (size_t i = 0; i < data.length;) {
        unsigned char c = data.data[i++];
        size_t more = c < 0x80 ? 0 : c < 0xc2 ? 9 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 9;
        uint32_t code = more == 0 ? c : c & (0x3fu >> more);

        if (c == 0 || more == 9 || more > data.length - i)
            return false;
        for (size_t k = 0; k < more; k++, i++) {
            if ((data.data[i] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (data.data[i] & 0x3f);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
            (more == 3 && (code < 0x10000 || code > 0x10ffff)))
            return false;
    }
    return true;
}

static int add_base64(struct slice data, struct buffer *json)
{
    size_t size = sodium_base64_encoded_len(data.length, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(size);
    int result = -1;

    if (text != NULL) {
        sodium_bin2base64(text, size, data.data, data.length, sodium_base64_VARIANT_ORIGINAL);
        result = json_member_text(json, "base64", text);
        sodium_memzero(text, size);
    }
    free(text);
    return result;
}

int artifact_json(struct slice name, struct slice data, struct buffer *json)
{
    if (json->length > 0 && json->data[json->length - 1] != '[')
        buffer_add_char(json, ',');
    buffer_add_char(json, '{');
    json_member(json, "name", name);
    if (is_text(data))
        json_member(json, "text", data);
    else if (add_base64(data, json) != 0)
        return -1;
    return buffer_add_char(json, '}');
}

int made_json(const struct made *made, const struct order *order, struct buffer *json)
{
    char id[ID_TEXT];

    buffer_add_char(json, '{');
    json_member_text(json, "token", id_text(made->id, 't', id));
    json_member(json, "kind", made->token.kind);
    json_member(json, "form", made->token.form);
    json_member(json, "identity", made->token.identity);
    json_member(json, "secret", made->token.secret);
    json_member_maybe(json, "decoy", order_decoy_name(order));
    order_seen(order, json);
    json_member_open(json, "artifacts");
    buffer_add_char(json, '[');
    buffer_add_slice(json, buffer_slice(&made->artifacts));
    buffer_add_char(json, ']');
    return buffer_add_char(json, '}');
}

int order_operation(struct request *request, const char *what, const char *subject, const char *details,
                    struct error *error)
{
    struct buffer json;
    int result;

    buffer_init(&json, CHANNEL_MESSAGE);
    (void)buffer_add_format(&json, "{%s}", details);
    if (json.failed)
        result = error_set(error, "no memory for the record of this operation");
    else
        result = operation_add(&request->keeper->ledger, &request->keeper->keyring, slice_of(request->who),
                               slice_of(what), slice_of(subject), buffer_slice(&json), error);
    buffer_free(&json);
    return result;
}
