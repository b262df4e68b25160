/* SPDX-License-Identifier: ISC
 *
 * Office Open XML (ECMA-376): the parts that a document and a workbook have alike. */
#include <time.h>
#include "server/minter/container/containers.h"
#include "server/minter/container/zip.h"
#include "templates/render.h"

#define PART_BYTES (64 * 1024)
#define SAVED 3600 /* seconds of work before it was saved last */

void add_xml(struct buffer *out, struct slice text)
{
    if (render_escaped(out, text, RENDER_HTML) != 0)
        out->failed = true;
}

int office_part(struct zip *zip, const char *name, struct buffer *part, struct error *error)
{
    int rc = part->failed ? error_set(error, "a document is too long, or memory ran out")
                          : zip_add(zip, name, buffer_slice(part), error);

    buffer_free(part);
    return rc;
}

static void add_time(struct buffer *out, const char *name, int64_t time)
{
    time_t seconds = (time_t)(time - time % 60); /* Office tells whole minutes */
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    buffer_add_format(out, "<dcterms:%s xsi:type=\"dcterms:W3CDTF\">%s</dcterms:%s>", name, text, name);
}

static int core(const struct office *office, struct zip *zip, struct error *error)
{
    const struct contents *contents = office->contents;
    struct slice author = slice_of(contents->author);
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_text(&out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<cp:coreProperties "
                    "xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" "
                    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                    "xmlns:dcmitype=\"http://purl.org/dc/dcmitype/\" "
                    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title></dc:title><dc:creator>");
    add_xml(&out, author);
    buffer_add_text(&out, "</dc:creator><cp:lastModifiedBy>");
    add_xml(&out, author);
    buffer_add_format(&out, "</cp:lastModifiedBy><cp:revision>%u</cp:revision>", 2 + draw_below(contents->draw, 6));
    add_time(&out, "created", contents->time - SAVED / 4 - (int64_t)draw_below(contents->draw, SAVED));
    add_time(&out, "modified", contents->time);
    buffer_add_text(&out, "</cp:coreProperties>");
    return office_part(zip, "docProps/core.xml", &out, error);
}

static int app(const struct office *office, struct zip *zip, struct error *error)
{
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_text(&out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<Properties "
                    "xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\" "
                    "xmlns:vt=\"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes\">");
    if (office->template[0] != 0)
        buffer_add_format(&out, "<Template>%s</Template><TotalTime>%u</TotalTime>", office->template,
                          3 + draw_below(office->contents->draw, 40));
    buffer_add_format(&out, "%s<Application>%s</Application><DocSecurity>0</DocSecurity><ScaleCrop>false</ScaleCrop><Company>",
                      office->more, office->application);
    add_xml(&out, slice_of(office->contents->organisation));
    buffer_add_text(&out, "</Company><LinksUpToDate>false</LinksUpToDate><SharedDoc>false</SharedDoc>"
                          "<HyperlinksChanged>false</HyperlinksChanged><AppVersion>16.0300</AppVersion></Properties>");
    return office_part(zip, "docProps/app.xml", &out, error);
}

int office_properties(const struct office *office, struct zip *zip, struct error *error)
{
    return core(office, zip, error) != 0 ? -1 : app(office, zip, error);
}

int office_begin(struct zip *zip, const char *types, const char *main, struct error *error)
{
    struct buffer out;

    buffer_init(&out, PART_BYTES);
    buffer_add_format(&out,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<Types "
                      "xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" "
                      "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default "
                      "Extension=\"xml\" ContentType=\"application/xml\"/>%s<Override PartName=\"/docProps/core.xml\" "
                      "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/><Override "
                      "PartName=\"/docProps/app.xml\" "
                      "ContentType=\"application/vnd.openxmlformats-officedocument.extended-properties+xml\"/></Types>",
                      types);
    if (office_part(zip, "[Content_Types].xml", &out, error) != 0)
        return -1;
    buffer_init(&out, PART_BYTES);
    buffer_add_format(&out,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<Relationships "
                      "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId3\" "
                      "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties\" "
                      "Target=\"docProps/app.xml\"/><Relationship Id=\"rId2\" "
                      "Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" "
                      "Target=\"docProps/core.xml\"/><Relationship Id=\"rId1\" "
                      "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" "
                      "Target=\"%s\"/></Relationships>",
                      main);
    return office_part(zip, "_rels/.rels", &out, error);
}
