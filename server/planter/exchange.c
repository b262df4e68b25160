/* SPDX-License-Identifier: ISC */
#include "server/planter/exchange.h"
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int exchange_decline(struct error *error, const char *path, const char *why)
{
    error_set(error, "%s %s, so that its commit cannot be one that writes the new secret over the former.", path, why);
    return 1;
}

/* All of them; *line becomes that of the first. How many there were. */
static size_t exchange_one(struct buffer *text, struct slice former, struct slice latter, json_int_t *line)
{
    struct buffer out;
    const unsigned char *at = text->data, *end = text->data + text->length, *found;
    json_int_t lines = 1;
    size_t count = 0;

    buffer_init(&out, EXCHANGE_BYTES);
    while (former.length > 0 && (found = memmem(at, (size_t)(end - at), former.data, former.length)) != NULL) {
        for (const unsigned char *c = at; c < found; c++)
            lines += *c == '\n';
        if (count++ == 0)
            *line = lines;
        buffer_add(&out, at, (size_t)(found - at));
        buffer_add_slice(&out, latter);
        at = found + former.length;
    }
    if (count > 0) {
        buffer_add(&out, at, (size_t)(end - at));
        count = out.failed ? 0 : count;
        buffer_clear(text);
        buffer_add_slice(text, buffer_slice(&out));
    }
    buffer_free(&out);
    return count;
}

/* One text in the ways in which it may stand there. */
static bool exchange_text(const struct task *task, const json_t *ways, struct buffer *text, json_int_t *line)
{
    const json_t *way;
    size_t index, count = 0;

    json_array_foreach(ways, index, way)
    {
        const char *former = json_string_value(json_array_get(way, 0)), *latter = json_string_value(json_array_get(way, 1));
        const struct task_file *from = former != NULL ? task_file(task, former) : NULL;
        const struct task_file *to = latter != NULL ? task_file(task, latter) : NULL;

        if (from != NULL && to != NULL)
            count += exchange_one(text, buffer_slice(&from->data), buffer_slice(&to->data), count == 0 ? line : &(json_int_t){0});
    }
    return count > 0 && !text->failed;
}

static int exchange_all(const struct task *task, const json_t *texts, const char *path, struct buffer *text,
                        json_int_t *line, struct error *error)
{
    const json_t *ways;
    size_t index;

    json_array_foreach(texts, index, ways)
    {
        if (!exchange_text(task, ways, text, index == 0 ? line : &(json_int_t){0}))
            return exchange_decline(error, path, "does not hold it any more as it was planted");
    }
    return 0;
}

int exchange(const struct task *task, const char *path, struct task_file *written, struct changes *changes,
             struct error *error)
{
    const json_t *rotation = json_object_get(task->meta, "rotation"), *texts = json_object_get(rotation, "texts");
    const char *area = text_of(rotation, "area"), *message = text_of(rotation, "message");
    struct change *change = &changes->list[0];
    json_int_t line = 1;
    int rc;

    if (json_array_size(texts) == 0 || message == NULL)
        return exchange_decline(error, path, "holds more than a secret that can be exchanged");
    rc = exchange_all(task, texts, path, &written->data, &line, error);
    if (rc != 0)
        return rc;
    changes->count = 1;
    changes->secret_path = path;
    changes->secret_file = written;
    changes->above = line - json_integer_value(json_object_get(task->meta, "line"));
    change->message = message;
    change->area = area != NULL ? area : "";
    change->files[0] = (struct change_file){.path = path, .file = written, .grows = true};
    change->file_count = 1;
    return 0;
}
