/* SPDX-License-Identifier: ISC
 *
 * A parsed template: a flat list of nodes in the order of the text. For template.c and render.c alone. */
#ifndef TEMPLATES_TEMPLATE_H
#define TEMPLATES_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>
#include "templates/render.h"

enum node_type { NODE_TEXT, NODE_VALUE, NODE_RAW, NODE_SECTION, NODE_INVERTED, NODE_CLOSE, NODE_PARTIAL };

struct node {
    enum node_type type;
    uint32_t start, length; /* TEXT: of the text. PARTIAL: the white space before it where it stands alone */
    uint32_t at;            /* of its first byte, or its tag's */
    uint32_t name, parts;   /* first of its parts of the name; no part at all is {{.}} */
    uint32_t end;           /* SECTION, INVERTED: the node that closes it */
};

struct template
{
    char *text;
    struct node *nodes;
    size_t node_count, node_room;
    char *names;     /* parts of names, each ended by NUL */
    uint32_t *parts; /* where in names each begins */
    size_t part_count, part_room;
};

#endif
