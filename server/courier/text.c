/* SPDX-License-Identifier: ISC */
#include "server/courier/text.h"
#include <inttypes.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/courier/attack.h"
#include "server/courier/grade.h"
#include "server/courier/record.h"
#include "server/wire/message.h"

#define WORDS 160 /* of any one text from outside */
#define HEADERS 24

static bool has(const json_t *record, const char *path)
{
    return record_text(record, path)[0] != '\0';
}

static void add_own(struct buffer *out, const json_t *record, const char *path)
{
    text_own(out, record_text(record, path), WORDS);
}

static void add_quoted(struct buffer *out, const char *words)
{
    buffer_add_char(out, '"');
    text_foreign(out, words, WORDS);
    buffer_add_char(out, '"');
}

/* 2026-11-22 09:14:03 UTC, or the day alone. */
static void add_time(struct buffer *out, const json_t *record, const char *path, bool day)
{
    char text[CLOCK_TEXT];
    int64_t time = record_time(record, path);

    if (time == 0) {
        buffer_add_text(out, "an unknown time");
        return;
    }
    clock_text(time, text);
    buffer_add(out, text, 10);
    if (!day)
        buffer_add_format(out, " %.8s UTC", text + 11);
}

static const char *user_agent(const json_t *record)
{
    return record_text(record, "client.http.user_agent");
}

/* ---- what was seen ---- */

static void add_what(struct buffer *out, const json_t *record)
{
    buffer_add_text(out, "planted ");
    text_own(out, has(record, "token.kind") ? record_text(record, "token.kind") : "secret", WORDS);
    buffer_add_char(out, ' ');
    if (has(record, "token.identity")) {
        buffer_add_char(out, '"');
        add_own(out, record, "token.identity");
        buffer_add_text(out, "\" ");
    }
    buffer_add_text(out, grade_of(record)->verb);
}

static void add_upper(struct buffer *out, const char *text)
{
    for (; *text >= 'a' && *text <= 'z'; text++)
        buffer_add_char(out, (char)(*text - 'a' + 'A'));
}

static void add_headline(struct buffer *out, const json_t *record)
{
    const char *grade = record_text(record, "grade");
    int64_t bits = record_number(record, "token.secret_bits", TOKEN_GUESSABLE);

    if (record_is(record, "drill"))
        buffer_add_text(out, "DRILL, no attack. ");
    add_upper(out, record_text(record, "severity"));
    buffer_add_text(out, ": ");
    add_what(out, record);
    if (!record_is(record, "drill")) {
        buffer_add_text(out, ". ");
        buffer_add_text(out, grade_of(record)->certainty);
    }
    buffer_add_text(out, " (grade ");
    text_own(out, grade, WORDS);
    buffer_add_char(out, ')');
    if (bits < TOKEN_GUESSABLE && strncmp(grade, "secret", 6) == 0)
        buffer_add_format(out, ". But it could have been guessed: %" PRId64 " bits", bits);
    buffer_add_char(out, '.');
}

/* ---- where it lay ---- */

static void add_where(struct buffer *out, const json_t *record)
{
    const char *takes = record_place_takes(record);

    if (strcmp(takes, "mail") == 0) {
        buffer_add_text(out, "mailbox ");
        text_own(out, record_first(record, "placement.where.mailbox placement.place"), WORDS);
    } else if (strcmp(takes, "repository") == 0) {
        buffer_add_text(out, "repository ");
        text_own(out, record_first(record, "placement.where.repository placement.place"), WORDS);
    } else if (strcmp(takes, "directory") == 0) {
        buffer_add_text(out, "directory entry ");
        text_own(out, record_first(record, "placement.where.dn placement.place"), WORDS);
    } else if (strcmp(takes, "text") == 0 && has(record, "placement.where.path")) {
        buffer_add_text(out, "file ");
        text_own(out, record_first(record, "placement.where.path placement.place"), WORDS);
    } else {
        buffer_add_text(out, "the place where it was put by hand");
    }
    if (has(record, "placement.owner") || has(record, "token.owner")) {
        buffer_add_text(out, " of ");
        text_own(out, record_first(record, "placement.owner token.owner"), WORDS);
    }
}

