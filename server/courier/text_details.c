/* SPDX-License-Identifier: ISC
 *
 * The alert in plain words: what follows its first three lines. */
#include "server/courier/text_parts.h"

#include <inttypes.h>
#include <string.h>
#include "server/courier/attack.h"
#include "server/courier/grade.h"
#include "server/courier/record.h"
#include "server/wire/message.h"

#define HEADERS 24

static void add_field(struct buffer *out, const char *label, const char *words, bool foreign)
{
    if (words[0] == '\0')
        return;
    buffer_add_format(out, "- %s: ", label);
    if (foreign)
        text_add_quoted(out, words);
    else
        text_own(out, words, WORDS);
    buffer_add_char(out, '\n');
}

void text_add_number(struct buffer *out, const char *label, int64_t number, const char *unit)
{
    if (number >= 0)
        buffer_add_format(out, "- %s: %" PRId64 "%s%s\n", label, number, unit[0] != '\0' ? " " : "", unit);
}

/* Until when the place itself held it, and what its use tells. */
static void add_rotated(struct buffer *out, const json_t *record)
{
    bool history = text_has(record, "placement.where.commit");

    buffer_add_text(out, "- the token was rotated ");
    text_add_time(out, record, "placement.rotated", false);
    if (strcmp(record_text(record, "placement.state"), "gone") != 0)
        buffer_add_text(out, ", but could not be taken out: it lies beside the new one, and either may have been read since\n");
    else if (history)
        buffer_add_text(out, ": the place holds another since, so whoever uses this one read it before that day, or from "
                             "the history or a copy\n");
    else
        buffer_add_text(out, ": the place holds another since, so whoever uses this one read the place, or a copy of it, "
                             "before that day\n");
}

static void add_seen(struct buffer *out, const json_t *record)
{
    int64_t distance = record_number(record, "sighting.near.distance", -1);
    int64_t count = record_number(record, "count", 1);

    buffer_add_text(out, "\nWhat was seen\n");
    add_field(out, "certainty", record_text(record, "certainty"), false);
    add_field(out, "found in", record_text(record, "sighting.found_in"), true);
    add_field(out, "why this grade", record_text(record, "sighting.reason"), false);
    if (distance >= 0)
        buffer_add_format(out, "- near miss: %" PRId64 " of %" PRId64 " characters differ from the planted secret\n",
                          distance, record_number(record, "sighting.near.length", 0));
    if (count > 1) {
        buffer_add_format(out, "- %" PRId64 " times, first ", count);
        text_add_time(out, record, "first_seen", false);
        buffer_add_text(out, ", last ");
        text_add_time(out, record, "last_seen", false);
        buffer_add_char(out, '\n');
    }
    if (strcmp(record_text(record, "token.state"), "retired") == 0)
        buffer_add_text(out, "- the token is retired; it still tells that it was read\n");
    if (text_has(record, "placement.rotated"))
        add_rotated(out, record);
    add_field(out, "expired or expires", record_text(record, "token.expires"), false);
    if (record_get(record, "placement") == NULL)
        add_field(out, "owner", record_text(record, "token.owner"), false);
    add_field(out, "memo", record_text(record, "token.memo"), false);
    add_field(out, "contact", record_text(record, "token.contact"), false);
}

static void add_line(struct buffer *out, const json_t *record)
{
    int64_t line = record_number(record, "placement.where.line", 0);

    if (line > 0)
        buffer_add_format(out, "- line: %" PRId64 "\n", line);
}

