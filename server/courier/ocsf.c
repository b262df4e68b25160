/* SPDX-License-Identifier: ISC */
#include "server/courier/ocsf.h"
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/courier/attack.h"
#include "server/courier/evidence.h"
#include "server/courier/grade.h"
#include "server/courier/record.h"
#include "server/courier/text.h"

#define TEXT_MOST (128 * 1024) /* an update that lists all is long */

static const struct {
    const char *name, *caption;
    int ocsf;
} severities[] = {{"critical", "Critical", 5},
                  {"high", "High", 4},
                  {"medium", "Medium", 3},
                  {"low", "Low", 2},
                  {"informational", "Informational", 1}};

int ocsf_severity(const char *severity)
{
    for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++) {
        if (strcmp(severities[i].name, severity) == 0)
            return severities[i].ocsf;
    }
    return 0;
}

static const char *caption_of(const char *severity)
{
    for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++) {
        if (strcmp(severities[i].name, severity) == 0)
            return severities[i].caption;
    }
    return "Unknown";
}

static void member_time(struct buffer *out, const char *name, const json_t *record, const char *path)
{
    char twin[32];
    int64_t time = record_time(record, path);

    if (time == 0)
        return;
    json_member_number(out, name, time / 1000);
    buffer_add_char(out, ',');
    buffer_add_format(out, "\"%s_dt\":", name);
    json_write_string(out, slice_of(clock_text(time, twin)));
}

/* A member whose value one of the texts of server/courier/text.h writes. */
static void member_words(struct buffer *out, const char *name, int (*write)(struct buffer *, const json_t *),
                         const json_t *record)
{
    struct buffer words;

    buffer_init(&words, TEXT_MOST);
    if (write(&words, record) == 0)
        json_member(out, name, buffer_slice(&words));
    else
        json_member_text(out, name, record_text(record, "title"));
    buffer_free(&words);
}

static bool certain(const json_t *record)
{
    return strncmp(record_text(record, "grade"), "secret", 6) == 0;
}

static void write_classification(struct buffer *out, const json_t *record)
{
    bool update = strcmp(record_text(record, "activity"), "update") == 0;
    const char *severity = record_text(record, "severity");
    bool breach = certain(record) && !record_is(record, "drill");

    json_member_number(out, "category_uid", 2);
    json_member_text(out, "category_name", "Findings");
    json_member_number(out, "class_uid", 2004);
    json_member_text(out, "class_name", "Detection Finding");
    json_member_number(out, "activity_id", update ? 2 : 1);
    json_member_text(out, "activity_name", update ? "Update" : "Create");
    json_member_number(out, "type_uid", update ? 200402 : 200401);
    json_member_number(out, "severity_id", ocsf_severity(severity));
    json_member_text(out, "severity", caption_of(severity));
    json_member_number(out, "confidence_id", certain(record) ? 3 : 2);
    json_member_text(out, "confidence", certain(record) ? "High" : "Medium");
    json_member_number(out, "status_id", update ? 2 : 1);
    json_member_text(out, "status", update ? "In Progress" : "New");
    json_member_bool(out, "is_alert", !record_is(record, "drill") && !record_is_heartbeat(record));
    json_member_number(out, "action_id", 3);
    json_member_text(out, "action", "Observed");
    json_member_number(out, "disposition_id", 19);
    json_member_text(out, "disposition", "Alert");
    json_member_bool(out, "is_suspected_breach", breach);
    if (breach) {
        json_member_number(out, "verdict_id", 2);
        json_member_text(out, "verdict", "True Positive");
    } else if (record_is(record, "drill")) {
        json_member_number(out, "verdict_id", 5);
        json_member_text(out, "verdict", "Test");
    }
    json_member_number(out, "count", record_number(record, "count", 1));
}

static void write_metadata(struct buffer *out, const json_t *record, const struct format_context *context)
{
    json_member_open(out, "metadata");
    buffer_add_text(out, "{\"version\":\"1.8.0\",\"profiles\":[\"security_control\",\"datetime\",\"incident\"]");
    buffer_add_text(out, ",\"product\":{\"name\":\"Sundew\"");
    json_member_text(out, "version", context->version);
    buffer_add_char(out, '}');
    json_member_text(out, "uid", record_text(record, "alert"));
    if (record_text(record, "incident")[0] != '\0')
        json_member_text(out, "correlation_uid", record_text(record, "incident"));
    if (record_text(record, "installation.domain")[0] != '\0')
        json_member_text(out, "tenant_uid", record_text(record, "installation.domain"));
    json_member_text(out, "event_code",
                     record_is_heartbeat(record)                    ? "heartbeat"
                     : record_get(record, "sighting") != NULL ? "decoy.credential.used"
                                                              : "route.failing");
    json_member_text(out, "original_time", record_first(record, "sighting.time time"));
    json_member_number(out, "sequence", record_number(record, "sequence", 0));
    buffer_add_char(out, '}');
}

