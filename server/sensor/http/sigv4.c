/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/sigv4.h"

#include <sodium.h>
#include <stdlib.h>
#include "server/sensor/http/head.h"
#include "server/sensor/http/text.h"
#include "server/sensor/proof.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define CANONICAL (4 * HEAD_MAXIMUM)
#define PARAMETERS 128
#define SIGNED 64
#define DATE 64
#define UNSIGNED "UNSIGNED-PAYLOAD"

/* What the client says, as it stands in the header or, percent-decoded, in the query. */
struct signing {
    const struct http_request *request;
    struct slice credential, scope, headers, date, signature;
    bool presigned;
    struct buffer store; /* of decoded texts; never moves */
};

struct parameter {
    struct slice name, value; /* canonical */
};

static struct slice header(const struct http_request *request, const char *name)
{
    return http_request_header(request, name);
}

/* ---- spelling ---- */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

/* RFC 3986, all but unreserved characters escaped; `also` stays. */
static void add_escaped(struct buffer *out, struct slice text, unsigned char also)
{
    for (size_t i = 0; i < text.length; i++) {
        if (is_unreserved(text.data[i]) || text.data[i] == also)
            buffer_add_u8(out, text.data[i]);
        else
            (void)buffer_add_format(out, "%%%02X", text.data[i]);
    }
}

/* One spelling for all: escapes undone, then made anew. */
static void add_respelled(struct buffer *out, struct slice text, unsigned char also)
{
    struct buffer plain;

    buffer_init(&plain, HEAD_MAXIMUM);
    if (decode_percent(text, false, &plain) == 0)
        add_escaped(out, buffer_slice(&plain), also);
    else
        add_escaped(out, text, also);
    buffer_free(&plain);
}

/* ---- the canonical request ---- */

static int by_name(const void *a, const void *b)
{
    const struct parameter *first = a, *second = b;
    size_t names = first->name.length < second->name.length ? first->name.length : second->name.length;
    int order = names == 0 ? 0 : memcmp(first->name.data, second->name.data, names);

    if (order == 0 && first->name.length != second->name.length)
        return first->name.length < second->name.length ? -1 : 1;
    if (order != 0)
        return order;
    names = first->value.length < second->value.length ? first->value.length : second->value.length;
    order = names == 0 ? 0 : memcmp(first->value.data, second->value.data, names);
    return order != 0 ? order : (first->value.length > second->value.length) - (first->value.length < second->value.length);
}

static struct slice respell(struct buffer *store, struct slice text)
{
    size_t start = store->length;

    add_respelled(store, text, 0);
    return (struct slice){store->data + start, store->length - start};
}

/* All parameters in order, without the signature. */
static void add_query(struct buffer *out, const struct signing *signing)
{
    struct parameter parameters[PARAMETERS];
    struct slice rest = signing->request->query, pair;
    struct buffer store;
    size_t count = 0;

    buffer_init(&store, CANONICAL);
    if (buffer_reserve(&store, CANONICAL - 1) == NULL) /* slices point into it */
        rest = SLICE_NONE;
    while (rest.length > 0 && count < PARAMETERS) {
        pair = text_cut(&rest, '&');
        if (pair.length == 0 || text_starts_nocase(pair, "X-Amz-Signature="))
            continue;
        parameters[count].name = respell(&store, text_cut(&pair, '='));
        parameters[count++].value = respell(&store, pair);
    }
    qsort(parameters, count, sizeof *parameters, by_name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_add_char(out, '&');
        buffer_add_slice(out, parameters[i].name);
        buffer_add_char(out, '=');
        buffer_add_slice(out, parameters[i].value);
    }
    out->failed = out->failed || store.failed || rest.length > 0;
    buffer_free(&store);
}

/* White space within becomes one space. */
static void add_value(struct buffer *out, struct slice value)
{
    bool space = false;

    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == ' ' || value.data[i] == '\t') {
            space = true;
            continue;
        }
        if (space)
            buffer_add_char(out, ' ');
        space = false;
        buffer_add_u8(out, value.data[i]);
    }
}

static bool same_name(struct slice a, struct slice b)
{
    return a.length == b.length && a.length > 0 &&
           strncasecmp((const char *)a.data, (const char *)b.data, a.length) == 0;
}

static void add_header(struct buffer *out, const struct http_request *request, struct slice name)
{
    bool more = false;

    buffer_add_slice(out, name);
    buffer_add_char(out, ':');
    for (size_t i = 0; i < request->header_count; i++) {
        if (!same_name(request->headers[i].name, name))
            continue;
        if (more)
            buffer_add_char(out, ',');
        add_value(out, request->headers[i].value);
        more = true;
    }
    buffer_add_char(out, '\n');
}

static void add_hash(struct buffer *out, struct slice data)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[2 * sizeof hash + 1];

    crypto_hash_sha256(hash, data.data, data.length);
    buffer_add_text(out, sodium_bin2hex(text, sizeof text, hash, sizeof hash));
}

static bool is_service(const struct signing *signing, const char *name)
{
    struct slice rest = signing->scope;

    (void)text_cut(&rest, '/');
    (void)text_cut(&rest, '/');
    return slice_is(text_cut(&rest, '/'), name);
}

static void add_payload(struct buffer *out, const struct signing *signing)
{
    const struct http_request *request = signing->request;
    struct slice said = header(request, "X-Amz-Content-Sha256");

    if (said.length > 0)
        buffer_add_slice(out, said);
    else if (signing->presigned && is_service(signing, "s3"))
        buffer_add_text(out, UNSIGNED);
    else if (request->body.length == request->body_length)
        add_hash(out, request->body);
    else
        out->failed = true;
}

