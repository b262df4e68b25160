/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap.h"

#include <string.h>
#include "server/base/json.h"

#define START_TLS "1.3.6.1.4.1.1466.20037"

struct request {
    struct berval value; /* bv_val NULL: none */
};

static void start_tls(struct ldap_call *call, const struct request *request)
{
    if (!call->directory->tls) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, "unsupported extended operation");
    } else if (request->value.bv_val != NULL) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no request data expected");
    } else if (call->session->tls.on) {
        ldap_say(call, LDAP_OPERATIONS_ERROR, "TLS already started");
    } else {
        ldap_say(call, LDAP_DONE, "");
        call->start_tls = true;
    }
}

static void who_am_i(struct ldap_call *call, const struct request *request)
{
    static const struct berval nobody = {0, (char *)(uintptr_t) ""};

    if (request->value.bv_val != NULL)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no request data expected");
    else
        ldap_extended(call->answer, call->id, LDAP_DONE, "", &nobody);
}

/* PasswdModifyRequestValue (RFC 3062): what it presents is looked at, though it is refused unread. */
static void password(struct ldap_call *call, const struct request *request)
{
    struct ldap_reader reader;
    BerElement *ber;
    struct berval parts[3] = {{0, NULL}, {0, NULL}, {0, NULL}};
    ber_len_t length;

    ldap_say(call, LDAP_STRONGER_AUTH, "only authenticated users may change passwords");
    if (request->value.bv_val == NULL)
        return;
    ber = ldap_read(&reader, ldap_slice(&request->value));
    if (ber != NULL && ber_skip_tag(ber, &length) == LBER_SEQUENCE)
        for (ber_tag_t i = 0; i < 3; i++)
            if (ber_peek_tag(ber, &length) == 0x80 + i && ber_scanf(ber, "m", &parts[i]) == LBER_ERROR)
                break;
    credentials_add_login(call->credentials, 0, "password change", ldap_slice(&parts[0]), ldap_slice(&parts[1]));
    credentials_add_login(call->credentials, 1, "password change", ldap_slice(&parts[0]), ldap_slice(&parts[2]));
    ldap_read_end(&reader);
}

static void cancel(struct ldap_call *call, const struct request *request)
{
    struct ldap_reader reader;
    BerElement *ber;
    ber_int_t id = 0;
    bool read;

    if (request->value.bv_val == NULL) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no message ID supplied");
        return;
    }
    ber = ldap_read(&reader, ldap_slice(&request->value));
    read = ber != NULL && ber_scanf(ber, "{i}", &id) != LBER_ERROR;
    ldap_read_end(&reader);
    if (!read)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "message ID parse failed");
    else if (id == call->id)
        ldap_say(call, LDAP_DONE, "");
    else
        ldap_say(call, LDAP_NO_CANCEL, "message ID not found");
}

static void begin_transaction(struct ldap_call *call, const struct request *request)
{
    if (request->value.bv_val != NULL)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no request data expected");
    else
        ldap_say(call, LDAP_STRONGER_AUTH, "modifications require authentication");
}

static void end_transaction(struct ldap_call *call, const struct request *request)
{
    if (request->value.bv_val == NULL)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "request data expected");
    else
        ldap_say(call, LDAP_STRONGER_AUTH, "modifications require authentication");
}

static const struct {
    const char *oid, *name;
    void (*handle)(struct ldap_call *call, const struct request *request);
} extensions[] = {
    {START_TLS, "start TLS", start_tls},
    {"1.3.6.1.4.1.4203.1.11.1", "password change", password},
    {"1.3.6.1.4.1.4203.1.11.3", "who am I", who_am_i},
    {"1.3.6.1.1.8", "cancel", cancel},
    {"1.3.6.1.1.21.1", "begin transaction", begin_transaction},
    {"1.3.6.1.1.21.3", "end transaction", end_transaction},
};

void ldap_extend(struct ldap_call *call)
{
    struct berval oid;
    struct request request = {{0, NULL}};
    ber_len_t length;
    size_t i = 0;

    if (ber_scanf(call->ber, "{m", &oid) == LBER_ERROR ||
        (ber_peek_tag(call->ber, &length) == 0x81 && ber_scanf(call->ber, "m", &request.value) == LBER_ERROR)) {
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding error");
        return;
    }
    call->oid = ldap_slice(&oid);
    while (i < sizeof extensions / sizeof extensions[0] && !slice_is(call->oid, extensions[i].oid))
        i++;
    json_member_text(call->facts, "extension",
                     i < sizeof extensions / sizeof extensions[0] ? extensions[i].name : "unknown");
    ldap_describe(call, "value", ldap_slice(&request.value));
    if (ldap_controls(call) < 0)
        return;
    if (i < sizeof extensions / sizeof extensions[0])
        extensions[i].handle(call, &request);
    else
        ldap_say(call, LDAP_PROTOCOL_ERROR, "unsupported extended operation");
}
