/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/minter/when.h"
#include "server/base/calendar.h"

#define DAY 86400
#define MORNING (8 * 3600 + 30 * 60)
#define LEAST_DELAY 240
#define EARLIEST 7 /* o'clock: when nobody wonders at a mail yet, */
#define LATEST 20   /* and not any more */
#define WORKING_DAY (9 * 3600 + 20 * 60)

static const char *const days[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const french_months[12] = {"janv.", "févr.", "mars",  "avr.", "mai",  "juin",
                                              "juil.", "août",  "sept.", "oct.", "nov.", "déc."};

static const char *const long_months[12] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};
static const char *const long_french_days[7] = {"dimanche", "lundi",    "mardi", "mercredi",
                                                "jeudi",    "vendredi", "samedi"};
static const char *const long_french_months[12] = {"janvier",   "février", "mars",     "avril",
                                                   "mai",       "juin",    "juillet",  "août",
                                                   "septembre", "octobre", "novembre", "décembre"};

static struct tm broken(int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    return tm;
}

/* One in the morning, UTC, on the last Sunday of a month with 31 days. */
static int64_t last_sunday(int year, int month)
{
    struct tm tm = {.tm_year = year, .tm_mon = month, .tm_mday = 31, .tm_hour = 1};
    int64_t end = timegm(&tm);

    return end - (int64_t)broken(end).tm_wday * DAY;
}

static bool summer_time(int64_t time)
{
    int year = broken(time).tm_year;

    return time >= last_sunday(year, 2) && time < last_sunday(year, 9);
}

static int system_offset(int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm tm = {0};

    localtime_r(&seconds, &tm);
    return (int)(tm.tm_gmtoff / 60);
}

struct zone zone_of(const char *language, int64_t now)
{
    bool elsewhere = system_offset(now) != 0 || system_offset(now + 183LL * DAY) != 0;

    if (elsewhere)
        return (struct zone){.system = true};
    return (struct zone){.minutes = strcmp(language, "fr") == 0 ? 60 : 0, .summer = true};
}

int zone_offset(const struct zone *zone, int64_t time)
{
    if (zone->system)
        return system_offset(time);
    return zone->minutes + (zone->summer && summer_time(time) ? 60 : 0);
}

static struct tm local(const struct zone *zone, int64_t time)
{
    return broken(time + 60LL * zone_offset(zone, time));
}

static bool is_working(const struct zone *zone, int64_t time)
{
    struct tm tm = local(zone, time);
    int second = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;

    return !calendar_is_weekend(&tm) && !calendar_is_holiday(&tm) && second >= MORNING &&
           second < MORNING + WORKING_DAY;
}

const char *when_rest(const struct zone *zone, int64_t time, char text[WHEN_TEXT])
{
    struct tm tm = local(zone, time);
    bool night = tm.tm_hour < EARLIEST || tm.tm_hour >= LATEST;

    if (!calendar_is_weekend(&tm) && !calendar_is_holiday(&tm) && !night)
        return NULL;
    if (calendar_is_weekend(&tm))
        snprintf(text, WHEN_TEXT, "on a %s", tm.tm_wday == 0 ? "Sunday" : "Saturday");
    else if (calendar_is_holiday(&tm))
        snprintf(text, WHEN_TEXT, "on %d %s, a holiday", tm.tm_mday, long_months[tm.tm_mon]);
    else
        snprintf(text, WHEN_TEXT, "at %02d:%02d", tm.tm_hour, tm.tm_min);
    return text;
}

int64_t when_between(const struct zone *zone, int64_t from, int64_t until, const struct draw *draw)
{
    uint32_t span = until > from ? (until - from < 366LL * DAY ? (uint32_t)(until - from) : 366U * DAY) : 0;
    int64_t time = from;

    for (int i = 0; i < 256; i++) {
        time = from + draw_below(draw, span + 1);
        if (is_working(zone, time))
            break;
    }
    return time;
}

const char *when_mail(const struct zone *zone, int64_t time, char text[WHEN_TEXT])
{
    int offset = zone_offset(zone, time);
    struct tm tm = local(zone, time);

    snprintf(text, WHEN_TEXT, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+',
             abs(offset) / 60, abs(offset) % 60);
    return text;
}

const char *when_text(const struct zone *zone, int64_t time, char text[WHEN_TEXT])
{
    int offset = zone_offset(zone, time);
    struct tm tm = local(zone, time);

    snprintf(text, WHEN_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
    return text;
}

const char *when_quoted(const struct zone *zone, int64_t time, enum when_style style, bool french, char text[WHEN_TEXT])
{
    struct tm tm = local(zone, time);
    int day = tm.tm_mday, month = tm.tm_mon + 1, year = tm.tm_year + 1900, hour = tm.tm_hour, minute = tm.tm_min;

    if (style == WHEN_WORDS)
        snprintf(text, WHEN_TEXT, french ? "%d %s %d à %02d:%02d" : "%d %s %d, at %02d:%02d", day,
                 french ? french_months[tm.tm_mon] : months[tm.tm_mon], year, hour, minute);
    else if (style == WHEN_DAYS && french)
        snprintf(text, WHEN_TEXT, "%.3s. %d %s %d à %02d:%02d", long_french_days[tm.tm_wday], day,
                 french_months[tm.tm_mon], year, hour, minute);
    else if (style == WHEN_DAYS)
        snprintf(text, WHEN_TEXT, "%s, %d %s %d at %02d:%02d", days[tm.tm_wday], day, months[tm.tm_mon], year, hour,
                 minute);
    else if (style == WHEN_SLASHES)
        snprintf(text, WHEN_TEXT, french ? "%02d/%02d/%d à %02d:%02d" : "%02d/%02d/%d %02d:%02d", day, month, year,
                 hour, minute);
    else if (style == WHEN_DASHES)
        snprintf(text, WHEN_TEXT, "%d-%02d-%02d %02d:%02d", year, month, day, hour, minute);
    else if (french)
        snprintf(text, WHEN_TEXT, "%s %d %s %d %02d:%02d", long_french_days[tm.tm_wday], day,
                 long_french_months[tm.tm_mon], year, hour, minute);
    else
        snprintf(text, WHEN_TEXT, "%02d %s %d %02d:%02d", day, long_months[tm.tm_mon], year, hour, minute);
    return text;
}

int64_t when_near(const struct zone *zone, int64_t time, bool after, int64_t limit, const struct draw *draw)
{
    static const int64_t spans[] = {1800, 3 * 3600, 9 * 3600, 30 * 3600, 4 * DAY, 8 * DAY};

    for (size_t i = draw_below(draw, 4); i < sizeof spans / sizeof *spans; i++) {
        int64_t from = after ? time + LEAST_DELAY : time - spans[i],
                until = after ? time + spans[i] : time - LEAST_DELAY;
        int64_t found = until <= limit ? when_between(zone, from, until, draw) : 0;

        if (found != 0 && is_working(zone, found))
            return found;
    }
    return 0;
}
