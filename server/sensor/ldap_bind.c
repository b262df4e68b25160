/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap.h"

#include <string.h>
#include "server/base/json.h"
#include "server/sensor/ldap_sasl.h"

#define SIMPLE 0x80U
#define SASL 0xa3U

struct bind {
    ber_int_t version;
    ber_tag_t method;
    struct berval name, password; /* simple, or an unknown method's value */
    struct berval mechanism, credentials; /* bv_val NULL: none came */
};

static int read_bind(BerElement *ber, struct bind *bind)
{
    ber_len_t length;

    if (ber_scanf(ber, "{imt", &bind->version, &bind->name, &bind->method) == LBER_ERROR)
        return -1;
    if (bind->method != SASL)
        return ber_scanf(ber, "m}", &bind->password) == LBER_ERROR ? -1 : 0;
    if (ber_scanf(ber, "{m", &bind->mechanism) == LBER_ERROR)
        return -1;
    if (ber_peek_tag(ber, &length) == LBER_OCTETSTRING && ber_scanf(ber, "m", &bind->credentials) == LBER_ERROR)
        return -1;
    return ber_scanf(ber, "}}") == LBER_ERROR ? -1 : 0;
}

/* authorisation identity NUL authentication identity NUL password (RFC 4616). */
static void present_plain(struct credentials *credentials, struct slice message)
{
    struct slice parts[3] = {message, SLICE_NONE, SLICE_NONE};

    for (size_t i = 0; i < 2; i++) {
        const unsigned char *nul = parts[i].length == 0 ? NULL : memchr(parts[i].data, '\0', parts[i].length);

        if (nul == NULL)
            return;
        parts[i + 1].data = nul + 1;
        parts[i + 1].length = parts[i].length - (size_t)(nul - parts[i].data) - 1;
        parts[i].length = (size_t)(nul - parts[i].data);
    }
    credentials_add_login(credentials, 0, "bind PLAIN", parts[1], parts[2]);
    credentials_add(credentials, CANDIDATE_IDENTITY, 0, 1, "bind PLAIN", parts[0]);
}

/* gs2 header, then key=value pairs between bytes of value 1 (RFC 7628). */
static void present_bearer(struct credentials *credentials, struct slice message)
{
    static const char prefix[] = "auth=Bearer ";
    const unsigned char *at = NULL, *end;
    struct slice token;

    if (message.length > 0)
        at = memmem(message.data, message.length, prefix, sizeof prefix - 1);
    if (at == NULL)
        return;
    at += sizeof prefix - 1;
    token = (struct slice){at, message.length - (size_t)(at - message.data)};
    end = memchr(at, 1, token.length);
    if (end != NULL)
        token.length = (size_t)(end - at);
    credentials_add(credentials, CANDIDATE_SECRET, 0, 0, "bind OAUTHBEARER", token);
}

static void present(struct ldap_call *call, const struct bind *bind, const struct ldap_mechanism *before)
{
    struct slice name = ldap_slice(&bind->name), sent = ldap_slice(&bind->credentials);

    if (bind->method == SASL) {
        present_plain(call->credentials, sent);
        present_bearer(call->credentials, sent);
        if (!ldap_sasl_present(call, before, bind->mechanism.bv_val, sent) && call->credentials->count == 0 &&
            text_is_utf8(sent))
            credentials_add_decoded(call->credentials, CANDIDATE_EITHER, 0, 1, "bind SASL", sent);
    } else if (bind->password.bv_len > 0) {
        credentials_add_login(call->credentials, 0, "bind", name, ldap_slice(&bind->password));
    }
}

static void describe(struct ldap_call *call, const struct bind *bind)
{
    static const char *const mechanisms[] = {"PLAIN",        "LOGIN",         "EXTERNAL", "ANONYMOUS",   "CRAM-MD5",
                                             "DIGEST-MD5",   "NTLM",          "GSSAPI",   "GSS-SPNEGO",  "SCRAM-SHA-1",
                                             "SCRAM-SHA-224", "SCRAM-SHA-384",
                                             "SCRAM-SHA-256", "SCRAM-SHA-512", "XOAUTH2",  "OAUTHBEARER"};
    const char *mechanism = bind->method == SIMPLE ? "simple" : "unknown";

    for (size_t i = 0; bind->method == SASL && i < sizeof mechanisms / sizeof mechanisms[0]; i++)
        if (slice_is_nocase(ldap_slice(&bind->mechanism), mechanisms[i]))
            mechanism = mechanisms[i];
    json_member_number(call->facts, "version", bind->version);
    json_member_text(call->facts, "mechanism", mechanism);
    ldap_describe(call, "dn", ldap_slice(&bind->name));
    if (bind->method == SASL)
        ldap_describe(call, "credentials", ldap_slice(&bind->credentials));
    else
        ldap_describe(call, "password", ldap_slice(&bind->password));
}

static void answer_simple(struct ldap_call *call, const struct bind *bind)
{
    bool name = bind->name.bv_len > 0, password = bind->password.bv_len > 0;

    if (!name && !password)
        ldap_say(call, LDAP_DONE, "");
    else if (name && !password)
        ldap_say(call, LDAP_UNWILLING, "unauthenticated bind (DN with no password) disallowed");
    else
        ldap_say(call, LDAP_INVALID_CREDENTIALS, "");
}

static void answer_sasl(struct ldap_call *call, const struct bind *bind, const struct ldap_mechanism *before)
{
    if (bind->mechanism.bv_len == 0)
        ldap_say(call, LDAP_METHOD_UNSUPPORTED, "no SASL mechanism provided");
    else
        ldap_sasl_bind(call, before, bind->mechanism.bv_val, ldap_slice(&bind->credentials));
}

void ldap_bind(struct ldap_call *call)
{
    const struct ldap_mechanism *before = call->sasl->mechanism;
    struct bind bind = {.version = 0};
    struct ldap_target target;

    if (read_bind(call->ber, &bind) < 0) {
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding error");
        return;
    }
    call->version = bind.version;
    call->sasl->mechanism = NULL; /* whatever goes wrong with a bind ends what was under way */
    present(call, &bind, before);
    describe(call, &bind);
    if (ldap_controls(call) < 0 || ldap_find(call, ldap_slice(&bind.name), &target) < 0)
        return;
    if (bind.version == 2)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "historical protocol version requested, use LDAPv3 instead");
    else if (bind.version != 3)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "requested protocol version not supported");
    else if (bind.method == SASL)
        answer_sasl(call, &bind, before);
    else if (bind.method != SIMPLE)
        ldap_say(call, LDAP_METHOD_UNSUPPORTED, "unknown authentication method");
    else
        answer_simple(call, &bind);
}
