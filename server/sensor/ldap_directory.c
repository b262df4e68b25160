/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_directory.h"

#include <jansson.h>
#include <stdlib.h>
#include "server/sensor/ldap_ldif.h"
#include "server/sensor/ldap_refer.h"
#include "server/sensor/ldap_value.h"

#define LONGEST_NAME 32768
#define MOST_ATTRIBUTES 64 /* of one entry */
#define LONGEST_REFERRALS (256 * 1024)

/* ---- entries ---- */

int ldap_entry_begin(struct ldap_directory *directory, struct ldap_entry *entry, struct slice name)
{
    struct buffer normal;
    int result;

    buffer_init(&normal, LONGEST_NAME);
    *entry = (struct ldap_entry){.parent = 0};
    result = ldap_dn(name, &normal);
    entry->name = arena_copy(&directory->arena, name);
    entry->normal = arena_copy(&directory->arena, buffer_slice(&normal));
    entry->attributes = arena_take(&directory->arena, MOST_ATTRIBUTES * sizeof *entry->attributes);
    buffer_free(&normal);
    return result < 0 || directory->arena.failed ? -1 : 0;
}

struct ldap_values *ldap_entry_values(const struct ldap_entry *entry, const struct ldap_attribute *attribute)
{
    for (size_t i = 0; i < entry->attribute_count; i++)
        if (entry->attributes[i].attribute == attribute)
            return &entry->attributes[i];
    return NULL;
}

static int grow(struct ldap_directory *directory, struct slice **list, size_t count, struct slice more)
{
    struct slice *longer = *list;

    if ((count & (count - 1)) == 0) { /* full, or empty */
        longer = arena_take(&directory->arena, (count == 0 ? 1 : 2 * count) * sizeof *longer);
        if (longer == NULL)
            return -1;
        for (size_t i = 0; i < count; i++)
            longer[i] = (*list)[i];
        *list = longer;
    }
    longer[count] = arena_copy(&directory->arena, more);
    return longer[count].data == NULL ? -1 : 0;
}

/* An object of a class is one of its superiors, too. */
static int add_superiors(struct ldap_directory *directory, struct ldap_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct ldap_class *class = ldap_class(values->shown[i]);

        while (class != NULL && (class = ldap_class_superior(class)) != NULL)
            if (grow(directory, &values->normal, values->normal_count++, slice_of(class->oid)) < 0)
                return -1;
    }
    return 0;
}

static bool holds_classes(const struct ldap_attribute *attribute)
{
    return ldap_attribute_is(attribute, slice_of("objectClass")) ||
           ldap_attribute_is(attribute, slice_of("structuralObjectClass"));
}

static struct ldap_values *values_of(struct ldap_entry *entry, const struct ldap_attribute *attribute)
{
    struct ldap_values *values = ldap_entry_values(entry, attribute);

    if (values != NULL || entry->attribute_count == MOST_ATTRIBUTES)
        return values;
    values = &entry->attributes[entry->attribute_count++];
    values->attribute = attribute;
    values->superior = ldap_attribute(slice_of(attribute->superior));
    return values;
}

int ldap_entry_add(struct ldap_directory *directory, struct ldap_entry *entry, const struct ldap_attribute *attribute,
                   struct slice value)
{
    struct ldap_values *values = values_of(entry, attribute);
    struct buffer normal;
    int result = -1;

    if (values == NULL)
        return -1;
    buffer_init(&normal, LONGEST_NAME);
    if (ldap_normalize(attribute->equality, value, LDAP_WHOLE, &normal) == 0 &&
        grow(directory, &values->shown, values->count++, value) == 0)
        result = grow(directory, &values->normal, values->normal_count++, buffer_slice(&normal));
    buffer_free(&normal);
    return result;
}

int ldap_entry_end(struct ldap_directory *directory, struct ldap_entry *entry)
{
    for (size_t i = 0; i < entry->attribute_count; i++)
        if (holds_classes(entry->attributes[i].attribute) && add_superiors(directory, &entry->attributes[i]) < 0)
            return -1;
    entry->urls = ldap_entry_values(entry, ldap_attribute(slice_of("ref")));
    return 0;
}

/* ---- names ---- */

/* Without its first RDN. */
static struct slice parent_name(struct slice normal)
{
    const unsigned char *next = normal.length < 2 ? NULL : memchr(normal.data + 1, 1, normal.length - 1);

    if (next == NULL)
        return SLICE_NONE;
    return (struct slice){next, normal.length - (size_t)(next - normal.data)};
}

const struct ldap_entry *ldap_directory_find(const struct ldap_directory *directory, struct slice normal)
{
    for (size_t i = 0; i < directory->entry_count; i++)
        if (slice_equal(directory->entries[i].normal, normal))
            return &directory->entries[i];
    return NULL;
}

const struct ldap_entry *ldap_directory_nearest(const struct ldap_directory *directory, struct slice normal)
{
    const struct ldap_entry *entry = NULL;

    while (entry == NULL && normal.length > 0) {
        if (directory->hidden.length > 0 && slice_equal(normal, buffer_slice(&directory->hidden)))
            return NULL;
        entry = ldap_directory_find(directory, normal);
        normal = parent_name(normal);
    }
    return entry;
}

/* ---- the tree ---- */

static size_t rdn_length(const struct ldap_entry *entry)
{
    return entry->normal.length - parent_name(entry->normal).length;
}

static bool stands_before(const struct ldap_entry *a, const struct ldap_entry *b)
{
    size_t length = rdn_length(a);

    if (length != rdn_length(b))
        return length < rdn_length(b);
    return memcmp(a->normal.data, b->normal.data, length) < 0;
}

