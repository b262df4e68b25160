/* SPDX-License-Identifier: ISC
 *
 * A PDF (ISO 32000-1) as web applications make them with FPDF: A4, Helvetica, which every reader has. */
#include <stdio.h>
#include <time.h>
#include <zlib.h>
#include "server/minter/container/containers.h"

#define PAGES 8
#define PAGE_BYTES (64 * 1024)
#define WIDTH 595.28
#define HEIGHT 841.89
#define MARGIN 56.69 /* 20 mm */
#define LEADING 17.01
#define VALUES 155.91 /* 55 mm: where the second cell of a row begins */
#define TEXT_SIZE 11.0
#define HEADING_SIZE 15.0
#define OBJECTS (2 * PAGES + 8)
#define UNKNOWN '?'

/* Of Helvetica, in thousandths of the size, from the space on. */
static const unsigned short widths[] = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
    556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};

/* What Windows-1252 has in its own places. */
static const struct {
    unsigned code;
    unsigned char byte;
} special[] = {{0x20ac, 0x80}, {0x2026, 0x85}, {0x0152, 0x8c}, {0x2018, 0x91}, {0x2019, 0x92}, {0x201c, 0x93},
               {0x201d, 0x94}, {0x2022, 0x95}, {0x2013, 0x96}, {0x2014, 0x97}, {0x0153, 0x9c}, {0x202f, 0xa0}};

struct paper {
    const struct contents *contents;
    struct buffer pages[PAGES];
    size_t page_count;
    double left, y; /* of the next line, from the top */
    struct buffer *out;
    size_t start, at[OBJECTS];
    unsigned objects, version;
};

/* ---- text ---- */

static unsigned next_code(struct slice *text)
{
    unsigned char first = text->data[0];
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, i;
    unsigned code = length == 1 ? first : first & (0x7fu >> length);

    for (i = 1; i < length && i < text->length; i++)
        code = code << 6 | (text->data[i] & 0x3f);
    *text = (struct slice){text->data + i, text->length - i};
    return code;
}

static void to_windows(struct slice text, struct buffer *out)
{
    while (text.length > 0) {
        unsigned code = next_code(&text);
        char byte = code >= ' ' && (code < 0x7f || (code >= 0xa0 && code < 0x100)) ? (char)code : UNKNOWN;

        for (size_t i = 0; i < sizeof special / sizeof *special; i++)
            if (special[i].code == code)
                byte = (char)special[i].byte;
        buffer_add_char(out, byte);
    }
}

static double width_of(unsigned char c)
{
    return c >= ' ' && c < ' ' + sizeof widths / sizeof *widths ? widths[c - ' '] / 1000.0 : 0.556;
}

/* How much of the text fits: whole words, or what fits of one that is wider than the line. */
static size_t fitting(struct slice text, double size, double room)
{
    size_t space = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == ' ')
            space = i;
        room -= size * width_of(text.data[i]);
        if (room < 0)
            return space > 0 ? space : i > 0 ? i : 1;
    }
    return text.length;
}

/* A bare carriage return would be read as a line feed (section 7.3.4.2). */
static void add_string(struct buffer *out, struct slice text)
{
    buffer_add_char(out, '(');
    for (size_t i = 0; i < text.length; i++) {
        char c = (char)text.data[i];

        if (c == '\\' || c == '(' || c == ')' || c == '\r')
            buffer_add_char(out, '\\');
        buffer_add_char(out, c == '\r' ? 'r' : c);
    }
    buffer_add_char(out, ')');
}

/* ---- pages ---- */

static struct buffer *page(struct paper *paper)
{
    if (paper->page_count == 0 || (paper->y + LEADING > HEIGHT - MARGIN && paper->page_count < PAGES)) {
        struct buffer *made = &paper->pages[paper->page_count++];

        buffer_add_text(made, "2 J\n0.57 w\n");
        paper->y = MARGIN;
    }
    return &paper->pages[paper->page_count - 1];
}

static void add_line(struct paper *paper, struct slice text, double left, unsigned font, double size)
{
    struct buffer *out = page(paper);

    buffer_add_format(out, "BT /F%u %.2f Tf ET\nBT %.2f %.2f Td ", font, size, left,
                      HEIGHT - paper->y - 0.5 * LEADING - 0.3 * size);
    add_string(out, text);
    buffer_add_text(out, " Tj ET\n");
}

