/* SPDX-License-Identifier: ISC
 *
 * Compare, modify, add, delete, rename: nothing of it is for a client that never gets past its bind. */
#include "server/sensor/ldap.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
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

/* slapd knows language tags, and "binary" for what cannot be written as text. */
static const struct ldap_attribute *find_type(struct slice description, const char **fault)
{
    bool options;
    struct slice type = ldap_base_type(description, &options), option;
    const struct ldap_attribute *attribute = ldap_attribute(type);

    *fault = "attribute type undefined";
    if (description.length == 0)
        *fault = "empty AttributeDescription";
    else if (!ldap_well_formed(description))
        *fault = "AttributeDescription contains inappropriate characters";
    if (attribute == NULL || !options || !ldap_well_formed(description))
        return attribute;
    option = (struct slice){description.data + type.length + 1, description.length - type.length - 1};
    if (slice_is_nocase(option, "binary") && attribute->syntax != LDAP_SYNTAX_BINARY) {
        *fault = "option \"binary\" not supported with type";
        return NULL;
    }
    *fault = "unrecognized option";
    return slice_is_nocase(option, "binary") ||
                   (option.length > 5 && strncasecmp((const char *)option.data, "lang-", 5) == 0)
               ? attribute
               : NULL;
}

/* ---- compare ---- */

static void compare_root(struct ldap_call *call, const struct ldap_attribute *attribute, struct slice value)
{
    struct ldap_root_attribute memory;
    const struct ldap_root_attribute *own;

    for (size_t i = 0; (own = ldap_root(call->directory, i, &memory)) != NULL; i++)
        if (!own->late && ldap_attribute_is(attribute, slice_of(own->name))) {
            bool same = ldap_root_equals(call->directory, slice_of(own->name), value) == LDAP_TRUE;

            ldap_say(call, same ? LDAP_COMPARE_TRUE : LDAP_COMPARE_FALSE, "");
            return;
        }
    ldap_say(call, LDAP_NO_ATTRIBUTE, "");
}

void ldap_compare(struct ldap_call *call)
{
    struct berval name, description, value;
    const struct ldap_attribute *attribute;
    const char *fault;
    int place;

    if (ber_scanf(call->ber, "{m{mm}}", &name, &description, &value) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    ldap_describe(call, "value", ldap_slice(&value));
    if (is_password(ldap_slice(&description)))
        credentials_add_login(call->credentials, 0, "compare", ldap_slice(&name), ldap_slice(&value));
    if (ldap_controls(call) < 0 || (place = ldap_place(call, ldap_slice(&name))) < 0)
        return;
    attribute = find_type(ldap_slice(&description), &fault);
    if (attribute == NULL)
        ldap_say(call, LDAP_UNDEFINED_TYPE, ldap_well_formed(ldap_slice(&description)) ? "" : fault);
    else if (attribute->syntax == LDAP_SYNTAX_BINARY)
        ldap_say(call, LDAP_INVALID_SYNTAX, "unable to normalize value for matching");
    else if (attribute->matching[0] != 'E')
        ldap_say(call, 18, "inappropriate matching request");
    else if (!ldap_valid(attribute, ldap_slice(&value)))
        ldap_say(call, LDAP_INVALID_SYNTAX, "value does not conform to assertion syntax");
    else if (place == LDAP_AT_ROOT)
        compare_root(call, attribute, ldap_slice(&value));
    else
        ldap_say(call, LDAP_NO_OBJECT, "");
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
    const struct ldap_attribute *attribute = find_type(description, &fault);
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

static void refuse_update(struct ldap_call *call, const struct changes *changes, int place)
{
    if (changes != NULL && changes->code != 0)
        ldap_say(call, changes->code, changes->fault);
    else if (place == LDAP_BELOW_SUFFIX || place == LDAP_BELOW_CONFIG)
        ldap_say(call, LDAP_STRONGER_AUTH, "modifications require authentication");
    else
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
    int place;

    if (ber_scanf(call->ber, "{m", &name) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    if (read_changes(call, ldap_slice(&name), &changes) < 0 || ldap_controls(call) < 0 ||
        (place = ldap_place(call, ldap_slice(&name))) < 0)
        return;
    if (place == LDAP_AT_ROOT)
        ldap_say(call, LDAP_UNWILLING, "modify upon the root DSE not supported");
    else if (place == LDAP_AT_SUBSCHEMA)
        ldap_say(call, LDAP_UNWILLING, "modification of subschema subentry not supported");
    else
        refuse_update(call, &changes, place);
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
    int place, read;

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
    if (ldap_controls(call) < 0 || (place = ldap_place(call, ldap_slice(&name))) < 0)
        return;
    if (changes.count == 0)
        ldap_say(call, LDAP_PROTOCOL_ERROR, "no attributes provided");
    else if (place == LDAP_AT_ROOT)
        ldap_say(call, LDAP_EXISTS, "root DSE already exists");
    else
        refuse_update(call, &changes, place);
}

/* ---- delete and rename ---- */

void ldap_delete(struct ldap_call *call)
{
    struct berval name;
    int place;

    if (ber_scanf(call->ber, "m", &name) == LBER_ERROR) {
        undecodable(call);
        return;
    }
    ldap_describe(call, "dn", ldap_slice(&name));
    if (ldap_controls(call) < 0 || (place = ldap_place(call, ldap_slice(&name))) < 0)
        return;
    if (place == LDAP_AT_ROOT || place == LDAP_AT_SUBSCHEMA)
        ldap_say(call, LDAP_UNWILLING, "cannot delete the root DSE");
    else
        refuse_update(call, NULL, place);
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

void ldap_rename(struct ldap_call *call)
{
    struct berval name, rdn, superior = {0, NULL};
    ber_int_t delete_old;
    ber_len_t length;
    int place;

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
    if (ldap_controls(call) < 0 || (place = ldap_place(call, ldap_slice(&name))) < 0)
        return;
    if (count_rdns(ldap_slice(&rdn)) != 1)
        ldap_say(call, LDAP_INVALID_DN, "invalid new RDN");
    else if (superior.bv_val != NULL && count_rdns(ldap_slice(&superior)) < 0)
        ldap_say(call, LDAP_INVALID_DN, "invalid newSuperior");
    else if (place == LDAP_AT_ROOT)
        ldap_say(call, LDAP_UNWILLING, "cannot rename the root DSE");
    else if (place == LDAP_AT_SUBSCHEMA)
        ldap_say(call, LDAP_UNWILLING, "cannot rename subschema subentry");
    else
        refuse_update(call, NULL, place);
}
