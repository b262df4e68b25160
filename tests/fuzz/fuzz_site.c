/* SPDX-License-Identifier: ISC
 *
 * site.yaml, and a request to what it makes: the bytes up to the first NUL are the file, the next up to NUL the path,
 * then query, cookie and body. */
#include <stdint.h>
#include <string.h>
#include "server/sensor/http/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice next(struct slice *rest)
{
    const unsigned char *end = memchr(rest->data, '\0', rest->length);
    struct slice part = {rest->data, end == NULL ? rest->length : (size_t)(end - rest->data)};
    size_t used = part.length + (end != NULL);

    rest->data += used;
    rest->length -= used;
    return part;
}

static void answer_all(const struct site *site, struct slice rest)
{
    static const char *const methods[] = {"GET", "POST", "HEAD"};
    static const char *const types[] = {"application/x-www-form-urlencoded", "application/json",
                                        "multipart/form-data; boundary=b"};
    static struct http_request request;
    struct site_answer answer;

    memset(&request, 0, sizeof(request));
    request.path = next(&rest);
    request.query = next(&rest);
    request.headers[0] = (struct http_header){slice_of("Cookie"), next(&rest)};
    request.headers[1] = (struct http_header){slice_of("Host"), request.path};
    request.headers[2].name = slice_of("Content-Type");
    request.header_count = 3;
    request.body = rest;
    buffer_init(&answer.headers, 1 << 16);
    buffer_init(&answer.body, 1 << 16);
    for (size_t i = 0; i < 3; i++) {
        request.method = slice_of(methods[i]);
        request.headers[2].value = slice_of(types[i]);
        for (int outcome = SITE_PLAIN; outcome <= SITE_REFUSED; outcome++) {
            buffer_clear(&answer.headers);
            buffer_clear(&answer.body);
            (void)site_answer(site, site_route(site, &request), &request, (enum site_outcome)outcome, &answer);
        }
        (void)site_own(site, request.path);
        (void)site_literal(site, request.path);
    }
    buffer_free(&answer.headers);
    buffer_free(&answer.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char salt[32] = {1};
    static char name[] = "git.corp.example";
    char *names[] = {name};
    const struct decoy decoy = {.names = names, .name_count = 1};
    struct slice rest = {data, size}, text = next(&rest);
    struct site *site;
    struct error error;

    if (site_load_text(text, "/nonexistent", &decoy, "{\"digest\":\"aa\"}", salt, &site, &error) == 0)
        answer_all(site, rest);
    site_free(site);
    return 0;
}