/* twice: the path's escapes are escaped once more, as all services but S3 have it. */
static void add_canonical(struct buffer *out, const struct signing *signing, bool twice)
{
    const struct http_request *request = signing->request;
    struct slice names = signing->headers;

    buffer_add_slice(out, request->method);
    buffer_add_char(out, '\n');
    if (twice)
        add_escaped(out, request->path, '/');
    else
        add_respelled(out, request->path, '/');
    buffer_add_char(out, '\n');
    add_query(out, signing);
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < SIGNED && names.length > 0; i++)
        add_header(out, request, text_cut(&names, ';'));
    buffer_add_char(out, '\n');
    buffer_add_slice(out, signing->headers);
    buffer_add_char(out, '\n');
    add_payload(out, signing);
}

/* ---- the proof ---- */

/* Is there all that a proof needs? */
static bool is_complete(const struct signing *signing)
{
    return signing->scope.length > 0 && signing->scope.length <= 256 && signing->headers.length > 0 &&
           signing->date.length > 0 && signing->date.length <= DATE && signing->signature.length == 64;
}

/* The key id is presented in any case: also where the signature is of a body that was not kept whole, say. */
static void add_proof(struct credentials *to, const struct signing *signing, bool twice)
{
    static const char *const where[] = {"Authorization", "query"};
    unsigned char signature[32];
    struct transcript transcript = {PROOF_SIGV4, {signing->scope, SLICE_NONE, {signature, sizeof signature}}, 3};
    struct buffer canonical, string;
    size_t length = 0;
    uint8_t pair = 0;

    buffer_init(&canonical, CANONICAL);
    buffer_init(&string, 1024);
    add_canonical(&canonical, signing, twice);
    (void)buffer_add_format(&string, ALGORITHM "\n%.*s\n%.*s\n", (int)signing->date.length,
                            (const char *)signing->date.data, (int)signing->scope.length,
                            (const char *)signing->scope.data);
    add_hash(&string, buffer_slice(&canonical));
    transcript.fields[1] = buffer_slice(&string);
    if (is_complete(signing) && !canonical.failed && !string.failed &&
        sodium_hex2bin(signature, sizeof signature, (const char *)signing->signature.data, signing->signature.length,
                       NULL, &length, NULL) == 0 && length == sizeof signature)
        pair = proof_add(to, 0, where[signing->presigned], &transcript);
    credentials_add(to, CANDIDATE_IDENTITY, pair, 0, where[signing->presigned], signing->credential);
    buffer_free(&canonical);
    buffer_free(&string);
}

/* Credential is KEY-ID/DATE/REGION/SERVICE/aws4_request; a key id holds no slash. */
static bool split_credential(struct signing *signing)
{
    struct slice rest = signing->credential;

    signing->credential = text_cut(&rest, '/');
    signing->scope = rest;
    return signing->credential.length > 0;
}

/* `Credential=…, SignedHeaders=…, Signature=…`, also without spaces. */
static bool read_header(struct signing *signing)
{
    struct slice rest = header(signing->request, "Authorization"), part, name;

    if (!text_starts_nocase(rest, ALGORITHM))
        return false;
    rest = text_from(rest, sizeof ALGORITHM - 1);
    while (rest.length > 0) {
        part = text_trim(text_cut(&rest, ','));
        name = text_cut(&part, '=');
        if (slice_is(name, "Credential"))
            signing->credential = part;
        else if (slice_is(name, "SignedHeaders"))
            signing->headers = part;
        else if (slice_is(name, "Signature"))
            signing->signature = part;
    }
    signing->date = header(signing->request, "X-Amz-Date");
    if (signing->date.length == 0)
        signing->date = header(signing->request, "Date");
    return split_credential(signing);
}

static struct slice decoded(struct signing *signing, struct slice raw)
{
    size_t start = signing->store.length;

    if (decode_percent(raw, false, &signing->store) != 0) {
        signing->store.length = start;
        return raw;
    }
    return (struct slice){signing->store.data + start, signing->store.length - start};
}

static bool read_query(struct signing *signing)
{
    struct slice rest = signing->request->query, pair, name;
    bool ours = false;

    if (text_find(rest, "X-Amz-Signature=") == TEXT_NONE || buffer_reserve(&signing->store, rest.length) == NULL)
        return false;
    signing->presigned = true;
    while (rest.length > 0) {
        pair = text_cut(&rest, '&');
        name = text_cut(&pair, '=');
        if (slice_is(name, "X-Amz-Algorithm"))
            ours = slice_is(pair, ALGORITHM);
        else if (slice_is(name, "X-Amz-Credential"))
            signing->credential = decoded(signing, pair);
        else if (slice_is(name, "X-Amz-SignedHeaders"))
            signing->headers = decoded(signing, pair);
        else if (slice_is(name, "X-Amz-Date"))
            signing->date = pair;
        else if (slice_is(name, "X-Amz-Signature"))
            signing->signature = pair;
    }
    return ours && split_credential(signing);
}

void sigv4_take(struct credentials *to, const struct http_request *request)
{
    struct signing signing = {.request = request};

    buffer_init(&signing.store, HEAD_MAXIMUM);
    if (read_header(&signing) || read_query(&signing)) {
        add_proof(to, &signing, false);
        if (!is_service(&signing, "s3") && text_find_char(request->path, '%') != TEXT_NONE)
            add_proof(to, &signing, true);
    }
    buffer_free(&signing.store);
}
