/* SPDX-License-Identifier: ISC */
#include "server/minter/parts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/mime.h"

#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define ENCODED_LINE 76
#define ENCODED_LINE_SHORT 72 /* Thunderbird's */

static void boundary_of(const struct letter *letter, unsigned number, char boundary[PARTS_BOUNDARY])
{
    bool capitals = letter_by(letter, "outlook") || letter_by(letter, "apple");
    char text[33];

    letter_random(letter, letter_by(letter, "thunderbird") ? BASE62 : capitals ? "0123456789ABCDEF" : LETTER_HEX, 32, text);
    if (letter_by(letter, "outlook"))
        snprintf(boundary, PARTS_BOUNDARY, "----=_NextPart_%03u_%04X_%08X.%.8s", number,
                 1 + draw_below(letter->work->minter->draw, 600), (unsigned)(letter_filetime(letter) >> 32), text);
    else if (letter_by(letter, "gmail"))
        snprintf(boundary, PARTS_BOUNDARY, "000000000000%.16s", text);
    else if (letter_by(letter, "apple"))
        snprintf(boundary, PARTS_BOUNDARY, "Apple-Mail=_%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12, text + 16,
                 text + 20);
    else if (letter_by(letter, "roundcube"))
        snprintf(boundary, PARTS_BOUNDARY, "=_%s", text);
    else
        snprintf(boundary, PARTS_BOUNDARY, "------------%.24s", text);
}

void parts_open(const struct letter *letter, struct parts *parts)
{
    *parts = (struct parts){.letter = letter};
    parts->rich = letter_by(letter, "outlook") || letter_by(letter, "gmail");
    parts->many = parts->rich || letter->attachment_count > 0;
    boundary_of(letter, 0, parts->mixed);
    boundary_of(letter, letter->attachment_count > 0 ? 1 : 0, parts->either);
}

/* ---- types ---- */

static void add_type(const struct letter *letter, const char *type, const char *boundary, struct buffer *out)
{
    const char *between = letter_by(letter, "outlook") || letter_by(letter, "apple") ? "\n\t"
                          : letter_by(letter, "roundcube")                          ? "\n "
                                                                                     : " ";

    buffer_add_format(out, "Content-Type: multipart/%s;%sboundary=\"%s\"\n", type, between, boundary);
}

void parts_type(const struct parts *parts, struct buffer *out)
{
    if (parts->letter->attachment_count > 0)
        add_type(parts->letter, "mixed", parts->mixed, out);
    else
        add_type(parts->letter, "alternative", parts->either, out);
}

/* ---- the text ---- */

static int add_text(const struct letter *letter, const char *type, struct slice text, struct buffer *out)
{
    const struct slice keep[] = {letter->work->identity, letter->work->secret};
    bool ascii = mime_ascii(text), outlook = letter_by(letter, "outlook"), html = strcmp(type, "text/html") == 0;
    bool quoted = (html || !ascii) && mime_quotable(keep, 2) && (outlook || !ascii);

    buffer_add_format(out, outlook ? "Content-Type: %s;\n\tcharset=\"%s\"\n" : "Content-Type: %s; charset=\"%s\"\n",
                      type, outlook ? (ascii ? "us-ascii" : "utf-8") : "UTF-8");
    if (quoted || outlook || !ascii)
        buffer_add_format(out, "Content-Transfer-Encoding: %s\n", quoted ? "quoted-printable" : ascii ? "7bit" : "8bit");
    buffer_add_char(out, '\n');
    if (quoted)
        return mime_quoted(out, text, keep, 2);
    return buffer_add_slice(out, text);
}

static int add_either(const struct parts *parts, struct buffer *out)
{
    const struct letter *letter = parts->letter;
    struct buffer html;
    int rc;

    buffer_init(&html, 4 * LETTER_BYTES);
    buffer_add_format(out, "--%s\n", parts->either);
    rc = letter_html(letter, &html);
    if (rc == 0)
        rc = add_text(letter, "text/plain", buffer_slice(&letter->body), out);
    buffer_add_format(out, "\n--%s\n", parts->either);
    if (rc == 0)
        rc = add_text(letter, "text/html", buffer_slice(&html), out);
    buffer_add_format(out, "\n--%s--\n", parts->either);
    buffer_free(&html);
    return rc;
}

