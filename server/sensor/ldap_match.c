/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_filter.h"

#include <stdlib.h>

/* What is asked of one attribute's values. */
typedef bool fits(const struct ldap_filter *filter, const struct ldap_values *values, long *work);

bool ldap_may_read(const struct ldap_attribute *attribute)
{
    return !ldap_attribute_is(attribute, slice_of("userPassword"));
}

static bool is_named(const struct ldap_attribute *attribute, const char *name)
{
    return attribute != NULL && slice_is(ldap_attribute_name(attribute), name);
}

/* ---- values ---- */

static bool equals(const struct ldap_filter *filter, const struct ldap_values *values, long *work)
{
    *work -= (long)values->normal_count;
    for (size_t i = 0; i < values->normal_count; i++)
        if (slice_equal(values->normal[i], filter->value))
            return true;
    return false;
}

static bool is_beyond(const struct ldap_filter *filter, const struct ldap_values *values, long *work)
{
    *work -= (long)values->normal_count;
    for (size_t i = 0; i < values->normal_count; i++) {
        int order = ldap_order(values->attribute->equality, values->normal[i], filter->value);

        if (filter->choice == LDAP_FILTER_GREATER ? order >= 0 : order <= 0)
            return true;
    }
    return false;
}

static bool contains(const struct ldap_filter *filter, const struct ldap_values *values, long *work)
{
    *work -= (long)(values->normal_count * (1 + filter->pieces.any_count));
    for (size_t i = 0; i < values->normal_count; i++)
        if (ldap_contains(values->normal[i], &filter->pieces))
            return true;
    return false;
}

static bool bits(struct slice value, const struct ldap_filter *filter)
{
    char text[24];
    long long has, asked;

    if (value.length >= sizeof text || filter->value.length >= sizeof text)
        return false;
    memcpy(text, value.data, value.length);
    text[value.length] = '\0';
    has = strtoll(text, NULL, 10);
    memcpy(text, filter->value.data, filter->value.length);
    text[filter->value.length] = '\0';
    asked = strtoll(text, NULL, 10);
    return filter->rule == LDAP_RULE_BIT_AND ? (has & asked) == asked : (has & asked) != 0;
}

static bool fits_rule(const struct ldap_filter *filter, struct slice shown)
{
    struct buffer normal;
    bool same;

    if (filter->rule == LDAP_RULE_BIT_AND || filter->rule == LDAP_RULE_BIT_OR)
        return bits(shown, filter);
    buffer_init(&normal, 65536);
    same = ldap_normalize(filter->rule, shown, LDAP_WHOLE, &normal) == 0 &&
           slice_equal(buffer_slice(&normal), filter->value);
    buffer_free(&normal);
    return same;
}

static bool extends(const struct ldap_filter *filter, const struct ldap_values *values, long *work)
{
    if (!ldap_rule_fits(filter->rule, values->attribute))
        return false;
    if (filter->rule == values->attribute->equality)
        return equals(filter, values, work);
    *work -= 10 * (long)values->count;
    for (size_t i = 0; i < values->count; i++)
        if (fits_rule(filter, values->shown[i]))
            return true;
    return false;
}

static bool is_there(const struct ldap_filter *filter, const struct ldap_values *values, long *work)
{
    (void)filter;
    (void)work;
    return values->count > 0;
}

static fits *fit_of(enum ldap_choice choice)
{
    switch (choice) {
    case LDAP_FILTER_EQUAL:
    case LDAP_FILTER_APPROX:
        return equals;
    case LDAP_FILTER_GREATER:
    case LDAP_FILTER_LESS:
        return is_beyond;
    case LDAP_FILTER_SUBSTRINGS:
        return contains;
    case LDAP_FILTER_PRESENT:
        return is_there;
    default:
        return extends;
    }
}

static bool is_about(const struct ldap_filter *filter, const struct ldap_values *values)
{
    return filter->attribute == NULL || values->attribute == filter->attribute || values->superior == filter->attribute;
}

