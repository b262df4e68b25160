/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_refer.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "server/sensor/ldap.h"

#define EPOCH 12219292800u /* of UUIDs: seconds before 1970 (RFC 9562) */
#define LONGEST 65536 /* a name of 8 KiB, escaped twice */

static size_t origin_length(struct slice url)
{
    const unsigned char *at = url.length == 0 ? NULL : memmem(url.data, url.length, "://", 3), *end;

    if (at == NULL)
        return url.length;
    at += 3;
    end = memchr(at, '/', url.length - (size_t)(at - url.data));
    return end == NULL ? url.length : (size_t)(end - url.data);
}

struct slice ldap_referral_name(struct slice url)
{
    size_t length = origin_length(url);

    return length + 1 >= url.length ? SLICE_NONE : (struct slice){url.data + length + 1, url.length - length - 1};
}

/* What slapd lets stand in a URL as it is. */
static void add_name(struct slice name, struct buffer *url)
{
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = name.data[i];

        if (c > ' ' && c < 0x7f && strchr("\"#%;<>?[\\]^`{|}", c) == NULL)
            buffer_add_char(url, (char)c);
        else
            buffer_add_format(url, "%%%02X", c);
    }
}

/* The URLs for a name, or, if it is empty, for their own: `count` of them, in the call's arena. */
static const struct slice *make_urls(struct ldap_call *call, const struct ldap_values *values, struct slice name,
                                     enum ldap_scope scope)
{
    static const char *const scopes[] = {"??base", "??one", "??sub", "??subordinate", ""};
    struct slice *urls = arena_take(&call->arena, values->count * sizeof *urls);
    struct buffer url;

    buffer_init(&url, LONGEST);
    for (size_t i = 0; urls != NULL && i < values->count; i++) {
        buffer_clear(&url);
        buffer_add(&url, values->shown[i].data, origin_length(values->shown[i]));
        buffer_add_char(&url, '/');
        add_name(name.length > 0 ? name : ldap_referral_name(values->shown[i]), &url);
        buffer_add_text(&url, scopes[scope]);
        urls[i] = arena_copy(&call->arena, buffer_slice(&url));
    }
    buffer_free(&url);
    return urls;
}

bool ldap_refer(struct ldap_call *call, const struct ldap_target *target, enum ldap_scope scope)
{
    const struct ldap_entry *refers = target->refers;
    struct ldap_answer answer = {.code = LDAP_REFERRAL, .text = ""};
    struct buffer name;

    if (refers == NULL || refers->urls == NULL ||
        (refers == target->entry && call->manage && !ldap_is_root(call->directory, refers)))
        return false;
    buffer_init(&name, LONGEST);
    if (refers != target->entry || scope != LDAP_NO_SCOPE) /* else slapd takes the URLs as they are */
        (void)ldap_dn_show(target->name, &name);
    answer.urls = make_urls(call, refers->urls, buffer_slice(&name), scope);
    answer.url_count = answer.urls == NULL ? 0 : refers->urls->count;
    answer.matched = refers->name;
    ldap_result(call->answer, call->id, ldap_answer(call->operation), &answer);
    buffer_free(&name);
    return true;
}

void ldap_continue(struct ldap_call *call, const struct ldap_entry *entry, enum ldap_scope scope)
{
    const struct slice *urls = make_urls(call, entry->urls, SLICE_NONE, scope);

    if (urls != NULL && !call->local)
        ldap_reference(call->answer, call->id, urls, entry->urls->count);
}

/* ---- as entries ---- */

static const char *value_of(const struct ldap_entry *entry, const char *name)
{
    const struct ldap_values *values = ldap_entry_values(entry, ldap_attribute(slice_of(name)));

    return values == NULL ? "" : (const char *)values->shown[0].data; /* copies end with NUL */
}

