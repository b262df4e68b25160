/* SPDX-License-Identifier: ISC
 *
 * Lures that are mails: one message as it lies in a mailbox of the operator's own server, between two people of the
 * persona, often the answer to an earlier one that it quotes. */
#include <stdio.h>
#include <string.h>
#include "server/minter/lure.h"
#include "server/minter/mime.h"
#include "server/minter/persona.h"
#include "tokens/alphabet.h"

#define DAY 86400
#define WIDTH 72
#define ID_TEXT_BYTES 320
#define QUEUE_ALPHABET "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz" /* of Postfix's long queue ids */

/* The letter under way. */
struct letter {
    struct lure_work *work;
    const json_t *from, *to, *mail; /* mail: the persona's habits */
    const char *domain, *client;
    struct zone zone;
    int64_t sent, earlier;                           /* earlier: of the mail that this one answers */
    char id[ID_TEXT_BYTES], answered[ID_TEXT_BYTES]; /* with <>; answered is empty when it answers none */
    struct buffer subject, body;
    bool ascii;
};

/* Headers in the order in which each program writes them. */
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
    REFERENCES,
    IN_REPLY_TO,
    TYPE,
    ENCODING,
    SENDER
};

static const struct {
    const char *client;
    enum field fields[16];
} orders[] = {
    {"thunderbird",
     {ID, DATE, VERSION, AGENT, SUBJECT, LANGUAGE, TO, REFERENCES, FROM, IN_REPLY_TO, TYPE, ENCODING, END}},
    {"roundcube", {VERSION, DATE, FROM, TO, SUBJECT, IN_REPLY_TO, REFERENCES, AGENT, ID, SENDER, TYPE, ENCODING, END}},
    {"apple", {FROM, TYPE, ENCODING, VERSION, SUBJECT, DATE, REFERENCES, TO, IN_REPLY_TO, ID, AGENT, END}},
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static bool is_apple(const struct letter *letter)
{
    return strcmp(letter->client, "apple") == 0;
}

/* ---- ids ---- */

/* As the program makes them: a UUID, in upper case by Apple's, or 32 digits by Roundcube. */
static void message_id(const struct letter *letter, char id[ID_TEXT_BYTES])
{
    const struct draw *draw = letter->work->minter->draw;
    const char *digits = is_apple(letter) ? "0123456789ABCDEF" : "0123456789abcdef";
    bool dashes = strcmp(letter->client, "roundcube") != 0;
    size_t used = 0;

    id[used++] = '<';
    for (int i = 0; i < 32; i++) {
        char digit = digits[draw_below(draw, 16)];

        if (dashes && (i == 8 || i == 12 || i == 16 || i == 20))
            id[used++] = '-';
        if (dashes && i == 12)
            digit = '4';
        if (dashes && i == 16)
            digit = digits[8 + draw_below(draw, 4)];
        id[used++] = digit;
    }
    snprintf(id + used, ID_TEXT_BYTES - used, "@%s>", letter->domain);
}

static void random_text(const struct letter *letter, const char *alphabet, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++)
        out[i] = alphabet[draw_below(letter->work->minter->draw, (uint32_t)strlen(alphabet))];
    out[length] = 0;
}

/* ---- what the servers on the way wrote ---- */

/* Postfix took it from a desk, Dovecot's LMTP delivered it. */
static void add_trace(struct letter *letter, struct buffer *out)
{
    const struct draw *draw = letter->work->minter->draw;
    const char *server = text_of(letter->mail, "server"), *store = text_of(letter->mail, "store");
    const char *net = text_of(letter->mail, "net"), *from = text_of(letter->from, "mail"),
               *to = text_of(letter->to, "mail");
    unsigned desk = 20 + draw_below(draw, 220), relay = 5 + draw_below(draw, 10);
    char queue[16], lmtp[24], date[WHEN_TEXT], taken[WHEN_TEXT];

    random_text(letter, QUEUE_ALPHABET, 10, queue + 2);
    memcpy(queue, "4b", 2);
    random_text(letter, ALPHABET_BASE62, 22, lmtp);
    when_mail(&letter->zone, letter->sent + 1, taken);
    when_mail(&letter->zone, letter->sent + 1 + draw_below(draw, 2), date);
    buffer_add_format(out, "Return-Path: <%s>\nDelivered-To: %s\n", from, to);
    buffer_add_format(
        out, "Received: from %s ([%s.%u])\n\tby %s with LMTP\n\tid %s\n\t(envelope-from <%s>)\n\tfor <%s>; %s\n",
        server, net, relay, store, lmtp, from, to, date);
    buffer_add_format(out, "Received: from [%s.%u] (%s%02u.%s [%s.%u])\n", net, desk, text_of(letter->mail, "desks"),
                      desk, letter->domain, net, desk);
    buffer_add_format(out,
                      "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519 "
                      "server-signature ECDSA (P-256) server-digest SHA256)\n\t(No client certificate requested)\n"
                      "\t(Authenticated sender: %s)\n\tby %s (Postfix) with ESMTPSA id %s\n\tfor <%s>; %s\n",
                      text_of(letter->from, "login"), server, queue, to, taken);
}

