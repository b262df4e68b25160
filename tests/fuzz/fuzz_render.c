/* SPDX-License-Identifier: ISC
 *
 * Templates: the bytes up to the first NUL are a template, those behind it (or a fixed view) are its values as JSON.
 * The template is its own partial. */
#include <stdint.h>
#include <string.h>
#include "templates/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct template *find(const char *name, void *context)
{
    return name[0] == 'p' ? context : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char fixed[] =
        "{\"a\":\"<'\\\\\\u2028é\",\"l\":[1,2.5,null,[\"x\"],{\"a\":true}],\"o\":{\"a\":{\"b\":\"c\"}}}";
    const uint8_t *end = memchr(data, '\0', size);
    size_t length = end == NULL ? size : (size_t)(end - data);
    json_t *view = end == NULL ? NULL : json_loadb((const char *)end + 1, size - length - 1, 0, NULL);
    struct template *t = NULL;
    struct template_partials partials = {find, NULL};
    struct buffer out;
    struct error error;

    view = view == NULL ? json_loads(fixed, 0, NULL) : view;
    buffer_init(&out, 1 << 16);
    if (template_parse((struct slice){data, length}, "fuzz", &t, &error) == 0) {
        partials.context = t;
        for (int escape = RENDER_PLAIN; escape <= RENDER_URL; escape++) {
            template_render(t, &view, 1, (enum render_escape)escape, &partials, &out);
            buffer_clear(&out);
        }
    }
    template_free(t);
    buffer_free(&out);
    json_decref(view);
    return 0;
}