bool ldap_value_wanted(const struct ldap_filter *filters, const struct ldap_values *values, size_t i, long *work)
{
    struct ldap_values one = *values;
    bool wanted = false;

    one.shown += i;
    one.normal += i;
    one.count = one.normal_count = 1;
    for (; filters != NULL && !wanted && *work >= 0; filters = filters->next)
        wanted = filters->choice != LDAP_FILTER_COMPUTED && filters->first == NULL && is_about(filters, values) &&
                 fit_of(filters->choice)(filters, &one, work);
    return wanted;
}

/* ---- one assertion ---- */

/* Does some attribute of the type, or of one of its subtypes, fit? */
static enum ldap_truth some(const struct ldap_entry *entry, const struct ldap_filter *filter, long *work)
{
    fits *fit = fit_of(filter->choice);

    *work -= 1 + (long)entry->attribute_count / 4;
    for (size_t i = 0; i < entry->attribute_count && !filter->options; i++)
        if (is_about(filter, &entry->attributes[i]) && fit(filter, &entry->attributes[i], work))
            return LDAP_TRUE;
    return LDAP_FALSE;
}

static enum ldap_truth truth(bool is)
{
    return is ? LDAP_TRUE : LDAP_FALSE;
}

/* Attributes that are made for the answer; -1: it is none of these. */
static int made(const struct ldap_directory *directory, const struct ldap_entry *entry,
                const struct ldap_filter *filter)
{
    bool equality = filter->choice == LDAP_FILTER_EQUAL || filter->choice == LDAP_FILTER_APPROX,
         present = filter->choice == LDAP_FILTER_PRESENT;

    if (filter->attribute == NULL || filter->options)
        return -1;
    if (is_named(filter->attribute, "entryDN")) {
        if (filter->choice == LDAP_FILTER_EXTENSIBLE || equality)
            return truth(slice_equal(entry->normal, filter->value));
        return present ? LDAP_TRUE : LDAP_UNDEFINED;
    }
    if (is_named(filter->attribute, "hasSubordinates") && !ldap_is_root(directory, entry)) {
        if (equality)
            return truth(slice_is(filter->value, entry->child_count > 0 ? "TRUE" : "FALSE"));
        return present ? LDAP_TRUE : filter->choice == LDAP_FILTER_EXTENSIBLE ? LDAP_FALSE : LDAP_UNDEFINED;
    }
    return present && is_named(filter->attribute, "subschemaSubentry") ? LDAP_TRUE : -1;
}

/* One part of the entry's name, "type=value". */
static bool fits_part(const struct ldap_filter *filter, struct slice part)
{
    const unsigned char *sign = memchr(part.data, '=', part.length);
    const struct ldap_attribute *attribute;

    if (sign == NULL)
        return false;
    attribute = ldap_attribute((struct slice){part.data, (size_t)(sign - part.data)});
    if (attribute == NULL || !ldap_rule_fits(filter->rule, attribute) ||
        (filter->attribute != NULL && !ldap_attribute_below(attribute, filter->attribute)))
        return false;
    return fits_rule(filter, (struct slice){sign + 1, part.length - (size_t)(sign - part.data) - 1});
}

static bool fits_name(const struct ldap_entry *entry, const struct ldap_filter *filter, long *work)
{
    struct slice rest = entry->normal;

    while (rest.length > 0) {
        size_t length = 1;

        while (length < rest.length && rest.data[length] > 2)
            length++;
        *work -= 20;
        if (fits_part(filter, (struct slice){rest.data + 1, length - 1}))
            return true;
        rest.data += length;
        rest.length -= length;
    }
    return false;
}

static enum ldap_truth test_extensible(const struct ldap_entry *entry, const struct ldap_filter *filter, long *work)
{
    enum ldap_truth is = some(entry, filter, work);

    /* slapd's own form of these assertions is none that its matching takes. */
    if (filter->rule == LDAP_RULE_UUID || (filter->ruled && filter->rule == LDAP_RULE_OID))
        return LDAP_UNDEFINED;
    if (is == LDAP_FALSE && filter->names_too)
        is = truth(fits_name(entry, filter, work));
    return is;
}

/* ---- the tree ---- */

