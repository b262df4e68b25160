/* SPDX-License-Identifier: ISC */
#include "server/keeper/shape.h"
#include <string.h>

static const struct shape shapes[] = {
#define SHAPE(name, places, takes, commits) {name, places, takes, commits},
#include "server/wire/tables/shapes.def"
#undef SHAPE
};

#define SHAPES (sizeof shapes / sizeof shapes[0])

/* Is the word in a list of words that are separated by spaces? */
static bool is_listed(const char *list, const char *word)
{
    size_t length;

    for (; *list != '\0'; list += length + strspn(list + length, " ")) {
        length = strcspn(list, " ");
        if (length == strlen(word) && strncmp(list, word, length) == 0)
            return true;
    }
    return false;
}

const struct shape *shape_find(const char *scheme, struct slice name)
{
    for (size_t i = 0; i < SHAPES && name.data != NULL; i++)
        if (slice_is(name, shapes[i].name) && is_listed(shapes[i].places, scheme))
            return &shapes[i];
    return name.data == NULL ? &shapes[0] : NULL;
}

void shape_list(const char *scheme, struct buffer *out)
{
    const char *comma = "";

    for (size_t i = 0; i < SHAPES; i++) {
        if (!is_listed(shapes[i].places, scheme))
            continue;
        (void)buffer_add_format(out, "%s%s", comma, shapes[i].name);
        comma = ", ";
    }
}
