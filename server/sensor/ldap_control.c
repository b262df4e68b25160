/* SPDX-License-Identifier: ISC
 *
 * Controls (RFC 4511, 4.1.11): which slapd knows, on which operations, and what it finds wrong with their values. */
#include "server/sensor/ldap.h"

#include <stdio.h>
#include <string.h>

#define CONTROLS 0xa0U
#define PASSWORD "1.3.6.1.4.1.4203.1.11.1"
#define WHO_AM_I "1.3.6.1.4.1.4203.1.11.3"

enum {
    ON_SEARCH = 1,
    ON_COMPARE = 2,
    ON_MODIFY = 4,
    ON_ADD = 8,
    ON_DELETE = 16,
    ON_RENAME = 32,
    ON_PERSON = 64, /* extended operations on who one is */
    ON_BIND = 128,
    ON_EXTENDED = 256,
    ON_UPDATE = ON_MODIFY | ON_ADD | ON_DELETE | ON_RENAME,
    ON_ENTRY = ON_SEARCH | ON_COMPARE | ON_UPDATE,
};

struct control {
    struct slice oid;
    bool critical;
    struct berval value; /* bv_val NULL: absent */
};

struct known {
    const char *oid, *name;
    unsigned operations;
    /* The result code and *text; 0: fine; -1: all is said. NULL: the value must be absent. */
    int (*check)(struct ldap_call *call, const struct control *control, const char **text);
};

static int wrong(const char **text, const char *what)
{
    *text = what;
    return LDAP_PROTOCOL_ERROR;
}

/* Does the value decode by this format without anything to keep? */
static bool decodes(const struct berval *value, bool (*decode)(BerElement *ber, void *context), void *context)
{
    struct ldap_reader reader;
    BerElement *ber = ldap_read(&reader, ldap_slice(value));
    bool fits = ber != NULL && decode(ber, context);

    ldap_read_end(&reader);
    return fits;
}

static bool decode_page(BerElement *ber, void *context)
{
    struct ldap_call *call = context;
    struct berval cookie;

    if (ber_scanf(ber, "{im}", &call->page.size, &cookie) == LBER_ERROR)
        return false;
    call->page.cookie.bv_len = cookie.bv_len;
    call->page.cookie.bv_val = (char *)(uintptr_t)arena_copy(&call->arena, ldap_slice(&cookie)).data;
    return true;
}

static bool decode_number(BerElement *ber, void *context)
{
    return ber_scanf(ber, "{i}", (ber_int_t *)context) != LBER_ERROR;
}

static bool decode_sequence(BerElement *ber, void *context)
{
    ber_len_t length;

    (void)context;
    return ber_skip_tag(ber, &length) == LBER_SEQUENCE;
}

static bool decode_session(BerElement *ber, void *context)
{
    struct berval part[4];

    (void)context;
    return ber_scanf(ber, "{mmmm}", &part[0], &part[1], &part[2], &part[3]) != LBER_ERROR;
}

static bool decode_filter(BerElement *ber, void *context)
{
    struct ldap_call *call = context;
    const char *fault;

    return ldap_filter(ber, &call->arena, &call->work, &call->assertion, &fault) == 0;
}

static bool decode_values(BerElement *ber, void *context)
{
    struct ldap_call *call = context;
    const char *fault;

    return ldap_value_filters(ber, &call->arena, &call->work, &call->values, &fault) == 0;
}

static int check_proxied(struct ldap_call *call, const struct control *control, const char **text)
{
    (void)call;
    if (control->value.bv_val == NULL)
        return wrong(text, "proxy authorization control value absent");
    *text = "anonymous proxied authorization not allowed";
    return LDAP_PROXY_DENIED;
}

static int check_manage(struct ldap_call *call, const struct control *control, const char **text)
{
    call->manage = true;
    return control->value.bv_val != NULL ? wrong(text, "manageDSAit control value not absent") : 0;
}

static int check_domain(struct ldap_call *call, const struct control *control, const char **text)
{
    call->local = true;
    return control->value.bv_val != NULL ? wrong(text, "domainScope control value not absent") : 0;
}

static int check_subentries(struct ldap_call *call, const struct control *control, const char **text)
{
    if (control->value.bv_len != 3 || memcmp(control->value.bv_val, "\1\1", 2) != 0)
        return wrong(text, "subentries control value encoding is bogus");
    call->subentries = control->value.bv_val[2] != 0;
    return 0;
}

static int check_paged(struct ldap_call *call, const struct control *control, const char **text)
{
    if (control->value.bv_val == NULL)
        return wrong(text, "paged results control value is absent");
    if (control->value.bv_len == 0)
        return wrong(text, "paged results control value is empty");
    if (!decodes(&control->value, decode_page, call))
        return wrong(text, "paged results control could not be decoded");
    if (call->page.size < 0)
        return wrong(text, "paged results control size invalid");
    if (call->page.cookie.bv_len == 0)
        *call->pages = (struct ldap_pages){.cookie = UINT64_MAX};
    call->page.wanted = call->size_limit == 0 || call->page.size < call->size_limit;
    return 0;
}

