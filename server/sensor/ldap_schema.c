/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_schema.h"

#include <string.h>
#include <strings.h>
#include "server/sensor/credential.h"

#define NESTED 8192

struct rule {
    const char *name, *oid;
    enum ldap_rule rule;
};

static const struct ldap_attribute attributes[] = {
#define ATTRIBUTE(names, oid, superior, syntax, equality, matching, operational)                                       \
    {names, oid, superior, LDAP_SYNTAX_##syntax, LDAP_RULE_##equality, matching, operational},
#define CLASS(names, oid, superior, attributes)
#define RULE(name, oid, rule)
#include "server/sensor/ldap_schema.def"
#undef ATTRIBUTE
#undef CLASS
#undef RULE
};

static const struct ldap_class classes[] = {
#define ATTRIBUTE(names, oid, superior, syntax, equality, matching, operational)
#define CLASS(names, oid, superior, attributes) {names, oid, superior, attributes},
#define RULE(name, oid, rule)
#include "server/sensor/ldap_schema.def"
#undef ATTRIBUTE
#undef CLASS
#undef RULE
};

static const struct rule rules[] = {
#define ATTRIBUTE(names, oid, superior, syntax, equality, matching, operational)
#define CLASS(names, oid, superior, attributes)
#define RULE(name, oid, rule) {name, oid, LDAP_RULE_##rule},
#include "server/sensor/ldap_schema.def"
#undef ATTRIBUTE
#undef CLASS
#undef RULE
};

_Static_assert(sizeof attributes / sizeof attributes[0] <= LDAP_ATTRIBUTES, "LDAP_ATTRIBUTES is too small");

static bool among(const char *names, struct slice name)
{
    while (*names != '\0') {
        size_t length = strcspn(names, " ");

        if (length == name.length && strncasecmp(names, (const char *)name.data, length) == 0)
            return true;
        names += length + (names[length] == ' ');
    }
    return false;
}

/* Spares most comparisons in a table: a name that is alone has to begin alike. */
static bool may_be(const char *names, struct slice name)
{
    return (names[0] | 0x20) == (name.data[0] | 0x20) || name.data[0] <= '9' || strchr(names, ' ') != NULL;
}

bool ldap_attribute_is(const struct ldap_attribute *attribute, struct slice name)
{
    return name.length > 0 && (slice_is(name, attribute->oid) || among(attribute->names, name));
}

const struct ldap_attribute *ldap_attribute(struct slice name)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0] && name.length > 0; i++)
        if (may_be(attributes[i].names, name) && ldap_attribute_is(&attributes[i], name))
            return &attributes[i];
    return NULL;
}

const struct ldap_attribute *ldap_attribute_at(size_t number)
{
    return number < sizeof attributes / sizeof attributes[0] ? &attributes[number] : NULL;
}

size_t ldap_attribute_number(const struct ldap_attribute *attribute)
{
    return (size_t)(attribute - attributes);
}

struct slice ldap_attribute_name(const struct ldap_attribute *attribute)
{
    return (struct slice){(const unsigned char *)attribute->names, strcspn(attribute->names, " ")};
}

/* No subtype in the table has subtypes. */
bool ldap_attribute_below(const struct ldap_attribute *attribute, const struct ldap_attribute *above)
{
    return attribute == above || (above != NULL && attribute->superior[0] != '\0' &&
                                  ldap_attribute_is(above, slice_of(attribute->superior)));
}

const struct ldap_class *ldap_class(struct slice name)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0] && name.length > 0; i++)
        if (slice_is(name, classes[i].oid) || among(classes[i].names, name))
            return &classes[i];
    return NULL;
}

const struct ldap_class *ldap_class_superior(const struct ldap_class *class)
{
    return ldap_class(slice_of(class->superior));
}

enum ldap_rule ldap_rule(struct slice name)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && name.length > 0; i++)
        if (slice_is(name, rules[i].oid) || slice_is_nocase(name, rules[i].name))
            return rules[i].rule;
    return LDAP_RULE_NONE;
}

