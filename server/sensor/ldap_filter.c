/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_filter.h"

#define DEEPEST 1000   /* slapd's default */
#define LOOK_UP 20     /* the work of finding an attribute by its name */
#define NORMAL 300000  /* bytes of a normal value at most */

struct filter_reader {
    BerElement *ber;
    struct arena *arena;
    struct buffer normal;
    long *work;
    const char *fault;
};

static struct ldap_filter *read_filter(struct filter_reader *r, unsigned depth);

static struct slice slice_from(const struct berval *value)
{
    return (struct slice){(const unsigned char *)value->bv_val, value->bv_len};
}

static void *fail(struct filter_reader *r, const char *text)
{
    if (r->fault == NULL)
        r->fault = text;
    return NULL;
}

static struct ldap_filter *undefined(struct ldap_filter *filter)
{
    filter->choice = LDAP_FILTER_COMPUTED;
    filter->truth = LDAP_UNDEFINED;
    return filter;
}

/* Finds the attribute; one that is not known makes the filter undefined. */
static bool set_attribute(struct filter_reader *r, struct ldap_filter *filter, const struct berval *description)
{
    const char *fault;

    *r->work -= LOOK_UP;
    filter->attribute = ldap_describe_type(slice_from(description), &fault);
    if (filter->attribute == NULL)
        return false;
    (void)ldap_base_type(slice_from(description), &filter->options);
    return true;
}

static int normalize(struct filter_reader *r, enum ldap_rule rule, struct slice value, enum ldap_piece piece,
                     struct slice *normal)
{
    *r->work -= (long)(value.length / 64);
    buffer_clear(&r->normal);
    if (ldap_normalize(rule, value, piece, &r->normal) < 0)
        return -1;
    *normal = arena_copy(r->arena, buffer_slice(&r->normal));
    return normal->data == NULL ? -1 : 0;
}

static struct ldap_filter *read_list(struct filter_reader *r, struct ldap_filter *filter, unsigned depth)
{
    struct ldap_filter **next = &filter->first;
    ber_len_t length;
    char *last;

    for (ber_tag_t tag = ber_first_element(r->ber, &length, &last); tag != LBER_DEFAULT && *r->work >= 0;
         tag = ber_next_element(r->ber, &length, last)) {
        *next = read_filter(r, depth);
        if (*next == NULL)
            return NULL;
        next = &(*next)->next;
    }
    if (filter->first == NULL) {
        filter->truth = filter->choice == LDAP_FILTER_AND ? LDAP_TRUE : LDAP_FALSE;
        filter->choice = LDAP_FILTER_COMPUTED;
    }
    return filter;
}

static struct ldap_filter *read_assertion(struct filter_reader *r, struct ldap_filter *filter)
{
    bool equality = filter->choice == LDAP_FILTER_EQUAL || filter->choice == LDAP_FILTER_APPROX;
    struct berval description, value;

    if (ber_scanf(r->ber, "{mm}", &description, &value) == LBER_ERROR)
        return fail(r, "Error decoding attribute value assertion");
    if (!set_attribute(r, filter, &description) || filter->attribute->equality == LDAP_RULE_NONE ||
        (!equality && strchr(filter->attribute->matching, 'O') == NULL) ||
        !ldap_valid(filter->attribute, slice_from(&value)) ||
        normalize(r, filter->attribute->equality, slice_from(&value), LDAP_WHOLE, &filter->value) < 0)
        return undefined(filter);
    return filter;
}

static struct ldap_filter *read_present(struct filter_reader *r, struct ldap_filter *filter)
{
    struct berval description;

    if (ber_scanf(r->ber, "m", &description) == LBER_ERROR)
        return fail(r, "error decoding filter");
    return set_attribute(r, filter, &description) ? filter : undefined(filter);
}

/* ---- substrings: initial, any, final in this order, none empty ---- */

