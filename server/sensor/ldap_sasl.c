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
    struct slice sent; /* data NULL: nothing came */
    struct buffer challenge;
};

struct ldap_mechanism {
    const char *name;
    enum first first;
    bool secure;                              /* under TLS only */
    int (*step)(struct exchange *exchange); /* a result of Cyrus's */
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
        return SASL_CONTINUE;
    }
    if (exchange->sent.length > CREDENTIALS)
        return fault(exchange, SASL_BADPROT, "CRAM-MD5 input longer than %d bytes", CREDENTIALS);
    name = sasl_cram_name(exchange->sent);
    if (name.length == 0)
        return fault(exchange, SASL_BADPROT, "need authentication name");
    return is_name(name) ? nobody(exchange) : name_fault(exchange, false);
}

static int digest_challenge(struct exchange *exchange)
{
    unsigned char bytes[32];

    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(exchange->sasl->nonce, sizeof exchange->sasl->nonce, bytes, sizeof bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    buffer_add_format(&exchange->challenge,
                      "nonce=\"%s\",realm=\"%s\",qop=\"auth,auth-int,auth-conf\",cipher=\"rc4-40,rc4-56,rc4,des,3des\","
                      "maxbuf=65536,charset=utf-8,algorithm=md5-sess",
                      exchange->sasl->nonce, exchange->host);
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
    switch (sasl_digest_read(exchange->sent, slice_of(exchange->sasl->nonce), &digest)) {
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

static int scram_step(struct exchange *exchange)
{
    static const struct {
        const char *before, *after;
    } texts[] = {
        [SASL_SCRAM_SHORT] = {"Invalid ", " input"},
        [SASL_SCRAM_NULS] = {"NULs found in ", " input"},
        [SASL_SCRAM_FLAG] = {"The initial ", " client response needs to start with 'y', 'n' or 'p'"},
        [SASL_SCRAM_BINDING] = {"The initial 'p' needs to be followed by '=' in ", " input"},
        [SASL_SCRAM_UNENDED] = {"Channel binding name must be terminated by a comma in ", " input"},
        [SASL_SCRAM_COMMA] = {"',' expected in ", " input"},
        [SASL_SCRAM_EXTENSION] = {"Unsupported mandatory extension to ", ""},
        [SASL_SCRAM_NO_NAME] = {"Username (n=) expected in ", " input"},
        [SASL_SCRAM_NO_NONCE] = {"Nonce expected after the username in ", " input"},
        [SASL_SCRAM_ESCAPE] = {"Invalid username encoding in ", " input"},
        [SASL_SCRAM_AUTHORISATION] = {"Invalid authorization identity encoding in ", " input"},
    };
    struct sasl_scram scram;
    enum sasl_scram_result result;
    const char *name = exchange->mechanism->name;

    if (exchange->sent.length == 0 && exchange->sasl->step == 0 && exchange->sent.data != NULL)
        return SASL_CONTINUE;
    if (exchange->sent.length == 0)
        return fault(exchange, SASL_BADPROT, "%s input expected", name);
    result = sasl_scram_read(exchange->sent, &scram);
    if (result != SASL_SCRAM_SOUND)
        return fault(exchange, SASL_BADPROT, "%s%s%s", texts[result].before, name, texts[result].after);
    if (!is_name(scram.name))
        return no_name(exchange);
    if (scram.authorisation.length > 0)
        return fault(exchange, SASL_NOAUTHZ, "unable to canonify authorization ID");
    return nobody(exchange);
}

static int ntlm_step(struct exchange *exchange)
{
    enum sasl_ntlm_result result;
    struct buffer name;

    if (exchange->sasl->step <= 1) {
        if (sasl_ntlm_challenge(exchange->sent, exchange->host, &exchange->challenge) == 0) {
            exchange->sasl->step = 1;
            return SASL_CONTINUE;
        }
        return fault(exchange, SASL_BADPROT, "client didn't issue valid NTLM request");
    }
    buffer_init(&name, LDAP_LARGEST);
    result = sasl_ntlm_read(exchange->sent, &name);
    buffer_free(&name);
    switch (result) {
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
static const struct ldap_mechanism mechanisms[] = {
    {"SCRAM-SHA-512", CLIENT_FIRST, false, scram_step}, {"SCRAM-SHA-384", CLIENT_FIRST, false, scram_step},
    {"SCRAM-SHA-256", CLIENT_FIRST, false, scram_step}, {"SCRAM-SHA-224", CLIENT_FIRST, false, scram_step},
    {"SCRAM-SHA-1", CLIENT_FIRST, false, scram_step},   {"DIGEST-MD5", EITHER_FIRST, false, digest_step},
    {"CRAM-MD5", SERVER_FIRST, false, cram_step},       {"NTLM", CLIENT_FIRST, false, ntlm_step},
    {"PLAIN", CLIENT_FIRST, true, plain_step},          {"LOGIN", EITHER_FIRST, true, login_step},
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
    struct exchange exchange = {.sasl = sasl, .mechanism = before, .host = call->directory->host, .sent = sent};
    int result;

    buffer_init(&exchange.challenge, LDAP_LARGEST);
    result = before != NULL ? before->step(&exchange) : start(&exchange, name, call->session->tls.on);
    if (result == SASL_CONTINUE) {
        sasl->mechanism = exchange.mechanism;
        sasl->step++;
    } else {
        sasl->code = result;
    }
    say(call, &exchange, result == SASL_CONTINUE);
    buffer_free(&exchange.challenge);
}

void ldap_sasl_free(struct ldap_sasl *sasl)
{
    free(sasl->login);
    free(sasl->fault);
}

/* ---- what is presented ---- */

static void present_name(struct credentials *credentials, const char *where, struct slice name)
{
    if (name.length > 0)
        credentials_add(credentials, CANDIDATE_IDENTITY, 0, 0, where, name);
}

/* The name alone is no presentation: the password follows, and one use is one sighting. A new bind begins with a name,
 * whatever the last one left. */
static void present_login(struct ldap_call *call, const struct ldap_mechanism *before, struct slice sent)
{
    const struct ldap_sasl *sasl = call->sasl;

    if (before != NULL && sasl->step == 2 && sasl->login != NULL)
        credentials_add_login(call->credentials, 0, "bind LOGIN", slice_of(sasl->login), sent);
}

bool ldap_sasl_present(struct ldap_call *call, const struct ldap_mechanism *before, const char *name, struct slice sent)
{
    const struct ldap_mechanism *mechanism = before != NULL ? before : find(name);
    struct sasl_digest digest;
    struct sasl_scram scram;
    struct buffer user;

    buffer_init(&user, LDAP_LARGEST);
    if (mechanism == NULL)
        return false;
    if (mechanism->step == login_step)
        present_login(call, before, sent);
    else if (mechanism->step == cram_step)
        present_name(call->credentials, "bind CRAM-MD5", sasl_cram_name(sent));
    else if (mechanism->step == digest_step &&
             sasl_digest_read(sent, slice_of(call->sasl->nonce), &digest) != SASL_DIGEST_BROKEN)
        present_name(call->credentials, "bind DIGEST-MD5", digest.username);
    else if (mechanism->step == scram_step && sasl_scram_read(sent, &scram) == SASL_SCRAM_SOUND)
        present_name(call->credentials, "bind SCRAM", scram.name);
    else if (mechanism->step == ntlm_step && sasl_ntlm_read(sent, &user) == SASL_NTLM_SOUND)
        present_name(call->credentials, "bind NTLM", buffer_slice(&user));
    buffer_free(&user);
    return true;
}
