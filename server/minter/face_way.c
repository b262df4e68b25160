/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/face_way.h"
#include "templates/render.h"

#define DIGITS_MOST 1024
#define DEPTH 8

static json_t *no_memory(struct face_drawing *drawing)
{
    error_set(drawing->error, "out of memory");
    return NULL;
}

/* ---- texts ---- */

static int check_template(const struct yaml *node, struct error *error)
{
    struct template *parsed = NULL;
    struct error why = {""};

    if (node->type != YAML_TEXT)
        return yaml_fault(node, error, "a text is wanted here");
    if (template_parse(slice_of(node->text), "this text", &parsed, &why) != 0)
        return yaml_fault(node, error, "%s", why.text);
    template_free(parsed);
    return 0;
}

/* A text that names facts takes them in. */
static json_t *text_draw(const struct yaml *node, struct face_drawing *drawing)
{
    struct template *parsed = NULL;
    struct buffer text;
    json_t *value = NULL;

    if (strstr(node->text, "{{") == NULL)
        return json_string(node->text);
    buffer_init(&text, FACE_TEXT);
    if (template_parse(slice_of(node->text), node->file, &parsed, drawing->error) == 0 &&
        template_render(parsed, drawing->views, drawing->view_count, RENDER_PLAIN, NULL, &text) == 0)
        value = json_string(buffer_text(&text));
    template_free(parsed);
    buffer_free(&text);
    if (value == NULL)
        yaml_fault(node, drawing->error, "this makes no text of at most %d bytes", FACE_TEXT - 1);
    return value;
}

static int check_plain(const struct yaml *node, struct error *error)
{
    int rc = node->type == YAML_TEXT ? check_template(node, error) : 0;

    for (size_t i = 0; rc == 0 && i < node->count; i++)
        rc = check_plain(node->items[i], error);
    return rc;
}

static json_t *plain(const struct yaml *node, struct face_drawing *drawing, int depth);

static json_t *plain_many(const struct yaml *node, struct face_drawing *drawing, int depth)
{
    json_t *value = node->type == YAML_LIST ? json_array() : json_object();

    for (size_t i = 0; value != NULL && i < node->count; i++) {
        json_t *item = plain(node->items[i], drawing, depth - 1);

        if (item == NULL || (node->type == YAML_LIST ? json_array_append_new(value, item)
                                                     : json_object_set_new(value, node->keys[i]->text, item)) != 0) {
            json_decref(value);
            value = NULL;
        }
    }
    return value;
}

/* The node as it stands; texts stay texts. */
static json_t *plain(const struct yaml *node, struct face_drawing *drawing, int depth)
{
    if (depth == 0)
        return json_null();
    return node->type == YAML_TEXT ? text_draw(node, drawing) : plain_many(node, drawing, depth);
}

static json_t *draw_plain(const struct yaml *node, struct face_drawing *drawing)
{
    return plain(node, drawing, DEPTH);
}

static int check_choice(const struct yaml *node, struct error *error)
{
    if (node->type != YAML_LIST || node->count == 0)
        return yaml_fault(node, error, "a choice is a list, not empty");
    return check_plain(node, error);
}

static json_t *draw_choice(const struct yaml *node, struct face_drawing *drawing)
{
    return plain(node->items[draw_below(drawing->draw, (uint32_t)node->count)], drawing, DEPTH);
}

static int check_texts(const struct yaml *node, struct error *error)
{
    int rc = 0;

    if (node->type != YAML_MAP)
        return yaml_fault(node, error, "'texts' is a map of names and texts, or lists of texts");
    for (size_t i = 0; rc == 0 && i < node->count; i++)
        rc = node->items[i]->type == YAML_LIST ? check_choice(node->items[i], error)
                                               : check_template(node->items[i], error);
    return rc;
}

/* One text of each name; later ones may name those before. */
static json_t *draw_texts(const struct yaml *node, struct face_drawing *drawing)
{
    json_t *texts = json_object(), *text = texts;

    if (drawing->view_count == FACE_VIEWS || texts == NULL)
        return no_memory(drawing);
    drawing->views[drawing->view_count++] = texts;
    for (size_t i = 0; text != NULL && i < node->count; i++) {
        text = node->items[i]->type == YAML_LIST ? draw_choice(node->items[i], drawing)
                                                 : text_draw(node->items[i], drawing);
        if (text != NULL && json_object_set_new(texts, node->keys[i]->text, text) != 0)
            text = no_memory(drawing);
    }
    drawing->view_count--;
    if (text == NULL)
        json_decref(texts);
    return text == NULL ? NULL : texts;
}

/* ---- numbers and letters ---- */

static int check_number(const struct yaml *node, long least, long most, struct error *error)
{
    char *end = NULL;
    long number = node->type == YAML_TEXT ? strtol(node->text, &end, 10) : 0;

    if (node->type != YAML_TEXT || end == node->text || *end != 0 || number < least || number > most)
        return yaml_fault(node, error, "a number from %ld to %ld is wanted here", least, most);
    return 0;
}

static long number_of(const struct yaml *node)
{
    return strtol(node->text, NULL, 10);
}