/* ---- what the program wrote ---- */

static void add_agent(struct letter *letter, struct buffer *out)
{
    mime_header(out, is_apple(letter) ? "X-Mailer" : "User-Agent", text_of(letter->mail, "version"));
}

static void add_version(struct letter *letter, struct buffer *out)
{
    const char *version = strchr(text_of(letter->mail, "version"), '.');
    char text[128] = "1.0";

    if (is_apple(letter) && version != NULL)
        snprintf(text, sizeof text, "1.0 (Mac OS X Mail 16.0 \\(%.*s\\))", (int)strcspn(version + 1, ")"), version + 1);
    mime_header(out, is_apple(letter) ? "Mime-Version" : "MIME-Version", text);
}

static void add_type(struct letter *letter, struct buffer *out)
{
    if (is_apple(letter))
        buffer_add_format(out, "Content-Type: text/plain;\n\tcharset=%s\n", letter->ascii ? "us-ascii" : "utf-8");
    else
        mime_header(out, "Content-Type",
                    strcmp(letter->client, "roundcube") == 0 && letter->ascii ? "text/plain; charset=US-ASCII"
                                                                              : "text/plain; charset=UTF-8");
}

static void add_field(struct letter *letter, enum field field, struct buffer *out)
{
    char date[WHEN_TEXT];

    if (field == ID)
        mime_header(out, is_apple(letter) ? "Message-Id" : "Message-ID", letter->id);
    else if (field == DATE)
        mime_header(out, "Date", when_mail(&letter->zone, letter->sent, date));
    else if (field == VERSION)
        add_version(letter, out);
    else if (field == AGENT)
        add_agent(letter, out);
    else if (field == LANGUAGE)
        mime_header(out, "Content-Language", strcmp(letter->work->lure->language, "fr") == 0 ? "fr" : "en-GB");
    else if (field == SUBJECT)
        mime_header_text(out, "Subject", buffer_text(&letter->subject));
    else if (field == FROM)
        mime_header_address(out, "From", text_of(letter->from, "name"), text_of(letter->from, "mail"));
    else if (field == TO)
        mime_header_address(out, "To", text_of(letter->to, "name"), text_of(letter->to, "mail"));
    else if (field == REFERENCES && letter->answered[0] != 0)
        mime_header(out, "References", letter->answered);
    else if (field == IN_REPLY_TO && letter->answered[0] != 0)
        mime_header(out, "In-Reply-To", letter->answered);
    else if (field == TYPE)
        add_type(letter, out);
    else if (field == ENCODING)
        mime_header(out, "Content-Transfer-Encoding", letter->ascii ? "7bit" : "8bit");
    else if (field == SENDER)
        mime_header(out, "X-Sender", text_of(letter->from, "mail"));
}

static void add_fields(struct letter *letter, struct buffer *out)
{
    size_t order = 0;

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (strcmp(orders[i].client, letter->client) == 0)
            order = i;
    for (const enum field *field = orders[order].fields; *field != END; field++)
        add_field(letter, *field, out);
}

/* ---- the text ---- */

static int fill(const struct letter *letter, struct slice text, size_t width, struct buffer *out, struct error *error)
{
    const struct slice keep[] = {letter->work->identity, letter->work->secret};

    return mime_fill(out, text, width, keep, sizeof keep / sizeof *keep, error);
}

