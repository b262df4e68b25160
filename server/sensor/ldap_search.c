/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap.h"

#include "server/base/json.h"
#include "server/sensor/ldap_selection.h"

#define PAGED_RESULTS "1.2.840.113556.1.4.319"
#define MOST_SENT 500 /* slapd's default size limit */

struct search {
    struct berval base;
    ber_int_t scope, deref, size, time, types_only;
    BerVarray attributes;
    struct ldap_filter *filter;
    struct ldap_selection selection;
};

/* Entries in the order in which slapd looks at them; indices. */
struct walk {
    size_t order[LDAP_ENTRIES];
    size_t count;
    bool candidates[LDAP_ENTRIES];
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

/* ---- the order ---- */

static bool in_scope(const struct ldap_directory *directory, size_t at, size_t base, ber_int_t scope)
{
    size_t up = at;

    if (at == base)
        return scope == LDAP_BASE || scope == LDAP_SUBTREE;
    if (scope == LDAP_BASE || at == 0)
        return false;
    if (scope == LDAP_ONE)
        return directory->entries[at].parent == base;
    while (up != base && up != 0)
        up = directory->entries[up].parent;
    return up == base;
}

/* All children first, then the children of each. */
static void walk_tree(const struct ldap_directory *directory, size_t base, ber_int_t scope, struct walk *walk)
{
    const struct ldap_entry *entry = &directory->entries[base];

    for (size_t i = 0; i < entry->child_count; i++)
        walk->order[walk->count++] = entry->children[i];
    for (size_t i = 0; i < entry->child_count && scope != LDAP_ONE; i++)
        walk_tree(directory, entry->children[i], scope, walk);
}

/* Whatever is looked for may be behind them. How many they are. */
static size_t add_referrals(const struct ldap_call *call, struct walk *walk)
{
    const struct ldap_directory *directory = call->directory;
    size_t count = 0;

    for (size_t i = 0; i < directory->entry_count && !call->manage; i++)
        if (directory->entries[i].urls != NULL && !walk->candidates[i])
            count += walk->candidates[i] = true;
    return count;
}

/* slapd goes down the tree where that has fewer entries than its indexes leave over, else by number. */
static void make_walk(struct ldap_call *call, const struct search *search, size_t base, struct walk *walk)
{
    const struct ldap_directory *directory = call->directory;
    const struct ldap_entry *entry = &directory->entries[base];
    size_t candidates = ldap_candidates(directory, search->filter, walk->candidates, &call->work) +
                        add_referrals(call, walk),
           below = search->scope == LDAP_ONE ? entry->child_count : entry->below;

    walk->count = 0;
    if (search->scope == LDAP_BASE) {
        walk->candidates[base] = true;
        walk->order[walk->count++] = base;
    } else if (below < candidates && !call->page.wanted) {
        if (search->scope == LDAP_SUBTREE)
            walk->order[walk->count++] = base;
        walk_tree(directory, base, search->scope, walk);
    } else {
        for (size_t i = 0; i < directory->entry_count; i++)
            if (in_scope(directory, i, base, search->scope))
                walk->order[walk->count++] = i;
    }
}

/* ---- pages ---- */

/* Where to go on; -1: refused. */
static int begin_page(struct ldap_call *call, uint64_t *after)
{
    const struct berval *cookie = &call->page.cookie;
    uint64_t last = call->pages->cookie;

    *after = 0;
    if (cookie->bv_len == 0)
        return 0;
    if (cookie->bv_len != sizeof *after) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, "paged results cookie is invalid");
        return -1;
    }
    for (size_t i = 0; i < sizeof *after; i++)
        *after |= (uint64_t)(unsigned char)cookie->bv_val[i] << (8 * i);
    if (*after > last) {
        ldap_say(call, LDAP_PROTOCOL_ERROR, "paged results cookie is invalid");
        return -1;
    }
    if (*after < last) {
        ldap_say(call, LDAP_UNWILLING, "paged results cookie is invalid or old");
        return -1;
    }
    if (*after != 0 && call->page.size == 0) {
        ldap_say(call, LDAP_DONE, "search abandoned by pagedResult size=0");
        return -1;
    }
    return 0;
}

/* `last` 0: the last page. */
static void end_page(struct ldap_call *call, uint64_t last, ber_int_t sent)
{
    unsigned char value[16] = {0x30, 5, 2, 1, 0, 4, 0};
    struct ldap_answer answer = {.text = call->remark, .control = PAGED_RESULTS, .value = {value, 7}};

    for (size_t i = 0; last != 0 && i < 8; i++)
        value[7 + i] = (unsigned char)(last >> (8 * i));
    if (last != 0) {
        value[1] = 13;
        value[6] = 8;
        answer.value.length = 15;
    }
    call->pages->cookie = last;
    call->pages->count += sent;
    ldap_result(call->answer, call->id, LDAP_SEARCH_ANSWER, &answer);
}

/* ---- the entries ---- */