bool ldap_rule_fits(enum ldap_rule rule, const struct ldap_attribute *attribute)
{
    switch (rule) {
    case LDAP_RULE_FOLD:
    case LDAP_RULE_EXACT:
        return attribute->syntax == LDAP_SYNTAX_TEXT || attribute->syntax == LDAP_SYNTAX_PRINTABLE ||
               attribute->syntax == LDAP_SYNTAX_COUNTRY || attribute->syntax == LDAP_SYNTAX_PHONE;
    case LDAP_RULE_FOLD_IA5:
    case LDAP_RULE_EXACT_IA5:
        return attribute->syntax == LDAP_SYNTAX_IA5;
    case LDAP_RULE_BIT_AND:
    case LDAP_RULE_BIT_OR:
        return attribute->syntax == LDAP_SYNTAX_INTEGER;
    case LDAP_RULE_NONE:
    case LDAP_RULE_OTHER:
        return false;
    default:
        return rule == attribute->equality;
    }
}

struct slice ldap_base_type(struct slice description, bool *options)
{
    const unsigned char *end = description.length > 0 ? memchr(description.data, ';', description.length) : NULL;

    *options = end != NULL;
    if (end != NULL)
        description.length = (size_t)(end - description.data);
    return description;
}

static bool letter(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool numeric_oid(struct slice text)
{
    bool dot = true;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '.' ? dot : !digit(text.data[i]))
            return false;
        dot = text.data[i] == '.';
    }
    return !dot;
}

bool ldap_well_formed(struct slice description)
{
    bool options;
    struct slice type = ldap_base_type(description, &options);

    if (type.length == 0)
        return false;
    for (size_t i = type.length; i < description.length; i++)
        if (!letter(description.data[i]) && !digit(description.data[i]) && description.data[i] != '-' &&
            description.data[i] != ';')
            return false;
    if (numeric_oid(type))
        return !options;
    for (size_t i = 0; i < type.length; i++)
        if (!letter(type.data[i]) && (i == 0 || (!digit(type.data[i]) && type.data[i] != '-')))
            return false;
    return true;
}

/* slapd knows language tags, and "binary" for what cannot be written as text. */
const struct ldap_attribute *ldap_describe_type(struct slice description, const char **fault)
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

/* ---- syntaxes ---- */

static bool all(struct slice value, bool (*fits)(unsigned char c))
{
    for (size_t i = 0; i < value.length; i++)
        if (!fits(value.data[i]))
            return false;
    return true;
}

static bool is_ascii(unsigned char c)
{
    return c < 0x80;
}

static bool is_printable(unsigned char c)
{
    return letter(c) || digit(c) || (c != '\0' && strchr(" '()+,-.=/:?", c) != NULL);
}

static bool is_numeric(unsigned char c)
{
    return digit(c) || c == ' ';
}

static bool is_integer(struct slice value)
{
    if (value.length > 1 && value.data[0] == '-') {
        value.data++;
        value.length--;
        if (value.data[0] == '0')
            return false;
    }
    return all(value, digit) && (value.length == 1 || value.data[0] != '0');
}

static int two(const unsigned char *data)
{
    return (data[0] - '0') * 10 + data[1] - '0';
}

/* YYYYMMDDHH[MM[SS]][.fraction]Z; slapd takes no other zone. */
static bool is_time(struct slice value)
{
    static const int most[] = {99, 99, 12, 31, 23, 59, 60};
    size_t at = 0;

    for (size_t part = 0; part < 7 && at + 2 <= value.length && digit(value.data[at]); part++, at += 2)
        if (!digit(value.data[at + 1]) || two(value.data + at) > most[part] ||
            ((part == 2 || part == 3) && two(value.data + at) == 0))
            return false;
    if (at < 10)
        return false;
    if (at < value.length && (value.data[at] == '.' || value.data[at] == ','))
        for (at++; at < value.length && digit(value.data[at]);)
            at++;
    return at + 1 == value.length && value.data[at] == 'Z';
}

static bool is_bits(struct slice value)
{
    if (value.length < 3 || value.data[0] != '\'' || memcmp(value.data + value.length - 2, "'B", 2) != 0)
        return false;
    for (size_t i = 1; i < value.length - 2; i++)
        if (value.data[i] != '0' && value.data[i] != '1')
            return false;
    return true;
}