/* The earlier mail under "On … wrote:", each line behind "> ". */
static int add_quoted(struct letter *letter, struct error *error)
{
    const struct lure_work *work = letter->work;
    bool french = strcmp(work->lure->language, "fr") == 0;
    struct buffer text, wrapped;
    struct slice line;
    char date[WHEN_TEXT];
    int rc;

    buffer_init(&text, LURE_FILE_BYTES);
    buffer_init(&wrapped, LURE_FILE_BYTES);
    rc = lure_render(work->lure->answers, work->base, work->token, work->variables, RENDER_PLAIN, &text, error);
    if (rc == 0)
        rc = fill(letter, buffer_slice(&text), WIDTH - 2, &wrapped, error);
    when_quoted(&letter->zone, letter->earlier, french, date);
    buffer_add_format(&letter->body, french ? "\nLe %s, %s a écrit :\n\n" : "\nOn %s, %s wrote:\n\n", date,
                      text_of(letter->to, "name")[0] != 0 ? text_of(letter->to, "name") : text_of(letter->to, "mail"));
    line = buffer_slice(&wrapped);
    while (rc == 0 && line.length > 0) {
        const unsigned char *newline = memchr(line.data, '\n', line.length);
        size_t length = newline == NULL ? line.length : (size_t)(newline - line.data);

        buffer_add_text(&letter->body, length > 0 ? "> " : ">");
        buffer_add(&letter->body, line.data, length);
        buffer_add_char(&letter->body, '\n');
        length += newline != NULL;
        line = (struct slice){line.data + length, line.length - length};
    }
    buffer_free(&text);
    buffer_free(&wrapped);
    return rc;
}

static int make_body(struct letter *letter, struct error *error)
{
    const struct lure_work *work = letter->work;
    struct buffer text;
    int rc;

    buffer_init(&text, LURE_FILE_BYTES);
    rc = lure_render(work->lure->body, work->base, work->token, work->variables, RENDER_PLAIN, &text, error);
    if (rc == 0)
        rc = fill(letter, buffer_slice(&text), WIDTH, &letter->body, error);
    buffer_free(&text);
    if (rc == 0 && letter->answered[0] != 0)
        rc = add_quoted(letter, error);
    if (rc == 0 && letter->body.failed)
        rc = error_set(error, "the mail is too long");
    letter->ascii = mime_ascii(buffer_slice(&letter->body));
    return rc;
}

/* ---- all ---- */

static int open_letter(struct letter *letter, struct error *error)
{
    struct lure_work *work = letter->work;
    const json_t *persona = json_object_get(work->parameters, "persona");
    int64_t now = work->minter->now();

    letter->mail = json_object_get(persona, "mail");
    letter->from = json_object_get(work->token, "from");
    letter->to = json_object_get(work->token, "to");
    letter->domain = text_of(persona, "domain");
    letter->client = text_of(letter->mail, "client");
    letter->zone = persona_zone(persona);
    letter->sent =
        work->at != 0 ? work->at : when_between(&letter->zone, now - 20 * DAY, now - DAY - DAY / 2, work->minter->draw);
    letter->earlier = when_between(&letter->zone, letter->sent - DAY, letter->sent - 1500, work->minter->draw);
    if (text_of(letter->from, "mail")[0] == 0 || text_of(letter->to, "mail")[0] == 0)
        return error_set(error, "the persona has nobody who could write this mail");
    message_id(letter, letter->id);
    if (work->lure->answers != NULL)
        message_id(letter, letter->answered);
    return lure_render(work->lure->subject, work->base, work->token, work->variables, RENDER_PLAIN, &letter->subject,
                       error);
}

static int finish(struct letter *letter, struct lure_made *made, struct slice message, struct error *error)
{
    const struct lure_work *work = letter->work;
    size_t line = lure_line(message, work->secret);
    char date[WHEN_TEXT];

    if (memmem(message.data, message.length, work->secret.data, work->secret.length) == NULL ||
        memmem(message.data, message.length, work->identity.data, work->identity.length) == NULL)
        return error_set(error, "lure '%s' does not hold identity and secret unbroken", work->lure->name);
    made->meta =
        json_pack("{ss ss ss ss ss ss ss ss ss si}", "lure", work->lure->name, "type", "mail", "language",
                  work->lure->language, "subject", buffer_text(&letter->subject), "from", text_of(letter->from, "mail"),
                  "to", text_of(letter->to, "mail"), "date", when_text(&letter->zone, letter->sent, date), "message_id",
                  letter->id, "secret_file", "0", "line", (int)line);
    return 0;
}

int lure_mail(struct lure_work *work, struct lure_made *made, struct error *error)
{
    struct letter letter = {.work = work};
    struct buffer *out = lure_file(made, error);
    int rc = -1;

    buffer_init(&letter.subject, 4096);
    buffer_init(&letter.body, LURE_FILE_BYTES);
    if (out == NULL || open_letter(&letter, error) != 0 || make_body(&letter, error) != 0)
        goto out;
    add_trace(&letter, out);
    add_fields(&letter, out);
    buffer_add_char(out, '\n');
    buffer_add_slice(out, buffer_slice(&letter.body));
    rc = out->failed ? error_set(error, "the mail is too long") : finish(&letter, made, buffer_slice(out), error);
out:
    buffer_free(&letter.subject);
    buffer_free(&letter.body);
    return rc;
}
