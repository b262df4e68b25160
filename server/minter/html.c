/* SPDX-License-Identifier: ISC
 *
 * The HTML part of a mail, made of its plain text, so that the two say the same: as Outlook and Gmail write it. */
#include <string.h>
#include "server/minter/letter.h"

#define WIDTH 72
#define QUOTE_DEPTH 8

/* One line of the text, without its marks of quoting. */
struct line {
    struct slice text;
    size_t depth;
};

struct writer {
    const struct letter *letter;
    struct buffer *out;
    struct slice rest;
    size_t depth; /* quotes that are open */
    bool outlook;
};

static bool next_line(struct writer *writer, struct line *line)
{
    const unsigned char *newline = memchr(writer->rest.data, '\n', writer->rest.length);
    size_t length = newline == NULL ? writer->rest.length : (size_t)(newline - writer->rest.data);

    if (writer->rest.length == 0)
        return false;
    *line = (struct line){{writer->rest.data, length}, 0};
    length += newline != NULL;
    writer->rest = (struct slice){writer->rest.data + length, writer->rest.length - length};
    while (!writer->outlook && line->text.length > 0 && line->text.data[0] == '>' && line->depth < QUOTE_DEPTH) {
        size_t mark = line->text.length > 1 && line->text.data[1] == ' ' ? 2 : 1;

        line->text = (struct slice){line->text.data + mark, line->text.length - mark};
        line->depth++;
    }
    return true;
}

/* Was the line broken where it ends only because the next word did not fit? */
static bool goes_on(const struct line *line, struct writer writer)
{
    const unsigned char *space;
    struct line next;
    size_t word, columns = 0;

    if (line->text.length == 0 || line->text.data[0] == ' ' || !next_line(&writer, &next) ||
        next.depth != line->depth || next.text.length == 0 || next.text.data[0] == ' ')
        return false;
    space = memchr(next.text.data, ' ', next.text.length);
    word = space == NULL ? next.text.length : (size_t)(space - next.text.data);
    for (size_t i = 0; i < line->text.length; i++)
        columns += (line->text.data[i] & 0xc0) != 0x80;
    return columns + 2 * line->depth + 1 + word > WIDTH;
}

static void add_text(struct writer *writer, struct slice text)
{
    struct slice left = text;

    while (left.length > 0 && left.data[0] == ' ') {
        buffer_add_text(writer->out, "&nbsp;");
        left = (struct slice){left.data + 1, left.length - 1};
    }
    render_escaped(writer->out, left, RENDER_HTML);
}

/* A line by itself, or some that were one before the text was filled. */
static void add_paragraph(struct writer *writer, struct line line)
{
    struct buffer *out = writer->out;

    buffer_add_text(out, writer->outlook ? "<p class=MsoNormal>" : "<div>");
    if (line.text.length == 0)
        buffer_add_text(out, writer->outlook ? "<o:p>&nbsp;</o:p>" : "<br>");
    add_text(writer, line.text);
    while (goes_on(&line, *writer)) {
        next_line(writer, &line);
        buffer_add_char(out, ' ');
        add_text(writer, line.text);
    }
    if (writer->outlook && line.text.length > 0)
        buffer_add_text(out, "<o:p></o:p>");
    buffer_add_text(out, writer->outlook ? "</p>\n" : "</div>\n");
}

/* Gmail keeps what it quotes in a box, behind the line that says whose it is. */
static void set_depth(struct writer *writer, size_t depth)
{
    for (; writer->depth < depth; writer->depth++)
        buffer_add_text(writer->out, "<blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px "
                                     "solid rgb(204,204,204);padding-left:1ex\">\n");
    for (; writer->depth > depth; writer->depth--)
        buffer_add_text(writer->out, "</blockquote>\n");
}

static void add_lines(struct writer *writer)
{
    struct line line;

    while (next_line(writer, &line)) {
        set_depth(writer, line.depth);
        add_paragraph(writer, line);
    }
    set_depth(writer, 0);
}

static void add_outlook(struct writer *writer)
{
    const struct letter *letter = writer->letter;

    buffer_add_format(
        writer->out,
        "<html xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" "
        "xmlns:w=\"urn:schemas-microsoft-com:office:word\" "
        "xmlns:m=\"http://schemas.microsoft.com/office/2004/12/omml\" xmlns=\"http://www.w3.org/TR/REC-html40\">"
        "<head><meta http-equiv=Content-Type content=\"text/html; charset=utf-8\">"
        "<meta name=Generator content=\"Microsoft Word 15 (filtered medium)\"><style><!--\n"
        "@font-face\n\t{font-family:\"Cambria Math\";}\n@font-face\n\t{font-family:%s;}\n"
        "p.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{margin:0cm;\n\tfont-size:11.0pt;\n\tfont-family:\"%s\",sans-serif;}\n"
        "span.EmailStyle%u\n\t{mso-style-type:personal%s;}\n@page WordSection1\n\t{size:612.0pt 792.0pt;\n"
        "\tmargin:70.85pt 70.85pt 70.85pt 70.85pt;}\ndiv.WordSection1\n\t{page:WordSection1;}\n--></style></head>"
        "<body lang=%s link=\"#0563C1\" vlink=\"#954F72\" style='word-wrap:break-word'><div class=WordSection1>\n",
        "Calibri", "Calibri", letter->answered == NULL ? 17u : 18u, letter->answered == NULL ? "-compose" : "-reply",
        letter_french(letter) ? "FR" : "EN-GB");
    add_lines(writer);
    buffer_add_text(writer->out, "</div></body></html>\n");
}

int letter_html(const struct letter *letter, struct buffer *out)
{
    struct writer writer = {
        .letter = letter, .out = out, .rest = buffer_slice(&letter->body), .outlook = letter_by(letter, "outlook")};

    if (writer.outlook) {
        add_outlook(&writer);
    } else {
        buffer_add_text(out, "<div dir=\"ltr\">");
        add_lines(&writer);
        buffer_add_text(out, "</div>\n");
    }
    return out->failed ? -1 : 0;
}