static void add_lay_only(struct buffer *out, const json_t *record, const char *part)
{
    buffer_add_text(out, part);
    buffer_add_text(out, record_was_sent(record) ? " was delivered through mail servers to " : " lay only in ");
    add_where(out, record);
    buffer_add_text(out, record_was_sent(record) ? " on " : " since ");
    add_time(out, record, "placement.planted", true);
    buffer_add_text(out, record_was_sent(record) ? ": that mailbox, a server on the way to it, or a copy"
                                          : ": that place, or a copy of it,");
}

static void add_shows(struct buffer *out, const json_t *record)
{
    const struct grade *grade = grade_of(record);

    if (record_is(record, "drill")) {
        buffer_add_text(out,
                        "An operator used it by sundew drill, to see that its alerts arrive: nothing was read, and "
                        "it stays as good as it was. ");
        buffer_add_text(out, record_was_sent(record) ? "It was sent to " : "It lies in ");
        add_where(out, record);
    } else if (record_get(record, "placement") == NULL) {
        buffer_add_text(out, "It was minted but never planted by Sundew: it ");
        buffer_add_text(out, grade->shows == SHOWS_READ ? "was" : "has likely been");
        buffer_add_text(out, " read wherever it has been kept since ");
        add_time(out, record, "token.minted", true);
    } else {
        add_lay_only(out, record, grade->part);
        if (grade->shows == SHOWS_LIKELY) {
            buffer_add_text(out, " has likely been read");
        } else {
            buffer_add_text(out, grade->shows == SHOWS_READ ? " was read between then and "
                                                            : " was opened, by a person or by a program that looks "
                                                              "through it, between then and ");
            add_time(out, record, has(record, "first_seen") ? "first_seen" : "sighting.time", false);
        }
    }
    buffer_add_char(out, '.');
}

static void add_source(struct buffer *out, const json_t *record)
{
    int64_t port = record_number(record, "source.port", 0);

    text_foreign(out, has(record, "source.address") ? record_text(record, "source.address") : "an unknown address",
                 WORDS);
    if (port > 0)
        buffer_add_format(out, " port %" PRId64, port);
}

static void add_who(struct buffer *out, const json_t *record)
{
    buffer_add_text(out, "By ");
    add_source(out, record);
    buffer_add_text(out, " at ");
    add_time(out, record, has(record, "sighting.time") ? "sighting.time" : "time", false);
    buffer_add_text(out, ", at the decoy ");
    text_own(out, record_first(record, "sighting.decoy sighting.service"), WORDS);
    if (has(record, "sighting.service")) {
        buffer_add_text(out, " (");
        add_own(out, record, "sighting.service");
        buffer_add_char(out, ')');
    }
    if (user_agent(record)[0] != '\0') {
        buffer_add_text(out, ", with ");
        add_quoted(out, user_agent(record));
    }
    buffer_add_char(out, '.');
}

/* ---- the details ---- */

static void add_field(struct buffer *out, const char *label, const char *words, bool foreign)
{
    if (words[0] == '\0')
        return;
    buffer_add_format(out, "- %s: ", label);
    if (foreign)
        add_quoted(out, words);
    else
        text_own(out, words, WORDS);
    buffer_add_char(out, '\n');
}

static void add_number(struct buffer *out, const char *label, int64_t number, const char *unit)
{
    if (number >= 0)
        buffer_add_format(out, "- %s: %" PRId64 "%s%s\n", label, number, unit[0] != '\0' ? " " : "", unit);
}

/* Until when the place itself held it, and what its use tells. */
static void add_rotated(struct buffer *out, const json_t *record)
{
    bool history = has(record, "placement.where.commit");

    buffer_add_text(out, "- the token was rotated ");
    add_time(out, record, "placement.rotated", false);
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
        add_time(out, record, "first_seen", false);
        buffer_add_text(out, ", last ");
        add_time(out, record, "last_seen", false);
        buffer_add_char(out, '\n');
    }
    if (strcmp(record_text(record, "token.state"), "retired") == 0)
        buffer_add_text(out, "- the token is retired; it still tells that it was read\n");
    if (has(record, "placement.rotated"))
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
    add_time(out, record, "source.earlier.first", false);
    buffer_add_char(out, '\n');
}

