/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_sasl.h"

#include <stdarg.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/sensor/ldap.h"
#include "server/sensor/ldap_directory.h"
#include "server/sensor/ldap_sasl_parts.h"
#include "server/sensor/ldap_sasl_present.h"
#include "server/sensor/ldap_scram.h"

#define FAULT 4096 /* bytes of a fault's text that a connection keeps */
#define CREDENTIALS 1024

/* Cyrus SASL's results. */
enum {
    SASL_CONTINUE = 1,
    SASL_FAIL = -1,
    SASL_NOMECH = -4,
    SASL_BADPROT = -5,
    SASL_BADAUTH = -13,
    SASL_NOAUTHZ = -14,
    SASL_ENCRYPT = -16,
    SASL_NOUSER = -20, /* told as -13 */
};

enum first { CLIENT_FIRST, SERVER_FIRST, EITHER_FIRST };

/* One message of the client's, and what to say to it. */
struct exchange {
    struct ldap_sasl *sasl;
    const struct ldap_mechanism *mechanism;
    const char *host;
    const unsigned char *salt; /* the decoy's, of 32 bytes */
    struct slice sent; /* data NULL: nothing came */
    struct buffer challenge;
};

struct ldap_mechanism {
    const char *name;
    enum first first;
    bool secure;                            /* under TLS only */
    int (*step)(struct exchange *exchange); /* a result of Cyrus's */
    ldap_sasl_presenter *present;
    enum proof_number proof; /* and bytes of its digest: of SCRAM */
    size_t digest;
};

static int fault(struct exchange *exchange, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fault(struct exchange *exchange, int code, const char *format, ...)
{
    char text[FAULT];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    free(exchange->sasl->fault);
    exchange->sasl->fault = strdup(text);
    return code;
}

static int nobody(struct exchange *exchange)
{
    return fault(exchange, SASL_NOUSER, "no secret in database");
}

static int no_name(struct exchange *exchange)
{
    return fault(exchange, SASL_NOAUTHZ, "unable to canonify user and get auxprops");
}

static int name_fault(struct exchange *exchange, bool empty)
{
    return fault(exchange, SASL_NOAUTHZ, "%s", empty ? "Invalid syntax" : "Encoding error");
}

static bool is_name(struct slice name)
{
    return name.length > 0 && text_is_utf8(name);
}

/* ---- mechanisms ---- */

static int cram_step(struct exchange *exchange)
{
    struct slice name;

    if (exchange->sasl->step == 0) {
        buffer_add_format(&exchange->challenge, "<%u.%u@%s>", randombytes_random(), 1000 + randombytes_uniform(900000),
                          exchange->host);
        buffer_add_slice(&exchange->sasl->challenge, buffer_slice(&exchange->challenge));
        return SASL_CONTINUE;
    }
    if (exchange->sent.length > CREDENTIALS)
        return fault(exchange, SASL_BADPROT, "CRAM-MD5 input longer than %d bytes", CREDENTIALS);
    name = sasl_cram_name(exchange->sent);
    if (name.length == 0)
        return fault(exchange, SASL_BADPROT, "need authentication name");
    return is_name(name) ? nobody(exchange) : name_fault(exchange, false);
}

static void add_base64(struct buffer *out, const unsigned char *bytes, size_t length)
{
    char text[sodium_base64_ENCODED_LEN(SASL_SCRAM_HASH, sodium_base64_VARIANT_ORIGINAL)];

    buffer_add_text(out, sodium_bin2base64(text, sizeof text, bytes, length, sodium_base64_VARIANT_ORIGINAL));
}

/* Appends so many random bytes in base64. */
static void add_nonce(struct buffer *out, size_t length)
{
    unsigned char bytes[SASL_SCRAM_HASH];

    randombytes_buf(bytes, length);
    add_base64(out, bytes, length);
}

static int digest_challenge(struct exchange *exchange)
{
    add_nonce(&exchange->sasl->challenge, 32);
    buffer_add_format(&exchange->challenge,
                      "nonce=\"%s\",realm=\"%s\",qop=\"auth,auth-int,auth-conf\",cipher=\"rc4-40,rc4-56,rc4,des,3des\","
                      "maxbuf=65536,charset=utf-8,algorithm=md5-sess",
                      buffer_text(&exchange->sasl->challenge), exchange->host);
    return SASL_CONTINUE;
}

/* In the order in which Cyrus misses them. */
static int digest_complete(struct exchange *exchange, const struct sasl_digest *digest)
{
    const struct {
        const char *name;
        bool there;
    } parts[] = {{"username", digest->username.data != NULL}, {"nonce", digest->nonce.data != NULL},
                 {"noncecount", digest->count > 0},           {"cnonce", digest->cnonce.data != NULL},
                 {"digesturi", digest->uri.data != NULL},     {"response", digest->response.data != NULL}};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!parts[i].there)
            return fault(exchange, SASL_BADAUTH, "required parameters missing: %s", parts[i].name);
    return 0;
}