static enum ldap_truth test_list(const struct ldap_directory *directory, const struct ldap_entry *entry,
                                 const struct ldap_filter *filter, long *work)
{
    enum ldap_truth decisive = filter->choice == LDAP_FILTER_AND ? LDAP_FALSE : LDAP_TRUE,
                    result = filter->choice == LDAP_FILTER_AND ? LDAP_TRUE : LDAP_FALSE;

    for (const struct ldap_filter *f = filter->first; f != NULL && *work >= 0; f = f->next) {
        enum ldap_truth one = ldap_filter_test(directory, entry, f, work);

        if (one == decisive)
            return one;
        if (one == LDAP_UNDEFINED)
            result = one;
    }
    return result;
}

static enum ldap_truth test_not(const struct ldap_directory *directory, const struct ldap_entry *entry,
                                const struct ldap_filter *filter, long *work)
{
    enum ldap_truth one = ldap_filter_test(directory, entry, filter->first, work);

    return one == LDAP_UNDEFINED ? one : truth(one == LDAP_FALSE);
}

enum ldap_truth ldap_filter_test(const struct ldap_directory *directory, const struct ldap_entry *entry,
                                 const struct ldap_filter *filter, long *work)
{
    int special;

    --*work;
    switch (filter->choice) {
    case LDAP_FILTER_COMPUTED:
        return filter->truth;
    case LDAP_FILTER_AND:
    case LDAP_FILTER_OR:
        return test_list(directory, entry, filter, work);
    case LDAP_FILTER_NOT:
        return test_not(directory, entry, filter, work);
    default:
        break;
    }
    if (filter->attribute != NULL && !ldap_may_read(filter->attribute) && !ldap_is_root(directory, entry))
        return LDAP_UNDEFINED;
    special = made(directory, entry, filter);
    if (special >= 0)
        return (enum ldap_truth)special;
    return filter->choice == LDAP_FILTER_EXTENSIBLE ? test_extensible(entry, filter, work) : some(entry, filter, work);
}

/* ---- candidates ---- */

/* Debian's database has these indexes, all for equality. */
static bool is_indexed(const struct ldap_attribute *attribute)
{
    static const char *const names[] = {"objectClass", "cn", "uid", "uidNumber", "gidNumber", "member", "memberUid"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_named(attribute, names[i]))
            return true;
    return false;
}

static bool is_narrow(const struct ldap_filter *filter)
{
    switch (filter->choice) {
    case LDAP_FILTER_EQUAL:
        return is_named(filter->attribute, "entryDN") || (is_indexed(filter->attribute) && !filter->options);
    case LDAP_FILTER_APPROX: /* of text there would be an index of its own, and there is none */
        return filter->attribute->equality != LDAP_RULE_FOLD && is_indexed(filter->attribute) && !filter->options;
    case LDAP_FILTER_GREATER:
    case LDAP_FILTER_LESS:
        return is_named(filter->attribute, "uidNumber") || is_named(filter->attribute, "gidNumber");
    default:
        return false;
    }
}

/* An entry is a candidate unless an index, or what is known beforehand, excludes it. */
static bool is_candidate(const struct ldap_directory *directory, const struct ldap_entry *entry,
                         const struct ldap_filter *filter, long *work)
{
    bool all = filter->choice == LDAP_FILTER_AND;

    --*work;
    switch (filter->choice) {
    case LDAP_FILTER_COMPUTED:
        return filter->truth == LDAP_TRUE;
    case LDAP_FILTER_AND:
    case LDAP_FILTER_OR:
        for (const struct ldap_filter *f = filter->first; f != NULL && *work >= 0; f = f->next)
            if (is_candidate(directory, entry, f, work) != all)
                return !all;
        return all;
    default:
        return !is_narrow(filter) || ldap_filter_test(directory, entry, filter, work) == LDAP_TRUE;
    }
}

size_t ldap_candidates(const struct ldap_directory *directory, const struct ldap_filter *filter, bool *candidates,
                       long *work)
{
    size_t count = 0;

    for (size_t i = 0; i < directory->entry_count; i++) {
        candidates[i] = is_candidate(directory, &directory->entries[i], filter, work);
        count += candidates[i];
    }
    return count;
}
