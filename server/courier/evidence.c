/* SPDX-License-Identifier: ISC */
#include "server/courier/evidence.h"
#include <string.h>
#include "server/base/address.h"
#include "server/base/json.h"
#include "server/courier/record.h"

#define CLIENT_MOST 6144 /* bytes of the client's context; a whole body should stay under 20 kB */
#define HEADERS_MOST 32

static void member_if(struct buffer *out, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_member_text(out, name, text);
}

/* OCSF takes dotted and colon-separated addresses only. */
static bool is_address(const char *text)
{
    struct address address;

    return address_parse(text, &address) == 0;
}

static void write_source(const json_t *record, struct buffer *out)
{
    const json_t *via = record_get(record, "source.via");
    const char *address = record_text(record, "source.address");
    int64_t port = record_number(record, "source.port", 0);

    if (!is_address(address))
        return;
    json_member_open(out, "src_endpoint");
    buffer_add_char(out, '{');
    json_member_text(out, "ip", address);
    if (port > 0 && port < 65536)
        json_member_number(out, "port", port);
    if (json_array_size(via) > 0) {
        json_member_open(out, "intermediate_ips");
        buffer_add_char(out, '[');
        for (size_t i = 0; i < json_array_size(via) && i < 8; i++) {
            const char *proxy = json_string_value(json_array_get(via, i));

            if (proxy != NULL && is_address(proxy))
                json_element(out, slice_of(proxy));
        }
        buffer_add_char(out, ']');
    }
    buffer_add_char(out, '}');
}

static const char *asked_name(const json_t *record)
{
    return record_first(record, "client.http.host client.tls.sni client.tls.server_name");
}

static void write_destination(const json_t *record, struct buffer *out)
{
    int64_t port = record_number(record, "client.local.port", 0);

    json_member_open(out, "dst_endpoint");
    buffer_add_char(out, '{');
    json_member_text(out, "name", record_text(record, "sighting.decoy"));
    json_member_text(out, "svc_name", record_text(record, "sighting.service"));
    member_if(out, "hostname", asked_name(record));
    if (is_address(record_text(record, "client.local.address")))
        json_member_text(out, "ip", record_text(record, "client.local.address"));
    if (port > 0 && port < 65536)
        json_member_number(out, "port", port);
    buffer_add_char(out, '}');
}

static void write_user(const json_t *record, struct buffer *out)
{
    json_member_open(out, "user");
    buffer_add_char(out, '{');
    json_member_text(out, "name", record_text(record, "token.identity"));
    json_member_text(out, "credential_uid", record_text(record, "token.token"));
    buffer_add_char(out, '}');
}

static void write_tls(const json_t *record, struct buffer *out)
{
    if (record_text(record, "client.tls.version")[0] == '\0')
        return;
    json_member_open(out, "tls");
    buffer_add_char(out, '{');
    json_member_text(out, "version", record_text(record, "client.tls.version"));
    member_if(out, "cipher", record_text(record, "client.tls.cipher"));
    member_if(out, "sni", record_first(record, "client.tls.sni client.tls.server_name"));
    buffer_add_char(out, '}');
}

static bool is_known_method(const char *method)
{
    static const char *const known[] = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i], method) == 0)
            return true;
    }
    return false;
}

