/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/profile_nginx.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PADDING_LINES 6

static const char padding[] = "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n";

struct phrase {
    unsigned status;
    const char *nginx, *upstream;
};

/* RFC 9110's phrases for what is behind; nginx's where it says it differently. */
static const struct phrase phrases[] = {
    {200, "OK", "OK"},
    {201, "Created", "Created"},
    {202, "Accepted", "Accepted"},
    {204, "No Content", "No Content"},
    {206, "Partial Content", "Partial Content"},
    {301, "Moved Permanently", "Moved Permanently"},
    {302, "Moved Temporarily", "Found"},
    {303, "See Other", "See Other"},
    {304, "Not Modified", "Not Modified"},
    {307, "Temporary Redirect", "Temporary Redirect"},
    {308, "Permanent Redirect", "Permanent Redirect"},
    {400, "Bad Request", "Bad Request"},
    {401, "Unauthorized", "Unauthorized"},
    {403, "Forbidden", "Forbidden"},
    {404, "Not Found", "Not Found"},
    {405, "Not Allowed", "Method Not Allowed"},
    {406, "Not Acceptable", "Not Acceptable"},
    {409, "Conflict", "Conflict"},
    {410, "Gone", "Gone"},
    {411, "Length Required", "Length Required"},
    {412, "Precondition Failed", "Precondition Failed"},
    {413, "Request Entity Too Large", "Request Entity Too Large"},
    {414, "Request-URI Too Large", "Request URI Too Long"},
    {415, "Unsupported Media Type", "Unsupported Media Type"},
    {416, "Requested Range Not Satisfiable", "Requested Range Not Satisfiable"},
    {422, "Unprocessable Entity", "Unprocessable Entity"},
    {429, "Too Many Requests", "Too Many Requests"},
    {500, "Internal Server Error", "Internal Server Error"},
    {501, "Not Implemented", "Not Implemented"},
    {502, "Bad Gateway", "Bad Gateway"},
    {503, "Service Temporarily Unavailable", "Service Unavailable"},
    {504, "Gateway Time-out", "Gateway Timeout"},
    {505, "HTTP Version Not Supported", "HTTP Version Not Supported"},
};

static const struct phrase *phrase_find(unsigned status)
{
    size_t i;

    for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return &phrases[i];
    return NULL;
}

unsigned nginx_status(unsigned status)
{
    return status == NGINX_HEADER_TOO_LARGE || status == NGINX_PLAIN_TO_TLS ? 400 : status;
}

const char *nginx_reason(unsigned status)
{
    const struct phrase *phrase = phrase_find(nginx_status(status));

    return phrase == NULL ? "" : phrase->nginx;
}

const char *upstream_reason(unsigned status)
{
    const struct phrase *phrase = phrase_find(status);

    return phrase == NULL ? "" : phrase->upstream;
}

const char *nginx_date(struct nginx_date *date, int64_t wall_us)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t second = wall_us / 1000000;
    time_t now = (time_t)second;
    struct tm tm;

    if (date->second != second || date->text[0] == '\0') {
        if (gmtime_r(&now, &tm) != NULL)
            (void)snprintf(date->text, sizeof(date->text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
                           tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000, tm.tm_hour % 100,
                           tm.tm_min % 100, tm.tm_sec % 100);
        date->second = second;
    }
    return date->text;
}

/* In a page 302 is called otherwise than in the status line. */
static const char *page_phrase(unsigned status)
{
    return status == 302 ? "Found" : nginx_reason(status);
}

/* What stands in the page beside the phrase. */
static const char *special(unsigned status)
{
    if (status == NGINX_HEADER_TOO_LARGE)
        return "Request Header Or Cookie Too Large";
    return status == NGINX_PLAIN_TO_TLS ? "The plain HTTP request was sent to HTTPS port" : NULL;
}

int nginx_page(struct buffer *out, unsigned status, const char *server, bool padded)
{
    const char *more = special(status), *reason = page_phrase(status);
    int i;

    (void)buffer_add_format(out,
                            "<html>\r\n<head><title>%u %s</title></head>\r\n<body>\r\n"
                            "<center><h1>%u %s</h1></center>\r\n",
                            nginx_status(status), more != NULL ? more : reason, nginx_status(status), reason);
    if (more != NULL)
        (void)buffer_add_format(out, "<center>%s</center>\r\n", more);
    (void)buffer_add_format(out, "<hr><center>%s</center>\r\n</body>\r\n</html>\r\n", server);
    for (i = 0; i < PADDING_LINES && padded; i++)
        (void)buffer_add(out, padding, sizeof(padding) - 1);
    return out->failed ? -1 : 0;
}

size_t nginx_page_length(unsigned status, const char *server, bool padded)
{
    static const char frame[] =
        "<html>\r\n<head><title>400 </title></head>\r\n<body>\r\n<center><h1>400 </h1></center>\r\n"
        "<hr><center></center>\r\n</body>\r\n</html>\r\n";
    const char *more = special(status), *reason = page_phrase(status);
    size_t length = sizeof(frame) - 1 + strlen(reason) + strlen(server);

    length += more == NULL ? strlen(reason) : 2 * strlen(more) + strlen("<center></center>\r\n");
    return padded ? length + PADDING_LINES * (sizeof(padding) - 1) : length;
}