/* A paragraph from `left` on, as many lines as it takes; the last stays the current one. */
static void add_lines(struct paper *paper, struct slice text, double left, unsigned font, double size)
{
    struct buffer plain;
    struct slice rest;
    size_t count;

    buffer_init(&plain, PAGE_BYTES);
    to_windows(text, &plain);
    for (rest = buffer_slice(&plain); rest.length > 0;) {
        count = fitting(rest, size, WIDTH - MARGIN - left);
        add_line(paper, (struct slice){rest.data, count}, left, font, size);
        while (count < rest.length && rest.data[count] == ' ')
            count++;
        rest = (struct slice){rest.data + count, rest.length - count};
        paper->y += rest.length > 0 ? LEADING : 0;
    }
    buffer_free(&plain);
}

static void add_row(struct paper *paper, struct slice row)
{
    struct slice cell;
    double left = MARGIN;

    while (document_cell(&row, &cell)) {
        add_lines(paper, cell, left, left > MARGIN ? 1 : 2, TEXT_SIZE);
        left += VALUES - (left > MARGIN ? 0 : MARGIN);
        left = left > WIDTH - 2 * MARGIN ? MARGIN : left;
    }
}

static void fill_pages(struct paper *paper)
{
    struct slice rest = paper->contents->text;
    struct document_line line;

    while (document_next(&rest, &line)) {
        if (line.type == LINE_HEADING)
            add_lines(paper, line.text, MARGIN, 2, HEADING_SIZE);
        else if (line.type == LINE_ROW)
            add_row(paper, line.text);
        else
            add_lines(paper, line.text, MARGIN, 1, TEXT_SIZE);
        paper->y += line.type == LINE_HEADING ? 1.5 * LEADING : line.type == LINE_EMPTY ? 0.5 * LEADING : LEADING;
    }
    (void)page(paper);
}

/* ---- objects ---- */

static void begin(struct paper *paper, unsigned number)
{
    paper->at[number] = paper->out->length - paper->start;
    paper->objects = number > paper->objects ? number : paper->objects;
    buffer_add_format(paper->out, "%u 0 obj\n", number);
}

static int add_page(struct paper *paper, size_t index, struct error *error)
{
    struct buffer *text = &paper->pages[index], *out = paper->out;
    uLongf length = compressBound(text->length);
    unsigned number = 3 + 2 * (unsigned)index;
    struct buffer packed;
    int rc = 0;

    buffer_init(&packed, 2 * PAGE_BYTES);
    if (text->failed || buffer_reserve(&packed, length) == NULL ||
        compress(packed.data, &length, text->data, text->length) != Z_OK)
        rc = error_set(error, "a PDF is too long, or memory ran out");
    buffer_grow(&packed, rc == 0 ? length : 0);
    begin(paper, number);
    buffer_add_format(out, "<</Type /Page\n/Parent 1 0 R\n/Resources 2 0 R\n/Contents %u 0 R>>\nendobj\n", number + 1);
    begin(paper, number + 1);
    buffer_add_format(out, "<</Filter /FlateDecode /Length %zu>>\nstream\n", packed.length);
    buffer_add_slice(out, buffer_slice(&packed));
    buffer_add_text(out, "\nendstream\nendobj\n");
    buffer_free(&packed);
    return rc;
}

static int add_pages(struct paper *paper, struct error *error)
{
    for (size_t i = 0; i < paper->page_count; i++)
        if (add_page(paper, i, error) != 0)
            return -1;
    begin(paper, 1);
    buffer_add_text(paper->out, "<</Type /Pages\n/Kids [");
    for (size_t i = 0; i < paper->page_count; i++)
        buffer_add_format(paper->out, "%zu 0 R ", 3 + 2 * i);
    buffer_add_format(paper->out, "]\n/Count %zu\n/MediaBox [0 0 %.2f %.2f]\n>>\nendobj\n", paper->page_count, WIDTH, HEIGHT);
    return 0;
}

