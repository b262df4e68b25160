/* SPDX-License-Identifier: ISC
 *
 * The text of a mail: what its writer says, the signature, and the earlier mail quoted as the program does it. */
#include <string.h>
#include "server/minter/hand.h"
#include "server/minter/letter.h"
#include "server/minter/mime.h"
#include "server/minter/when.h"

#define WIDTH 72

static bool has_secret(const struct letter *letter, struct slice text)
{
    const struct slice secret = letter->work->secret;

    return memmem(text.data, text.length, secret.data, secret.length) != NULL;
}

static struct slice next_line(struct slice *text)
{
    const unsigned char *newline = memchr(text->data, '\n', text->length);
    size_t length = newline == NULL ? text->length : (size_t)(newline - text->data);
    struct slice line = {text->data, length};

    length += newline != NULL;
    *text = (struct slice){text->data + length, text->length - length};
    return line;
}

static int fill(const struct letter *letter, struct slice text, struct buffer *out, struct error *error)
{
    const struct slice keep[] = {letter->work->identity, letter->work->secret};

    return mime_fill(out, text, WIDTH, keep, sizeof keep / sizeof *keep, error);
}

/* A house signs in one way: drawn by the persona's seed; another house's by its name. */
static unsigned manner(const struct letter *letter)
{
    const json_t *persona = json_object_get(letter->work->parameters, "persona");

    if (letter->outside)
        return (unsigned)strlen(letter_text(letter->habits, "name"));
    return (unsigned)json_integer_value(json_object_get(json_object_get(persona, "seeds"), "order"));
}

static bool answers_on_top(const struct letter *letter)
{
    return letter_by(letter, "apple") || letter_by(letter, "outlook") || letter_by(letter, "gmail") ||
           (letter_by(letter, "thunderbird") && manner(letter) % 2 == 0);
}

static const char *phone_label(const struct letter *letter)
{
    static const char *const labels[][2][4] = {{{"Ext. ", "Phone: ", "x", "Tel "}, {"Tel. ", "Phone: ", "T ", "Tel "}},
                                               {{"Poste ", "Tél. : ", "p. ", "Tél. "}, {"Tél. ", "Tél. : ", "T. ", "Tél "}}};

    return labels[letter_french(letter)][letter->outside][manner(letter) / 16 % 4];
}

static void add_signature(const struct letter *letter, struct buffer *out)
{
    const char *house =
        letter->outside ? letter_text(letter->habits, "name") : letter_text(letter->work->base, "organisation");
    const char *title = letter_text(letter->from, "title"), *department = letter_text(letter->from, "department");
    const char *label = phone_label(letter), *phone = letter_text(letter->from, "phone");

    /* an owner whom the persona does not know has no title; programs leave out what follows a signature */
    if (title[0] == 0 || letter->gone || !hand_signs(letter))
        return;
    buffer_add_text(out, letter_by(letter, "apple") || letter_by(letter, "outlook") ? "\n" : "\n-- \n");
    buffer_add_format(out, "%s\n", letter_text(letter->from, "name"));
    switch (manner(letter) / 2 % 8) {
    case 0:
        buffer_add_format(out, "%s\n%s\n%s%s\n", title, house, label, phone);
        break;
    case 1:
        buffer_add_format(out, "%s, %s\n%s | %s%s\n", title, department, house, label, phone);
        break;
    case 2:
        buffer_add_format(out, "%s - %s\n%s%s\n%s\n", title, house, label, phone, letter_text(letter->from, "mail"));
        break;
    case 3:
        buffer_add_format(out, "%s | %s\n", department, house);
        break;
    case 4:
        buffer_add_format(out, "%s%s\n", label, phone);
        break;
    case 5:
        buffer_add_format(out, "%s\n%s\n\n%s\n", title, department, house);
        break;
    case 6:
        buffer_add_format(out, "%s\n%s%s\n", house, label, phone);
        break;
    default:
        buffer_add_format(out, "%s\n%s\n", title, house);
        break;
    }
}

static void add_sender_lines(const struct letter *letter, struct buffer *out)
{
    const struct letter *old = letter->answered;
    bool french = letter_french(letter);
    char date[WHEN_TEXT];

    when_quoted(&letter->zone, old->sent, WHEN_LONG, french, date);
    buffer_add_char(out, '\n');
    buffer_add_format(out, french ? "De : %s <%s>\n" : "From: %s <%s>\n", letter_text(old->from, "name"),
                      letter_text(old->from, "mail"));
    buffer_add_format(out, french ? "Envoyé : %s\n" : "Sent: %s\n", date);
    buffer_add_format(out, french ? "À : %s\n" : "To: %s\n",
                      letter_text(old->to, letter_text(old->to, "name")[0] != 0 ? "name" : "mail"));
    buffer_add_format(out, french ? "Objet : %s\n\n" : "Subject: %s\n\n", (const char *)old->subject.data);
}