static void add_lay(struct buffer *out, const json_t *record)
{
    if (record_get(record, "placement") == NULL)
        return;
    buffer_add_text(out, "\nWhere it lay\n");
    add_field(out, "place", record_text(record, "placement.place"), false);
    add_field(out, "owner", record_first(record, "placement.owner token.owner"), false);
    add_field(out, "department", record_text(record, "placement.department"), false);
    add_field(out, "manager", record_text(record, "placement.manager"), false);
    add_field(out, "shared with, says the lure", record_text(record, "placement.shared.mail"), false);
    add_field(out, "folder", record_text(record, "placement.where.folder"), false);
    add_field(out, "message", record_text(record, "placement.where.message_id"), false);
    add_field(out, "attachment", record_text(record, "placement.where.attachment"), false);
    add_field(out, "branch", record_text(record, "placement.where.branch"), false);
    add_field(out, "held by", record_text(record, "placement.where.reference"), false);
    add_field(out, "commit", record_text(record, "placement.where.commit"), false);
    add_field(out, "removed in", record_text(record, "placement.where.removed_in"), false);
    add_field(out, "taken out in", record_text(record, "placement.where.taken_out_in"), false);
    add_field(out, "path", record_text(record, "placement.where.path"), false);
    add_line(out, record);
    add_field(out, "lure", record_text(record, "placement.lure"), false);
    add_field(out, "planted", record_text(record, "placement.planted"), false);
    add_field(out, "last known state", record_text(record, "placement.state"), false);
}

static void add_headers(struct buffer *out, const json_t *record)
{
    size_t count = json_array_size(record_get(record, "client.http.headers"));
    const char *name, *value;

    if (count == 0)
        return;
    buffer_add_text(out, "- header names in order:");
    for (size_t i = 0; i < HEADERS && record_header(record, i, &name, &value) == 0; i++) {
        buffer_add_text(out, i > 0 ? ", " : " ");
        text_foreign(out, name, 40);
    }
    buffer_add_text(out, count > HEADERS ? " …\n" : "\n");
}

static void add_via(struct buffer *out, const json_t *via)
{
    if (json_array_size(via) == 0)
        return;
    buffer_add_text(out, "- through trusted proxies:");
    for (size_t i = 0; i < json_array_size(via) && i < 8; i++) {
        const char *address = json_string_value(json_array_get(via, i));

        buffer_add_char(out, ' ');
        text_foreign(out, address != NULL ? address : "?", 46);
    }
    buffer_add_char(out, '\n');
}

static void add_times(struct buffer *out, int64_t count)
{
    if (count == 1)
        buffer_add_text(out, "once");
    else
        buffer_add_format(out, "%" PRId64 " times", count);
}

static void add_earlier(struct buffer *out, const json_t *record)
{
    int64_t earlier = record_number(record, "source.earlier.observations", 0);

    if (record_get(record, "source.earlier") == NULL)
        return;
    if (earlier == 0) {
        buffer_add_text(out, "- never seen before at any decoy\n");
        return;
    }
    buffer_add_text(out, "- seen ");
    add_times(out, earlier);
    buffer_add_text(out, " before at the decoys, first ");
    text_add_time(out, record, "source.earlier.first", false);
    buffer_add_char(out, '\n');
}

static void add_client(struct buffer *out, const json_t *record)
{
    buffer_add_text(out, "\nWho, and with what\n- address: ");
    text_add_source(out, record);
    buffer_add_char(out, '\n');
    add_via(out, record_get(record, "source.via"));
    add_earlier(out, record);
    add_field(out, "name asked for (TLS)", record_first(record, "client.tls.sni client.tls.server_name"), true);
    add_field(out, "name asked for (HTTP)", record_text(record, "client.http.host"), true);
    add_field(out, "TLS", record_text(record, "client.tls.version"), true);
    add_field(out, "cipher", record_text(record, "client.tls.cipher"), true);
    add_field(out, "ALPN", record_text(record, "client.tls.alpn"), true);
    add_field(out, "method", record_text(record, "client.http.method"), true);
    add_field(out, "path", record_text(record, "client.http.path"), true);
    add_field(out, "user agent", text_user_agent(record), true);
    add_headers(out, record);
    text_add_number(out, "body", record_number(record, "client.http.body.length", -1), "bytes");
    add_field(out, "LDAP operation", record_text(record, "client.ldap.operation"), true);
    add_field(out, "LDAP mechanism", record_text(record, "client.ldap.mechanism"), true);
    text_add_number(out, "number of the connection", record_number(record, "client.connection", -1), "");
    text_add_number(out, "number of the request in it", record_number(record, "client.request", -1), "");
    add_field(out, "actor", record_text(record, "actor.actor"), false);
}