static int digest_step(struct exchange *exchange)
{
    struct sasl_digest digest;
    bool foreign;

    if (exchange->sasl->step == 0)
        return digest_challenge(exchange);
    if (exchange->sent.length == 0)
        return fault(exchange, SASL_BADAUTH, "input expected in DIGEST-MD5, step 2");
    switch (sasl_digest_read(exchange->sent, buffer_slice(&exchange->sasl->challenge), &digest)) {
    case SASL_DIGEST_BROKEN:
        return fault(exchange, SASL_BADAUTH, "Parse error");
    case SASL_DIGEST_NONCE:
        return fault(exchange, SASL_BADAUTH, "nonce changed: authentication aborted");
    case SASL_DIGEST_COUNT:
        return fault(exchange, SASL_BADAUTH, "error converting hex to int");
    case SASL_DIGEST_CHARSET:
        return fault(exchange, SASL_FAIL, "client doesn't support UTF-8");
    default:
        break;
    }
    if (digest_complete(exchange, &digest) != 0)
        return SASL_BADAUTH;
    if (!sasl_starts(digest.uri, "ldap/"))
        return fault(exchange, SASL_BADAUTH, "bad digest-uri: doesn't match service");
    /* A name of another realm is a longer one. */
    foreign = digest.realm.length > 0 && !slice_is(digest.realm, exchange->host);
    return is_name(digest.username) || (foreign && digest.username.length == 0) ? nobody(exchange) : no_name(exchange);
}

static int scram_fault(struct exchange *exchange, enum sasl_scram_result result)
{
    const struct ldap_sasl *sasl = exchange->sasl;
    struct slice header = sasl_before(buffer_slice(&sasl->challenge), sasl->header), type = SLICE_NONE;
    const char *words[2], *end = "";

    sasl_scram_text(result, words);
    if (result == SASL_SCRAM_BINDING_OTHER) {
        type = header;
        end = "\"";
    } else if (result == SASL_SCRAM_BINDING_TYPE) {
        type = sasl_from(header, 2);
        type.length = sasl_find(type, ',');
    }
    return fault(exchange, SASL_BADPROT, "%s%s%s%.*s%s", words[0], exchange->mechanism->name, words[1],
                 (int)type.length, (const char *)type.data, end);
}

/* Whom slapd lets a client ask to be: itself, nobody, any account or name. */
static bool is_authorisation(struct slice asked, struct slice name)
{
    struct buffer normal;
    bool is = slice_equal(asked, name) || slice_is_nocase(asked, "anonymous");

    buffer_init(&normal, 4 * SASL_SCRAM_LONGEST);
    if (slice_is_nocase(sasl_before(asked, 2), "u:"))
        is = is || is_name(sasl_from(asked, 2));
    else if (slice_is_nocase(sasl_before(asked, 3), "dn:"))
        is = is || ldap_dn(sasl_from(asked, 3), &normal) == 0;
    buffer_free(&normal);
    return is;
}

/* The same for a name each time, and for each mechanism another, as Cyrus's are while it runs. */
static void add_salt(const struct exchange *exchange, const char *name, struct buffer *out)
{
    unsigned char salt[SASL_SCRAM_HASH];
    crypto_generichash_state state;

    crypto_generichash_init(&state, exchange->salt, 32, exchange->mechanism->digest);
    crypto_generichash_update(&state, (const unsigned char *)exchange->mechanism->name,
                              strlen(exchange->mechanism->name) + 1);
    crypto_generichash_update(&state, (const unsigned char *)name, strlen(name));
    crypto_generichash_final(&state, salt, exchange->mechanism->digest);
    add_base64(out, salt, exchange->mechanism->digest);
}

