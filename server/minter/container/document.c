/* SPDX-License-Identifier: ISC */
#include "server/minter/container/containers.h"

static struct slice cut(struct slice *rest, char end)
{
    const unsigned char *at = rest->length == 0 ? NULL : memchr(rest->data, end, rest->length);
    size_t length = at == NULL ? rest->length : (size_t)(at - rest->data), used = length + (at != NULL);
    struct slice part = {rest->data, length};

    *rest = (struct slice){rest->data + used, rest->length - used};
    return part;
}

bool document_next(struct slice *rest, struct document_line *line)
{
    if (rest->length == 0)
        return false;
    line->text = cut(rest, '\n');
    line->type = LINE_PARAGRAPH;
    if (line->text.length == 0)
        line->type = LINE_EMPTY;
    else if (line->text.length > 2 && memcmp(line->text.data, "# ", 2) == 0)
        line->type = LINE_HEADING;
    else if (memchr(line->text.data, '\t', line->text.length) != NULL)
        line->type = LINE_ROW;
    if (line->type == LINE_HEADING)
        line->text = (struct slice){line->text.data + 2, line->text.length - 2};
    return true;
}

bool document_cell(struct slice *row, struct slice *cell)
{
    if (row->data == NULL)
        return false;
    if (memchr(row->data, '\t', row->length) == NULL) {
        *cell = *row;
        *row = SLICE_NONE;
        return true;
    }
    *cell = cut(row, '\t');
    return true;
}

struct slice document_title(struct slice text)
{
    struct document_line line;

    while (document_next(&text, &line))
        if (line.type == LINE_HEADING)
            return line.text;
    return SLICE_NONE;
}
