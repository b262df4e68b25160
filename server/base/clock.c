/* SPDX-License-Identifier: ISC */
#include "server/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall(void)
{
    return now(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return now(CLOCK_MONOTONIC);
}

const char *clock_text(int64_t wall_us, char text[CLOCK_TEXT])
{
    int64_t seconds = wall_us / 1000000, fraction = wall_us % 1000000;
    time_t time;
    struct tm tm;
    size_t length;

    if (fraction < 0) {
        fraction += 1000000;
        seconds--;
    }
    time = (time_t)seconds;
    length = gmtime_r(&time, &tm) == NULL ? 0 : strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    if (length == 0 || length + 9 > CLOCK_TEXT)
        snprintf(text, CLOCK_TEXT, "1970-01-01T00:00:00.000000Z");
    else
        snprintf(text + length, CLOCK_TEXT - length, ".%06dZ", (int)fraction);
    return text;
}

/* ".217" → microseconds; moves *text behind the digits. */
static int64_t fraction_of(const char **text)
{
    int64_t value = 0, unit = 100000;

    if (**text != '.')
        return 0;
    for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
        value += (**text - '0') * unit;
    return value;
}

/* "Z", "" or "+01:00" → seconds; -1 when it is none of them. */
static int zone_of(const char *text, int64_t *seconds)
{
    int hours, minutes, used = 0;

    *seconds = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return 0;
    if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
        text[1 + used] != '\0' || hours > 23 || minutes > 59)
        return -1;
    *seconds = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return 0;
}

int clock_parse(const char *text, int64_t *wall_us)
{
    struct tm tm = {0};
    int used = 0;
    int64_t fraction = 0, zone = 0;
    time_t time;
    int day, month;

    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3 || used != 10)
        return -1;
    text += used;
    if (*text == 'T' || *text == 't' || *text == ' ') {
        used = 0;
        if (sscanf(text + 1, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &used) != 2 || used != 5)
            return -1;
        text += 1 + used;
        if (*text == ':') {
            used = 0;
            if (sscanf(text + 1, "%2d%n", &tm.tm_sec, &used) != 1 || used != 2)
                return -1;
            text += 1 + used;
        }
        fraction = fraction_of(&text);
    }
    if (zone_of(text, &zone) < 0 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return -1;
    day = tm.tm_mday;
    month = tm.tm_mon;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    time = timegm(&tm);
    if (tm.tm_mday != day || tm.tm_mon != month - 1)
        return -1;
    *wall_us = ((int64_t)time - zone) * 1000000 + fraction;
    return 0;
}
