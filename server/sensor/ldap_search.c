/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap.h"

#include <string.h>
#include "server/base/json.h"
#include "server/sensor/ldap_schema.h"

struct search {
    struct berval base;
    ber_int_t scope, deref, size, time, types_only;
    BerVarray attributes;
    enum ldap_truth matches;
};

static const char *bad_number(const struct search *search)
{
    const char *text = NULL;

    if (search->scope < 0 || search->scope > 3)
        text = "invalid scope";
    if (search->deref < 0 || search->deref > 3)
        text = "invalid deref";
    if (search->size < 0)
        text = "invalid size limit";
    if (search->time < 0)
        text = "invalid time limit";
    return text;
}

/* ---- the entry ---- */

static bool asked_for(const struct search *search, const struct ldap_root_attribute *own)
{
    if (search->attributes == NULL)
        return !own->operational;
    for (const struct berval *asked = search->attributes; asked->bv_val != NULL; asked++) {
        struct slice name = ldap_slice(asked);
        bool options;
        const struct ldap_attribute *attribute = ldap_attribute(ldap_base_type(name, &options));

        if (slice_is(name, own->operational ? "+" : "*"))
            return true;
        if (attribute != NULL && !options && ldap_attribute_is(attribute, slice_of(own->name)))
            return true;
        if (name.length > 1 && name.data[0] == '@' && strcmp(own->name, "objectClass") == 0 &&
            ldap_class((struct slice){name.data + 1, name.length - 1}) != NULL)
            return true;
    }
    return false;
}

static int add_attribute(BerElement *element, const struct ldap_root_attribute *own, bool types_only)
{
    int added = ber_printf(element, "{s[", own->name);

    for (size_t i = 0; added >= 0 && !types_only && own->values[i] != NULL; i++)
        added = ber_printf(element, "s", own->values[i]);
    return added < 0 ? -1 : ber_printf(element, "]}");
}

static void answer_root(struct ldap_call *call, const struct search *search)
{
    struct ldap_root_attribute memory;
    const struct ldap_root_attribute *own;
    BerElement *element = ber_alloc_t(LBER_USE_DER);
    int added;

    if (element == NULL)
        return;
    added = ber_printf(element, "{it{s{", call->id, (ber_tag_t)LDAP_SEARCH_ENTRY, "");
    for (size_t i = 0; added >= 0 && (own = ldap_root(call->directory, i, &memory)) != NULL; i++)
        if (asked_for(search, own))
            added = add_attribute(element, own, search->types_only != 0);
    if (added >= 0)
        added = ber_printf(element, "}}}");
    ldap_write(element, added < 0, call->answer);
}

/* ---- the request ---- */

static void describe(struct ldap_call *call, const struct search *search)
{
    static const char *const scopes[] = {"base", "one", "subtree", "children"};
    size_t count = 0;

    json_member_text(call->facts, "scope", search->scope >= 0 && search->scope < 4 ? scopes[search->scope] : "invalid");
    ldap_describe(call, "base", ldap_slice(&search->base));
    json_member_open(call->facts, "attributes");
    buffer_add_char(call->facts, '[');
    for (const struct berval *asked = search->attributes; asked != NULL && asked->bv_val != NULL; asked++)
        if (ldap_attribute(ldap_slice(asked)) != NULL && count++ < 32)
            json_element(call->facts, ldap_slice(asked));
    buffer_add_char(call->facts, ']');
}

static void answer(struct ldap_call *call, const struct search *search, int place)
{
    if (place == LDAP_AT_ROOT && search->scope == 0 && call->assertion != LDAP_TRUE) {
        ldap_say(call, LDAP_ASSERTION_FAILED, "");
    } else if (place == LDAP_AT_ROOT && search->scope == 0) {
        if (search->matches == LDAP_TRUE)
            answer_root(call, search);
        ldap_say(call, LDAP_DONE, "");
    } else if (place == LDAP_AT_SUBSCHEMA && search->scope == 0) {
        ldap_say(call, LDAP_DONE, ""); /* there, but not for anonymous eyes */
    } else {
        ldap_say(call, LDAP_NO_OBJECT, call->remark);
    }
}

void ldap_search(struct ldap_call *call)
{
    struct search search = {.attributes = NULL};
    const char *fault;
    ber_len_t size = sizeof(struct berval);
    int place;

    if (ber_scanf(call->ber, "{meeiib", &search.base, &search.scope, &search.deref, &search.size, &search.time,
                  &search.types_only) == LBER_ERROR) {
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding error");
        return;
    }
    fault = bad_number(&search);
    if (fault != NULL) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, fault);
        return;
    }
    place = ldap_place(call, ldap_slice(&search.base));
    if (place < 0)
        return;
    if (ldap_filter(call->ber, call->directory, &search.matches, &fault) < 0) {
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, fault);
        return;
    }
    if (ber_scanf(call->ber, "{M}}", &search.attributes, &size, (ber_len_t)0) == LBER_ERROR)
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding attrs error");
    else if (ldap_controls(call) == 0)
        answer(call, &search, place);
    describe(call, &search);
    ber_memfree(search.attributes);
}