static int scram_challenge(struct exchange *exchange, const struct sasl_scram *scram)
{
    struct ldap_sasl *sasl = exchange->sasl;
    struct buffer *challenge = &exchange->challenge;

    buffer_add_text(challenge, "r=");
    buffer_add_slice(challenge, scram->nonce);
    add_nonce(challenge, 24);
    buffer_add_text(challenge, ",s=");
    add_salt(exchange, sasl->login, challenge);
    buffer_add_format(challenge, ",i=%d", SASL_SCRAM_ROUNDS);
    buffer_add_slice(&sasl->challenge, scram->header);
    buffer_add_slice(&sasl->challenge, scram->bare);
    buffer_add_text(&sasl->challenge, ",");
    sasl->header = scram->header.length;
    sasl->server = sasl->challenge.length;
    buffer_add_slice(&sasl->challenge, buffer_slice(challenge));
    return SASL_CONTINUE;
}

static int scram_first(struct exchange *exchange)
{
    struct ldap_sasl *sasl = exchange->sasl;
    struct sasl_scram scram;
    enum sasl_scram_result result = sasl_scram_read(exchange->sent, &scram);
    struct buffer name, asked;
    int code;

    if (result != SASL_SCRAM_SOUND)
        return scram_fault(exchange, result);
    buffer_init(&name, SASL_SCRAM_LONGEST);
    buffer_init(&asked, SASL_SCRAM_LONGEST);
    sasl_scram_unescape(scram.name, &name);
    sasl_scram_unescape(scram.authorisation, &asked);
    free(sasl->login);
    sasl->login = slice_copy(buffer_slice(&name));
    if (!is_name(buffer_slice(&name)))
        code = no_name(exchange);
    else if (asked.length > 0 && !is_authorisation(buffer_slice(&asked), buffer_slice(&name)))
        code = fault(exchange, SASL_NOAUTHZ, "unable to canonify authorization ID");
    else if (sasl->login == NULL || strcasecmp(sasl->login, "anonymous") == 0)
        code = nobody(exchange);
    else
        code = scram_challenge(exchange, &scram);
    buffer_free(&name);
    buffer_free(&asked);
    return code;
}

static int scram_step(struct exchange *exchange)
{
    const struct ldap_sasl *sasl = exchange->sasl;
    struct sasl_scram_final final;
    enum sasl_scram_result result;

    if (exchange->sent.length == 0 && sasl->step == 0 && exchange->sent.data != NULL)
        return SASL_CONTINUE;
    if (exchange->sent.length == 0)
        return fault(exchange, SASL_BADPROT, "%s input expected", exchange->mechanism->name);
    if (sasl->challenge.length == 0)
        return scram_first(exchange);
    result = ldap_scram_final(sasl, exchange->sent, exchange->mechanism->digest, &final);
    return result != SASL_SCRAM_SOUND ? scram_fault(exchange, result)
                                      : fault(exchange, SASL_BADAUTH, "StoredKey mismatch");
}

static int ntlm_step(struct exchange *exchange)
{
    struct sasl_ntlm ntlm;

    if (exchange->sasl->step <= 1) {
        if (sasl_ntlm_challenge(exchange->sent, exchange->host, &exchange->challenge) == 0) {
            exchange->sasl->step = 1;
            buffer_add_slice(&exchange->sasl->challenge, buffer_slice(&exchange->challenge));
            return SASL_CONTINUE;
        }
        return fault(exchange, SASL_BADPROT, "client didn't issue valid NTLM request");
    }
    switch (sasl_ntlm_read(exchange->sent, &ntlm)) {
    case SASL_NTLM_NONE:
        return fault(exchange, SASL_BADPROT, "client didn't issue valid NTLM response");
    case SASL_NTLM_BROKEN:
        return SASL_BADPROT;
    case SASL_NTLM_EMPTY:
        return fault(exchange, SASL_BADPROT, "client issued incorrect/nonexistent responses");
    default:
        return nobody(exchange);
    }
}

