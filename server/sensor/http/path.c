/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "server/sensor/http/path.h"

#include "server/sensor/http/text.h"

/* The byte at *at, decoded; *at moves to its last. -1: an escape of no byte. */
static int next_byte(struct slice path, size_t *at)
{
    int c = path.data[*at];

    if (c != '%')
        return c;
    c = *at + 2 < path.length ? text_hex_pair(path.data + *at + 1) : -1;
    *at += 2;
    return c;
}

/* The segment behind the last slash has ended: what is none goes, with the one before it for "..". */
static int end_segment(struct path_text *joined)
{
    size_t from = joined->length, length;

    while (joined->data[from - 1] != '/')
        from--;
    length = joined->length - from;
    if (length == 2 && memcmp(joined->data + from, "..", 2) == 0) {
        if (from == 1)
            return -1;
        for (from--; joined->data[from - 1] != '/';)
            from--;
        joined->length = from;
    } else if (length == 1 && joined->data[from] == '.') {
        joined->length = from;
    }
    return 0;
}

/* Has it no escapes, and no segments that are empty or begin with a dot? */
static bool is_joined(struct slice path)
{
    bool joined = path.length > 0 && path.data[0] == '/';
    unsigned char before = 'x';

    for (size_t i = 0; joined && i < path.length; i++) {
        joined = path.data[i] != '%' && path.data[i] != '\0' &&
                 (before != '/' || (path.data[i] != '/' && path.data[i] != '.'));
        before = path.data[i];
    }
    return joined;
}

int path_join(struct slice path, struct path_text *joined)
{
    int c;

    joined->data[0] = '/';
    joined->length = 1;
    if (path.length > PATH_MAXIMUM)
        return -1;
    if (is_joined(path)) {
        memcpy(joined->data, path.data, path.length);
        joined->length = path.length;
        return 0;
    }
    for (size_t i = path.length > 0 && path.data[0] == '/'; i < path.length; i++) {
        c = next_byte(path, &i);
        if (c <= 0 || (c == '/' && end_segment(joined) != 0))
            return -1;
        if ((c != '/' || joined->data[joined->length - 1] != '/') && joined->length < PATH_MAXIMUM)
            joined->data[joined->length++] = (unsigned char)c;
    }
    return end_segment(joined);
}

static bool is_decoded(struct slice path, bool merges)
{
    return memchr(path.data, '%', path.length) == NULL &&
           (!merges || text_find(path, "//") == TEXT_NONE);
}

static void decode(struct slice path, bool merges, struct path_text *decoded)
{
    int c;

    decoded->length = 0;
    for (size_t i = 0; i < path.length; i++) {
        c = path.data[i] == '%' && i + 2 < path.length ? text_hex_pair(path.data + i + 1) : -1;
        if (c < 0 || c == '/')
            c = path.data[i];
        else
            i += 2;
        if (c != '/' || !merges || decoded->length == 0 || decoded->data[decoded->length - 1] != '/')
            decoded->data[decoded->length++] = (unsigned char)c;
    }
}

struct slice path_decode(struct slice path, bool merges, struct path_text *decoded)
{
    path = text_before(path, PATH_MAXIMUM);
    if (path.length > 0 && !is_decoded(path, merges)) {
        decode(path, merges, decoded);
        path = (struct slice){decoded->data, decoded->length};
    }
    if (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    return path;
}