static bool is_uuid(struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        unsigned char c = value.data[i];

        if (hyphen ? c != '-' : !digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
            return false;
    }
    return value.length == 36;
}

/* (host,user,domain) */
static bool is_netgroup(struct slice value)
{
    size_t commas = 0;

    for (size_t i = 0; i < value.length; i++)
        commas += value.data[i] == ',';
    return value.length >= 4 && value.data[0] == '(' && value.data[value.length - 1] == ')' && commas == 2;
}

/* key=server:path */
static bool is_boot(struct slice value)
{
    const unsigned char *equals = memchr(value.data, '=', value.length);

    return equals != NULL && memchr(equals, ':', value.length - (size_t)(equals - value.data)) != NULL;
}

/* Words of a fixed list between dollar signs. */
static bool is_delivery(struct slice value)
{
    static const char *const words[] = {"any", "mhs", "physical", "telex", "teletex",
                                        "g3fax", "g4fax", "ia5", "videotex", "telephone"};
    size_t start = 0;

    for (size_t i = 0; i <= value.length; i++) {
        bool known = false;

        if (i < value.length && value.data[i] != '$')
            continue;
        while (start < i && value.data[start] == ' ')
            start++;
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
            known = known || slice_is_nocase((struct slice){value.data + start, i - start}, words[w]);
        if (!known)
            return false;
        start = i + 1;
    }
    return true;
}

static bool is_oid(const struct ldap_attribute *attribute, struct slice value)
{
    if (ldap_attribute_is(attribute, slice_of("objectClass")) ||
        ldap_attribute_is(attribute, slice_of("structuralObjectClass")))
        return ldap_class(value) != NULL;
    return numeric_oid(value) || ldap_attribute(value) != NULL || ldap_class(value) != NULL;
}

static bool is_dn(struct slice value, unsigned depth)
{
    struct buffer normal;
    const unsigned char *uid = memrchr(value.data, '#', value.length);
    bool valid;

    if (uid != NULL && is_bits((struct slice){uid + 1, value.length - (size_t)(uid - value.data) - 1}))
        value.length = (size_t)(uid - value.data);
    if (depth == LDAP_NESTING)
        return true;
    buffer_init(&normal, NESTED * 2);
    valid = ldap_dn_at(value, &normal, depth + 1) == 0;
    buffer_free(&normal);
    return valid;
}

bool ldap_valid(const struct ldap_attribute *attribute, struct slice value)
{
    return ldap_valid_at(attribute, value, 0);
}

bool ldap_valid_at(const struct ldap_attribute *attribute, struct slice value, unsigned depth)
{
    if (value.length == 0)
        return attribute->syntax == LDAP_SYNTAX_DN || attribute->syntax == LDAP_SYNTAX_IA5 ||
               attribute->syntax == LDAP_SYNTAX_OCTETS;
    switch (attribute->syntax) {
    case LDAP_SYNTAX_TEXT:
        return text_is_utf8(value);
    case LDAP_SYNTAX_IA5:
        return all(value, is_ascii);
    case LDAP_SYNTAX_PRINTABLE:
    case LDAP_SYNTAX_PHONE:
        return all(value, is_printable);
    case LDAP_SYNTAX_COUNTRY:
        return value.length == 2 && all(value, is_printable);
    case LDAP_SYNTAX_NUMERIC:
        return all(value, is_numeric);
    case LDAP_SYNTAX_INTEGER:
        return is_integer(value);
    case LDAP_SYNTAX_BOOLEAN:
        return slice_is(value, "TRUE") || slice_is(value, "FALSE");
    case LDAP_SYNTAX_TIME:
        return is_time(value);
    case LDAP_SYNTAX_OID:
        return is_oid(attribute, value);
    case LDAP_SYNTAX_DN:
        return is_dn(value, depth);
    case LDAP_SYNTAX_BITS:
        return is_bits(value);
    case LDAP_SYNTAX_UUID:
        return is_uuid(value);
    case LDAP_SYNTAX_NETGROUP:
        return is_netgroup(value);
    case LDAP_SYNTAX_BOOT:
        return is_boot(value);
    case LDAP_SYNTAX_DELIVERY:
        return is_delivery(value);
    case LDAP_SYNTAX_BINARY:
        return false;
    default:
        return true;
    }
}
