/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a mail, and as a server's XML. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/wire/mime_read.h"
#include "server/planter/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(const struct mime_part *part, void *context)
{
    if (strlen(part->type) >= sizeof part->type || ++*(int *)context > MIME_PARTS)
        abort();
    return 0;
}

static void xml(struct slice text)
{
    static const char *const names[] = {"ItemId", "ResponseCode", "Folder"};
    struct xml_element element;
    struct slice rest = text;
    char out[64];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        xml_text(text, names[i], out, sizeof out);
    while (xml_find(rest, "Folder", &element)) {
        if (element.rest.length >= rest.length || element.content.length > rest.length)
            abort();
        xml_attribute(&element, "Id", out, sizeof out);
        rest = element.rest;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice message = {data, size}, body, head = mime_head(message, &body);
    struct buffer subject;
    int count = 0;

    buffer_init(&subject, 1 << 20);
    mime_field(head, "Subject", &subject);
    json_decref(mime_people(head, "To"));
    mime_parts(message, take, &count);
    xml(message);
    buffer_free(&subject);
    return 0;
}
