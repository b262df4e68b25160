/* SPDX-License-Identifier: ISC */
#include "server/courier/record.h"
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/wire/places.h"

#define RECORD_DEPTH 16
#define RECORD_NAME 64
#define KEY 512 /* a header's name and its number */

const json_t *record_get(const json_t *record, const char *path)
{
    char name[RECORD_NAME];

    while (record != NULL && path[0] != '\0') {
        size_t length = strcspn(path, ".");

        if (length >= sizeof(name))
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        record = json_object_get(record, name);
        path += length + (path[length] == '.');
    }
    return json_is_null(record) ? NULL : record;
}

const char *record_text(const json_t *record, const char *path)
{
    const char *text = json_string_value(record_get(record, path));

    return text != NULL ? text : "";
}

const char *record_first(const json_t *record, const char *paths)
{
    char path[RECORD_NAME];

    while (paths[0] != '\0') {
        size_t length = strcspn(paths, " ");

        if (length < sizeof(path)) {
            memcpy(path, paths, length);
            path[length] = '\0';
            if (record_text(record, path)[0] != '\0')
                return record_text(record, path);
        }
        paths += length + (paths[length] == ' ');
    }
    return "";
}

int64_t record_number(const json_t *record, const char *path, int64_t fallback)
{
    const json_t *value = record_get(record, path);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool record_is(const json_t *record, const char *path)
{
    return json_is_true(record_get(record, path));
}

int64_t record_time(const json_t *record, const char *path)
{
    int64_t time = 0;

    return clock_parse(record_text(record, path), &time) == 0 ? time : 0;
}

static int write_value(struct buffer *out, const json_t *value, int depth);

static int write_object(struct buffer *out, const json_t *value, int depth)
{
    json_t *object = (json_t *)(uintptr_t)value;
    const char *name;
    json_t *member;

    buffer_add_char(out, '{');
    json_object_foreach(object, name, member)
    {
        json_member_open(out, name);
        write_value(out, member, depth + 1);
    }
    return buffer_add_char(out, '}');
}

static int write_array(struct buffer *out, const json_t *value, int depth)
{
    size_t i;
    json_t *item;

    buffer_add_char(out, '[');
    json_array_foreach(value, i, item)
    {
        if (i > 0)
            buffer_add_char(out, ',');
        write_value(out, item, depth + 1);
    }
    return buffer_add_char(out, ']');
}

static int write_value(struct buffer *out, const json_t *value, int depth)
{
    if (value == NULL || depth > RECORD_DEPTH)
        return buffer_add_text(out, "null");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(out, value, depth);
    case JSON_ARRAY:
        return write_array(out, value, depth);
    case JSON_STRING:
        return json_write_string(
            out, (struct slice){(const unsigned char *)json_string_value(value), json_string_length(value)});
    case JSON_INTEGER:
        return buffer_add_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return buffer_add_format(out, "%.15g", json_real_value(value));
    case JSON_TRUE:
        return buffer_add_text(out, "true");
    case JSON_FALSE:
        return buffer_add_text(out, "false");
    default:
        return buffer_add_text(out, "null");
    }
}

int record_write(struct buffer *out, const json_t *value)
{
    return write_value(out, value, 0);
}

int record_header(const json_t *record, size_t i, const char **name, const char **value)
{
    const json_t *names = record_get(record, "client.http.headers"), *entry = json_array_get(names, i);
    char key[KEY];
    const char *kept;
    size_t same = 1;

    if (entry == NULL)
        return -1;
    *name = json_is_string(entry) ? json_string_value(entry) : "";
    for (size_t k = 0; k < i; k++)
        same += json_equal(json_array_get(names, k), entry);
    snprintf(key, sizeof(key), "%s", *name);
    if (same > 1)
        snprintf(key, sizeof(key), "%s (%zu)", *name, same);
    kept = json_string_value(json_object_get(record_get(record, "client.http.values"), key));
    *value = kept != NULL ? kept : "";
    return 0;
}

const char *record_place_takes(const json_t *record)
{
    const struct place_row *row = place_row(slice_of(record_text(record, "placement.place")));

    return row != NULL ? row->takes : "";
}

bool record_was_sent(const json_t *record)
{
    const char *place = record_text(record, "placement.place");

    return strncmp(place, "lmtp:", 5) == 0 || strncmp(place, "smtp:", 5) == 0;
}

bool record_is_heartbeat(const json_t *record)
{
    return strcmp(record_text(record, "type"), "heartbeat") == 0;
}