/* What slapd adds by itself, in slapcat's order: made by whom the last entry was made by, within a day of it. */
static int add_operational(const struct ldap_directory *directory, struct slice name, struct buffer *ldif)
{
    const struct ldap_entry *last = &directory->entries[directory->entry_count - 1];
    const char *admin = value_of(last, "creatorsName"), *uuid = value_of(last, "entryUUID");
    unsigned drawn[4], sequence;
    struct tm tm = {.tm_isdst = 0};
    char made[16], node[13];
    uint64_t ticks;
    time_t time;

    if (strptime(value_of(last, "createTimestamp"), "%Y%m%d%H%M%SZ", &tm) == NULL ||
        sscanf(uuid, "%*8x-%*4x-%*4x-%4x-%12s", &sequence, node) != 2)
        return -1;
    crypto_generichash((unsigned char *)drawn, sizeof drawn, name.data, name.length, directory->face->salt,
                       sizeof directory->face->salt);
    time = timegm(&tm) + 60 + drawn[0] % 80000;
    gmtime_r(&time, &tm);
    strftime(made, sizeof made, "%Y%m%d%H%M%S", &tm);
    ticks = ((uint64_t)time + EPOCH) * 10000000u + drawn[1] % 9000000u;
    buffer_add_format(ldif,
                      "structuralObjectClass: referral\nentryUUID: %08x-%04x-1%03x-%04x-%s\ncreatorsName: %s\n"
                      "createTimestamp: %sZ\nentryCSN: %s.%06uZ#000000#000#000000\nmodifiersName: %s\n"
                      "modifyTimestamp: %sZ\n\n",
                      (unsigned)ticks, (unsigned)(ticks >> 32) & 0xffff, (unsigned)(ticks >> 48) & 0xfff,
                      0x8000 | ((sequence + 1) & 0x3fff), node, admin, made, made,
                      drawn[1] % 9000000u / 10 + 700 + drawn[2] % 3000, admin, made);
    return 0;
}

static bool is_named(const char *url, struct slice name)
{
    struct slice own = ldap_referral_name(slice_of(url));

    return own.length > 0 && own.length == name.length &&
           strncasecmp((const char *)own.data, (const char *)name.data, name.length) == 0;
}

static int add_entry(const struct ldap_directory *directory, struct slice name, struct buffer *ldif)
{
    const struct decoy *decoy = directory->face->decoy;
    const char *rdn = (const char *)name.data;
    int type = (int)strcspn(rdn, "="), value = (int)strcspn(rdn + type + 1, ",");

    buffer_add_format(ldif, "dn: %s\nobjectClass: referral\nobjectClass: extensibleObject\n%.*s: %.*s\n", rdn, type,
                      rdn, value, rdn + type + 1);
    for (size_t i = 0; i < decoy->referral_count; i++)
        if (is_named(decoy->referrals[i], name))
            buffer_add_format(ldif, "ref: %.*s/%s\n", (int)origin_length(slice_of(decoy->referrals[i])),
                              decoy->referrals[i], rdn);
    return add_operational(directory, name, ldif);
}

/* -1: there is such an entry, or who may not be seen lies there. */
static int check_name(const struct ldap_directory *directory, struct slice name)
{
    struct buffer normal;
    int result = -1;

    buffer_init(&normal, LONGEST);
    if (ldap_dn(name, &normal) == 0 && ldap_directory_find(directory, buffer_slice(&normal)) == NULL &&
        !slice_equal(buffer_slice(&normal), buffer_slice(&directory->hidden)))
        result = 0;
    buffer_free(&normal);
    return result;
}

int ldap_referral_entries(const struct ldap_directory *directory, struct buffer *ldif, struct error *error)
{
    const struct decoy *decoy = directory->face->decoy;

    for (size_t i = 0; i < decoy->referral_count; i++) {
        struct slice name = ldap_referral_name(slice_of(decoy->referrals[i]));
        size_t first = 0;

        while (first < i && !is_named(decoy->referrals[first], name))
            first++;
        if (name.length == 0 || first < i)
            continue;
        if (check_name(directory, name) < 0)
            return error_set(error, "the directory has %s itself; write another name behind the referral's host",
                             (const char *)name.data);
        if (directory->entry_count == 0 || add_entry(directory, name, ldif) < 0 || ldif->failed)
            return error_set(error, "the referral %s finds no entry beside it", decoy->referrals[i]);
    }
    return 0;
}
