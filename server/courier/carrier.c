/* SPDX-License-Identifier: ISC */
#include "server/courier/carrier.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "config.h"
#include "server/base/paths.h"
#include "server/courier/target.h"

#define CARRIER_PEM (1024 * 1024)
#define CARRIER_EXCERPT 120
#define CARRIER_CONNECTIONS 4

const struct carrier_limits carrier_limits_default = {5000, 15000};

struct parcel {
    struct carrier *carrier;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer body;
    struct buffer answer;
    bool overlong;                /* the answer was cut off at CARRIER_ANSWER */
    char forbidden[ADDRESS_TEXT]; /* an address that the route may not go to, or "" */
    char error[CURL_ERROR_SIZE];
    carrier_done *done;
    void *context;
    struct parcel *next;
};

struct carrier {
    struct event_base *base;
    const struct route *route;
    struct carrier_limits limits;
    CURLM *multi;
    struct event *timer;
    struct buffer ca, certificate, key;
    struct parcel *parcels;
    size_t under_way;
};

int carrier_library(struct error *error)
{
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
        return error_set(error, "libcurl does not start");
    return 0;
}

enum outcome_result carrier_classify(long status)
{
    if (status >= 200 && status < 300)
        return OUTCOME_DELIVERED;
    if (status == 408 || status == 425 || status == 429 || status >= 500 || status < 300)
        return OUTCOME_AGAIN;
    return OUTCOME_REFUSED;
}

/* ---- one parcel ---- */

static void parcel_free(struct parcel *parcel)
{
    if (parcel == NULL)
        return;
    if (parcel->easy != NULL) {
        curl_multi_remove_handle(parcel->carrier->multi, parcel->easy);
        curl_easy_cleanup(parcel->easy);
    }
    curl_slist_free_all(parcel->headers);
    buffer_free(&parcel->body);
    buffer_free(&parcel->answer);
    free(parcel);
}

static void parcel_unlink(struct parcel *parcel)
{
    struct parcel **at = &parcel->carrier->parcels;

    while (*at != NULL && *at != parcel)
        at = &(*at)->next;
    if (*at != NULL) {
        *at = parcel->next;
        parcel->carrier->under_way--;
    }
}

