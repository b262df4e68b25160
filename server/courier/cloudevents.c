/* SPDX-License-Identifier: ISC
 *
 * CloudEvents 1.0, structured JSON over HTTP (cloudevents.io), with an OCSF Detection Finding as data. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/base/json.h"
#include "server/courier/format.h"
#include "server/courier/ocsf.h"
#include "server/courier/record.h"

/* RFC 3986 unreserved characters of a host stay, all else is percent-encoded. */
static int add_host(struct buffer *out, const char *text)
{
    int rc = 0;

    for (; *text != '\0' && rc == 0; text++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", *text) != NULL)
            rc = buffer_add_char(out, *text);
        else
            rc = buffer_add_format(out, "%%%02X", (unsigned char)*text);
    }
    return rc;
}

static void add_source(const json_t *record, struct buffer *out)
{
    const char *domain = record_text(record, "installation.domain");

    json_member_open(out, "source");
    buffer_add_text(out, "\"sundew://");
    add_host(out, domain[0] != '\0' ? domain : "localhost");
    buffer_add_char(out, '"');
}

static void add_type(const json_t *record, struct buffer *out)
{
    bool update = strcmp(record_text(record, "activity"), "update") == 0;
    const char *what = record_is(record, "drill") ? "drill" : "sighting";
    char type[64];

    if (record_is_heartbeat(record))
        snprintf(type, sizeof(type), "sundew.heartbeat");
    else
        snprintf(type, sizeof(type), "sundew.%s.%s", record_get(record, "sighting") != NULL ? what : "route",
                 update ? "updated" : "created");
    json_member_text(out, "type", type);
}

static void add_severity(const char *severity, struct buffer *out)
{
    static const struct {
        const char *name, *text;
        int number;
    } rows[] = {{"critical", "CRITICAL", 21}, {"high", "HIGH", 17}, {"medium", "MEDIUM", 13}, {"low", "LOW", 9}};
    const char *text = "INFO";
    int number = 9;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, severity) == 0) {
            text = rows[i].text;
            number = rows[i].number;
        }
    }
    json_member_text(out, "severitytext", text);
    json_member_number(out, "severitynumber", number);
}

static int cloudevents_write(const json_t *record, const struct format_context *context, struct buffer *out,
                             struct error *error)
{
    const char *subject = record_first(record, "token.token route.name alert");
    char sequence[24];

    if (record_text(record, "alert")[0] == '\0' || record_time(record, "time") == 0)
        return error_set(error, "the record is no alert: it has no id or no time");
    snprintf(sequence, sizeof(sequence), "%012" PRId64, record_number(record, "sequence", 0));
    buffer_add_char(out, '{');
    json_member_text(out, "specversion", "1.0");
    json_member_text(out, "id", record_text(record, "alert"));
    add_source(record, out);
    add_type(record, out);
    json_member_text(out, "subject", subject);
    json_member_text(out, "time", record_text(record, "time"));
    json_member_text(out, "datacontenttype", "application/json");
    json_member_text(out, "dataschema", "https://schema.ocsf.io/1.8.0/classes/detection_finding");
    add_severity(record_text(record, "severity"), out);
    if (record_text(record, "incident")[0] != '\0')
        json_member_text(out, "correlationid", record_text(record, "incident"));
    json_member_text(out, "sequence", sequence);
    if (record_is(record, "drill"))
        json_member_bool(out, "drill", true);
    json_member_open(out, "data");
    ocsf_write(record, context, out);
    if (buffer_add_char(out, '}') != 0 || out->failed)
        return error_set(error, "the alert is larger than %zu bytes", out->maximum);
    return 0;
}

const struct alert_format format_cloudevents = {
    .name = "cloudevents",
    .summary = "CloudEvents 1.0 with an OCSF Detection Finding, signed as Standard Webhooks",
    .content_type = "application/cloudevents+json; charset=utf-8",
    .write = cloudevents_write,
};
