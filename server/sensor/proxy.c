/* SPDX-License-Identifier: ISC */
#include "server/sensor/proxy.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 12 /* bytes that tell the versions apart; a header of version 1 has 15 at least */
#define LINE 107 /* the longest header of version 1 */

static const unsigned char signature[FIRST] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static int parse_address(const char *text, const char *port, struct proxy_source *source)
{
    char *end;
    unsigned long number = port == NULL ? 65536 : strtoul(port, &end, 10);

    if (number > 65535 || *end != '\0' || address_parse(text, &source->address) < 0)
        return -1;
    source->port = (uint16_t)number;
    source->known = true;
    return 1;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" */
static int parse_line(struct slice line, struct proxy_source *source)
{
    char text[LINE + 1], *rest = text, *words[6] = {NULL};

    memcpy(text, line.data, line.length - 2);
    text[line.length - 2] = '\0';
    if (strlen(text) != line.length - 2)
        return -1;
    for (size_t i = 0; i < 6 && rest != NULL; i++)
        words[i] = strsep(&rest, " ");
    if (strcmp(words[0], "PROXY") != 0 || words[1] == NULL)
        return -1;
    if (strcmp(words[1], "UNKNOWN") == 0)
        return 1;
    if ((strcmp(words[1], "TCP4") != 0 && strcmp(words[1], "TCP6") != 0) || words[5] == NULL)
        return -1;
    return parse_address(words[2], words[4], source);
}

static int parse_first(struct slice header, size_t *wanted, struct proxy_source *source)
{
    const unsigned char *end = memchr(header.data, '\n', header.length);

    if (memcmp(header.data, "PROXY ", 6) != 0)
        return -1;
    *wanted = 1;
    if (end == NULL)
        return header.length < LINE ? 0 : -1;
    if (end[-1] != '\r')
        return -1;
    return parse_line(header, source);
}

static int parse_second(struct slice header, size_t *wanted, struct proxy_source *source)
{
    struct reader reader = reader_of(header);
    uint8_t command, family;
    size_t length;
    struct slice body;

    *wanted = 16 - header.length;
    if (header.length < 16)
        return 0;
    reader_raw(&reader, FIRST);
    command = reader_u8(&reader);
    family = reader_u8(&reader);
    length = reader_u16(&reader);
    if (command >> 4 != 2 || (command & 15) > 1 || length + 16 > PROXY_HEADER)
        return -1;
    *wanted = 16 + length - header.length;
    if (*wanted > 0)
        return 0;
    body = reader_raw(&reader, length);
    if ((command & 15) == 0 || (family != 0x11 && family != 0x21))
        return 1;
    if (length < (family == 0x11 ? 12U : 36U))
        return -1;
    memset(source->address.bytes, 0, 10);
    memset(source->address.bytes + 10, 0xff, 2);
    if (family == 0x11)
        memcpy(source->address.bytes + 12, body.data, 4);
    else
        memcpy(source->address.bytes, body.data, 16);
    body.data += family == 0x11 ? 8 : 32;
    source->port = (uint16_t)(body.data[0] << 8 | body.data[1]);
    source->known = true;
    return 1;
}

int proxy_parse(struct slice header, size_t *wanted, struct proxy_source *source)
{
    source->known = false;
    *wanted = FIRST - header.length;
    if (header.length < FIRST)
        return 0;
    return memcmp(header.data, signature, FIRST) == 0 ? parse_second(header, wanted, source)
                                                      : parse_first(header, wanted, source);
}