static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
    struct parcel *parcel = context;

    if (parcel->answer.length + size * count > CARRIER_ANSWER) {
        parcel->overlong = true;
        return 0;
    }
    return buffer_add(&parcel->answer, data, size * count) == 0 ? size * count : 0;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct parcel *parcel = context;
    const struct route *route = parcel->carrier->route;
    struct address address;
    uint16_t port;

    if (purpose != CURLSOCKTYPE_IPCXN || address_of(&to->addr, &address, &port) != 0)
        return CURL_SOCKET_BAD;
    if (!target_allowed(&address, route->allow, route->allow_count)) {
        address_text(&address, parcel->forbidden);
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The beginning of the receiver's own words, as one printable line. */
static void excerpt(const struct buffer *answer, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < answer->length && n + 1 < size; i++) {
        unsigned char c = answer->data[i];

        if (c >= 0x20 && c < 0x7f)
            out[n++] = (char)c;
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    out[n] = '\0';
}

static void answer_status(const struct parcel *parcel, struct carrier_answer *answer)
{
    char words[CARRIER_EXCERPT];

    excerpt(&parcel->answer, words, sizeof(words));
    if (answer->result == OUTCOME_DELIVERED)
        snprintf(answer->text, sizeof(answer->text), "HTTP %u", answer->status);
    else if (answer->status >= 300 && answer->status < 400)
        snprintf(answer->text, sizeof(answer->text),
                 "HTTP %u: the receiver redirects, which is never followed; give the final URL of the route",
                 answer->status);
    else if (answer->status == 410)
        snprintf(answer->text, sizeof(answer->text), "HTTP 410: the receiver says that this URL is gone for good");
    else
        snprintf(answer->text, sizeof(answer->text), "HTTP %u%s%s", answer->status, words[0] != '\0' ? ": " : "",
                 words);
}

static void answer_failure(const struct parcel *parcel, CURLcode code, struct carrier_answer *answer)
{
    curl_off_t connected = 0;

    /* What is no HTTP at all is told by the same code as a URL that cannot be used, but after connecting. */
    curl_easy_getinfo(parcel->easy, CURLINFO_CONNECT_TIME_T, &connected);
    answer->result = OUTCOME_AGAIN;
    if (code == CURLE_URL_MALFORMAT || (code == CURLE_UNSUPPORTED_PROTOCOL && connected == 0))
        answer->result = OUTCOME_REFUSED;
    if (parcel->forbidden[0] != '\0') {
        answer->result = OUTCOME_REFUSED;
        snprintf(answer->text, sizeof(answer->text),
                 "the receiver's address %s is %s; if it is the right one, add it to the route's allow",
                 parcel->forbidden,
                 parcel->carrier->route->allow_count > 0 ? "not in the route's allow list"
                                                         : "not a global one, and the route has no allow list");
    } else if (answer->status != 0) {
        snprintf(answer->text, sizeof(answer->text), "HTTP %u, but the answer broke off: %s", answer->status,
                 parcel->error[0] != '\0' ? parcel->error : curl_easy_strerror(code));
    } else {
        snprintf(answer->text, sizeof(answer->text), "%s",
                 parcel->error[0] != '\0' ? parcel->error : curl_easy_strerror(code));
    }
}

static void parcel_judge(const struct parcel *parcel, CURLcode code, struct carrier_answer *answer)
{
    long status = 0;
    curl_off_t wait = 0;

    memset(answer, 0, sizeof(*answer));
    curl_easy_getinfo(parcel->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(parcel->easy, CURLINFO_RETRY_AFTER, &wait);
    answer->status = status > 0 && status < 1000 ? (uint16_t)status : 0;
    if (wait > 0)
        answer->retry_after = wait < UINT32_MAX ? (uint32_t)wait : UINT32_MAX;
    if ((code == CURLE_OK || parcel->overlong) && answer->status != 0) {
        answer->result = carrier_classify(status);
        answer_status(parcel, answer);
    } else {
        answer_failure(parcel, code, answer);
    }
}

/* ---- libcurl in libevent's loop ---- */

static void collect(struct carrier *carrier)
{
    struct carrier_answer answer;
    struct parcel *parcel = NULL;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(carrier->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&parcel) != CURLE_OK || parcel == NULL)
            continue;
        parcel_judge(parcel, message->data.result, &answer);
        parcel_unlink(parcel);
        parcel->done(&answer, parcel->context);
        parcel_free(parcel);
    }
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
    struct carrier *carrier = context;
    int bits = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    int running;

    curl_multi_socket_action(carrier->multi, fd, bits, &running);
    collect(carrier);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct carrier *carrier = context;
    int running;

    (void)fd, (void)what;
    curl_multi_socket_action(carrier->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(carrier);
}

static int want_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct carrier *carrier = context;
    struct timeval wait = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};

    (void)multi;
    if (timeout_ms < 0)
        return event_del(carrier->timer);
    return event_add(carrier->timer, &wait);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_event)
{
    struct carrier *carrier = context;
    struct event *event = socket_event;
    short bits = EV_PERSIST;

    (void)easy;
    if (event != NULL)
        event_free(event);
    event = NULL;
    if (what != CURL_POLL_REMOVE) {
        bits |= (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
        event = event_new(carrier->base, fd, bits, on_socket, carrier);
        if (event == NULL || event_add(event, NULL) != 0)
            return -1;
    }
    curl_multi_assign(carrier->multi, fd, event);
    return 0;
}

/* ---- making ---- */

static int read_pem(const char *path, struct buffer *content, struct error *error)
{
    buffer_init(content, CARRIER_PEM);
    return path == NULL || path[0] == '\0' ? 0 : paths_read(path, content, error);
}

struct carrier *carrier_new(struct event_base *base, const struct route *route, const struct carrier_limits *limits,
                            struct error *error)
{
    struct carrier *carrier = calloc(1, sizeof(*carrier));

    if (carrier == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    carrier->base = base;
    carrier->route = route;
    carrier->limits = *limits;
    buffer_init(&carrier->certificate, CARRIER_PEM);
    buffer_init(&carrier->key, CARRIER_PEM);
    if (read_pem(route->ca, &carrier->ca, error) != 0 ||
        read_pem(route->certificate, &carrier->certificate, error) != 0 ||
        read_pem(route->key, &carrier->key, error) != 0)
        goto fail;
    carrier->timer = evtimer_new(base, on_timer, carrier);
    carrier->multi = curl_multi_init();
    if (carrier->timer == NULL || carrier->multi == NULL) {
        error_set(error, "out of memory");
        goto fail;
    }
    curl_multi_setopt(carrier->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(carrier->multi, CURLMOPT_SOCKETDATA, carrier);
    curl_multi_setopt(carrier->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(carrier->multi, CURLMOPT_TIMERDATA, carrier);
    curl_multi_setopt(carrier->multi, CURLMOPT_MAXCONNECTS, (long)CARRIER_CONNECTIONS);
    return carrier;
fail:
    carrier_free(carrier);
    return NULL;
}

void carrier_free(struct carrier *carrier)
{
    if (carrier == NULL)
        return;
    while (carrier->parcels != NULL) {
        struct parcel *parcel = carrier->parcels;

        carrier->parcels = parcel->next;
        parcel_free(parcel);
    }
    if (carrier->multi != NULL)
        curl_multi_cleanup(carrier->multi);
    if (carrier->timer != NULL)
        event_free(carrier->timer);
    buffer_free(&carrier->ca);
    buffer_free(&carrier->certificate);
    buffer_free(&carrier->key);
    free(carrier);
}

size_t carrier_under_way(const struct carrier *carrier)
{
    return carrier->under_way;
}

/* ---- sending ---- */

static int parcel_headers(struct parcel *parcel, const struct carrier_header *headers, size_t count)
{
    struct curl_slist *grown;
    struct buffer line;
    int rc = 0;

    buffer_init(&line, 16384);
    for (size_t i = 0; i < count && rc == 0; i++) {
        buffer_clear(&line);
        buffer_add_text(&line, headers[i].name);
        buffer_add_text(&line, ": ");
        buffer_add_slice(&line, headers[i].value);
        grown = line.failed ? NULL : curl_slist_append(parcel->headers, buffer_text(&line));
        rc = grown == NULL ? -1 : 0;
        if (rc == 0)
            parcel->headers = grown;
    }
    grown = rc == 0 ? curl_slist_append(parcel->headers, "Expect:") : NULL;
    if (grown != NULL)
        parcel->headers = grown;
    buffer_free(&line);
    return grown == NULL ? -1 : 0;
}

static CURLcode set_blob(CURL *easy, CURLoption option, const struct buffer *pem)
{
    struct curl_blob blob = {pem->data, pem->length, CURL_BLOB_NOCOPY};

    return pem->length > 0 ? curl_easy_setopt(easy, option, &blob) : CURLE_OK;
}

static CURLcode set_trust(const struct carrier *carrier, CURL *easy)
{
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

    if (rc == CURLE_OK)
        rc = set_blob(easy, CURLOPT_CAINFO_BLOB, &carrier->ca);
    if (rc == CURLE_OK && carrier->ca.length > 0)
        rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* the route's own CA alone, not the system's beside it */
    if (rc == CURLE_OK)
        rc = set_blob(easy, CURLOPT_SSLCERT_BLOB, &carrier->certificate);
    if (rc == CURLE_OK)
        rc = set_blob(easy, CURLOPT_SSLKEY_BLOB, carrier->key.length > 0 ? &carrier->key : &carrier->certificate);
    if (rc == CURLE_OK && carrier->route->pins != NULL && carrier->route->pins[0] != '\0')
        rc = curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, carrier->route->pins);
    return rc;
}

static CURLcode set_limits(const struct carrier *carrier, CURL *easy)
{
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");

    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, carrier->limits.connect_ms);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, carrier->limits.total_ms);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return rc;
}

static CURLcode set_parcel(struct parcel *parcel)
{
    CURL *easy = parcel->easy;
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_URL, parcel->carrier->route->url);

    curl_easy_setopt(easy, CURLOPT_PRIVATE, parcel);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, parcel->error);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, parcel);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, parcel);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (char *)parcel->body.data);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)parcel->body.length);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, parcel->headers);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_USERAGENT, "Sundew/" PACKAGE_VERSION);
    if (rc == CURLE_OK)
        rc = set_limits(parcel->carrier, easy);
    return rc == CURLE_OK ? set_trust(parcel->carrier, easy) : rc;
}

int carrier_send(struct carrier *carrier, const struct carrier_header *headers, size_t header_count, struct slice body,
                 carrier_done *done, void *context)
{
    struct parcel *parcel = calloc(1, sizeof(*parcel));

    if (parcel == NULL)
        return -1;
    parcel->carrier = carrier;
    parcel->done = done;
    parcel->context = context;
    buffer_init(&parcel->body, body.length + 1);
    buffer_init(&parcel->answer, CARRIER_ANSWER);
    parcel->easy = curl_easy_init();
    if (parcel->easy == NULL || buffer_add_slice(&parcel->body, body) != 0 ||
        parcel_headers(parcel, headers, header_count) != 0 || set_parcel(parcel) != CURLE_OK ||
        curl_multi_add_handle(carrier->multi, parcel->easy) != CURLM_OK) {
        parcel_free(parcel);
        return -1;
    }
    parcel->next = carrier->parcels;
    carrier->parcels = parcel;
    carrier->under_way++;
    return 0;
}
