/* SPDX-License-Identifier: ISC
 *
 * Elements found by name in a server's XML, whatever their prefixes; no model of the document, no entities but the five
 * of XML itself and numbers. */
#ifndef PLANTER_XML_H
#define PLANTER_XML_H

#include <stdbool.h>
#include "server/base/buffer.h"

struct xml_element {
    struct slice head;    /* what stands in its tag behind the name */
    struct slice content; /* up to its own end; empty for <a/> */
    struct slice rest;    /* behind it */
};

/* The first element of that local name in the text. */
bool xml_find(struct slice text, const char *name, struct xml_element *element);
/* Its attribute, decoded, cut to `size`; "" where it has none. */
void xml_attribute(const struct xml_element *element, const char *name, char *out, size_t size);
/* The first such element's text, decoded, cut to `size`; "" where there is none. */
void xml_text(struct slice text, const char *name, char *out, size_t size);
/* Adds text, with what means something in XML escaped. */
void xml_add(struct buffer *out, const char *text);

#endif
