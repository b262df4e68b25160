/* SPDX-License-Identifier: ISC
 *
 * When people work: dates of mails and commits, in seconds since 1970, and their texts. No clock in here. */
#ifndef MINTER_WHEN_H
#define MINTER_WHEN_H

#include <stdbool.h>
#include <stdint.h>
#include "tokens/kind.h"

#define WHEN_TEXT 48

/* `system`: the machine's own zone, loaded by tzset(). Else minutes east of UTC, with the European Union's summer
 * time (directive 2000/84/EC, the same days as in the United Kingdom) where `summer`. */
struct zone {
    bool system;
    int minutes;
    bool summer;
};

/* The machine's zone, unless that is UTC; then the one where the language is at home. */
struct zone zone_of(const char *language, int64_t now);
/* Minutes east of UTC at that time. */
int zone_offset(const struct zone *zone, int64_t time);
/* A time from `from` to `until` on a working day (Monday to Friday), between half past eight and ten to six; any time
 * of the span where it holds no such. */
int64_t when_between(const struct zone *zone, int64_t from, int64_t until, const struct draw *draw);
/* Why people who live there would hardly write then: "on a Sunday", "on 1 May, a holiday", "at 03:12"; NULL: they would. */
const char *when_rest(const struct zone *zone, int64_t time, char text[WHEN_TEXT]);
/* Tue, 3 Nov 2026 10:12:33 +0100 (RFC 5322, section 3.3). */
const char *when_mail(const struct zone *zone, int64_t time, char text[WHEN_TEXT]);
/* 2026-11-03T10:12:33+01:00 (RFC 3339). */
const char *when_text(const struct zone *zone, int64_t time, char text[WHEN_TEXT]);
/* As mail programs write dates before a quoted mail. WORDS: "3 Nov 2026, at 10:12", "3 nov. 2026 à 10:12"; SLASHES:
 * "03/11/2026 10:12", "03/11/2026 à 10:12"; DASHES: "2026-11-03 10:12"; LONG: "03 November 2026 10:12", "mardi
 * 3 novembre 2026 10:12"; DAYS: "Tue, 3 Nov 2026 at 10:12", "mar. 3 nov. 2026 à 10:12". */
enum when_style { WHEN_WORDS, WHEN_SLASHES, WHEN_DASHES, WHEN_LONG, WHEN_DAYS };
const char *when_quoted(const struct zone *zone, int64_t time, enum when_style style, bool french,
                        char text[WHEN_TEXT]);
/* A working time at least four minutes and mostly some hours before (or with `after`, behind) the given one, as people
 * answer each other; never past `limit`. 0 when there is none. */
int64_t when_near(const struct zone *zone, int64_t time, bool after, int64_t limit, const struct draw *draw);

#endif