/* Sends the matching ones behind number `after`, up to a limit, and the result. */
static void send_entries(struct ldap_call *call, const struct search *search, const struct walk *walk, uint64_t after)
{
    const struct ldap_directory *directory = call->directory;
    ber_int_t most = search->size > 0 && search->size < MOST_SENT ? search->size : MOST_SENT, sent = 0;
    uint64_t last = UINT64_MAX;

    if (call->page.wanted)
        most -= call->pages->count; /* the limit is for all pages */
    for (size_t i = 0; i < walk->count; i++) {
        const struct ldap_entry *entry = &directory->entries[walk->order[i]];

        if (!walk->candidates[walk->order[i]] || walk->order[i] + 1 <= after)
            continue;
        if (entry->urls != NULL && !call->manage && search->scope != LDAP_BASE) {
            if (!call->subentries)
                ldap_continue(call, entry, search->scope == LDAP_ONE ? LDAP_BASE : LDAP_SUBTREE);
            continue;
        }
        if (call->subentries ||
            ldap_filter_test(directory, entry, search->filter, &call->work) != LDAP_TRUE || call->work < 0)
            continue;
        if (call->page.wanted && sent >= call->page.size) {
            end_page(call, last, sent);
            return;
        }
        if (sent >= most) {
            ldap_say(call, LDAP_SIZE_LIMIT, call->remark);
            return;
        }
        last = walk->order[i] + 1;
        ldap_send_entry(call->answer, call->id, directory, entry, &search->selection, &call->work);
        sent++;
    }
    if (call->work < 0)
        ldap_say(call, LDAP_ADMINISTRATIVE_LIMIT, "");
    else if (call->page.wanted)
        end_page(call, 0, sent);
    else
        ldap_say(call, LDAP_DONE, call->remark);
}

static void answer_entry(struct ldap_call *call, const struct search *search, const struct ldap_entry *base)
{
    struct walk walk;
    uint64_t after = 0;

    make_walk(call, search, (size_t)(base - call->directory->entries), &walk);
    if (call->work < 0) {
        ldap_say(call, LDAP_ADMINISTRATIVE_LIMIT, "");
        return;
    }
    if (call->page.wanted && call->page.cookie.bv_len == 0)
        call->pages->cookie = 0;
    if (!call->page.wanted || begin_page(call, &after) == 0)
        send_entries(call, search, &walk, after);
}

static void answer_root(struct ldap_call *call, const struct search *search)
{
    const struct ldap_directory *directory = call->directory;

    if (!ldap_asserted(call, ldap_root(call))) {
        ldap_say(call, LDAP_ASSERTION_FAILED, "");
        return;
    }
    if (ldap_filter_test(directory, ldap_root(call), search->filter, &call->work) == LDAP_TRUE && call->work >= 0)
        ldap_send_entry(call->answer, call->id, directory, ldap_root(call), &search->selection, &call->work);
    ldap_say(call, call->work < 0 ? LDAP_ADMINISTRATIVE_LIMIT : LDAP_DONE, "");
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
    for (const struct berval *asked = search->attributes; asked != NULL && asked->bv_val != NULL && count < 32; asked++)
        if (ldap_attribute(ldap_slice(asked)) != NULL && count++ < 32)
            json_element(call->facts, ldap_slice(asked));
    buffer_add_char(call->facts, ']');
}

static void answer(struct ldap_call *call, const struct search *search, struct ldap_target *target)
{
    if (search->scope != LDAP_BASE && (target->where == LDAP_AT_ROOT || target->where == LDAP_AT_SUBSCHEMA))
        target->refers = ldap_root(call); /* what is below them would be elsewhere */
    if (call->work < 0)
        ldap_say(call, LDAP_ADMINISTRATIVE_LIMIT, "");
    else if (target->where == LDAP_AT_ROOT && search->scope == LDAP_BASE)
        answer_root(call, search);
    else if (target->where == LDAP_AT_SUBSCHEMA && search->scope == LDAP_BASE)
        ldap_say(call, LDAP_DONE, ""); /* there, but not for anonymous eyes */
    else if (ldap_refer(call, target, (enum ldap_scope)search->scope))
        return;
    else if (target->entry == NULL || target->where != LDAP_BELOW_SUFFIX)
        ldap_say_nearest(call, LDAP_NO_OBJECT, target->nearest, call->remark);
    else if (!ldap_asserted(call, target->entry))
        ldap_say(call, LDAP_ASSERTION_FAILED, "");
    else
        answer_entry(call, search, target->entry);
}

void ldap_search(struct ldap_call *call)
{
    struct search search = {.attributes = NULL};
    struct ldap_target target;
    const char *fault;
    ber_len_t size = sizeof(struct berval);

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
    call->size_limit = search.size;
    if (ldap_find(call, ldap_slice(&search.base), &target) < 0)
        return;
    if (ldap_filter(call->ber, &call->arena, &call->work, &search.filter, &fault) < 0) {
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, fault);
        return;
    }
    if (call->work < 0) {
        ldap_say(call, LDAP_ADMINISTRATIVE_LIMIT, "");
        return;
    }
    if (ber_scanf(call->ber, "{M}}", &search.attributes, &size, (ber_len_t)0) == LBER_ERROR)
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "decoding attrs error");
    else if (ldap_controls(call) == 0) {
        ldap_select(&search.selection, search.attributes, search.types_only != 0, &call->work);
        search.selection.values = call->values;
        answer(call, &search, &target);
    }
    describe(call, &search);
    ber_memfree(search.attributes);
}
