/* SPDX-License-Identifier: ISC
 *
 * The head of a mail, field by field in the order in which each program writes them. */
#include "server/minter/letter.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/minter/mime.h"
#include "server/minter/parts.h"
#include "server/minter/profile.h"
#include "tokens/alphabet.h"

#define FILETIME_EPOCH 11644473600LL /* seconds from 1601 to 1970 */
#define THREAD_DEPTH 8
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+="

enum field {
    END,
    ID,
    DATE,
    VERSION,
    AGENT,
    LANGUAGE,
    SUBJECT,
    FROM,
    TO,
    COPY,
    REFERENCES,
    IN_REPLY_TO,
    TYPE,
    ENCODING,
    SENDER,
    INDEX
};

static const struct {
    const char *client;
    enum field fields[16];
} orders[] = {
    {"thunderbird",
     {ID, DATE, VERSION, AGENT, SUBJECT, TO, COPY, REFERENCES, LANGUAGE, FROM, IN_REPLY_TO, TYPE, ENCODING, END}},
    {"roundcube",
     {VERSION, DATE, FROM, TO, COPY, SUBJECT, IN_REPLY_TO, REFERENCES, AGENT, ID, SENDER, TYPE, ENCODING, END}},
    {"gmail", {VERSION, REFERENCES, IN_REPLY_TO, FROM, DATE, ID, SUBJECT, TO, COPY, TYPE, END}},
    {"apple", {FROM, TYPE, ENCODING, VERSION, SUBJECT, DATE, REFERENCES, COPY, IN_REPLY_TO, TO, ID, AGENT, END}},
    {"outlook",
     {FROM, TO, COPY, REFERENCES, IN_REPLY_TO, SUBJECT, DATE, ID, VERSION, TYPE, ENCODING, AGENT, INDEX, LANGUAGE,
      END}},
};

const char *letter_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

bool letter_by(const struct letter *letter, const char *client)
{
    return strcmp(letter->client, client) == 0;
}

bool letter_french(const struct letter *letter)
{
    return strcmp(letter->work->lure->language, "fr") == 0;
}

void letter_random(const struct letter *letter, const char *alphabet, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++)
        out[i] = alphabet[draw_below(letter->work->minter->draw, (uint32_t)strlen(alphabet))];
    out[length] = 0;
}

/* ---- ids ---- */

uint64_t letter_filetime(const struct letter *letter)
{
    return (uint64_t)(letter->sent + FILETIME_EPOCH) * 10000000;
}

/* Outlook's: a count, the time, and a number of the machine's. */
static void outlook_id(struct letter *letter)
{
    uint64_t time = letter_filetime(letter) + draw_below(letter->work->minter->draw, 10000000);

    snprintf(letter->id, LETTER_ID, "<%04x%08x$%08x$%08x$@%.255s>", 1 + draw_below(letter->work->minter->draw, 600),
             (unsigned)(time >> 32), (unsigned)time, draw_below(letter->work->minter->draw, UINT32_MAX),
             letter_text(letter->habits, "domain"));
}

/* Gmail's: "CA", and 48 characters of base64. */
static void gmail_id(struct letter *letter)
{
    char text[49];

    letter_random(letter, BASE64, 48, text);
    snprintf(letter->id, LETTER_ID, "<CA%s@mail.gmail.com>", text);
}

/* A UUID, in upper case by Apple's, or 32 digits by Roundcube. */
void letter_name(struct letter *letter)
{
    const char *digits = letter_by(letter, "apple") ? "0123456789ABCDEF" : LETTER_HEX;
    char text[33];

    if (letter->work->profile != NULL && profile_id(letter->work->profile, letter, letter->id))
        return;
    if (letter_by(letter, "outlook")) {
        outlook_id(letter);
        return;
    }
    if (letter_by(letter, "gmail")) {
        gmail_id(letter);
        return;
    }
    letter_random(letter, digits, 32, text);
    if (!letter_by(letter, "roundcube")) {
        text[12] = '4';
        text[16] = digits[8 + draw_below(letter->work->minter->draw, 4)];
    }
    snprintf(letter->id, LETTER_ID,
             letter_by(letter, "roundcube") ? "<%.8s%.4s%.4s%.4s%.12s@%.255s>" : "<%.8s-%.4s-%.4s-%.4s-%.12s@%.255s>",
             text, text + 8, text + 12, text + 16, text + 20, letter_text(letter->habits, "domain"));
}