static void write_technique(struct buffer *out, const struct technique *technique)
{
    buffer_add_char(out, '{');
    json_member_text(out, "version", ATTACK_VERSION);
    buffer_add_format(out, ",\"tactic\":{\"uid\":\"%s\",\"name\":\"%s\"}", technique->tactic, technique->tactic_name);
    buffer_add_format(out, ",\"technique\":{\"uid\":\"%s\",\"name\":\"%s\"}", technique->id, technique->name);
    if (technique->sub_id != NULL)
        buffer_add_format(out, ",\"sub_technique\":{\"uid\":\"%s\",\"name\":\"%s\"}", technique->sub_id,
                          technique->sub_name);
    buffer_add_char(out, '}');
}

static void write_attacks(struct buffer *out, const json_t *record)
{
    const struct technique *list[ATTACK_MOST];
    size_t count = record_is(record, "drill") ? 0 : attack_of(record, list);

    if (count == 0)
        return;
    json_member_open(out, "attacks");
    buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_add_char(out, ',');
        write_technique(out, list[i]);
    }
    buffer_add_char(out, ']');
    json_member_open(out, "tags");
    buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++)
        buffer_add_format(out, "%s{\"name\":\"attack.%s\",\"value\":\"%s\"}", i > 0 ? "," : "",
                          list[i]->sub_id != NULL ? list[i]->sub_id : list[i]->id,
                          list[i]->inferred ? "inferred" : "observed");
    buffer_add_char(out, ']');
}

static void write_type(struct buffer *out, const json_t *record)
{
    const char *type = "Operations/Alert Route Failing";

    if (record_is_heartbeat(record))
        type = "Operations/Heartbeat";
    else if (record_get(record, "sighting") != NULL)
        type = grade_of(record)->type;
    json_member_open(out, "types");
    buffer_add_char(out, '[');
    json_element(out, slice_of(type));
    if (record_is(record, "drill"))
        json_element(out, slice_of("Test/Drill"));
    buffer_add_char(out, ']');
}

/* The same uid for the create and all updates of one incident. */
static void write_finding(struct buffer *out, const json_t *record)
{
    json_member_open(out, "finding_info");
    buffer_add_char(out, '{');
    json_member_text(out, "uid", record_first(record, "incident alert"));
    json_member_text(out, "title", record_text(record, "title"));
    member_words(out, "desc", text_full, record);
    write_type(out, record);
    member_time(out, "created_time", record, "time");
    member_time(out, "first_seen_time", record, "first_seen");
    member_time(out, "last_seen_time", record, "last_seen");
    if (record_get(record, "sighting") != NULL) {
        json_member_open(out, "data_sources");
        buffer_add_char(out, '[');
        json_element(out, slice_of(record_text(record, "sighting.decoy")));
        buffer_add_text(out, "],\"analytic\":{\"type_id\":11,\"type\":\"Indexed Data Match\"");
        buffer_add_text(out, ",\"name\":\"Planted secret match\",\"uid\":\"decoy.credential.used\",\"version\":\"1\"}");
    }
    write_attacks(out, record);
    buffer_add_char(out, '}');
}

static void write_resources(struct buffer *out, const json_t *record)
{
    json_member_open(out, "resources");
    buffer_add_char(out, '[');
    if (record_get(record, "token") != NULL) {
        buffer_add_char(out, '{');
        json_member_text(out, "uid", record_text(record, "token.token"));
        json_member_text(out, "name", record_text(record, "token.identity"));
        json_member_text(out, "type", "Decoy User Credential");
        buffer_add_char(out, '}');
    }
    if (record_get(record, "placement") != NULL) {
        buffer_add_text(out, out->data[out->length - 1] == '[' ? "{" : ",{");
        json_member_text(out, "uid", record_text(record, "placement.placement"));
        json_member_text(out, "name", record_text(record, "placement.place"));
        json_member_text(out, "type", "Place where the decoy lay");
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
}

int ocsf_write(const json_t *record, const struct format_context *context, struct buffer *out)
{
    buffer_add_char(out, '{');
    write_classification(out, record);
    member_time(out, "time", record, "time");
    json_member_number(out, "timezone_offset", 0);
    member_words(out, "message", text_message, record);
    write_metadata(out, record, context);
    write_finding(out, record);
    buffer_add_text(out, ",\"remediation\":{");
    member_words(out, "desc", text_steps, record);
    buffer_add_char(out, '}');
    if (record_get(record, "sighting") != NULL) {
        evidence_write(record, out);
        write_resources(out, record);
        evidence_observables(record, out);
    }
    evidence_unmapped(record, out);
    return buffer_add_char(out, '}') != 0 || out->failed ? -1 : 0;
}
