/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_selection.h"

#include "server/sensor/ldap_message.h"

#define LOOK_UP 50 /* the work of finding a name */
#define CLASS_LOOK_UP 2000

/* ---- what is wanted ---- */

typedef bool wants(const struct ldap_attribute *attribute, const void *context);

static void choose(struct ldap_selection *selection, wants *wanted, const void *context)
{
    const struct ldap_attribute *attribute;

    for (size_t i = 0; (attribute = ldap_attribute_at(i)) != NULL; i++)
        selection->chosen[i] = selection->chosen[i] || wanted(attribute, context);
}

static bool is_user(const struct ldap_attribute *attribute, const void *context)
{
    (void)context;
    return !attribute->operational;
}

static bool is_operational(const struct ldap_attribute *attribute, const void *context)
{
    (void)context;
    return attribute->operational;
}

static bool is_any(const struct ldap_attribute *attribute, const void *context)
{
    (void)attribute;
    (void)context;
    return true;
}

static bool is_below(const struct ldap_attribute *attribute, const void *context)
{
    return ldap_attribute_below(attribute, context);
}

static void choose_listed(struct ldap_selection *selection, const char *names)
{
    while (*names != '\0') {
        struct slice one = {(const unsigned char *)names, strcspn(names, " ")};

        choose(selection, is_below, ldap_attribute(one));
        names += one.length + (names[one.length] == ' ');
    }
}

/* "@person" and, as slapd has it, "person". */
static void choose_class(struct ldap_selection *selection, struct slice name, long *work)
{
    bool marked = name.length > 1 && name.data[0] == '@';
    const struct ldap_class *class = ldap_class(marked ? (struct slice){name.data + 1, name.length - 1} : name);

    *work -= CLASS_LOOK_UP;
    if (class != NULL && strcmp(class->names, "extensibleObject") == 0)
        choose(selection, is_any, NULL);
    for (; class != NULL; class = ldap_class_superior(class))
        choose_listed(selection, class->attributes);
}

static void choose_name(struct ldap_selection *selection, struct slice name, long *work)
{
    const struct ldap_attribute *attribute;
    const char *fault;
    bool options;

    if (slice_is(name, "*")) {
        choose(selection, is_user, NULL);
        return;
    }
    if (slice_is(name, "+")) {
        choose(selection, is_operational, NULL);
        return;
    }
    attribute = ldap_describe_type(name, &fault);
    (void)ldap_base_type(name, &options);
    if (attribute == NULL)
        choose_class(selection, name, work);
    else if (!options)
        choose(selection, is_below, attribute);
}

void ldap_select(struct ldap_selection *selection, const struct berval *asked, bool types_only, long *work)
{
    *selection = (struct ldap_selection){.types_only = types_only};
    if (asked == NULL)
        choose(selection, is_user, NULL);
    for (; asked != NULL && asked->bv_val != NULL && *work >= 0; asked++) {
        choose_name(selection, ldap_slice(asked), work);
        *work -= LOOK_UP;
    }
}

/* ---- the entry ---- */

static bool chosen(const struct ldap_selection *selection, const struct ldap_attribute *attribute)
{
    return selection->chosen[ldap_attribute_number(attribute)] && ldap_may_read(attribute);
}

static int add_values(BerElement *element, const struct ldap_selection *selection, const struct ldap_values *values,
                      long *work)
{
    struct slice name = ldap_attribute_name(values->attribute);
    struct berval type = {name.length, (char *)(uintptr_t)name.data};
    int added = 0;
    bool open = false;

    for (size_t i = 0; added >= 0 && i < values->count; i++) {
        struct berval value = {values->shown[i].length, (char *)(uintptr_t)values->shown[i].data};

        if (selection->values != NULL && !selection->types_only &&
            !ldap_value_wanted(selection->values, values, i, work))
            continue;
        if (!open)
            added = ber_printf(element, "{O[", &type);
        open = true;
        if (added >= 0 && !selection->types_only)
            added = ber_printf(element, "O", &value);
    }
    return added >= 0 && open ? ber_printf(element, "]}") : added;
}

/* Attributes that are made for each answer. */
static int add_made(BerElement *element, const struct ldap_entry *entry, bool root,
                    const struct ldap_selection *selection, long *work)
{
    const struct {
        const char *name;
        struct slice value;
    } made[] = {
        {"entryDN", entry->name},
        {"subschemaSubentry", slice_of("cn=Subschema")},
        {"hasSubordinates", slice_of(entry->child_count > 0 ? "TRUE" : "FALSE")},
    };
    int added = 0;

    for (size_t i = 0; added >= 0 && i < (root ? 2 : 3); i++) {
        struct slice value = made[i].value;
        struct ldap_values values = {.attribute = ldap_attribute(slice_of(made[i].name)), .shown = &value,
                                     .normal = &value, .count = 1};

        if (chosen(selection, values.attribute))
            added = add_values(element, selection, &values, work);
    }
    return added;
}

int ldap_send_entry(struct buffer *out, ber_int_t id, const struct ldap_directory *directory,
                    const struct ldap_entry *entry, const struct ldap_selection *selection, long *work)
{
    BerElement *element = ber_alloc_t(LBER_USE_DER);
    struct berval name = {entry->name.length, (char *)(uintptr_t)entry->name.data};
    int added;

    if (element == NULL)
        return -1;
    added = ber_printf(element, "{it{O{", id, (ber_tag_t)LDAP_SEARCH_ENTRY, &name);
    for (size_t i = 0; added >= 0 && i < entry->attribute_count; i++)
        if (chosen(selection, entry->attributes[i].attribute))
            added = add_values(element, selection, &entry->attributes[i], work);
    if (added >= 0)
        added = add_made(element, entry, ldap_is_root(directory, entry), selection, work);
    if (added >= 0)
        added = ber_printf(element, "}}}");
    return ldap_write(element, added < 0, out);
}