/* Exchange's conversation index: the first mail's time and a GUID, then five bytes for each answer's delay. */
static void add_index(const struct letter *letter, struct buffer *out)
{
    const struct letter *chain[THREAD_DEPTH], *first = letter;
    unsigned char bytes[22 + 5 * THREAD_DEPTH];
    char text[128];
    size_t count = 0, used = 22;

    for (; first->answered != NULL && count < THREAD_DEPTH; first = first->answered)
        chain[count++] = first;
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(letter_filetime(first) >> (56 - 8 * i));
    crypto_generichash(bytes + 6, 16, (const unsigned char *)first->id, strlen(first->id), NULL, 0);
    while (count > 0) {
        uint64_t delay = (letter_filetime(chain[--count]) - letter_filetime(first)) >> 18;

        for (int i = 0; i < 4; i++)
            bytes[used++] = (unsigned char)(delay >> (24 - 8 * i)) & (i == 0 ? 0x7f : 0xff);
        bytes[used++] = (unsigned char)(chain[count]->id[6] << 4);
    }
    sodium_bin2base64(text, sizeof text, bytes, used, sodium_base64_VARIANT_ORIGINAL);
    mime_header(out, "Thread-Index", text);
}

/* ---- the program's fields ---- */

static void add_version(const struct letter *letter, struct buffer *out)
{
    const char *version = strchr(letter->version, '.');
    char text[128] = "1.0";

    if (letter_by(letter, "apple") && version != NULL)
        snprintf(text, sizeof text, "1.0 (Mac OS X Mail 16.0 \\(%.*s\\))", (int)strcspn(version + 1, ")"), version + 1);
    mime_header(out, letter_by(letter, "apple") ? "Mime-Version" : "MIME-Version", text);
}

static void add_agent(const struct letter *letter, struct buffer *out)
{
    bool mailer = letter_by(letter, "apple") || letter_by(letter, "outlook");

    if (letter->version[0] != 0) /* Exchange's own users show none */
        mime_header(out, mailer ? "X-Mailer" : "User-Agent", letter->version);
}

void letter_type(const struct letter *letter, struct buffer *out)
{
    bool ascii = mime_ascii(buffer_slice(&letter->body));

    if (letter_by(letter, "apple"))
        buffer_add_format(out, "Content-Type: text/plain;\n\tcharset=%s\n", ascii ? "us-ascii" : "utf-8");
    else if (letter_by(letter, "outlook"))
        buffer_add_format(out, "Content-Type: text/plain;\n\tcharset=\"%s\"\n", ascii ? "us-ascii" : "utf-8");
    else
        mime_header(out, "Content-Type",
                    letter_by(letter, "roundcube") && ascii ? "text/plain; charset=US-ASCII"
                                                            : "text/plain; charset=UTF-8");
}

/* Apple's sends nothing but ASCII; here, where identity and secret stay as they are in it. */
static bool quotes_bytes(const struct letter *letter)
{
    const struct slice keep[] = {letter->work->identity, letter->work->secret};

    return letter_by(letter, "apple") && !mime_ascii(buffer_slice(&letter->body)) && mime_quotable(keep, 2);
}

void letter_encoding(const struct letter *letter, struct buffer *out)
{
    mime_header(out, "Content-Transfer-Encoding",
                mime_ascii(buffer_slice(&letter->body)) ? "7bit" : quotes_bytes(letter) ? "quoted-printable" : "8bit");
}