static void write_headers(const json_t *record, struct buffer *out)
{
    const char *name, *value;

    if (json_array_size(record_get(record, "client.http.headers")) == 0)
        return;
    json_member_open(out, "http_headers");
    buffer_add_char(out, '[');
    for (size_t i = 0; i < HEADERS_MOST && record_header(record, i, &name, &value) == 0; i++) {
        buffer_add_text(out, i > 0 ? ",{" : "{");
        json_member_text(out, "name", name);
        json_member_text(out, "value", value);
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
}

static void write_request(const json_t *record, struct buffer *out)
{
    const char *method = record_text(record, "client.http.method");
    const char *path = record_text(record, "client.http.path");
    int64_t body = record_number(record, "client.http.body.length", -1);

    if (record_get(record, "client.http") == NULL)
        return;
    json_member_open(out, "http_request");
    buffer_add_char(out, '{');
    if (is_known_method(method))
        json_member_text(out, "http_method", method);
    member_if(out, "version", record_text(record, "client.http.version"));
    member_if(out, "user_agent", record_text(record, "client.http.user_agent"));
    if (body >= 0)
        json_member_number(out, "body_length", body);
    if (path[0] != '\0') {
        json_member_open(out, "url");
        buffer_add_char(out, '{');
        json_member_text(out, "path", path);
        member_if(out, "hostname", record_text(record, "client.http.host"));
        buffer_add_char(out, '}');
    }
    write_headers(record, out);
    buffer_add_char(out, '}');
}

/* The whole of what the sensor told of the client, where it is not too much. */
static void write_client(const json_t *record, struct buffer *out)
{
    const json_t *client = record_get(record, "client");
    struct buffer text;

    buffer_init(&text, CLIENT_MOST);
    if (client != NULL && record_write(&text, client) == 0 && !text.failed) {
        json_member_open(out, "client");
        buffer_add_slice(out, buffer_slice(&text));
    } else if (client != NULL) {
        json_member_bool(out, "client_left_out", true);
    }
    buffer_free(&text);
}

static void member_value(struct buffer *out, const char *name, const json_t *value)
{
    if (value == NULL)
        return;
    json_member_open(out, name);
    record_write(out, value);
}

static void write_data(const json_t *record, struct buffer *out)
{
    json_member_open(out, "data");
    buffer_add_char(out, '{');
    json_member_text(out, "grade", record_text(record, "grade"));
    member_if(out, "found_in", record_text(record, "sighting.found_in"));
    member_if(out, "part", record_text(record, "sighting.part"));
    member_if(out, "reason", record_text(record, "sighting.reason"));
    member_value(out, "near", record_get(record, "sighting.near"));
    member_if(out, "planted_in", record_text(record, "placement.place"));
    member_value(out, "planted_where", record_get(record, "placement.where"));
    member_if(out, "planted_time", record_text(record, "placement.planted"));
    member_value(out, "earlier", record_get(record, "source.earlier"));
    write_client(record, out);
    buffer_add_char(out, '}');
}

void evidence_write(const json_t *record, struct buffer *out)
{
    json_member_open(out, "evidences");
    buffer_add_text(out, "[{");
    write_source(record, out);
    write_destination(record, out);
    write_user(record, out);
    write_tls(record, out);
    write_request(record, out);
    write_data(record, out);
    buffer_add_text(out, "}]");
}

static void observable(struct buffer *out, const char *name, int type_id, const char *type, const char *value)
{
    if (value[0] == '\0')
        return;
    buffer_add_text(out, out->length > 0 && out->data[out->length - 1] == '[' ? "{" : ",{");
    json_member_text(out, "name", name);
    json_member_number(out, "type_id", type_id);
    json_member_text(out, "type", type);
    json_member_text(out, "value", value);
    buffer_add_char(out, '}');
}

void evidence_observables(const json_t *record, struct buffer *out)
{
    json_member_open(out, "observables");
    buffer_add_char(out, '[');
    observable(out, "evidences[0].src_endpoint.ip", 2, "IP Address",
               is_address(record_text(record, "source.address")) ? record_text(record, "source.address") : "");
    observable(out, "evidences[0].user.name", 4, "User Name", record_text(record, "token.identity"));
    observable(out, "evidences[0].user.credential_uid", 19, "User Credential ID", record_text(record, "token.token"));
    observable(out, "evidences[0].dst_endpoint.hostname", 1, "Hostname", asked_name(record));
    observable(out, "evidences[0].http_request.user_agent", 16, "HTTP User-Agent",
               record_text(record, "client.http.user_agent"));
    observable(out, "evidences[0].data.planted_where.message_id", 42, "Message UID",
               record_text(record, "placement.where.message_id"));
    buffer_add_char(out, ']');
}

static void write_ids(const json_t *record, struct buffer *out)
{
    json_member_text(out, "alert", record_text(record, "alert"));
    member_if(out, "incident", record_text(record, "incident"));
    member_if(out, "token", record_text(record, "token.token"));
    member_if(out, "placement", record_text(record, "placement.placement"));
    member_if(out, "sighting", record_text(record, "sighting.sighting"));
    member_if(out, "observation", record_text(record, "sighting.observation"));
}

void evidence_unmapped(const json_t *record, struct buffer *out)
{
    json_member_open(out, "unmapped");
    buffer_add_text(out, "{\"sundew\":{");
    write_ids(record, out);
    json_member_text(out, "severity", record_text(record, "severity"));
    member_if(out, "grade", record_text(record, "grade"));
    member_if(out, "certainty", record_text(record, "certainty"));
    member_if(out, "kind", record_text(record, "token.kind"));
    member_if(out, "form", record_text(record, "token.form"));
    member_if(out, "identity", record_text(record, "token.identity"));
    member_if(out, "owner", record_first(record, "placement.owner token.owner"));
    member_if(out, "department", record_text(record, "placement.department"));
    member_if(out, "manager", record_text(record, "placement.manager"));
    member_if(out, "decoy", record_text(record, "sighting.decoy"));
    member_if(out, "service", record_text(record, "sighting.service"));
    json_member_bool(out, "drill", record_is(record, "drill"));
    json_member_number(out, "sequence", record_number(record, "sequence", 0));
    json_member_number(out, "count", record_number(record, "count", 1));
    if (record_text(record, "placement.shared.mail")[0] != 0)
        member_value(out, "shared", record_get(record, "placement.shared"));
    member_value(out, "near", record_get(record, "sighting.near"));
    member_value(out, "actor", record_get(record, "actor"));
    member_value(out, "others", record_get(record, "others"));
    member_value(out, "folded", record_get(record, "folded"));
    member_value(out, "route", record_get(record, "route"));
    member_value(out, "heartbeat", record_get(record, "heartbeat"));
    member_value(out, "chain", record_get(record, "chain"));
    buffer_add_text(out, "}}");
}
