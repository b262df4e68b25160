/* SPDX-License-Identifier: ISC
 *
 * A document as Word saves it (ECMA-376, part 1, section 11). */
#include <stdio.h>
#include "server/minter/container/containers.h"
#include "server/minter/container/zip.h"

#define DOCUMENT_BYTES (200 * 1024)
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n"
#define WORD "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define RELATIONS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define TYPES "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define COLUMNS 8
#define PAGE 9062 /* twentieths of a point between the margins */

/* Word names the styles of headings in its own language. */
static const char *heading_of(const struct contents *contents)
{
    return strcmp(contents->language, "fr") == 0 ? "Titre1" : "Heading1";
}

static void add_paragraph(struct buffer *out, const char *style, const char *session, struct slice text)
{
    buffer_add_format(out, "<w:p w:rsidR=\"%s\" w:rsidRDefault=\"%s\">", session, session);
    if (style[0] != 0)
        buffer_add_format(out, "<w:pPr><w:pStyle w:val=\"%s\"/></w:pPr>", style);
    if (text.length > 0) {
        buffer_add_text(out, "<w:r><w:t xml:space=\"preserve\">");
        add_xml(out, text);
        buffer_add_text(out, "</w:t></w:r>");
    }
    buffer_add_text(out, "</w:p>");
}

static unsigned columns_of(struct slice row)
{
    unsigned count = 0;
    struct slice cell;

    while (count < COLUMNS && document_cell(&row, &cell))
        count++;
    return count;
}

static void add_row(struct buffer *out, const char *session, struct slice row, unsigned columns)
{
    struct slice cell;

    buffer_add_format(out, "<w:tr w:rsidR=\"%s\">", session);
    for (unsigned i = 0; i < columns; i++) {
        if (!document_cell(&row, &cell))
            cell = SLICE_NONE;
        buffer_add_format(out, "<w:tc><w:tcPr><w:tcW w:w=\"%u\" w:type=\"dxa\"/></w:tcPr>", PAGE / columns);
        add_paragraph(out, "", session, cell);
        buffer_add_text(out, "</w:tc>");
    }
    buffer_add_text(out, "</w:tr>");
}

/* Rows that follow each other; `row` is the first. Leaves the first line that is none. */
static void add_table(struct buffer *out, const char *session, struct slice row, struct slice *rest)
{
    unsigned columns = columns_of(row);
    struct slice before = *rest;
    struct document_line line;

    buffer_add_text(out, "<w:tbl><w:tblPr><w:tblStyle w:val=\"TableGrid\"/><w:tblW w:w=\"0\" w:type=\"auto\"/>"
                         "<w:tblLook w:val=\"04A0\"/></w:tblPr><w:tblGrid>");
    for (unsigned i = 0; i < columns; i++)
        buffer_add_format(out, "<w:gridCol w:w=\"%u\"/>", PAGE / columns);
    buffer_add_text(out, "</w:tblGrid>");
    add_row(out, session, row, columns);
    while (document_next(rest, &line) && line.type == LINE_ROW) {
        add_row(out, session, line.text, columns);
        before = *rest;
    }
    *rest = before;
    buffer_add_text(out, "</w:tbl>");
}

static int document(const struct contents *contents, const char *session, struct zip *zip, struct error *error)
{
    struct slice rest = contents->text;
    struct document_line line;
    struct buffer out;

    buffer_init(&out, DOCUMENT_BYTES);
    buffer_add_text(&out, HEAD "<w:document xmlns:r=\"" RELATIONS "\" xmlns:w=\"" WORD "\"><w:body>");
    while (document_next(&rest, &line)) {
        if (line.type == LINE_ROW)
            add_table(&out, session, line.text, &rest);
        else
            add_paragraph(&out, line.type == LINE_HEADING ? heading_of(contents) : "", session, line.text);
    }
    buffer_add_format(&out,
                      "<w:sectPr w:rsidR=\"%s\"><w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1417\" "
                      "w:right=\"1417\" w:bottom=\"1417\" w:left=\"1417\" w:header=\"708\" w:footer=\"708\" "
                      "w:gutter=\"0\"/><w:cols w:space=\"708\"/><w:docGrid w:linePitch=\"360\"/></w:sectPr></w:body>"
                      "</w:document>",
                      session);
    return office_part(zip, "word/document.xml", &out, error);
}