static int plain_step(struct exchange *exchange)
{
    struct slice parts[3];
    size_t count = sasl_plain_parts(exchange->sent, parts);

    if (count < 3)
        return fault(exchange, SASL_BADPROT, "Can only find author%s (no password)", count < 2 ? "" : "/en");
    if (count > 3)
        return fault(exchange, SASL_BADPROT, "Got more data than we were expecting in the PLAIN plugin\n");
    if (!is_name(parts[1]))
        return name_fault(exchange, parts[1].length == 0);
    return fault(exchange, SASL_NOUSER, "Password verification failed");
}

static int login_step(struct exchange *exchange)
{
    struct ldap_sasl *sasl = exchange->sasl;

    if (sasl->step == 0 && exchange->sent.length == 0) {
        buffer_add_text(&exchange->challenge, "Username:");
        return SASL_CONTINUE;
    }
    if (sasl->step <= 1) {
        sasl->step = 1;
        buffer_add_text(&exchange->challenge, "Password:");
        if (exchange->sent.length > CREDENTIALS)
            return fault(exchange, SASL_BADPROT, "username too long (>%d characters)", CREDENTIALS);
        free(sasl->login);
        sasl->login = slice_copy(exchange->sent);
        return SASL_CONTINUE;
    }
    if (exchange->sent.length > CREDENTIALS)
        return fault(exchange, SASL_BADPROT, "clientinlen is > %d characters in LOGIN plugin", CREDENTIALS);
    if (sasl->login == NULL || !is_name(slice_of(sasl->login)))
        return name_fault(exchange, sasl->login == NULL || *sasl->login == '\0');
    return fault(exchange, SASL_NOUSER, "checkpass failed");
}