static void add_client(struct buffer *out, const json_t *record)
{
    buffer_add_text(out, "\nWho, and with what\n- address: ");
    add_source(out, record);
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
    add_field(out, "user agent", user_agent(record), true);
    add_headers(out, record);
    add_number(out, "body", record_number(record, "client.http.body.length", -1), "bytes");
    add_field(out, "LDAP operation", record_text(record, "client.ldap.operation"), true);
    add_field(out, "LDAP mechanism", record_text(record, "client.ldap.mechanism"), true);
    add_number(out, "number of the connection", record_number(record, "client.connection", -1), "");
    add_number(out, "number of the request in it", record_number(record, "client.request", -1), "");
    add_field(out, "actor", record_text(record, "actor.actor"), false);
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
        text_own(out, record_text(other, "kind"), WORDS);
        buffer_add_text(out, " \"");
        text_own(out, record_text(other, "identity"), WORDS);
        buffer_add_text(out, "\" (");
        text_own(out, record_text(other, "token"), WORDS);
        buffer_add_text(out, "), ");
        add_time(out, other, "time", false);
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
        text_own(out, record_text(line, "kind"), WORDS);
        buffer_add_text(out, " \"");
        text_own(out, record_text(line, "identity"), WORDS);
        buffer_add_text(out, "\" (");
        text_own(out, record_text(line, "token"), WORDS);
        buffer_add_text(out, "), from ");
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

static void add_ids(struct buffer *out, const json_t *record)
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
        add_own(out, record, "chain.head");
        buffer_add_char(out, '\n');
    }
}

/* ---- an alert about a route ---- */

static void add_route(struct buffer *out, const json_t *record)
{
    add_upper(out, record_text(record, "severity"));
    buffer_add_text(out, ": alerts do not get through on the route ");
    add_own(out, record, "route.name");
    buffer_add_format(out, ". %" PRId64 " tries in a row have failed.\n", record_number(record, "route.failures", 0));
    buffer_add_text(out, "Last answer: ");
    add_quoted(out, record_text(record, "route.text"));
    buffer_add_text(out, ".\nNothing is lost: its alerts wait, are tried again, and can be replayed.\n");
}

/* ---- a heartbeat ---- */

static void add_heartbeat(struct buffer *out, const json_t *record)
{
    int64_t minutes = record_number(record, "heartbeat.interval", 0) / 60;

    buffer_add_text(out, "Heartbeat, no alert: Sundew watches, and this route takes what it tells.\n");
    buffer_add_format(out, "The next one comes in %" PRId64 " minutes. When none comes, somebody or something has stopped "
                      "Sundew, or cut it off.\n", minutes);
    buffer_add_format(out, "The last alert had the number %" PRId64 ".\n", record_number(record, "sequence", 0));
    add_number(out, "alerts that wait for this route", record_number(record, "heartbeat.waiting", -1), "");
    add_number(out, "observations not looked through yet", record_number(record, "heartbeat.backlog", -1), "");
}

/* ---- the whole ---- */

int text_message(struct buffer *out, const json_t *record)
{
    if (record_is_heartbeat(record))
        return buffer_add_text(out, "Sundew watches, and this route takes what it tells.");
    if (record_get(record, "sighting") == NULL) {
        buffer_add_text(out, "Alerts do not get through on the route ");
        add_own(out, record, "route.name");
        return buffer_add_char(out, '.');
    }
    if (record_is(record, "drill"))
        buffer_add_text(out, "DRILL. ");
    buffer_add_text(out, "A ");
    add_what(out, record);
    buffer_add_text(out, " from ");
    text_foreign(out, record_text(record, "source.address"), WORDS);
    buffer_add_text(out, " at the decoy ");
    text_own(out, record_first(record, "sighting.decoy sighting.service"), WORDS);
    buffer_add_text(out, ". ");
    add_shows(out, record);
    return out->failed ? -1 : 0;
}

int text_full(struct buffer *out, const json_t *record)
{
    if (record_is_heartbeat(record)) {
        add_heartbeat(out, record);
    } else if (record_get(record, "sighting") == NULL) {
        add_route(out, record);
    } else {
        add_headline(out, record);
        buffer_add_char(out, '\n');
        add_shows(out, record);
        buffer_add_char(out, '\n');
        add_who(out, record);
        buffer_add_char(out, '\n');
        add_seen(out, record);
        add_lay(out, record);
        add_client(out, record);
        add_folded(out, record);
        add_others(out, record);
    }
    buffer_add_text(out, "\nWhat to do now\n");
    text_steps(out, record);
    add_ids(out, record);
    return out->failed ? -1 : 0;
}
