/* SPDX-License-Identifier: ISC */
#include "server/courier/text.h"

#include <inttypes.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/courier/grade.h"
#include "server/courier/record.h"
#include "server/courier/text_parts.h"
#include "server/wire/message.h"

bool text_has(const json_t *record, const char *path)
{
    return record_text(record, path)[0] != '\0';
}

void text_add_own(struct buffer *out, const json_t *record, const char *path)
{
    text_own(out, record_text(record, path), WORDS);
}

void text_add_quoted(struct buffer *out, const char *words)
{
    buffer_add_char(out, '"');
    text_foreign(out, words, WORDS);
    buffer_add_char(out, '"');
}

void text_add_time(struct buffer *out, const json_t *record, const char *path, bool day)
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

const char *text_user_agent(const json_t *record)
{
    return record_text(record, "client.http.user_agent");
}

/* ---- what was seen ---- */

static void add_what(struct buffer *out, const json_t *record)
{
    buffer_add_text(out, "planted ");
    text_own(out, text_has(record, "token.kind") ? record_text(record, "token.kind") : "secret", WORDS);
    buffer_add_char(out, ' ');
    if (text_has(record, "token.identity")) {
        buffer_add_char(out, '"');
        text_add_own(out, record, "token.identity");
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
    } else if (strcmp(takes, "text") == 0 && text_has(record, "placement.where.path")) {
        buffer_add_text(out, "file ");
        text_own(out, record_first(record, "placement.where.path placement.place"), WORDS);
    } else {
        buffer_add_text(out, "the place where it was put by hand");
    }
    if (text_has(record, "placement.owner") || text_has(record, "token.owner")) {
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
    text_add_time(out, record, "placement.planted", true);
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
        text_add_time(out, record, "token.minted", true);
    } else {
        add_lay_only(out, record, grade->part);
        if (grade->shows == SHOWS_LIKELY) {
            buffer_add_text(out, " has likely been read");
        } else {
            buffer_add_text(out, grade->shows == SHOWS_READ ? " was read between then and "
                                                            : " was opened, by a person or by a program that looks "
                                                              "through it, between then and ");
            text_add_time(out, record, text_has(record, "first_seen") ? "first_seen" : "sighting.time", false);
        }
    }
    buffer_add_char(out, '.');
}

void text_add_source(struct buffer *out, const json_t *record)
{
    int64_t port = record_number(record, "source.port", 0);

    text_foreign(out, text_has(record, "source.address") ? record_text(record, "source.address") : "an unknown address",
                 WORDS);
    if (port > 0)
        buffer_add_format(out, " port %" PRId64, port);
}

static void add_who(struct buffer *out, const json_t *record)
{
    buffer_add_text(out, "By ");
    text_add_source(out, record);
    buffer_add_text(out, " at ");
    text_add_time(out, record, text_has(record, "sighting.time") ? "sighting.time" : "time", false);
    buffer_add_text(out, ", at the decoy ");
    text_own(out, record_first(record, "sighting.decoy sighting.service"), WORDS);
    if (text_has(record, "sighting.service")) {
        buffer_add_text(out, " (");
        text_add_own(out, record, "sighting.service");
        buffer_add_char(out, ')');
    }
    if (text_user_agent(record)[0] != '\0') {
        buffer_add_text(out, ", with ");
        text_add_quoted(out, text_user_agent(record));
    }
    buffer_add_char(out, '.');
}

/* ---- an alert about a route ---- */

static void add_route(struct buffer *out, const json_t *record)
{
    add_upper(out, record_text(record, "severity"));
    buffer_add_text(out, ": alerts do not get through on the route ");
    text_add_own(out, record, "route.name");
    buffer_add_format(out, ". %" PRId64 " tries in a row have failed.\n", record_number(record, "route.failures", 0));
    buffer_add_text(out, "Last answer: ");
    text_add_quoted(out, record_text(record, "route.text"));
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
    text_add_number(out, "alerts that wait for this route", record_number(record, "heartbeat.waiting", -1), "");
    text_add_number(out, "observations not looked through yet", record_number(record, "heartbeat.backlog", -1), "");
}

/* ---- the whole ---- */

int text_message(struct buffer *out, const json_t *record)
{
    if (record_is_heartbeat(record))
        return buffer_add_text(out, "Sundew watches, and this route takes what it tells.");
    if (record_get(record, "sighting") == NULL) {
        buffer_add_text(out, "Alerts do not get through on the route ");
        text_add_own(out, record, "route.name");
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
        text_details(out, record);
    }
    buffer_add_text(out, "\nWhat to do now\n");
    text_steps(out, record);
    text_references(out, record);
    return out->failed ? -1 : 0;
}