/* In the order in which the root DSE shows them. */
#define SCRAM(name, number, bytes) \
    {name, CLIENT_FIRST, false, scram_step, ldap_present_scram, PROOF_SCRAM_SHA_##number, bytes}

static const struct ldap_mechanism mechanisms[] = {
    SCRAM("SCRAM-SHA-512", 512, 64),
    SCRAM("SCRAM-SHA-384", 384, 48),
    SCRAM("SCRAM-SHA-256", 256, 32),
    SCRAM("SCRAM-SHA-224", 224, 28),
    SCRAM("SCRAM-SHA-1", 1, 20),
    {.name = "DIGEST-MD5", .first = EITHER_FIRST, .step = digest_step, .present = ldap_present_digest},
    {.name = "CRAM-MD5", .first = SERVER_FIRST, .step = cram_step, .present = ldap_present_cram},
    {.name = "NTLM", .first = CLIENT_FIRST, .step = ntlm_step, .present = ldap_present_ntlm},
    {.name = "PLAIN", .first = CLIENT_FIRST, .secure = true, .step = plain_step, .present = ldap_present_nothing},
    {.name = "LOGIN", .first = EITHER_FIRST, .secure = true, .step = login_step, .present = ldap_present_login},
};

#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

const char *ldap_sasl_offer(size_t index, bool tls)
{
    return index < MECHANISMS && (tls || !mechanisms[index].secure) ? mechanisms[index].name : NULL;
}

/* ---- binds ---- */

/* With channel binding, a mechanism is known by the same name and "-PLUS". */
static const struct ldap_mechanism *find(const char *name)
{
    for (size_t i = 0; i < MECHANISMS; i++) {
        size_t length = strlen(mechanisms[i].name);

        if (strncasecmp(name, mechanisms[i].name, length) == 0 &&
            (name[length] == '\0' || strcmp(name + length, "-PLUS") == 0))
            return &mechanisms[i];
    }
    return NULL;
}

static int start(struct exchange *exchange, const char *name, bool tls)
{
    const struct ldap_mechanism *mechanism = find(name);

    exchange->mechanism = mechanism;
    exchange->sasl->step = 0;
    free(exchange->sasl->login);
    exchange->sasl->login = NULL;
    buffer_init(&exchange->sasl->challenge, LDAP_LARGEST);
    if (strcasecmp(name, "EXTERNAL") == 0)
        return SASL_NOMECH;
    if (strcasecmp(name, "ANONYMOUS") == 0)
        return fault(exchange, SASL_NOMECH, "security flags do not match required");
    if (mechanism == NULL)
        return fault(exchange, SASL_NOMECH, "Couldn't find mech %s", name);
    if (mechanism->secure && !tls)
        return fault(exchange, SASL_ENCRYPT, "security flags do not match required");
    if (mechanism->first == SERVER_FIRST && exchange->sent.data != NULL)
        return fault(exchange, SASL_BADPROT, "Remote sent first but mech does not allow it.");
    if (mechanism->first == CLIENT_FIRST && exchange->sent.data == NULL)
        return SASL_CONTINUE;
    return mechanism->step(exchange);
}

/* What Cyrus calls a result, and slapd's code for it. */
static const struct {
    int code, told;
    const char *name;
    int result;
} results[] = {
    {0, 0, "successful result", LDAP_SASL_IN_PROGRESS},
    {SASL_FAIL, SASL_FAIL, "generic failure", LDAP_OTHER},
    {SASL_NOMECH, SASL_NOMECH, "no mechanism available", LDAP_METHOD_UNSUPPORTED},
    {SASL_BADPROT, SASL_BADPROT, "bad protocol / cancel", LDAP_OTHER},
    {SASL_BADAUTH, SASL_BADAUTH, "authentication failure", LDAP_INVALID_CREDENTIALS},
    {SASL_NOAUTHZ, SASL_NOAUTHZ, "authorization failure", LDAP_NO_ACCESS},
    {SASL_ENCRYPT, SASL_ENCRYPT, "encryption needed to use mechanism", LDAP_INAPPROPRIATE},
    {SASL_NOUSER, SASL_BADAUTH, "user not found", LDAP_INVALID_CREDENTIALS},
};

static void say(struct ldap_call *call, struct exchange *exchange, bool goes_on)
{
    const struct ldap_sasl *sasl = exchange->sasl;
    struct ldap_answer answer = {.matched = SLICE_NONE};
    struct buffer text;
    size_t i = 0;

    while (results[i].code != sasl->code)
        i++;
    buffer_init(&text, LDAP_LARGEST);
    buffer_add_format(&text, "SASL(%d): %s: %s", results[i].told, results[i].name,
                      sasl->fault != NULL ? sasl->fault : "");
    answer.code = goes_on ? LDAP_SASL_IN_PROGRESS : results[i].result;
    answer.text = buffer_text(&text);
    answer.challenge = goes_on ? &exchange->challenge : NULL;
    ldap_result(call->answer, call->id, LDAP_BIND_ANSWER, &answer);
    buffer_free(&text);
}

void ldap_sasl_bind(struct ldap_call *call, const struct ldap_mechanism *before, const char *name, struct slice sent)
{
    struct ldap_sasl *sasl = call->sasl;
    struct exchange exchange = {.sasl = sasl, .mechanism = before, .host = call->directory->host,
                                .salt = call->session->face->salt, .sent = sent};
    int result;

    if (before == NULL)
        buffer_free(&sasl->challenge);
    buffer_init(&exchange.challenge, LDAP_LARGEST);
    result = before != NULL ? before->step(&exchange) : start(&exchange, name, call->session->tls.on);
    if (result == SASL_CONTINUE) {
        sasl->mechanism = exchange.mechanism;
        sasl->step++;
    } else {
        sasl->code = result;
        buffer_free(&sasl->challenge);
    }
    say(call, &exchange, result == SASL_CONTINUE);
    buffer_free(&exchange.challenge);
}

void ldap_sasl_free(struct ldap_sasl *sasl)
{
    buffer_free(&sasl->challenge);
    free(sasl->login);
    free(sasl->fault);
}

bool ldap_sasl_present(struct ldap_call *call, const struct ldap_mechanism *before, const char *name, struct slice sent)
{
    const struct ldap_mechanism *mechanism = before != NULL ? before : find(name);

    if (mechanism != NULL)
        mechanism->present(call, &(struct ldap_sasl_sent){sent, before != NULL, mechanism->proof, mechanism->digest});
    return mechanism != NULL;
}

const char *ldap_sasl_left(const struct ldap_sasl *sasl)
{
    return sasl->mechanism != NULL ? sasl->login : NULL;
}