int letter_body(const struct letter *letter, struct buffer *out)
{
    const struct slice keep[] = {letter->work->identity, letter->work->secret}, text = buffer_slice(&letter->body);

    return quotes_bytes(letter) ? mime_quoted(out, text, keep, 2) : buffer_add_slice(out, text);
}

/* Outlook quotes every name that is ASCII. */
static void add_person(const struct letter *letter, const char *field, const json_t *person, struct buffer *out)
{
    const char *name = letter_text(person, "name"), *mail = letter_text(person, "mail");

    if (letter_by(letter, "outlook") && name[0] != 0 && mime_ascii(slice_of(name)))
        mime_header_quoted(out, field, name, mail);
    else
        mime_header_address(out, field, name, mail);
}

static void add_references(const struct letter *letter, struct buffer *out)
{
    const struct letter *chain[THREAD_DEPTH];
    struct buffer ids;
    size_t count = 0;

    for (const struct letter *at = letter->answered; at != NULL && count < THREAD_DEPTH; at = at->answered)
        chain[count++] = at;
    buffer_init(&ids, THREAD_DEPTH * LETTER_ID);
    while (count > 0)
        buffer_add_format(&ids, "%s ", chain[--count]->id);
    mime_header(out, "References", buffer_text(&ids));
    buffer_free(&ids);
}

static void add_language(const struct letter *letter, struct buffer *out)
{
    const char *english = letter_by(letter, "outlook") ? "en-gb" : "en-GB";

    mime_header(out, "Content-Language", letter_french(letter) ? "fr" : english);
}

static void add_field(const struct letter *letter, enum field field, struct buffer *out)
{
    char date[WHEN_TEXT];

    if (field == ID)
        mime_header(out, letter_by(letter, "apple") ? "Message-Id" : "Message-ID", letter->id);
    else if (field == DATE)
        mime_header(out, "Date", when_mail(&letter->zone, letter->sent, date));
    else if (field == VERSION)
        add_version(letter, out);
    else if (field == AGENT)
        add_agent(letter, out);
    else if (field == LANGUAGE)
        add_language(letter, out);
    else if (field == SUBJECT)
        mime_header_text(out, "Subject", (const char *)letter->subject.data);
    else if (field == FROM)
        add_person(letter, "From", letter->from, out);
    else if (field == TO)
        add_person(letter, "To", letter->to, out);
    else if (field == COPY && letter->copy != NULL)
        add_person(letter, "Cc", letter->copy, out);
    else if (field == REFERENCES && letter->answered != NULL)
        add_references(letter, out);
    else if (field == IN_REPLY_TO && letter->answered != NULL)
        mime_header(out, "In-Reply-To", letter->answered->id);
    else if (field == TYPE)
        letter_type(letter, out);
    else if (field == ENCODING)
        letter_encoding(letter, out);
    else if (field == SENDER)
        mime_header(out, "X-Sender", letter_text(letter->from, "mail"));
    else if (field == INDEX)
        add_index(letter, out);
}

/* ---- all ---- */

static const enum field *order_of(const struct letter *letter)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (letter_by(letter, orders[i].client))
            return orders[i].fields;
    return orders[0].fields;
}

int letter_send(const struct letter *letter, struct buffer *out, struct error *error)
{
    struct parts parts;
    int rc;

    parts_open(letter, &parts);
    if (!letter->own)
        letter_trace(letter, out);
    for (const enum field *field = order_of(letter); *field != END; field++) {
        if (*field == TYPE && parts.many)
            parts_type(&parts, out);
        else if (*field != ENCODING || !parts.many)
            add_field(letter, *field, out);
    }
    if (letter->work->profile != NULL)
        profile_tail(letter->work->profile, letter, out);
    buffer_add_char(out, '\n');
    rc = parts_add(&parts, out);
    return rc != 0 || out->failed ? error_set(error, "the mail is too long") : 0;
}