static int check_digits(const struct yaml *node, struct error *error)
{
    return check_number(node, 1, DIGITS_MOST, error);
}

static void letters(const struct draw *draw, const char *alphabet, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = alphabet[draw_below(draw, (uint32_t)strlen(alphabet))];
    out[count] = 0;
}

static json_t *draw_hex(const struct yaml *node, struct face_drawing *drawing)
{
    char text[DIGITS_MOST + 1];

    letters(drawing->draw, "0123456789abcdef", (size_t)number_of(node), text);
    return json_string(text);
}

static json_t *draw_letters(const struct yaml *node, struct face_drawing *drawing)
{
    char text[DIGITS_MOST + 1];

    letters(drawing->draw, "abcdefghijklmnopqrstuvwxyz", (size_t)number_of(node), text);
    return json_string(text);
}

static int check_integer(const struct yaml *node, struct error *error)
{
    if (node->type != YAML_LIST || node->count != 2)
        return yaml_fault(node, error, "two numbers are wanted here, such as [4, 16]");
    if (check_number(node->items[0], -1000000000, 1000000000, error) != 0)
        return -1;
    return check_number(node->items[1], number_of(node->items[0]), 1000000000, error);
}

static json_t *draw_integer(const struct yaml *node, struct face_drawing *drawing)
{
    long least = number_of(node->items[0]), most = number_of(node->items[1]);

    return json_integer(least + draw_below(drawing->draw, (uint32_t)(most - least) + 1));
}

static int check_uuid(const struct yaml *node, struct error *error)
{
    return node->type == YAML_TEXT && strcmp(node->text, "random") == 0 ? 0
                                                                        : yaml_fault(node, error, "a uuid is 'random'");
}

static json_t *draw_uuid(const struct yaml *node, struct face_drawing *drawing)
{
    char digits[33], text[40];

    (void)node;
    letters(drawing->draw, "0123456789abcdef", 32, digits);
    digits[12] = '4';
    digits[16] = "89ab"[draw_below(drawing->draw, 4)];
    snprintf(text, sizeof text, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16, digits + 20);
    return json_string(text);
}

/* ---- order ---- */

static int check_order(const struct yaml *node, struct error *error)
{
    int rc = node->type == YAML_LIST && node->count > 1 ? 0
                                                        : yaml_fault(node, error, "an order is a list of some words");

    for (size_t i = 0; rc == 0 && i < node->count; i++)
        if (node->items[i]->type != YAML_TEXT)
            rc = yaml_fault(node->items[i], error, "a word is wanted here");
    return rc;
}

/* [{"b":true},{"a":true}]: a section over the list shows what each word stands for, in the order drawn. */
static json_t *draw_order(const struct yaml *node, struct face_drawing *drawing)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < node->count; i++)
        if (json_array_insert_new(list, draw_below(drawing->draw, (uint32_t)i + 1),
                                  json_pack("{sb}", node->items[i]->text, true)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list != NULL ? list : no_memory(drawing);
}

/* ---- of the persona ---- */

static int check_initials(const struct yaml *node, struct error *error)
{
    return check_number(node, 1, 4, error);
}

/* The first letters of the organisation's words: example-rail is ER. */
static json_t *draw_initials(const struct yaml *node, struct face_drawing *drawing)
{
    const json_t *persona = json_object_get(drawing->views[0], "persona");
    const char *slug = json_string_value(json_object_get(persona, "company_slug"));
    size_t most = (size_t)number_of(node), used = 0;
    char text[5] = "";

    for (const char *at = slug == NULL ? "" : slug; *at != 0 && used < most; at++)
        if (at == slug || at[-1] == '-')
            text[used++] = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
    return json_string(text);
}

static json_t *draw_key(const struct yaml *node, struct face_drawing *drawing)
{
    const json_t *persona = json_object_get(drawing->views[0], "persona");
    const char *organisation = json_string_value(json_object_get(persona, "organisation"));
    json_t *name = text_draw(node, drawing), *key = NULL;

    if (name != NULL)
        key = face_key_draw(json_string_value(name), organisation == NULL ? "" : organisation, drawing->now,
                            drawing->draw, drawing->error);
    json_decref(name);
    return key;
}

static const struct face_way ways[] = {
    {"choice", check_choice, draw_choice},       {"hex", check_digits, draw_hex},
    {"letters", check_digits, draw_letters},     {"integer", check_integer, draw_integer},
    {"uuid", check_uuid, draw_uuid},             {"text", check_plain, draw_plain},
    {"texts", check_texts, draw_texts},          {"order", check_order, draw_order},
    {"initials", check_initials, draw_initials}, {"key", check_template, draw_key},
};

const struct face_way *face_way_of(const struct yaml *fact)
{
    for (size_t i = 0; fact->type == YAML_MAP && fact->count == 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(fact->keys[0]->text, ways[i].word) == 0)
            return &ways[i];
    return NULL;
}

const char *face_ways(void)
{
    return "{choice: […]}, {hex: N}, {letters: N}, {integer: [A, B]}, {uuid: random}, {text: T}, {texts: {…}}, "
           "{order: […]}, {initials: N}, {key: NAME}";
}