static int relations(struct zip *zip, struct error *error)
{
    static const char *const parts[] = {"styles", "settings", "webSettings", "fontTable"};
    struct buffer out;

    buffer_init(&out, DOCUMENT_BYTES);
    buffer_add_text(&out, HEAD
                    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (unsigned i = 0; i < 4; i++)
        buffer_add_format(&out, "<Relationship Id=\"rId%u\" Type=\"" RELATIONS "/%s\" Target=\"%s.xml\"/>", i + 1,
                          parts[i], parts[i]);
    buffer_add_text(&out, "</Relationships>");
    return office_part(zip, "word/_rels/document.xml.rels", &out, error);
}

static int settings(const char *session, struct zip *zip, struct error *error)
{
    struct buffer out;

    buffer_init(&out, DOCUMENT_BYTES);
    buffer_add_format(&out,
                      HEAD "<w:settings xmlns:w=\"" WORD "\"><w:zoom w:percent=\"100\"/><w:proofState "
                           "w:spelling=\"clean\" w:grammar=\"clean\"/><w:defaultTabStop w:val=\"708\"/>"
                           "<w:hyphenationZone w:val=\"425\"/><w:characterSpacingControl w:val=\"doNotCompress\"/>"
                           "<w:compat><w:compatSetting w:name=\"compatibilityMode\" "
                           "w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/></w:compat><w:rsids>"
                           "<w:rsidRoot w:val=\"%s\"/><w:rsid w:val=\"%s\"/></w:rsids><w:decimalSymbol w:val=\",\"/>"
                           "<w:listSeparator w:val=\";\"/></w:settings>",
                      session, session);
    return office_part(zip, "word/settings.xml", &out, error);
}

static int styles(const struct contents *contents, struct zip *zip, struct error *error)
{
    bool french = strcmp(contents->language, "fr") == 0;
    struct buffer out;

    buffer_init(&out, DOCUMENT_BYTES);
    buffer_add_format(
        &out,
        HEAD "<w:styles xmlns:w=\"" WORD "\"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Calibri\" "
             "w:eastAsia=\"Calibri\" w:hAnsi=\"Calibri\" w:cs=\"Times New Roman\"/><w:sz w:val=\"22\"/><w:szCs "
             "w:val=\"22\"/><w:lang w:val=\"%s\" w:eastAsia=\"en-US\" w:bidi=\"ar-SA\"/></w:rPr></w:rPrDefault>"
             "<w:pPrDefault><w:pPr><w:spacing w:after=\"160\" w:line=\"259\" w:lineRule=\"auto\"/></w:pPr>"
             "</w:pPrDefault></w:docDefaults><w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name "
             "w:val=\"Normal\"/><w:qFormat/></w:style><w:style w:type=\"paragraph\" w:styleId=\"%s\"><w:name "
             "w:val=\"heading 1\"/><w:basedOn w:val=\"Normal\"/><w:next w:val=\"Normal\"/><w:uiPriority w:val=\"9\"/>"
             "<w:qFormat/><w:pPr><w:keepNext/><w:keepLines/><w:spacing w:before=\"240\" w:after=\"0\"/><w:outlineLvl "
             "w:val=\"0\"/></w:pPr><w:rPr><w:rFonts w:ascii=\"Calibri Light\" w:hAnsi=\"Calibri Light\"/><w:color "
             "w:val=\"2F5496\"/><w:sz w:val=\"32\"/><w:szCs w:val=\"32\"/></w:rPr></w:style>",
        french ? "fr-FR" : "en-GB", heading_of(contents));
    buffer_add_format(
        &out,
        "<w:style w:type=\"table\" w:default=\"1\" w:styleId=\"%s\"><w:name w:val=\"Normal Table\"/><w:uiPriority "
        "w:val=\"99\"/><w:semiHidden/><w:unhideWhenUsed/><w:tblPr><w:tblInd w:w=\"0\" w:type=\"dxa\"/><w:tblCellMar>"
        "<w:top w:w=\"0\" w:type=\"dxa\"/><w:left w:w=\"108\" w:type=\"dxa\"/><w:bottom w:w=\"0\" w:type=\"dxa\"/><w:right "
        "w:w=\"108\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr></w:style><w:style w:type=\"table\" "
        "w:styleId=\"TableGrid\"><w:name w:val=\"Table Grid\"/><w:basedOn w:val=\"%s\"/><w:uiPriority w:val=\"39\"/>"
        "<w:tblPr><w:tblBorders>",
        french ? "TableauNormal" : "TableNormal", french ? "TableauNormal" : "TableNormal");
    for (const char *const *side = (const char *const[]){"top", "left", "bottom", "right", "insideH", "insideV", NULL};
         *side != NULL; side++)
        buffer_add_format(&out, "<w:%s w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>", *side);
    buffer_add_text(&out, "</w:tblBorders></w:tblPr></w:style></w:styles>");
    return office_part(zip, "word/styles.xml", &out, error);
}

static int small_parts(struct zip *zip, struct error *error)
{
    struct buffer out;

    buffer_init(&out, DOCUMENT_BYTES);
    buffer_add_text(&out, HEAD "<w:webSettings xmlns:w=\"" WORD "\"><w:optimizeForBrowser/><w:allowPNG/>"
                               "</w:webSettings>");
    if (office_part(zip, "word/webSettings.xml", &out, error) != 0)
        return -1;
    buffer_init(&out, DOCUMENT_BYTES);
    buffer_add_text(&out, HEAD "<w:fonts xmlns:w=\"" WORD "\">");
    for (const char *const *font = (const char *const[]){"Calibri", "Calibri Light", "Times New Roman", NULL};
         *font != NULL; font++)
        buffer_add_format(&out, "<w:font w:name=\"%s\"><w:charset w:val=\"00\"/><w:family w:val=\"%s\"/><w:pitch "
                                "w:val=\"variable\"/></w:font>",
                          *font, **font == 'T' ? "roman" : "swiss");
    buffer_add_text(&out, "</w:fonts>");
    return office_part(zip, "word/fontTable.xml", &out, error);
}

int container_docx(const struct contents *contents, struct buffer *out, struct error *error)
{
    static const char types[] =
        "<Override PartName=\"/word/document.xml\" ContentType=\"" TYPES "document.main+xml\"/>"
        "<Override PartName=\"/word/styles.xml\" ContentType=\"" TYPES "styles+xml\"/>"
        "<Override PartName=\"/word/settings.xml\" ContentType=\"" TYPES "settings+xml\"/>"
        "<Override PartName=\"/word/webSettings.xml\" ContentType=\"" TYPES "webSettings+xml\"/>"
        "<Override PartName=\"/word/fontTable.xml\" ContentType=\"" TYPES "fontTable+xml\"/>";
    const struct office office = {contents, "Microsoft Office Word", "Normal.dotm", "<Pages>1</Pages>"};
    char session[9];
    struct zip zip;
    int rc = -1;

    /* The sessions in which paragraphs were written are numbers below 2^24. */
    snprintf(session, sizeof session, "%08X", 0x00100000 + draw_below(contents->draw, 0x00ef0000));
    zip_open(&zip, ZIP_OFFICE, contents, out);
    if (office_begin(&zip, types, "word/document.xml", error) == 0 &&
        document(contents, session, &zip, error) == 0 && relations(&zip, error) == 0 &&
        settings(session, &zip, error) == 0 && styles(contents, &zip, error) == 0 && small_parts(&zip, error) == 0 &&
        office_properties(&office, &zip, error) == 0)
        rc = 0;
    return zip_close(&zip, rc, error);
}