static int check_values(struct ldap_call *call, const struct control *control, const char **text)
{
    if (control->value.bv_val == NULL)
        return wrong(text, "valuesReturnFilter control value is absent");
    if (control->value.bv_len == 0)
        return wrong(text, "valuesReturnFilter control value is empty");
    if (!decodes(&control->value, decode_values, call)) {
        call->remark = "error decoding vrFilter";
        ldap_notice(call->answer, LDAP_PROTOCOL_ERROR, call->remark);
    }
    return 0;
}

static int check_read(const struct control *control, const char *const faults[3], const char **text)
{
    if (control->value.bv_val == NULL)
        return wrong(text, faults[0]);
    if (control->value.bv_len == 0)
        return wrong(text, faults[1]);
    return decodes(&control->value, decode_sequence, NULL) ? 0 : wrong(text, faults[2]);
}

static int check_after(struct ldap_call *call, const struct control *control, const char **text)
{
    static const char *const faults[] = {"postread control: value is absent", "postread control: value is empty",
                                         "postread control: decoding error"};

    (void)call;
    return check_read(control, faults, text);
}

static int check_before(struct ldap_call *call, const struct control *control, const char **text)
{
    static const char *const faults[] = {"preread control: value is absent", "preread control: value is empty",
                                         "preread control: decoding error"};

    (void)call;
    return check_read(control, faults, text);
}

static int check_assert(struct ldap_call *call, const struct control *control, const char **text)
{
    if (control->value.bv_val == NULL)
        return wrong(text, "assert control value is absent");
    if (control->value.bv_len == 0)
        return wrong(text, "assert control value is empty");
    if (decodes(&control->value, decode_filter, call))
        return 0;
    for (int i = 0; i < 2; i++) /* slapd says it twice */
        ldap_notice(call->answer, LDAP_PROTOCOL_ERROR, "error decoding filter");
    call->close = call->operation != LDAP_ADD;
    return -1;
}

static int check_options(struct ldap_call *call, const struct control *control, const char **text)
{
    ber_int_t options;

    (void)call;
    if (control->value.bv_val == NULL)
        return wrong(text, "searchOptions control value is absent");
    if (control->value.bv_len == 0)
        return wrong(text, "searchOptions control value is empty");
    return decodes(&control->value, decode_number, &options) ? 0
                                                            : wrong(text, "searchOptions control decoding error");
}

static int check_tree(struct ldap_call *call, const struct control *control, const char **text)
{
    (void)call;
    if (control->value.bv_val != NULL)
        return wrong(text, "treeDelete control value not absent");
    if (!control->critical)
        return 0;
    *text = "critical control unavailable in context";
    return LDAP_CRITICAL_EXTENSION;
}

static int check_noop(struct ldap_call *call, const struct control *control, const char **text)
{
    (void)call;
    return control->value.bv_val != NULL ? wrong(text, "noop control value not empty") : 0;
}

static int check_transaction(struct ldap_call *call, const struct control *control, const char **text)
{
    (void)call;
    if (!control->critical)
        return wrong(text, "txnSpec control must be marked critical");
    if (control->value.bv_val == NULL)
        return wrong(text, "no transaction identifier provided");
    if (control->value.bv_len == 0)
        return 0;
    *text = "invalid transaction identifier";
    return 0x4121;
}

static int check_session(struct ldap_call *call, const struct control *control, const char **text)
{
    (void)call;
    if (control->critical)
        return wrong(text, "sessionTracking criticality is TRUE");
    if (control->value.bv_val == NULL)
        return wrong(text, "sessionTracking control value is absent");
    if (control->value.bv_len == 0)
        return wrong(text, "sessionTracking control value is empty");
    return decodes(&control->value, decode_session, NULL) ? 0
                                                          : wrong(text, "sessionTracking control decoding error");
}

static int check_lazy(struct ldap_call *call, const struct control *control, const char **text)
{
    (void)call;
    return control->value.bv_val != NULL ? wrong(text, "\"Lazy Commit?\" control value not absent") : 0;
}