/* The text as a part of its own. */
static int add_plain(const struct letter *letter, struct buffer *out)
{
    if (!letter_by(letter, "thunderbird"))
        letter_encoding(letter, out);
    letter_type(letter, out);
    if (letter_by(letter, "thunderbird"))
        letter_encoding(letter, out);
    buffer_add_char(out, '\n');
    return letter_body(letter, out);
}

/* ---- what is attached ---- */

static void add_bytes(const struct letter *letter, struct slice data, struct buffer *out)
{
    size_t line = letter_by(letter, "thunderbird") ? ENCODED_LINE_SHORT : ENCODED_LINE, count = line / 4 * 3;
    char text[ENCODED_LINE + 4];

    for (; data.length > 0; data = (struct slice){data.data + count, data.length - count}) {
        count = data.length < count ? data.length : count;
        sodium_bin2base64(text, sizeof text, data.data, count, sodium_base64_VARIANT_ORIGINAL);
        buffer_add_format(out, "%s\n", text);
    }
}

static void add_attachment(const struct letter *letter, const struct attachment *attached, struct buffer *out)
{
    const char *name = attached->name, *type = attached->type;
    char id[17];

    if (letter_by(letter, "outlook")) {
        buffer_add_format(out,
                          "Content-Type: %s;\n\tname=\"%s\"\nContent-Transfer-Encoding: base64\n"
                          "Content-Disposition: attachment;\n\tfilename=\"%s\"\n",
                          type, name, name);
    } else if (letter_by(letter, "apple")) {
        buffer_add_format(out,
                          "Content-Disposition: attachment;\n\tfilename=%s\nContent-Type: %s;\n\tx-unix-mode=0644;\n"
                          "\tname=\"%s\"\nContent-Transfer-Encoding: base64\n",
                          name, type, name);
    } else if (letter_by(letter, "roundcube")) {
        buffer_add_format(out,
                          "Content-Transfer-Encoding: base64\nContent-Type: %s;\n name=%s\n"
                          "Content-Disposition: attachment;\n filename=%s;\n size=%zu\n",
                          type, name, name, attached->data.length);
    } else if (letter_by(letter, "gmail")) {
        letter_random(letter, "0123456789abcdefghijklmnopqrstuvwxyz", 8, id);
        buffer_add_format(out,
                          "Content-Type: %s; name=\"%s\"\nContent-Disposition: attachment; filename=\"%s\"\n"
                          "Content-Transfer-Encoding: base64\nContent-ID: <f_m%s0>\nX-Attachment-Id: f_m%s0\n",
                          type, name, name, id, id);
    } else {
        buffer_add_format(out,
                          "Content-Type: %s;\n name=\"%s\"\nContent-Disposition: attachment; filename=\"%s\"\n"
                          "Content-Transfer-Encoding: base64\n",
                          type, name, name);
    }
    buffer_add_char(out, '\n');
    add_bytes(letter, buffer_slice(&attached->data), out);
}

/* ---- all ---- */

static int add_mixed(const struct parts *parts, struct buffer *out)
{
    const struct letter *letter = parts->letter;
    int rc;

    buffer_add_format(out, "--%s\n", parts->mixed);
    if (parts->rich) {
        add_type(letter, "alternative", parts->either, out);
        buffer_add_char(out, '\n');
        rc = add_either(parts, out);
    } else {
        rc = add_plain(letter, out);
    }
    for (size_t i = 0; rc == 0 && i < letter->attachment_count; i++) {
        buffer_add_format(out, "\n--%s\n", parts->mixed);
        add_attachment(letter, &letter->attachments[i], out);
    }
    buffer_add_format(out, "\n--%s--\n", parts->mixed);
    return rc;
}

int parts_add(const struct parts *parts, struct buffer *out)
{
    const struct letter *letter = parts->letter;

    if (!parts->many)
        return letter_body(letter, out);
    if (letter_by(letter, "outlook"))
        buffer_add_text(out, "This is a multipart message in MIME format.\n\n");
    else if (letter_by(letter, "thunderbird"))
        buffer_add_text(out, "This is a multi-part message in MIME format.\n");
    return letter->attachment_count > 0 ? add_mixed(parts, out) : add_either(parts, out);
}
