/* SPDX-License-Identifier: ISC */
#include "server/sensor/proxy.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 12 /* bytes that tell the versions apart; a header of version 1 has 15 at least */
#define LINE 107 /* the longest header of version 1 */

static const unsigned char signature[FIRST] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

/* "0" to "65535", digits alone. */
static int parse_port(const char *text, uint16_t *port)
{
    unsigned long number = 0;
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length > 5 || text[length] != '\0')
        return -1;
    number = strtoul(text, NULL, 10);
    *port = (uint16_t)number;
    return number > UINT16_MAX ? -1 : 0;
}

static int parse_address(const char *text, bool four, struct address *address)
{
    return address_parse(text, address) < 0 || (strchr(text, ':') == NULL) != four ? -1 : 0;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"; behind UNKNOWN anything may follow. */
static int parse_line(struct slice line, struct proxy_source *source)
{
    char text[LINE + 1], *rest = text, *words[6] = {NULL};
    bool four;

    memcpy(text, line.data, line.length - 2);
    text[line.length - 2] = '\0';
    if (strlen(text) != line.length - 2)
        return -1;
    for (size_t i = 0; i < 6 && rest != NULL; i++)
        words[i] = strsep(&rest, " ");
    if (words[1] == NULL)
        return -1;
    if (strcmp(words[1], "UNKNOWN") == 0)
        return 1;
    four = strcmp(words[1], "TCP4") == 0;
    if ((!four && strcmp(words[1], "TCP6") != 0) || words[5] == NULL || rest != NULL ||
        parse_address(words[2], four, &source->address) < 0 || parse_address(words[3], four, &source->local) < 0 ||
        parse_port(words[4], &source->port) < 0 || parse_port(words[5], &source->local_port) < 0)
        return -1;
    source->known = true;
    return 1;
}

static int parse_first(struct slice header, size_t *wanted, struct proxy_source *source)
{
    const unsigned char *end = memchr(header.data, '\n', header.length);

    if (memcmp(header.data, "PROXY ", 6) != 0)
        return -1;
    *wanted = 1;
    if (end == NULL)
        return header.length < LINE ? 0 : -1;
    if (end[-1] != '\r' || end + 1 != header.data + header.length)
        return -1;
    return parse_line(header, source);
}

static void take_address(struct reader *reader, bool four, struct address *address)
{
    struct slice bytes = reader_raw(reader, four ? 4 : 16);

    memset(address->bytes, 0, 10);
    memset(address->bytes + 10, 0xff, 2);
    if (bytes.data != NULL)
        memcpy(address->bytes + (four ? 12 : 0), bytes.data, bytes.length);
}

/* Of TCP over IPv4 (0x11) or IPv6 (0x21); what follows the addresses is passed over. */
static int parse_block(struct slice block, bool four, struct proxy_source *source)
{
    struct reader reader = reader_of(block);

    take_address(&reader, four, &source->address);
    take_address(&reader, four, &source->local);
    source->port = reader_u16(&reader);
    source->local_port = reader_u16(&reader);
    source->known = !reader.failed;
    return reader.failed ? -1 : 1;
}

static int parse_second(struct slice header, size_t *wanted, struct proxy_source *source)
{
    struct reader reader = reader_of(header);
    uint8_t command, family;
    size_t length;

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
    if ((command & 15) == 0 || (family != 0x11 && family != 0x21))
        return 1;
    return parse_block(reader_raw(&reader, length), family == 0x11, source);
}

int proxy_parse(struct slice header, size_t *wanted, struct proxy_source *source)
{
    *source = (struct proxy_source){.known = false};
    *wanted = FIRST - header.length;
    if (header.length < FIRST)
        return 0;
    return memcmp(header.data, signature, FIRST) == 0 ? parse_second(header, wanted, source)
                                                      : parse_first(header, wanted, source);
}

/* ---- X-Forwarded-For ---- */

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts the port off: what is behind the bracket of an IPv6 address, or the one colon of IPv4. -1: it is no port. */
static int cut_port(char *text, char **host, uint16_t *port)
{
    char *end = *text == '[' ? strchr(text, ']') : strchr(text, ':');

    *host = *text == '[' ? text + 1 : text;
    *port = 0;
    if (*text == '[') {
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return -1;
        *end++ = '\0';
    } else if (end == NULL || strchr(end + 1, ':') != NULL) {
        return 0;
    }
    if (*end == '\0')
        return 0;
    *end = '\0';
    return parse_port(end + 1, port);
}

int proxy_hop(struct slice hop, struct address *address, uint16_t *port)
{
    char text[ADDRESS_TEXT + 8], *host;

    while (hop.length > 0 && is_space(hop.data[0])) {
        hop.data++;
        hop.length--;
    }
    while (hop.length > 0 && is_space(hop.data[hop.length - 1]))
        hop.length--;
    if (hop.length == 0 || hop.length >= sizeof text || memchr(hop.data, '\0', hop.length) != NULL)
        return -1;
    memcpy(text, hop.data, hop.length);
    text[hop.length] = '\0';
    return cut_port(text, &host, port) < 0 || address_parse(host, address) < 0 ? -1 : 0;
}
