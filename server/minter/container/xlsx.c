/* SPDX-License-Identifier: ISC
 *
 * A workbook of one sheet as Excel saves it (ECMA-376, part 1, section 12). */
#include "server/minter/container/containers.h"
#include "server/minter/container/zip.h"

#define PART_BYTES (200 * 1024)
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n"
#define SHEETS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELATIONS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define TYPES "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define COLUMNS 12
#define WIDEST 60

struct book {
    const struct contents *contents;
    struct zip *zip;
    struct buffer rows, texts;
    unsigned row, cells, widths[COLUMNS];
    bool heads; /* the next row is the first one: in bold */
};

static void add_cell(struct book *book, unsigned column, struct slice text, bool bold)
{
    buffer_add_format(&book->rows, "<c r=\"%c%u\"%s t=\"s\"><v>%u</v></c>", 'A' + column, book->row,
                      bold ? " s=\"1\"" : "", book->cells++);
    buffer_add_text(&book->texts, "<si><t xml:space=\"preserve\">");
    add_xml(&book->texts, text);
    buffer_add_text(&book->texts, "</t></si>");
}

static void add_row(struct book *book, const struct document_line *line)
{
    bool bold = line->type == LINE_HEADING || (line->type == LINE_ROW && book->heads);
    struct slice row = line->text, cell;

    buffer_add_format(&book->rows, "<row r=\"%u\">", book->row);
    for (unsigned column = 0; column < COLUMNS && document_cell(&row, &cell); column++) {
        if (line->type == LINE_ROW && cell.length > book->widths[column])
            book->widths[column] = cell.length < WIDEST ? (unsigned)cell.length : WIDEST;
        if (cell.length > 0)
            add_cell(book, column, cell, bold);
    }
    buffer_add_text(&book->rows, "</row>");
    book->heads = book->heads && line->type != LINE_ROW;
}

static void add_rows(struct book *book)
{
    struct slice rest = book->contents->text;
    struct document_line line;

    for (book->row = 1; document_next(&rest, &line); book->row++)
        if (line.type != LINE_EMPTY)
            add_row(book, &line);
}

static int sheet(struct book *book, struct error *error)
{
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_text(&out, HEAD "<worksheet xmlns=\"" SHEETS "\" xmlns:r=\"" RELATIONS "\"><sheetViews><sheetView "
                               "tabSelected=\"1\" workbookViewId=\"0\"/></sheetViews><sheetFormatPr "
                               "defaultRowHeight=\"15\"/><cols>");
    for (unsigned i = 0; i < COLUMNS; i++)
        buffer_add_format(&out, "<col min=\"%u\" max=\"%u\" width=\"%u.7109375\" customWidth=\"1\"/>", i + 1, i + 1,
                          book->widths[i] < 10 ? 10 : book->widths[i]);
    buffer_add_text(&out, "</cols><sheetData>");
    buffer_add_slice(&out, buffer_slice(&book->rows));
    buffer_add_text(&out, "</sheetData><pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" "
                          "header=\"0.3\" footer=\"0.3\"/></worksheet>");
    return office_part(book->zip, "xl/worksheets/sheet1.xml", &out, error);
}

static int strings(struct book *book, struct error *error)
{
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_format(&out, HEAD "<sst xmlns=\"" SHEETS "\" count=\"%u\" uniqueCount=\"%u\">", book->cells, book->cells);
    buffer_add_slice(&out, buffer_slice(&book->texts));
    buffer_add_text(&out, "</sst>");
    return office_part(book->zip, "xl/sharedStrings.xml", &out, error);
}

static int workbook(struct book *book, struct error *error)
{
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_format(&out,
                      HEAD "<workbook xmlns=\"" SHEETS "\" xmlns:r=\"" RELATIONS "\"><fileVersion appName=\"xl\" "
                           "lastEdited=\"7\" lowestEdited=\"7\" rupBuild=\"%u\"/><workbookPr "
                           "defaultThemeVersion=\"166925\"/><bookViews><workbookView xWindow=\"0\" yWindow=\"0\" "
                           "windowWidth=\"28800\" windowHeight=\"12210\"/></bookViews><sheets><sheet name=\"%s1\" "
                           "sheetId=\"1\" r:id=\"rId1\"/></sheets><calcPr calcId=\"191029\"/></workbook>",
                      22228 + draw_below(book->contents->draw, 3000),
                      strcmp(book->contents->language, "fr") == 0 ? "Feuil" : "Sheet");
    if (office_part(book->zip, "xl/workbook.xml", &out, error) != 0)
        return -1;
    buffer_init(&out, PART_BYTES);
    buffer_add_text(&out, HEAD
                    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
                    "<Relationship Id=\"rId1\" Type=\"" RELATIONS "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
                    "<Relationship Id=\"rId2\" Type=\"" RELATIONS "/styles\" Target=\"styles.xml\"/>"
                    "<Relationship Id=\"rId3\" Type=\"" RELATIONS "/sharedStrings\" Target=\"sharedStrings.xml\"/>"
                    "</Relationships>");
    return office_part(book->zip, "xl/_rels/workbook.xml.rels", &out, error);
}

static int styles(struct book *book, struct error *error)
{
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_text(&out, HEAD
                    "<styleSheet xmlns=\"" SHEETS "\"><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/>"
                    "<family val=\"2\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>"
                    "</fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill "
                    "patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border><left/><right/><top/><bottom/>"
                    "<diagonal/></border></borders><cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" "
                    "borderId=\"0\"/></cellStyleXfs><cellXfs count=\"2\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" "
                    "borderId=\"0\" xfId=\"0\"/><xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" "
                    "applyFont=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" "
                    "builtinId=\"0\"/></cellStyles><dxfs count=\"0\"/><tableStyles count=\"0\" "
                    "defaultTableStyle=\"TableStyleMedium2\" defaultPivotStyle=\"PivotStyleLight16\"/></styleSheet>");
    return office_part(book->zip, "xl/styles.xml", &out, error);
}

int container_xlsx(const struct contents *contents, struct buffer *out, struct error *error)
{
    static const char types[] =
        "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPES "sheet.main+xml\"/>"
        "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPES "worksheet+xml\"/>"
        "<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPES "styles+xml\"/>"
        "<Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"" TYPES "sharedStrings+xml\"/>";
    const struct office office = {contents, "Microsoft Excel", "", ""};
    struct zip zip;
    struct book book = {.contents = contents, .zip = &zip, .heads = true};
    int rc = -1;

    buffer_init(&book.rows, PART_BYTES);
    buffer_init(&book.texts, PART_BYTES);
    zip_open(&zip, ZIP_OFFICE, contents, out);
    add_rows(&book);
    if (book.rows.failed || book.texts.failed)
        error_set(error, "a workbook is too large, or memory ran out");
    else if (office_begin(&zip, types, "xl/workbook.xml", error) == 0 && workbook(&book, error) == 0 &&
             sheet(&book, error) == 0 && styles(&book, error) == 0 && strings(&book, error) == 0 &&
             office_properties(&office, &zip, error) == 0)
        rc = 0;
    buffer_free(&book.rows);
    buffer_free(&book.texts);
    return zip_close(&zip, rc, error);
}