/* password "svc-backup" (t-…) */
static void add_token(struct buffer *out, const json_t *token)
{
    text_own(out, record_text(token, "kind"), WORDS);
    buffer_add_text(out, " \"");
    text_own(out, record_text(token, "identity"), WORDS);
    buffer_add_text(out, "\" (");
    text_own(out, record_text(token, "token"), WORDS);
    buffer_add_char(out, ')');
}

static void add_others(struct buffer *out, const json_t *record)
{
    const json_t *others = record_get(record, "others");
    size_t count = json_array_size(others), held = json_array_size(record_get(record, "actor.tokens"));

    if (count == 0)
        return;
    buffer_add_text(out, "\nWhat else this actor holds\n");
    for (size_t i = 0; i < count; i++) {
        const json_t *other = json_array_get(others, i);

        buffer_add_text(out, "- ");
        add_token(out, other);
        buffer_add_text(out, ", ");
        text_add_time(out, other, "time", false);
        buffer_add_char(out, '\n');
    }
    if (held > count + 1)
        buffer_add_format(out, "- and %zu more at least: sundew show %s\n", held - count - 1,
                          record_text(record, "actor.actor"));
}

/* An update that lists all: a line for each token, actor and grade. */
static void add_folded(struct buffer *out, const json_t *record)
{
    const json_t *folded = record_get(record, "folded");

    if (json_array_size(folded) == 0)
        return;
    buffer_add_text(out, "\nWhat was used since the last message\n");
    for (size_t i = 0; i < json_array_size(folded); i++) {
        const json_t *line = json_array_get(folded, i);

        buffer_add_text(out, "- ");
        text_own(out, record_text(line, "grade"), WORDS);
        buffer_add_text(out, ", ");
        add_times(out, record_number(line, "count", 1));
        buffer_add_text(out, ": ");
        add_token(out, line);
        buffer_add_text(out, ", from ");
        text_own(out, record_text(line, "address"), WORDS);
        buffer_add_char(out, '\n');
    }
}

static void add_techniques(struct buffer *out, const json_t *record)
{
    const struct technique *list[ATTACK_MOST];
    size_t count = attack_of(record, list);

    if (record_is(record, "drill") || count == 0)
        return;
    buffer_add_text(out, "- ATT&CK " ATTACK_VERSION ":");
    for (size_t i = 0; i < count; i++)
        buffer_add_format(out, "%s %s %s%s", i > 0 ? "," : "", list[i]->sub_id != NULL ? list[i]->sub_id : list[i]->id,
                          list[i]->sub_id != NULL ? list[i]->sub_name : list[i]->name,
                          list[i]->inferred ? " (inferred)" : "");
    buffer_add_char(out, '\n');
}

void text_references(struct buffer *out, const json_t *record)
{
    int64_t sequence = record_number(record, "chain.sequence", -1);

    buffer_add_text(out, "\nReferences\n");
    if (record_get(record, "sighting") != NULL)
        add_techniques(out, record);
    add_field(out, "incident", record_text(record, "incident"), false);
    add_field(out, "alert", record_text(record, "alert"), false);
    add_field(out, "sighting", record_text(record, "sighting.sighting"), false);
    add_field(out, "observation", record_text(record, "sighting.observation"), false);
    add_field(out, "token", record_text(record, "token.token"), false);
    add_field(out, "placement", record_text(record, "placement.placement"), false);
    if (sequence >= 0) {
        buffer_add_format(out, "- evidence chain: sundew audit --anchor %" PRId64 ":", sequence);
        text_add_own(out, record, "chain.head");
        buffer_add_char(out, '\n');
    }
}

void text_details(struct buffer *out, const json_t *record)
{
    add_seen(out, record);
    add_lay(out, record);
    add_client(out, record);
    add_folded(out, record);
    add_others(out, record);
}