static void add_attribution(const struct letter *letter, struct buffer *out)
{
    enum when_style style = letter_by(letter, "roundcube")     ? WHEN_DASHES
                            : letter_by(letter, "thunderbird") ? WHEN_SLASHES
                            : letter_by(letter, "gmail")       ? WHEN_DAYS
                                                               : WHEN_WORDS;
    const json_t *who = letter->answered->from;
    const char *name = letter_text(who, letter_text(who, "name")[0] != 0 ? "name" : "mail");
    char date[WHEN_TEXT];

    when_quoted(&letter->zone, letter->answered->sent, style, letter_french(letter), date);
    buffer_add_format(out, "%s %s, %s", letter_french(letter) ? "Le" : "On", date, name);
    if (style == WHEN_WORDS || style == WHEN_DAYS)
        buffer_add_format(out, " <%s>", letter_text(who, "mail"));
    buffer_add_text(out, letter_french(letter) ? " a écrit :\n" : " wrote:\n");
    if (style == WHEN_WORDS || style == WHEN_DAYS)
        buffer_add_char(out, '\n');
}

/* What is before the paragraph with the secret, or with lines that are not filled. */
static struct slice before_secret(const struct letter *letter, struct slice text)
{
    struct slice rest = text, line;
    const unsigned char *end = text.data;

    while (rest.length > 0) {
        line = next_line(&rest);
        if ((line.length > 0 && line.data[0] == ' ') || has_secret(letter, line))
            break;
        if (line.length == 0)
            end = line.data;
    }
    return (struct slice){text.data, (size_t)(end - text.data)};
}

/* Lines of the earlier mail, each behind "> ", or bare as Outlook does. Who answers to the mail with the secret quotes
 * its first lines only, where it lies there too: a secret stands in one mail. */
static void add_lines(const struct letter *letter, struct buffer *out)
{
    struct slice text = buffer_slice(&letter->answered->body), line;
    bool bare = letter_by(letter, "outlook");

    if (has_secret(letter, text) && !letter->answered->gone) {
        text = (struct slice){text.data + letter->answered->said, text.length - letter->answered->said};
        text = before_secret(letter, text);
    }
    while (text.length > 0) {
        line = next_line(&text);
        if (!bare && line.length == 3 && memcmp(line.data, "-- ", 3) == 0)
            break; /* programs leave signatures out */
        if (!bare)
            buffer_add_text(out, line.length == 0 || line.data[0] == '>' ? ">" : "> ");
        buffer_add_slice(out, line);
        buffer_add_char(out, '\n');
    }
}

/* Nobody leaves empty lines at the end. */
static void trim_end(struct buffer *out)
{
    for (;;) {
        if (out->length > 2 && memcmp(out->data + out->length - 3, "\n>\n", 3) == 0)
            out->length -= 2;
        else if (out->length > 1 && memcmp(out->data + out->length - 2, "\n\n", 2) == 0)
            out->length--;
        else
            return;
    }
}

static void add_quoted(const struct letter *letter, struct buffer *out)
{
    if (letter_by(letter, "outlook"))
        add_sender_lines(letter, out);
    else
        add_attribution(letter, out);
    add_lines(letter, out);
    trim_end(out);
}

int letter_write(struct letter *letter, struct error *error)
{
    const struct lure_work *work = letter->work;
    bool quotes = letter->answered != NULL, top = answers_on_top(letter);
    struct buffer text, dressed;
    int rc;

    buffer_init(&text, LETTER_BYTES);
    buffer_init(&dressed, LETTER_BYTES);
    if (quotes && !top) {
        add_quoted(letter, &letter->body);
        buffer_add_char(&letter->body, '\n');
    }
    letter->said = letter->body.length;
    rc = lure_draw(work, &letter->message->body, &text, error);
    if (rc == 0)
        rc = hand_write(letter, buffer_slice(&text), &dressed, error);
    if (rc == 0)
        rc = fill(letter, buffer_slice(&dressed), &letter->body, error);
    buffer_free(&text);
    buffer_free(&dressed);
    if (rc != 0)
        return -1;
    add_signature(letter, &letter->body);
    if (quotes && top) {
        buffer_add_char(&letter->body, '\n');
        add_quoted(letter, &letter->body);
    }
    return letter->body.failed ? error_set(error, "the mail is too long") : 0;
}
