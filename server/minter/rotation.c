/* SPDX-License-Identifier: ISC
 *
 * How a new secret takes the place of a former one in a repository's file: both texts, as that file spells them. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lure.h"

#define DISTINCT 12 /* bytes of a text that, beside the secret, stands for nothing else in a file */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static bool holds(struct slice text, struct slice part)
{
    return part.length > 0 && text.length > 0 && memmem(text.data, text.length, part.data, part.length) != NULL;
}

/* ---- the pairs ---- */

struct swaps {
    struct lure_made *made;
    struct slice text;  /* of the new lure's file */
    json_t *pairs;      /* of one value, */
    size_t first;       /* whose files begin here */
    struct error *error;
};

static int add_text(struct lure_made *made, struct slice text, json_t *pair, struct error *error)
{
    struct buffer *file = lure_file(made, error);
    char number[24];

    if (file == NULL)
        return -1;
    snprintf(number, sizeof number, "%zu", made->file_count - 1);
    return buffer_add_slice(file, text) == 0 && json_array_append_new(pair, json_string(number)) == 0
               ? 0
               : error_set(error, "out of memory");
}

/* Is it part of how it is spelled already? */
static bool is_told(const struct swaps *swaps, struct slice latter)
{
    for (size_t i = swaps->first + 1; i < swaps->made->file_count; i += 2)
        if (holds(buffer_slice(&swaps->made->files[i]), latter))
            return true;
    return false;
}

static int add_spelling(struct swaps *swaps, struct slice former, struct slice latter, enum render_escape escape)
{
    struct buffer old, new;
    json_t *pair = json_array();
    int rc = 0;

    buffer_init(&old, LURE_FILE_BYTES);
    buffer_init(&new, LURE_FILE_BYTES);
    if (pair == NULL || render_escaped(&old, former, escape) != 0 || render_escaped(&new, latter, escape) != 0)
        rc = error_set(swaps->error, "out of memory");
    if (rc == 0 && holds(swaps->text, buffer_slice(&new)) && !is_told(swaps, buffer_slice(&new))) {
        if (add_text(swaps->made, buffer_slice(&old), pair, swaps->error) != 0 ||
            add_text(swaps->made, buffer_slice(&new), pair, swaps->error) != 0 ||
            json_array_append(swaps->pairs, pair) != 0)
            rc = -1;
    }
    json_decref(pair);
    buffer_free(&old);
    buffer_free(&new);
    return rc;
}

/* As the file itself spells it, and in every other way in which the new one stands there. 1: it cannot be exchanged. */
static int add_value(struct swaps *swaps, json_t *texts, enum render_escape own, struct slice former, struct slice latter)
{
    const enum render_escape ways[] = {own, RENDER_SHELL, RENDER_JSON, RENDER_HTML, RENDER_URL, RENDER_PLAIN};
    int rc = 0;

    if (slice_equal(former, latter))
        return 0;
    swaps->pairs = json_array();
    swaps->first = swaps->made->file_count;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && rc == 0; i++)
        rc = add_spelling(swaps, former, latter, ways[i]);
    if (json_array_size(swaps->pairs) > 0)
        json_array_append(texts, swaps->pairs);
    json_decref(swaps->pairs);
    return rc;
}

/* What stands beside the secret and is another now: it is exchanged as well, if it cannot stand for anything else. */
static int add_beside(struct swaps *swaps, json_t *texts, enum render_escape own, struct slice former, struct slice latter)
{
    size_t before = json_array_size(texts);
    int rc = add_value(swaps, texts, own, former, latter);

    return rc == 0 && json_array_size(texts) > before && (former.length < DISTINCT || latter.length < DISTINCT) ? 1 : rc;
}

/* "name:secret" in base64, as some files hold both. */
static bool is_coded(const struct lure_work *work, struct slice text)
{
    struct buffer both;
    char coded[1024];
    bool found = false;

    buffer_init(&both, sizeof coded / 2);
    if (buffer_add_slice(&both, work->identity) == 0 && buffer_add_char(&both, ':') == 0 &&
        buffer_add_slice(&both, work->secret) == 0 &&
        sodium_base64_ENCODED_LEN(both.length, sodium_base64_VARIANT_ORIGINAL) <= sizeof coded)
        found = holds(text, slice_of(sodium_bin2base64(coded, sizeof coded, both.data, both.length,
                                                       sodium_base64_VARIANT_ORIGINAL)));
    sodium_memzero(coded, sizeof coded);
    buffer_free(&both);
    return found;
}

static int add_all(const struct lure_work *work, struct swaps *swaps, enum render_escape own, json_t *texts)
{
    const json_t *former = json_object_get(work->parameters, "former"), *facts = json_object_get(former, "facts"), *fact;
    const char *name;
    int rc = add_value(swaps, texts, own, slice_of(text_of(former, "secret")), work->secret);

    if (rc == 0 && json_array_size(texts) == 0)
        rc = 1;
    if (rc == 0)
        rc = add_beside(swaps, texts, own, slice_of(text_of(former, "identity")), work->identity);
    json_object_foreach((json_t *)(uintptr_t)work->facts, name, fact)
    {
        if (rc == 0 && json_is_string(fact) && json_is_string(json_object_get(facts, name)))
            rc = add_beside(swaps, texts, own, slice_of(text_of(facts, name)), slice_of(json_string_value(fact)));
    }
    return rc;
}

/* ---- the change ---- */

static const struct lure_file *secret_source(const struct lure_change *change)
{
    for (size_t i = 0; i < change->file_count; i++)
        if (change->files[i].secret && !change->files[i].submodule && change->files[i].containers.count == 0)
            return &change->files[i];
    return NULL;
}

int lure_rotation(const struct lure_work *work, struct lure_made *made, struct error *error)
{
    const struct lure_file *source = secret_source(&work->lure->changes[0]);
    const char *file = text_of(made->meta, "secret_file"), *message = text_of(work->variables, "rotated");
    size_t number = strtoul(file, NULL, 10), count = made->file_count;
    struct swaps swaps = {.made = made, .error = error};
    json_t *texts, *change = json_array_get(json_object_get(made->meta, "changes"), 0);
    int rc = 1;

    if (!json_is_object(json_object_get(work->parameters, "former")) || work->buried || source == NULL ||
        message[0] == 0 || file[0] == 0 || number >= count)
        return 0;
    texts = json_array();
    swaps.text = buffer_slice(&made->files[number]);
    if (!is_coded(work, swaps.text))
        rc = add_all(work, &swaps, source->artifact ? RENDER_SHELL : source->escape, texts);
    if (rc == 0)
        json_object_set_new(made->meta, "rotation",
                            json_pack("{s:o,s:O,s:O}", "message", json_sprintf("%s\n", message), "area",
                                      json_object_get(change, "area"), "texts", texts));
    json_decref(texts);
    return rc < 0 ? -1 : 0;
}
