/* SPDX-License-Identifier: ISC
 *
 * Search filters (RFC 4511, 4.5.1.7), three-valued, asked of the root DSE only. Elements are taken in the order and
 * with the calls that slapd uses, so that damaged ones go wrong alike. */
#include "server/sensor/ldap.h"

#include "server/sensor/ldap_schema.h"

#define DEEPEST 1000 /* slapd's default */

enum filter_choice {
    FILTER_AND = 0xa0,
    FILTER_OR = 0xa1,
    FILTER_NOT = 0xa2,
    FILTER_EQUAL = 0xa3,
    FILTER_SUBSTRINGS = 0xa4,
    FILTER_GREATER = 0xa5,
    FILTER_LESS = 0xa6,
    FILTER_PRESENT = 0x87,
    FILTER_APPROX = 0xa8,
    FILTER_EXTENSIBLE = 0xa9,
};

struct filter {
    BerElement *ber;
    const struct ldap_directory *directory;
    const char *fault;
};

static int read_filter(struct filter *f, unsigned depth, enum ldap_truth *truth);

static int fail(struct filter *f, const char *text)
{
    f->fault = text;
    return -1;
}

static int read_list(struct filter *f, bool all, unsigned depth, enum ldap_truth *truth)
{
    ber_len_t length;
    char *last;
    enum ldap_truth result = all ? LDAP_TRUE : LDAP_FALSE, one;

    for (ber_tag_t tag = ber_first_element(f->ber, &length, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(f->ber, &length, last)) {
        if (read_filter(f, depth, &one) < 0)
            return -1;
        if (result == (all ? LDAP_FALSE : LDAP_TRUE))
            continue;
        if (one == (all ? LDAP_FALSE : LDAP_TRUE) || one == LDAP_UNDEFINED)
            result = one;
    }
    *truth = result;
    return 0;
}

/* Rules by their letter in the schema: an attribute without the rule makes the assertion undefined. */
static enum ldap_truth absent(const struct berval *description, const struct berval *value, char rule)
{
    bool options;
    const struct ldap_attribute *attribute = ldap_attribute(ldap_base_type(ldap_slice(description), &options));

    if (attribute == NULL)
        return LDAP_UNDEFINED;
    for (const char *has = attribute->matching; *has != '\0'; has++)
        if (*has == rule)
            return value == NULL || ldap_valid(attribute, ldap_slice(value)) ? LDAP_FALSE : LDAP_UNDEFINED;
    return LDAP_UNDEFINED;
}

static int read_assertion(struct filter *f, ber_tag_t choice, enum ldap_truth *truth)
{
    struct berval description, value;

    if (ber_scanf(f->ber, "{mm}", &description, &value) == LBER_ERROR)
        return fail(f, "Error decoding attribute value assertion");
    if (choice == FILTER_EQUAL || choice == FILTER_APPROX)
        *truth = ldap_root_equals(f->directory, ldap_slice(&description), ldap_slice(&value));
    else
        *truth = absent(&description, &value, 'O');
    return 0;
}

static int read_present(struct filter *f, enum ldap_truth *truth)
{
    struct ldap_root_attribute memory;
    const struct ldap_root_attribute *own;
    const struct ldap_attribute *attribute;
    struct berval description;
    bool options;

    if (ber_scanf(f->ber, "m", &description) == LBER_ERROR)
        return fail(f, "error decoding filter");
    attribute = ldap_attribute(ldap_base_type(ldap_slice(&description), &options));
    *truth = attribute == NULL ? LDAP_UNDEFINED : LDAP_FALSE;
    for (size_t i = 0; attribute != NULL && !options && (own = ldap_root(f->directory, i, &memory)) != NULL; i++)
        if (ldap_attribute_is(attribute, slice_of(own->name)))
            *truth = LDAP_TRUE;
    return 0;
}

/* initial, any, final in this order, none empty. */
static int read_substrings(struct filter *f, enum ldap_truth *truth)
{
    struct berval description, part;
    ber_len_t length;
    ber_tag_t least = 0x80;
    char *last;
    size_t count = 0;

    if (ber_scanf(f->ber, "{m", &description) == LBER_ERROR)
        return fail(f, "error decoding filter");
    *truth = absent(&description, NULL, 'S');
    for (ber_tag_t tag = ber_first_element(f->ber, &length, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(f->ber, &length, last)) {
        if (ber_scanf(f->ber, "m", &part) == LBER_ERROR)
            return fail(f, "error decoding filter");
        if (tag < least || tag > 0x82 || part.bv_len == 0)
            *truth = LDAP_UNDEFINED;
        least = tag == 0x80 ? 0x81 : tag;
        count++;
    }
    if (count == 0)
        *truth = LDAP_UNDEFINED;
    return ber_scanf(f->ber, "}") == LBER_ERROR ? fail(f, "error decoding filter") : 0;
}

static int read_extensible(struct filter *f, enum ldap_truth *truth)
{
    struct berval rule = {0, NULL}, description = {0, NULL}, value;
    ber_int_t attributes;
    ber_len_t length;
    ber_tag_t tag;

    if (ber_scanf(f->ber, "{t", &tag) == LBER_ERROR)
        return fail(f, "Error parsing matching rule assertion");
    if (tag == 0x81 && (ber_scanf(f->ber, "m", &rule) == LBER_ERROR || ber_scanf(f->ber, "t", &tag) == LBER_ERROR))
        return fail(f, "Error parsing matching rule in matching rule assertion");
    if (tag == 0x82 &&
        (ber_scanf(f->ber, "m", &description) == LBER_ERROR || ber_scanf(f->ber, "t", &tag) == LBER_ERROR))
        return fail(f, "Error parsing attribute in matching rule assertion");
    if (tag != 0x83)
        return fail(f, "Missing value in matching rule assertion");
    if (ber_scanf(f->ber, "m", &value) == LBER_ERROR)
        return fail(f, "Error parsing value in matching rule assertion");
    if (ber_peek_tag(f->ber, &length) == 0x84 && ber_scanf(f->ber, "b", &attributes) == LBER_ERROR)
        return fail(f, "Error parsing dnattrs in matching rule assertion");
    if (rule.bv_len == 0)
        *truth = ldap_root_equals(f->directory, ldap_slice(&description), ldap_slice(&value));
    else if (ldap_rule(ldap_slice(&rule)) && (description.bv_len == 0 || absent(&description, NULL, 'E') == LDAP_FALSE))
        *truth = LDAP_FALSE;
    else
        *truth = LDAP_UNDEFINED;
    return 0;
}

static int read_not(struct filter *f, unsigned depth, enum ldap_truth *truth)
{
    ber_len_t length;

    ber_skip_tag(f->ber, &length);
    if (read_filter(f, depth, truth) < 0)
        return -1;
    if (*truth != LDAP_UNDEFINED)
        *truth = *truth == LDAP_TRUE ? LDAP_FALSE : LDAP_TRUE;
    return 0;
}

static int read_filter(struct filter *f, unsigned depth, enum ldap_truth *truth)
{
    ber_len_t length;
    ber_tag_t choice = ber_peek_tag(f->ber, &length);

    if (depth > DEEPEST)
        return fail(f, "filter nested too deeply");
    switch (choice) {
    case LBER_ERROR:
        return fail(f, "error decoding filter");
    case FILTER_AND:
    case FILTER_OR:
        return read_list(f, choice == FILTER_AND, depth + 1, truth);
    case FILTER_NOT:
        return read_not(f, depth + 1, truth);
    case FILTER_EQUAL:
    case FILTER_GREATER:
    case FILTER_LESS:
    case FILTER_APPROX:
        return read_assertion(f, choice, truth);
    case FILTER_PRESENT:
        return read_present(f, truth);
    case FILTER_SUBSTRINGS:
        return read_substrings(f, truth);
    case FILTER_EXTENSIBLE:
        return read_extensible(f, truth);
    default:
        ber_scanf(f->ber, "x");
        *truth = LDAP_UNDEFINED;
        return 0;
    }
}

int ldap_filter(BerElement *ber, const struct ldap_directory *directory, enum ldap_truth *truth, const char **fault)
{
    struct filter filter = {ber, directory, NULL};
    int result = read_filter(&filter, 0, truth);

    *fault = filter.fault;
    return result;
}