static void add_resources(struct paper *paper)
{
    static const char *const fonts[] = {"Helvetica", "Helvetica-Bold"};
    unsigned first = paper->objects + 1;

    for (unsigned i = 0; i < 2; i++) {
        begin(paper, first + i);
        buffer_add_format(paper->out,
                          "<</Type /Font\n/BaseFont /%s\n/Subtype /Type1\n/Encoding /WinAnsiEncoding\n>>\nendobj\n",
                          fonts[i]);
    }
    begin(paper, 2);
    buffer_add_format(paper->out,
                      "<<\n/ProcSet [/PDF /Text /ImageB /ImageC /ImageI]\n/Font <<\n/F1 %u 0 R\n/F2 %u 0 R\n>>\n/XObject "
                      "<<\n>>\n>>\nendobj\n",
                      first, first + 1);
}

/* ASCII, or UTF-16 with its mark. */
static void add_title(struct paper *paper)
{
    struct slice title = document_title(paper->contents->text);
    struct buffer wide;
    bool ascii = true;

    for (size_t i = 0; i < title.length; i++)
        ascii = ascii && title.data[i] < 0x80;
    buffer_init(&wide, PAGE_BYTES);
    buffer_add(&wide, ascii ? "" : "\xfe\xff", ascii ? 0 : 2);
    while (title.length > 0) {
        unsigned code = next_code(&title);

        if (!ascii)
            buffer_add_char(&wide, (char)(code >> 8));
        buffer_add_char(&wide, (char)code);
    }
    buffer_add_text(paper->out, "/Title ");
    add_string(paper->out, buffer_slice(&wide));
    buffer_free(&wide);
}

/* From 1.86 on FPDF tells its zone. */
static void add_information(struct paper *paper)
{
    const struct contents *contents = paper->contents;
    struct tm local = contents_local(contents);
    int minutes = zone_offset(&contents->zone, contents->time), east = minutes < 0 ? -minutes : minutes;
    char date[32];

    begin(paper, paper->objects + 1);
    strftime(date, sizeof date, "%Y%m%d%H%M%S", &local);
    buffer_add_format(paper->out, "<<\n/Producer (FPDF 1.%u)\n", paper->version);
    add_title(paper);
    buffer_add_format(paper->out, "\n/CreationDate (D:%s", date);
    if (paper->version >= 86)
        buffer_add_format(paper->out, "%c%02d'%02d'", minutes < 0 ? '-' : '+', east / 60, east % 60);
    buffer_add_text(paper->out, ")\n>>\nendobj\n");
    begin(paper, paper->objects + 1);
    buffer_add_text(paper->out, "<<\n/Type /Catalog\n/Pages 1 0 R\n>>\nendobj\n");
}

static void add_end(struct paper *paper)
{
    size_t at = paper->out->length - paper->start;

    buffer_add_format(paper->out, "xref\n0 %u\n0000000000 65535 f \n", paper->objects + 1);
    for (unsigned i = 1; i <= paper->objects; i++)
        buffer_add_format(paper->out, "%010zu 00000 n \n", paper->at[i]);
    buffer_add_format(paper->out, "trailer\n<<\n/Size %u\n/Root %u 0 R\n/Info %u 0 R\n>>\nstartxref\n%zu\n%%%%EOF\n",
                      paper->objects + 1, paper->objects, paper->objects - 1, at);
}

int container_pdf(const struct contents *contents, struct buffer *out, struct error *error)
{
    struct paper paper = {.contents = contents, .out = out, .start = out->length, .version = 84};
    int rc;

    /* The version is the house's. */
    for (const char *c = contents->organisation; *c != 0; c++)
        paper.version = 84 + (paper.version * 31 + (unsigned char)*c) % 3;
    for (size_t i = 0; i < PAGES; i++)
        buffer_init(&paper.pages[i], PAGE_BYTES);
    fill_pages(&paper);
    buffer_add_text(out, "%PDF-1.3\n");
    rc = add_pages(&paper, error);
    if (rc == 0) {
        add_resources(&paper);
        add_information(&paper);
        add_end(&paper);
    }
    for (size_t i = 0; i < PAGES; i++)
        buffer_free(&paper.pages[i]);
    return rc;
}