static void adopt(struct ldap_directory *directory, size_t child)
{
    struct ldap_entry *entries = directory->entries, *parent = &entries[entries[child].parent];
    size_t at = parent->child_count++;

    while (at > 0 && stands_before(&entries[child], &entries[parent->children[at - 1]])) {
        parent->children[at] = parent->children[at - 1];
        at--;
    }
    parent->children[at] = child;
}

static int find_parent(struct ldap_directory *directory, struct ldap_entry *entry, size_t index, struct error *error)
{
    const struct ldap_entry *parent = ldap_directory_find(directory, parent_name(entry->normal));

    if (index == 0 && slice_equal(entry->normal, buffer_slice(&directory->normal)))
        return 0;
    if (parent == NULL)
        return error_set(error, "entry %zu of the directory is not below one before it", index + 1);
    entry->parent = (size_t)(parent - directory->entries);
    return 0;
}

static int make_tree(struct ldap_directory *directory)
{
    struct ldap_entry *entries = directory->entries;
    size_t *room = arena_take(&directory->arena, (directory->entry_count + 1) * sizeof *room);

    if (room == NULL)
        return -1;
    for (size_t i = directory->entry_count; i-- > 0;) {
        entries[i].below++;
        if (i > 0)
            entries[entries[i].parent].below += entries[i].below;
        if (i > 0)
            entries[entries[i].parent].child_count++;
    }
    for (size_t i = 0; i < directory->entry_count; i++) {
        entries[i].children = room;
        room += entries[i].child_count;
        entries[i].child_count = 0;
    }
    for (size_t i = 1; i < directory->entry_count; i++)
        adopt(directory, i);
    return 0;
}

/* ---- loading ---- */

static int add_value(struct ldap_directory *directory, struct ldap_entry *entry, struct slice name, struct slice value,
                     struct error *error)
{
    const struct ldap_attribute *attribute = ldap_attribute(name);

    if (attribute == NULL || (attribute->equality != LDAP_RULE_NONE && !ldap_valid(attribute, value)))
        return error_set(error, "the directory holds an attribute that is unknown or whose value is none: %.*s",
                         (int)(name.length < 64 ? name.length : 64), (const char *)name.data);
    if (ldap_entry_add(directory, entry, attribute, value) < 0)
        return error_set(error, "an entry of the directory has too many attributes, or memory ran out");
    return 0;
}

/* 1: an entry was read; 0: only blank lines, or the version; -1. */
static int read_entry(struct ldap_directory *directory, struct ldif *ldif, struct error *error)
{
    struct ldap_entry *entry = &directory->entries[directory->entry_count];
    struct slice name, value;
    bool named = false;
    int got;

    while ((got = ldif_next(ldif, &name, &value, error)) == 1) {
        if (slice_is(name, "version") && !named)
            continue;
        if (slice_is(name, "dn") != !named)
            return error_set(error, "line %zu of the directory: an entry begins with dn:", ldif->line);
        if (named && add_value(directory, entry, name, value, error) < 0)
            return -1;
        if (!named && ldap_entry_begin(directory, entry, value) < 0)
            return error_set(error, "line %zu of the directory: not a DN", ldif->line);
        named = true;
    }
    if (got == 0 && named && ldap_entry_end(directory, entry) < 0)
        return error_set(error, "out of memory");
    if (got == 0 && named && find_parent(directory, entry, directory->entry_count, error) < 0)
        return -1;
    directory->entry_count += got == 0 && named;
    return got;
}

static int load_entries(struct ldap_directory *directory, struct slice text, struct error *error)
{
    struct ldif ldif;
    int result = 0;

    ldif_begin(&ldif, text);
    while (result == 0 && ldif.rest.length > 0)
        result = directory->entry_count == LDAP_ENTRIES
                     ? error_set(error, "the directory has more than %d entries", LDAP_ENTRIES)
                     : read_entry(directory, &ldif, error);
    ldif_end(&ldif);
    return result;
}

static int load_tree(struct ldap_directory *directory, const char *text, struct error *error)
{
    struct buffer more;
    int result = -1;

    buffer_init(&more, LONGEST_REFERRALS);
    directory->entries = arena_take(&directory->arena, LDAP_ENTRIES * sizeof *directory->entries);
    if (directory->entries == NULL)
        error_set(error, "out of memory");
    else if (load_entries(directory, slice_of(text), error) == 0 &&
             ldap_referral_entries(directory, &more, error) == 0 &&
             load_entries(directory, buffer_slice(&more), error) == 0)
        result = make_tree(directory) == 0 ? 0 : error_set(error, "out of memory");
    buffer_free(&more);
    return result;
}

int ldap_directory_load(struct ldap_directory *directory, struct error *error)
{
    json_t *root = json_loads(directory->face->face != NULL ? directory->face->face : "{}", 0, NULL);
    const char *text = json_string_value(json_object_get(root, "directory")),
               *hidden = json_string_value(json_object_get(root, "hidden"));
    int result = 0;

    buffer_init(&directory->hidden, LONGEST_NAME);
    if (ldap_root_load(directory) < 0)
        result = error_set(error, "out of memory");
    else if (hidden != NULL && ldap_dn(slice_of(hidden), &directory->hidden) < 0)
        result = error_set(error, "the directory's hidden part is no DN");
    else if (text != NULL)
        result = load_tree(directory, text, error);
    json_decref(root);
    return result;
}

void ldap_directory_free(struct ldap_directory *directory)
{
    buffer_free(&directory->normal);
    buffer_free(&directory->hidden);
    arena_free(&directory->arena);
    free(directory->suffix);
    free(directory);
}
