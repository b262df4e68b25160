/* SPDX-License-Identifier: ISC
 *
 * Compare, modify, add, delete, rename: nothing of it is for a client that never gets past its bind. */
#include "server/sensor/ldap.h"

#include <stdio.h>
#include <string.h>
#include "server/sensor/ldap_schema.h"

#define FAULT 512

static void undecodable(struct ldap_call *call)
{
    ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding error");
}

static bool is_password(struct slice description)
{
    bool options;

    return slice_is_nocase(ldap_base_type(description, &options), "userPassword") ||
           slice_is(ldap_base_type(description, &options), "2.5.4.35");
}

/* ---- compare ---- */

/* slapd looks through values in the form of the attribute that was asked for, of its subtypes, too. */
static bool has_value(const struct ldap_values *values, struct slice normal)
{
    for (size_t i = 0; i < values->normal_count; i++)
        if (slice_equal(values->normal[i], normal))
            return true;
    return false;
}

static int compare_entry(const struct ldap_entry *entry, const struct ldap_attribute *attribute, struct slice value)
{
    struct buffer normal;
    int code = LDAP_NO_ATTRIBUTE;

    buffer_init(&normal, 2 * LDAP_LARGEST);
    if (ldap_normalize(attribute->equality, value, LDAP_WHOLE, &normal) == 0)
        for (size_t i = 0; i < entry->attribute_count && code != LDAP_COMPARE_TRUE; i++) {
            const struct ldap_values *values = &entry->attributes[i];

            if (values->attribute == attribute || values->superior == attribute)
                code = has_value(values, buffer_slice(&normal)) ? LDAP_COMPARE_TRUE : LDAP_COMPARE_FALSE;
        }
    buffer_free(&normal);
    return code;
}

/* Attributes that slapd makes for each answer. NULL: it can be compared. */
static const char *not_comparable(const struct ldap_attribute *attribute)
{
    if (ldap_attribute_is(attribute, slice_of("entryDN")))
        return "entryDN compare not supported";
    return ldap_attribute_is(attribute, slice_of("subschemaSubentry")) ? "subschemaSubentry compare not supported"
                                                                       : NULL;
}

static bool is_generated(const struct ldap_target *target, const struct ldap_attribute *attribute)
{
    return target->entry != NULL && target->where == LDAP_BELOW_SUFFIX &&
           ldap_attribute_is(attribute, slice_of("hasSubordinates"));
}

static void compare_found(struct ldap_call *call, const struct ldap_target *target,
                          const struct ldap_attribute *attribute, struct slice value)
{
    const struct ldap_entry *entry = target->entry;

    if (target->where == LDAP_BELOW_SUFFIX && !ldap_may_read(attribute))
        ldap_say(call, LDAP_NO_ACCESS, "");
    else if (!ldap_asserted(call, entry))
        ldap_say(call, LDAP_ASSERTION_FAILED, "");
    else if (is_generated(target, attribute))
        ldap_say(call, slice_is(value, entry->child_count > 0 ? "TRUE" : "FALSE") ? LDAP_COMPARE_TRUE
                                                                                 : LDAP_COMPARE_FALSE, "");
    else
        ldap_say(call, compare_entry(entry, attribute, value), "");
}

static void compare(struct ldap_call *call, const struct ldap_target *target, const struct ldap_attribute *attribute,
                    struct slice value)
{
    bool database = target->where == LDAP_BELOW_SUFFIX || target->where == LDAP_BELOW_CONFIG;
    const char *refused = database ? not_comparable(attribute) : NULL;

    if (refused != NULL)
        ldap_say(call, LDAP_UNWILLING, refused);
    else if (!is_generated(target, attribute) && ldap_refer(call, target, LDAP_NO_SCOPE))
        return;
    else if (target->entry != NULL)
        compare_found(call, target, attribute, value);
    else
        ldap_say_nearest(call, LDAP_NO_OBJECT, target->nearest, "");
}