static bool add_piece(struct filter_reader *r, struct ldap_filter *filter, ber_tag_t tag, struct slice value)
{
    struct ldap_pieces *pieces = &filter->pieces;
    struct slice *place;

    if (value.length == 0 || pieces->final.data != NULL || tag < 0x80 || tag > 0x82 ||
        (tag == 0x80 && (pieces->initial.data != NULL || pieces->any_count > 0)))
        return false;
    if (tag == 0x81 && (pieces->any_count & (pieces->any_count - 1)) == 0) {
        struct slice *longer = arena_take(r->arena, (pieces->any_count == 0 ? 1 : 2 * pieces->any_count) *
                                                        sizeof *longer);

        for (size_t i = 0; longer != NULL && i < pieces->any_count; i++)
            longer[i] = pieces->any[i];
        pieces->any = longer;
    }
    place = tag == 0x80 ? &pieces->initial : tag == 0x82 ? &pieces->final : pieces->any;
    if (place == NULL)
        return false;
    if (tag == 0x81)
        place += pieces->any_count++;
    return ldap_valid(filter->attribute, value) &&
           normalize(r, filter->attribute->equality, value,
                     tag == 0x80   ? LDAP_INITIAL
                     : tag == 0x82 ? LDAP_FINAL
                                   : LDAP_ANY,
                     place) == 0;
}

static struct ldap_filter *read_substrings(struct filter_reader *r, struct ldap_filter *filter)
{
    struct berval description, part;
    ber_len_t length;
    char *last;
    bool good, any = false;

    if (ber_scanf(r->ber, "{m", &description) == LBER_ERROR)
        return fail(r, "error decoding filter");
    good = set_attribute(r, filter, &description) && strchr(filter->attribute->matching, 'S') != NULL;
    for (ber_tag_t tag = ber_first_element(r->ber, &length, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(r->ber, &length, last)) {
        if (ber_scanf(r->ber, "m", &part) == LBER_ERROR)
            return fail(r, "error decoding filter");
        --*r->work;
        good = good && add_piece(r, filter, tag, slice_from(&part));
        any = true;
    }
    if (ber_scanf(r->ber, "}") == LBER_ERROR)
        return fail(r, "error decoding filter");
    return good && any ? filter : undefined(filter);
}

/* ---- extensible matches ---- */

struct extensible {
    struct berval rule, description, value; /* bv_val NULL: absent */
    ber_int_t names_too;
};

static const char *read_parts(BerElement *ber, struct extensible *e)
{
    ber_len_t length;
    ber_tag_t tag;

    if (ber_scanf(ber, "{t", &tag) == LBER_ERROR)
        return "Error parsing matching rule assertion";
    if (tag == 0x81 && (ber_scanf(ber, "m", &e->rule) == LBER_ERROR || ber_scanf(ber, "t", &tag) == LBER_ERROR))
        return "Error parsing matching rule in matching rule assertion";
    if (tag == 0x82 && (ber_scanf(ber, "m", &e->description) == LBER_ERROR || ber_scanf(ber, "t", &tag) == LBER_ERROR))
        return "Error parsing attribute in matching rule assertion";
    if (tag != 0x83)
        return "Missing value in matching rule assertion";
    if (ber_scanf(ber, "m", &e->value) == LBER_ERROR)
        return "Error parsing value in matching rule assertion";
    if (ber_peek_tag(ber, &length) == 0x84 && ber_scanf(ber, "b", &e->names_too) == LBER_ERROR)
        return "Error parsing dnattrs in matching rule assertion";
    return NULL;
}

/* An attribute of the rule's syntax, to check values that are meant for any attribute. */
static bool rule_takes(enum ldap_rule rule, struct slice value)
{
    static const struct {
        enum ldap_rule rule;
        const char *attribute;
    } typical[] = {
        {LDAP_RULE_FOLD, "cn"},          {LDAP_RULE_EXACT, "cn"},         {LDAP_RULE_FOLD_IA5, "mail"},
        {LDAP_RULE_EXACT_IA5, "mail"},   {LDAP_RULE_DN, "member"},        {LDAP_RULE_INTEGER, "uidNumber"},
        {LDAP_RULE_BIT_AND, "uidNumber"}, {LDAP_RULE_BIT_OR, "uidNumber"}, {LDAP_RULE_PHONE, "telephoneNumber"},
        {LDAP_RULE_BOOLEAN, "hasSubordinates"}, {LDAP_RULE_TIME, "createTimestamp"}, {LDAP_RULE_UUID, "entryUUID"},
        {LDAP_RULE_NUMERIC, "x121Address"},
    };

    for (size_t i = 0; i < sizeof typical / sizeof typical[0]; i++)
        if (typical[i].rule == rule)
            return ldap_valid(ldap_attribute(slice_of(typical[i].attribute)), value);
    return true;
}

static struct ldap_filter *read_extensible(struct filter_reader *r, struct ldap_filter *filter)
{
    struct extensible e = {.names_too = 0};
    const char *fault = read_parts(r->ber, &e);
    struct slice value;

