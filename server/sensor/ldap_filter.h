/* SPDX-License-Identifier: ISC
 *
 * Search filters (RFC 4511, 4.5.1.7): read into a tree once, then asked of entries, three-valued (RFC 4511, X.511).
 * Elements are taken in the order and with the calls that slapd uses, so that damaged ones go wrong alike. */
#ifndef SENSOR_LDAP_FILTER_H
#define SENSOR_LDAP_FILTER_H

#include <lber.h>
#include "server/sensor/ldap_directory.h"
#include "server/sensor/ldap_value.h"

enum ldap_truth { LDAP_FALSE, LDAP_TRUE, LDAP_UNDEFINED };

enum ldap_choice {
    LDAP_FILTER_COMPUTED = 0, /* its truth is known without an entry */
    LDAP_FILTER_AND = 0xa0,
    LDAP_FILTER_OR = 0xa1,
    LDAP_FILTER_NOT = 0xa2,
    LDAP_FILTER_EQUAL = 0xa3,
    LDAP_FILTER_SUBSTRINGS = 0xa4,
    LDAP_FILTER_GREATER = 0xa5,
    LDAP_FILTER_LESS = 0xa6,
    LDAP_FILTER_PRESENT = 0x87,
    LDAP_FILTER_APPROX = 0xa8,
    LDAP_FILTER_EXTENSIBLE = 0xa9,
};

/* What a filter may cost before its search is refused, in comparisons; of one that a program wrote some ten thousand
 * are enough. */
#define LDAP_WORK 300000

struct ldap_filter {
    enum ldap_choice choice;
    enum ldap_truth truth; /* COMPUTED */
    const struct ldap_attribute *attribute; /* NULL: any (EXTENSIBLE) */
    bool options;          /* only values with options are meant, and there are none */
    bool names_too;        /* EXTENSIBLE: of the name's parts, too */
    enum ldap_rule rule;   /* EXTENSIBLE */
    bool ruled;            /* EXTENSIBLE: the rule was named */
    struct slice value;    /* normal */
    struct ldap_pieces pieces;
    struct ldap_filter *first, *next; /* AND, OR, NOT: operands */
};

/* Reads the filter at the element's front; the tree is the arena's. *work goes down by what it cost, below 0 where that
 * was too much: the tree is then not complete. -1: the text of *fault goes into a notice of disconnection. */
int ldap_filter(BerElement *ber, struct arena *arena, long *work, struct ldap_filter **filter, const char **fault);

/* Reads a list of them, the value of a control (RFC 3876); NULL: it is empty. */
int ldap_value_filters(BerElement *ber, struct arena *arena, long *work, struct ldap_filter **filters,
                       const char **fault);
/* Is the value number i one that some filter of that list is about? */
bool ldap_value_wanted(const struct ldap_filter *filters, const struct ldap_values *values, size_t i, long *work);

/* Does it match the entry, as anonymous clients may know? *work as above; below 0 the answer means nothing. */
enum ldap_truth ldap_filter_test(const struct ldap_directory *directory, const struct ldap_entry *entry,
                                 const struct ldap_filter *filter, long *work);
/* May an anonymous client search an entry by the attribute, or read it? */
bool ldap_may_read(const struct ldap_attribute *attribute);
/* The entries that slapd's indexes leave over for the filter, as one bool for each; the number of them. */
size_t ldap_candidates(const struct ldap_directory *directory, const struct ldap_filter *filter, bool *candidates,
                       long *work);

#endif