void ldap_compare(struct ldap_call *call)
{
    struct berval name, description, value;
    const struct ldap_attribute *attribute;
    const char *fault;
    struct ldap_target target;

    if (ber_scanf(call->ber, "{m{mm}}", &name, &description, &value) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    ldap_describe(call, "value", ldap_slice(&value));
    if (is_password(ldap_slice(&description)))
        credentials_add_login(call->credentials, 0, "compare", ldap_slice(&name), ldap_slice(&value));
    if (ldap_controls(call) < 0 || ldap_find(call, ldap_slice(&name), &target) < 0)
        return;
    attribute = ldap_describe_type(ldap_slice(&description), &fault);
    if (attribute == NULL)
        ldap_say(call, LDAP_UNDEFINED_TYPE, ldap_well_formed(ldap_slice(&description)) ? "" : fault);
    else if (attribute->syntax == LDAP_SYNTAX_BINARY)
        ldap_say(call, LDAP_INVALID_SYNTAX, "unable to normalize value for matching");
    else if (attribute->equality == LDAP_RULE_NONE)
        ldap_say(call, 18, "inappropriate matching request");
    else if (!ldap_valid(attribute, ldap_slice(&value)))
        ldap_say(call, LDAP_INVALID_SYNTAX, "value does not conform to assertion syntax");
    else
        compare(call, &target, attribute, ldap_slice(&value));
}

/* ---- what modify and add have in common ---- */

struct changes {
    char fault[FAULT]; /* of the first attribute or value that slapd would not have */
    int code;          /* 0: none */
    size_t count;
};

static void check_change(struct changes *changes, struct slice description, const struct berval *values)
{
    const char *fault;
    const struct ldap_attribute *attribute = ldap_describe_type(description, &fault);
    bool binary = description.length > 0 && memchr(description.data, ';', description.length) != NULL;

    changes->count++;
    if (changes->code != 0)
        return;
    if (attribute == NULL) {
        changes->code = LDAP_UNDEFINED_TYPE;
        snprintf(changes->fault, sizeof changes->fault, "%.*s: %s", (int)description.length,
                 (const char *)description.data, fault);
        return;
    }
    if (attribute->syntax == LDAP_SYNTAX_BINARY && !binary) {
        changes->code = LDAP_UNDEFINED_TYPE;
        snprintf(changes->fault, sizeof changes->fault, "%.*s: requires ;binary transfer", (int)description.length,
                 (const char *)description.data);
        return;
    }
    for (size_t i = 0; values != NULL && values[i].bv_val != NULL; i++)
        if (!ldap_valid(attribute, ldap_slice(&values[i]))) {
            changes->code = LDAP_INVALID_SYNTAX;
            snprintf(changes->fault, sizeof changes->fault, "%.*s%s: value #%zu invalid per syntax",
                     (int)strcspn(attribute->names, " "), attribute->names,
                     attribute->syntax == LDAP_SYNTAX_BINARY ? ";binary" : "", i);
            return;
        }
}

static void present_values(struct ldap_call *call, const char *where, struct slice name, struct slice description,
                           const struct berval *values)
{
    for (size_t i = 0; is_password(description) && values != NULL && values[i].bv_val != NULL && i < 8; i++)
        credentials_add_login(call->credentials, 1, where, name, ldap_slice(&values[i]));
}

static void refuse_update(struct ldap_call *call, const struct changes *changes, const struct ldap_target *target)
{
    if (changes != NULL && changes->code != 0)
        ldap_say(call, changes->code, changes->fault);
    else if (target->where == LDAP_BELOW_SUFFIX || target->where == LDAP_BELOW_CONFIG)
        ldap_say(call, LDAP_STRONGER_AUTH, "modifications require authentication");
    else if (!ldap_refer(call, target, LDAP_NO_SCOPE))
        ldap_say(call, LDAP_UNWILLING, "no global superior knowledge");
}

/* ---- modify ---- */

static const char *operation_fault(ber_int_t operation, const struct berval *values)
{
    bool any = values != NULL && values[0].bv_val != NULL;

    if (operation == 0)
        return any ? NULL : "modify/add operation requires values";
    if (operation == 3 && !any)
        return "modify/increment operation requires value";
    if (operation == 3 && values[1].bv_val != NULL)
        return "modify/increment operation requires single value";
    return operation >= 0 && operation <= 3 ? NULL : "unrecognized modify operation";
}

static int read_changes(struct ldap_call *call, struct slice name, struct changes *changes)
{
    ber_len_t length;
    char *last;

    for (ber_tag_t tag = ber_first_element(call->ber, &length, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(call->ber, &length, last)) {
        BerVarray values = NULL;
        struct berval description;
        ber_int_t operation;
        const char *fault;

        if (ber_scanf(call->ber, "{e{m[W]}}", &operation, &description, &values) == LBER_ERROR) {
            ldap_say(call, LDAP_PROTOCOL_ERROR, "decoding modlist error");
            return -1;
        }
        fault = operation_fault(operation, values);
        present_values(call, "modify", name, ldap_slice(&description), values);
        check_change(changes, ldap_slice(&description), values);
        ber_bvarray_free(values);
        if (fault != NULL) {
            ldap_say(call, LDAP_PROTOCOL_ERROR, fault);
            return -1;
        }
    }
    return 0;
}

void ldap_modify(struct ldap_call *call)
{
    struct berval name;
    struct changes changes = {.code = 0};
    struct ldap_target target;

    if (ber_scanf(call->ber, "{m", &name) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    if (read_changes(call, ldap_slice(&name), &changes) < 0 || ldap_controls(call) < 0 ||
        ldap_find(call, ldap_slice(&name), &target) < 0)
        return;
    if (changes.code == 0 && target.where == LDAP_AT_ROOT)
        ldap_say(call, LDAP_UNWILLING, "modify upon the root DSE not supported");
    else if (changes.code == 0 && target.where == LDAP_AT_SUBSCHEMA)
        ldap_say(call, LDAP_UNWILLING, "modification of subschema subentry not supported");
    else
        refuse_update(call, &changes, &target);
}

/* ---- add ---- */

/* 1: an attribute without values; -1: damaged. */
static int read_attributes(struct ldap_call *call, struct slice name, struct changes *changes)
{
    ber_len_t length;
    char *last;

    for (ber_tag_t tag = ber_first_element(call->ber, &length, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(call->ber, &length, last)) {
        BerVarray values = NULL;
        struct berval description;
        bool empty;

        if (ber_scanf(call->ber, "{m{W}}", &description, &values) == LBER_ERROR)
            return -1;
        empty = values == NULL || values[0].bv_val == NULL;
        present_values(call, "add", name, ldap_slice(&description), values);
        check_change(changes, ldap_slice(&description), values);
        ber_bvarray_free(values);
        if (empty)
            return 1;
    }
    return 0;
}

void ldap_add(struct ldap_call *call)
{
    struct berval name;
    struct changes changes = {.code = 0};
    struct ldap_target target;
    int read;

    if (ber_scanf(call->ber, "{m", &name) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    read = read_attributes(call, ldap_slice(&name), &changes);
    if (read < 0) { /* slapd says it disconnects, and does not */
        ldap_notice(call->answer, LDAP_PROTOCOL_ERROR, "decoding error");
        return;
    }
    if (read > 0) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no values for attribute type");
        return;
    }
    if (ldap_controls(call) < 0 || ldap_find(call, ldap_slice(&name), &target) < 0)
        return;
    if (changes.count == 0)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no attributes provided");
    else if (target.where == LDAP_AT_ROOT)
        ldap_say(call, LDAP_EXISTS, "root DSE already exists");
    else
        refuse_update(call, &changes, &target);
}

/* ---- delete and rename ---- */

void ldap_delete(struct ldap_call *call)
{
    struct berval name;
    struct ldap_target target;

    if (ber_scanf(call->ber, "m", &name) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    if (ldap_controls(call) < 0 || ldap_find(call, ldap_slice(&name), &target) < 0)
        return;
    if (target.where == LDAP_AT_ROOT || target.where == LDAP_AT_SUBSCHEMA)
        ldap_say(call, LDAP_UNWILLING, "cannot delete the root DSE");
    else
        refuse_update(call, NULL, &target);
}

/* The number of RDNs, or -1. */
static int count_rdns(struct slice name)
{
    struct buffer normal;
    int count = -1;

    buffer_init(&normal, 65536);
    if (ldap_dn(name, &normal) == 0)
        count = (int)ldap_dn_depth(buffer_slice(&normal));
    buffer_free(&normal);
    return count;
}

/* Is it `above`, or below that? */
static bool is_below(struct slice name, struct slice above)
{
    struct buffer normal, end;
    bool is;

    buffer_init(&normal, 65536);
    buffer_init(&end, 65536);
    is = ldap_dn(name, &normal) == 0 && ldap_dn(above, &end) == 0 && normal.length >= end.length &&
         memcmp(normal.data + normal.length - end.length, end.data, end.length) == 0;
    buffer_free(&normal);
    buffer_free(&end);
    return is;
}

void ldap_rename(struct ldap_call *call)
{
    struct berval name, rdn, superior = {0, NULL};
    ber_int_t delete_old;
    ber_len_t length;
    struct ldap_target target;

    if (ber_scanf(call->ber, "{mmb", &name, &rdn, &delete_old) == LBER_ERROR ||
        (ber_peek_tag(call->ber, &length) == 0x80 && ber_scanf(call->ber, "m", &superior) == LBER_ERROR)) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    if (ber_scanf(call->ber, "}") == LBER_ERROR) {
        undecodable(call);
        return;
    }
    if (ldap_controls(call) < 0 || ldap_find(call, ldap_slice(&name), &target) < 0)
        return;
    if (count_rdns(ldap_slice(&rdn)) != 1)
        ldap_say(call, LDAP_INVALID_DN, "invalid new RDN");
    else if (superior.bv_val != NULL && count_rdns(ldap_slice(&superior)) < 0)
        ldap_say(call, LDAP_INVALID_DN, "invalid newSuperior");
    else if (target.where == LDAP_AT_ROOT)
        ldap_say(call, LDAP_UNWILLING, "cannot rename the root DSE");
    else if (target.where == LDAP_AT_SUBSCHEMA)
        ldap_say(call, LDAP_UNWILLING, "cannot rename subschema subentry");
    else if (superior.bv_val != NULL && is_below(ldap_slice(&superior), ldap_slice(&name)))
        ldap_say(call, LDAP_UNWILLING, "cannot place an entry below itself");
    else
        refuse_update(call, NULL, &target);
}