static const struct known known[] = {
    {"2.16.840.1.113730.3.4.18", "proxy authorization", ON_ENTRY | ON_PERSON, check_proxied},
    {"2.16.840.1.113730.3.4.2", "manageDSAit", ON_ENTRY, check_manage},
    {"1.3.6.1.4.1.4203.1.10.1", "subentries", ON_SEARCH, check_subentries},
    {"1.3.6.1.1.22", "dontUseCopy", ON_SEARCH | ON_COMPARE, NULL},
    {"1.2.840.113556.1.4.319", "paged results", ON_SEARCH, check_paged},
    {"1.2.826.0.1.3344810.2.3", "valuesReturnFilter", ON_SEARCH, check_values},
    {"1.3.6.1.1.13.2", "postread", ON_MODIFY | ON_ADD | ON_RENAME, check_after},
    {"1.3.6.1.1.13.1", "preread", ON_MODIFY | ON_DELETE | ON_RENAME, check_before},
    {"1.3.6.1.1.12", "assert", ON_ENTRY, check_assert},
    {"1.2.840.113556.1.4.1339", "domainScope", ON_SEARCH, check_domain},
    {"1.2.840.113556.1.4.1413", "permissiveModify", ON_MODIFY, NULL},
    {"1.2.840.113556.1.4.1340", "searchOptions", ON_SEARCH, check_options},
    {"1.2.840.113556.1.4.805", "treeDelete", ON_DELETE, check_tree},
    {"1.3.6.1.4.1.4203.666.5.2", "noop", ON_ENTRY, check_noop},
    {"1.3.6.1.4.1.4203.666.5.12", "relax", ON_UPDATE, NULL},
    {"1.3.6.1.1.21.2", "txnSpec", ON_UPDATE, check_transaction},
    {"1.3.6.1.4.1.21008.108.63.1", "sessionTracking", ON_ENTRY | ON_PERSON | ON_BIND | ON_EXTENDED, check_session},
    {"1.2.840.113556.1.4.619", "lazyCommit", ON_ENTRY, check_lazy},
};

static unsigned operation_bit(const struct ldap_call *call)
{
    switch (call->operation) {
    case LDAP_SEARCH:
        return ON_SEARCH;
    case LDAP_COMPARE:
        return ON_COMPARE;
    case LDAP_MODIFY:
        return ON_MODIFY;
    case LDAP_ADD:
        return ON_ADD;
    case LDAP_DELETE:
        return ON_DELETE;
    case LDAP_RENAME:
        return ON_RENAME;
    case LDAP_BIND:
        return ON_BIND;
    default:
        return slice_is(call->oid, WHO_AM_I) || slice_is(call->oid, PASSWORD) ? ON_PERSON : ON_EXTENDED;
    }
}

static int refuse(struct ldap_call *call, int code, const char *text)
{
    ldap_say(call, code, text);
    return -1;
}

static int check(struct ldap_call *call, const struct control *control, unsigned *seen)
{
    const char *text = "";
    int code = 0;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char fault[96];

        if (!slice_is(control->oid, known[i].oid))
            continue;
        if ((known[i].operations & operation_bit(call)) == 0)
            return control->critical ? refuse(call, LDAP_CRITICAL_EXTENSION, "critical extension is unavailable") : 0;
        if ((*seen & 1U << i) != 0) {
            snprintf(fault, sizeof fault, "%s control specified multiple times", known[i].name);
            return refuse(call, LDAP_PROTOCOL_ERROR, fault);
        }
        *seen |= 1U << i;
        if (known[i].check != NULL) {
            code = known[i].check(call, control, &text);
        } else if (control->value.bv_val != NULL) {
            snprintf(fault, sizeof fault, "%s control value not absent", known[i].name);
            return refuse(call, LDAP_PROTOCOL_ERROR, fault);
        }
        return code <= 0 ? code : refuse(call, code, text);
    }
    return control->critical ? refuse(call, LDAP_CRITICAL_EXTENSION, "critical extension is not recognized") : 0;
}

static int read_control(BerElement *ber, struct control *control)
{
    struct berval oid;
    ber_int_t critical = 0;
    ber_len_t length;
    ber_tag_t tag;

    *control = (struct control){.critical = false};
    if (ber_scanf(ber, "{m", &oid) == LBER_ERROR)
        return -1;
    control->oid = ldap_slice(&oid);
    tag = ber_peek_tag(ber, &length);
    if (tag == LBER_BOOLEAN) {
        if (ber_scanf(ber, "b", &critical) == LBER_ERROR)
            return -1;
        control->critical = critical != 0;
        tag = ber_peek_tag(ber, &length);
    }
    if (tag == LBER_OCTETSTRING && ber_scanf(ber, "m", &control->value) == LBER_ERROR)
        return -1;
    return 0;
}

int ldap_controls(struct ldap_call *call)
{
    struct control control;
    ber_len_t length;
    unsigned seen = 0;
    char *last;

    if (ber_peek_tag(call->ber, &length) != CONTROLS)
        return 0;
    if (call->version < 3) {
        call->close = true;
        return refuse(call, LDAP_PROTOCOL_ERROR, "controls require LDAPv3");
    }
    for (ber_tag_t tag = ber_first_element(call->ber, &length, &last); tag != LBER_ERROR;
         tag = ber_next_element(call->ber, &length, last)) {
        if (read_control(call->ber, &control) < 0) {
            ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding controls error");
            return -1;
        }
        if (check(call, &control, &seen) < 0)
            return -1;
    }
    return 0;
}
