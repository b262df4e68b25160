/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/range.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "server/sensor/http/text.h"

#define DATE 64

static int month_of(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *at = strlen(name) == 3 ? strstr(months, name) : NULL;

    return at == NULL || (at - months) % 3 != 0 ? -1 : (int)(at - months) / 3;
}

int64_t range_date(struct slice text)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char date[DATE], month[4] = "";
    struct tm tm = {0};
    int year = 0, *day = &tm.tm_mday, *hour = &tm.tm_hour, *minute = &tm.tm_min, *second = &tm.tm_sec;

    if (text.length >= sizeof(date))
        return -1;
    (void)snprintf(date, sizeof(date), "%.*s", (int)text.length, (const char *)text.data);
    if (sscanf(date, "%*[^,], %2d-%3s-%2d %2d:%2d:%2d", day, month, &year, hour, minute, second) == 6)
        year += year < 70 ? 2000 : 1900;
    else if (sscanf(date, "%*[^,], %2d %3s %4d %2d:%2d:%2d", day, month, &year, hour, minute, second) != 6 &&
             sscanf(date, "%*3s %3s %2d %2d:%2d:%2d %4d", month, day, hour, minute, second, &year) != 6)
        return -1;
    tm.tm_mon = month_of(month);
    tm.tm_year = year - 1900;
    if (tm.tm_mon < 0 || *day < 1 || *day > days[tm.tm_mon] || *hour < 0 || *hour > 23 || *minute < 0 ||
        *minute > 59 || *second < 0 || *second > 59 || year < 1970)
        return -1;
    if (tm.tm_mon == 1 && *day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
        return -1;
    return timegm(&tm);
}

/* ---- conditions ---- */

static struct slice without_weak(struct slice tag)
{
    return text_starts_nocase(tag, "W/") && tag.data[0] == 'W' ? text_from(tag, 2) : tag;
}

/* Is the entity's tag in the list? One that only begins as a member of it is not. */
static bool is_listed(struct slice list, const char *etag, bool weak)
{
    struct slice tag = slice_of(etag == NULL ? "" : etag), entry;
    bool listed = slice_is(list, "*");

    while (etag != NULL && !listed && list.length > 0) {
        entry = text_trim(text_cut(&list, ','));
        entry = weak ? without_weak(entry) : entry;
        listed = entry.length == tag.length && memcmp(entry.data, tag.data, tag.length) == 0;
    }
    return listed;
}

unsigned range_condition(const struct http_request *request, const struct range_file *file)
{
    struct slice unmodified = http_request_header(request, "If-Unmodified-Since");
    struct slice match = http_request_header(request, "If-Match");
    struct slice modified = http_request_header(request, "If-Modified-Since");
    struct slice none = http_request_header(request, "If-None-Match");
    unsigned status = 200;

    if ((unmodified.data != NULL && range_date(unmodified) < file->modified) ||
        (match.data != NULL && !is_listed(match, file->etag, false)))
        status = 412;
    else if ((modified.data != NULL || none.data != NULL) &&
             (modified.data == NULL || range_date(modified) == file->modified) &&
             (none.data == NULL || is_listed(none, file->etag, true)))
        status = 304;
    return status;
}

/* ---- ranges ---- */

static void skip_spaces(struct slice *text)
{
    while (text->length > 0 && text->data[0] == ' ')
        *text = text_from(*text, 1);
}

/* Digits at the front, spaces behind them. -1: there are none, or too many. */
static int take_number(struct slice *text, uint64_t *number)
{
    size_t digits = 0;

    *number = 0;
    for (; text->length > 0 && text->data[0] >= '0' && text->data[0] <= '9'; *text = text_from(*text, 1)) {
        unsigned digit = text->data[0] - '0';

        if (*number > ((uint64_t)INT64_MAX - digit) / 10)
            return -1;
        *number = *number * 10 + digit;
        digits++;
    }
    skip_spaces(text);
    return digits == 0 ? -1 : 0;
}

/* "5-9", "5-", "-5", up to a comma or the end. -1: it is none. */
static int take_range(struct slice *text, uint64_t length, struct range *range)
{
    bool suffix;

    skip_spaces(text);
    suffix = text->length > 0 && text->data[0] == '-';
    if (!suffix && take_number(text, &range->start) != 0)
        return -1;
    if (text->length == 0 || text->data[0] != '-')
        return -1;
    *text = text_from(*text, 1);
    if (!suffix)
        skip_spaces(text);
    range->end = length;
    if (!suffix && (text->length == 0 || text->data[0] == ','))
        return 0;
    if (take_number(text, &range->end) != 0 || (text->length > 0 && text->data[0] != ','))
        return -1;
    if (suffix) {
        range->start = range->end < length ? length - range->end : 0;
        range->end = length;
    } else {
        range->end = range->end >= length ? length : range->end + 1;
    }
    return 0;
}

/* If-Range: the client's part is of this very file. */
static bool is_same(struct slice tag, const struct range_file *file)
{
    if (tag.length >= 2 && tag.data[tag.length - 1] == '"')
        return file->etag != NULL && slice_is(tag, file->etag);
    return range_date(tag) == file->modified;
}

unsigned range_parse(const struct http_request *request, const struct range_file *file, struct buffer *ranges)
{
    struct slice text = http_request_header(request, "Range"), tag = http_request_header(request, "If-Range");
    struct range range = {0, 0};
    uint64_t size = 0;
    bool more = true;

    if (request->version < 10 || text.length < 7 || !text_starts_nocase(text, "bytes=") ||
        (tag.data != NULL && !is_same(tag, file)))
        return 200;
    for (text = text_from(text, 6); more; text = text_from(text, more)) {
        if (take_range(&text, file->length, &range) != 0)
            return 416;
        more = text.length > 0;
        if (range.start >= range.end && range.start == 0)
            return 200;
        if (range.start < range.end) {
            (void)buffer_add(ranges, &range, sizeof(range));
            size += range.end - range.start;
        }
    }
    if (ranges->length == 0)
        return 416;
    return size > file->length || ranges->failed ? 200 : 206;
}