    if (fault != NULL)
        return fail(r, fault);
    value = slice_from(&e.value);
    filter->names_too = e.names_too != 0;
    if (e.description.bv_val != NULL && !set_attribute(r, filter, &e.description))
        return undefined(filter);
    filter->ruled = e.rule.bv_val != NULL;
    if (filter->ruled)
        filter->rule = ldap_rule(slice_from(&e.rule));
    else if (filter->attribute != NULL)
        filter->rule = filter->attribute->equality;
    if (filter->rule == LDAP_RULE_NONE || (filter->attribute != NULL && !ldap_rule_fits(filter->rule, filter->attribute)))
        return undefined(filter);
    if ((filter->attribute != NULL ? !ldap_valid(filter->attribute, value) : !rule_takes(filter->rule, value)) ||
        normalize(r, filter->rule, value, LDAP_WHOLE, &filter->value) < 0)
        return undefined(filter);
    return filter;
}

/* ---- any ---- */

static struct ldap_filter *read_not(struct filter_reader *r, struct ldap_filter *filter, unsigned depth)
{
    ber_len_t length;

    ber_skip_tag(r->ber, &length);
    filter->first = read_filter(r, depth);
    return filter->first == NULL ? NULL : filter;
}

static struct ldap_filter *read_filter(struct filter_reader *r, unsigned depth)
{
    ber_len_t length;
    ber_tag_t choice = ber_peek_tag(r->ber, &length);
    struct ldap_filter *filter;

    --*r->work;
    if (depth > DEEPEST)
        return fail(r, "filter nested too deeply");
    if (choice == LBER_ERROR)
        return fail(r, "error decoding filter");
    filter = arena_take(r->arena, sizeof *filter);
    if (filter == NULL)
        return fail(r, "out of memory");
    filter->choice = (enum ldap_choice)choice;
    switch (choice) {
    case LDAP_FILTER_AND:
    case LDAP_FILTER_OR:
        return read_list(r, filter, depth + 1);
    case LDAP_FILTER_NOT:
        return read_not(r, filter, depth + 1);
    case LDAP_FILTER_EQUAL:
    case LDAP_FILTER_GREATER:
    case LDAP_FILTER_LESS:
    case LDAP_FILTER_APPROX:
        return read_assertion(r, filter);
    case LDAP_FILTER_PRESENT:
        return read_present(r, filter);
    case LDAP_FILTER_SUBSTRINGS:
        return read_substrings(r, filter);
    case LDAP_FILTER_EXTENSIBLE:
        return read_extensible(r, filter);
    default:
        ber_scanf(r->ber, "x");
        return undefined(filter);
    }
}

int ldap_filter(BerElement *ber, struct arena *arena, long *work, struct ldap_filter **filter, const char **fault)
{
    struct filter_reader reader = {.ber = ber, .arena = arena, .work = work};

    buffer_init(&reader.normal, NORMAL);
    *filter = read_filter(&reader, 0);
    buffer_free(&reader.normal);
    *fault = reader.fault;
    return *filter == NULL ? -1 : 0;
}

int ldap_value_filters(BerElement *ber, struct arena *arena, long *work, struct ldap_filter **filters,
                       const char **fault)
{
    struct filter_reader reader = {.ber = ber, .arena = arena, .work = work};
    struct ldap_filter list = {.choice = LDAP_FILTER_OR};
    ber_len_t length;
    int result = -1;

    *fault = "error decoding vrFilter";
    if (ber_peek_tag(ber, &length) != LBER_SEQUENCE)
        return -1;
    buffer_init(&reader.normal, NORMAL);
    if (read_list(&reader, &list, 0) != NULL) {
        *filters = list.first;
        result = 0;
    }
    buffer_free(&reader.normal);
    return result;
}
