/* SPDX-License-Identifier: ISC
 *
 * What an account has to have so that it does not stand out: told from those beside it. A value that varies with its
 * account's names is remembered as its shape, with marks in their place; one that is a number of each account's own is
 * counted on; what repeats is taken as often as it is there; the rest is left out. */
#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/planter/entry.h"

#define SHAPE 512

/* What lets somebody in or gives a right, and what belongs to one person. */
static const char *const kept_out[] = {"objectClass",     "sshPublicKey",    "host",           "authorizedService",
                                       "memberOf",        "sudoUser",        "sudoHost",       "sudoCommand",
                                       "jpegPhoto",       "userCertificate", "userPKCS12",     "userSMIMECertificate",
                                       "photo",           "labeledURI",      "audio",          "eduPersonEntitlement",
                                       "userPassword",    "sambaNTPassword", "sambaLMPassword", "ipaNTHash",
                                       "krbPrincipalKey", "krbPrincipalName", "nsRoleDN",      NULL};

static bool is_one_of(const char *name, const char *const *list)
{
    while (*list != NULL && strcasecmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

/* Attributes with options (";binary", ";lang-de") are what they are without. */
static bool is_kept_out(const char *name)
{
    size_t length = strcspn(name, ";");
    size_t i = 0;

    while (kept_out[i] != NULL && (strlen(kept_out[i]) != length || strncasecmp(kept_out[i], name, length) != 0))
        i++;
    return kept_out[i] != NULL;
}

static bool is_account(const struct entry *entry)
{
    static const char *const classes[] = {"account", "person", "inetOrgPerson", "posixAccount", "organizationalPerson",
                                          "simpleSecurityObject", "applicationProcess", NULL};

    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->values[i].name, "objectClass") == 0 && is_one_of(entry->values[i].data, classes))
            return true;
    return false;
}

/* ---- who counts ---- */

static bool has_class(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->values[i].name, "objectClass") == 0 && strcasecmp(entry->values[i].data, name) == 0)
            return true;
    return false;
}

static bool same_classes(const struct entry *a, const struct entry *b)
{
    for (int turn = 0; turn < 2; turn++) {
        const struct entry *one = turn == 0 ? a : b, *other = turn == 0 ? b : a;

        for (size_t i = 0; i < one->count; i++)
            if (strcasecmp(one->values[i].name, "objectClass") == 0 && !has_class(other, one->values[i].data))
                return false;
    }
    return true;
}

/* One of the largest number of accounts with the same classes; NULL where there is no account. */
static const struct entry *typical(const struct entry *crowd, size_t count, size_t *most)
{
    const struct entry *best = NULL;

    *most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t alike = 0;

        for (size_t j = 0; is_account(&crowd[i]) && j < count; j++)
            alike += same_classes(&crowd[i], &crowd[j]);
        if (alike > *most) {
            *most = alike;
            best = &crowd[i];
        }
    }
    return best;
}

/* ---- shapes ---- */

/* The first name before which a DN's RDN has '='. */
static char *rdn_name(const struct entry *entry)
{
    return strndup(entry->dn, strcspn(entry->dn, "=,"));
}

/* The text with its account's names as \1 (uid) and \2 (cn). */
static void shape_of(const struct entry *entry, const char *text, char shape[SHAPE])
{
    const char *names[2] = {entry_text(entry, "uid"), entry_text(entry, "cn")};
    size_t n = 0;

    while (*text != '\0' && n + 2 < SHAPE) {
        size_t i = 0;

        while (i < 2 && (names[i] == NULL || names[i][0] == '\0' || strncmp(text, names[i], strlen(names[i])) != 0))
            i++;
        shape[n++] = i < 2 ? (char)(i + 1) : *text;
        text += i < 2 ? strlen(names[i]) : 1;
    }
    shape[n] = '\0';
}

static int add_shaped(struct entry *own, const char *name, const char *shape, const char *account, struct error *error)
{
    struct buffer text;
    int rc;

    buffer_init(&text, 2 * SHAPE + 2 * strlen(account) * 8);
    for (; *shape != '\0'; shape++)
        if (*shape == 1 || *shape == 2)
            buffer_add_text(&text, account);
        else
            buffer_add_char(&text, *shape);
    /* One that grew too long would not be like theirs. */
    rc = text.failed ? 0 : entry_add(own, name, buffer_slice(&text), error);
    buffer_free(&text);
    return rc;
}

/* ---- one attribute ---- */

#define KIN 256

/* The first value, where it is a text. */
static const char *plain_text(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->values[i].name, name) == 0)
            return strlen(entry->values[i].data) == entry->values[i].length ? entry->values[i].data : NULL;
    return NULL;
}

/* The values of the attribute among those that count. */
struct column {
    const char *values[KIN];
    char shapes[KIN][SHAPE];
    size_t count;
    bool numbers;
    int64_t most;    /* of the numbers */
    size_t distinct; /* shapes */
    size_t usual;    /* index of the shape that most have */
    size_t usual_count;
};

static bool is_number(const char *text)
{
    return text[0] != '\0' && strlen(text) < 16 && strspn(text, "0123456789") == strlen(text);
}

static void column_read(struct column *column, const struct entry *const *kin, size_t count, const char *name)
{
    *column = (struct column){.numbers = true};
    for (size_t i = 0; i < count; i++) {
        const char *text = plain_text(kin[i], name);
        size_t alike = 0, at = column->count;

        if (text == NULL)
            continue;
        column->values[at] = text;
        shape_of(kin[i], text, column->shapes[at]);
        column->count++;
        column->numbers = column->numbers && is_number(text);
        if (column->numbers && strtoll(text, NULL, 10) > column->most)
            column->most = strtoll(text, NULL, 10);
        for (size_t j = 0; j <= at; j++)
            alike += strcmp(column->shapes[j], column->shapes[at]) == 0;
        column->distinct += alike == 1;
        if (alike > column->usual_count) {
            column->usual_count = alike;
            column->usual = at;
        }
    }
}

/* A number of its own follows the highest one; what varies with the name does so here; what repeats is drawn. */
static int fill(struct entry *own, const char *name, const struct column *column, const char *account,
                struct error *error)
{
    bool repeats = column->distinct * 2 <= column->count;
    char number[32];
    int rc = 0;

    if (column->numbers && !repeats && column->count > 1) {
        snprintf(number, sizeof number, "%" PRId64, column->most + 1);
        rc = entry_add(own, name, slice_of(number), error);
        if (rc == 0)
            own->values[own->count - 1].unique = true;
    } else if (column->usual_count * 5 >= column->count * 3) {
        rc = add_shaped(own, name, column->shapes[column->usual], account, error);
    } else if (repeats) {
        rc = add_shaped(own, name, column->shapes[randombytes_uniform((uint32_t)column->count)], account, error);
    }
    return rc;
}

/* ---- all of them ---- */

/* In {SSHA}, of bytes that nobody knows: there is one, and none opens it. */
static int lock(struct entry *own, struct error *error)
{
    unsigned char random[28];
    char text[64] = "{SSHA}";

    randombytes_buf(random, sizeof random);
    sodium_bin2base64(text + 6, sizeof text - 6, random, sizeof random, sodium_base64_VARIANT_ORIGINAL);
    return entry_set(own, "userPassword", slice_of(text), error);
}

static int take_classes(struct entry *own, const struct entry *model, struct error *error)
{
    int rc = 0;

    entry_drop(own, "objectClass");
    for (size_t i = 0; i < model->count && rc == 0; i++)
        if (strcasecmp(model->values[i].name, "objectClass") == 0)
            rc = entry_add(own, "objectClass", slice_of(model->values[i].data), error);
    return rc;
}

static bool anybody_has(const struct entry *const *kin, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && entry_text(kin[i], name) == NULL)
        i++;
    return i < count;
}

static bool holds_secret(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (entry->values[i].secret && strcasecmp(entry->values[i].name, name) == 0)
            return true;
    return false;
}

/* What none of them has may not even be allowed. */
static void drop_odd(struct entry *own, const struct entry *const *kin, size_t count)
{
    for (size_t i = own->count; i-- > 0;)
        if (!holds_secret(own, own->values[i].name) && strcasecmp(own->values[i].name, "objectClass") != 0 &&
            !anybody_has(kin, count, own->values[i].name)) {
            entry_drop(own, own->values[i].name);
            i = own->count < i ? own->count : i;
        }
}

static int add_missing(struct entry *own, const struct entry *const *kin, size_t count, const char *account,
                       struct error *error)
{
    struct column *column = malloc(sizeof *column);
    int rc = column != NULL ? 0 : error_set(error, "out of memory");

    for (size_t k = 0; k < count && rc == 0; k++)
        for (size_t i = 0; i < kin[k]->count && rc == 0; i++) {
            const char *name = kin[k]->values[i].name;

            if (entry_text(own, name) != NULL || is_kept_out(name))
                continue;
            column_read(column, kin, count, name);
            if (column->count * 5 >= count * 3)
                rc = fill(own, name, column, account, error);
        }
    free(column);
    return rc;
}

/* In a DN stands what needs no escapes (RFC 4514), and no secret: names are told, and kept. */
static bool may_name(const struct entry *own, const char *name, const char *value)
{
    return value != NULL && !holds_secret(own, name) && value[0] != '\0' && value[0] != ' ' && value[0] != '#' &&
           value[strcspn(value, ",+\"\\<>;=")] == '\0' && value[strlen(value) - 1] != ' ';
}

/* uid=… where most are named so, and the account has it. */
static int name_like(struct entry *own, const struct entry *model, const char *account, struct error *error)
{
    char *name = rdn_name(model), *dn = NULL;
    const char *value = name != NULL ? entry_text(own, name) : NULL;
    int rc = name != NULL ? 0 : error_set(error, "out of memory");

    if (rc == 0 && may_name(own, name, value)) {
        if (asprintf(&dn, "%s=%s%s", name, value, own->dn + strcspn(own->dn, ",")) >= 0) {
            free(own->dn);
            own->dn = dn;
        } else {
            rc = error_set(error, "out of memory");
        }
    }
    free(name);
    name = rdn_name(own);
    if (rc == 0 && name != NULL && entry_text(own, name) == NULL)
        rc = entry_add(own, name, slice_of(account), error);
    free(name);
    return rc;
}

/* In the model's order of names, then what it has not. */
static void order_like(struct entry *own, const struct entry *model)
{
    size_t at = 0;

    for (size_t m = 0; m < model->count; m++)
        for (size_t i = at; i < own->count; i++)
            if (strcasecmp(own->values[i].name, model->values[m].name) == 0) {
                struct entry_value value = own->values[i];

                memmove(&own->values[at + 1], &own->values[at], (i - at) * sizeof value);
                own->values[at++] = value;
            }
}

/* Those who have the classes that most have; NULL where there is none, else one of them. */
static const struct entry *find_kin(const struct entry *crowd, size_t count, const struct entry *kin[KIN], size_t *kin_count)
{
    size_t alike;
    const struct entry *model = typical(crowd, count, &alike);

    *kin_count = 0;
    for (size_t i = 0; model != NULL && i < count && *kin_count < KIN; i++)
        if (same_classes(model, &crowd[i]))
            kin[(*kin_count)++] = &crowd[i];
    return model;
}

static char *account_of(const struct entry *own)
{
    const char *name = strchr(own->dn, '=') + 1;

    return strndup(name, strcspn(name, ","));
}

int entry_be_like(struct entry *own, const struct entry *crowd, size_t count, struct error *error)
{
    const struct entry *kin[KIN], *model;
    size_t kin_count;
    char *account = NULL;
    int rc = 0;

    model = find_kin(crowd, count, kin, &kin_count);
    if (model == NULL)
        return 0;
    account = account_of(own);
    if (account == NULL)
        return error_set(error, "out of memory");
    rc = take_classes(own, model, error);
    if (rc == 0) {
        drop_odd(own, kin, kin_count);
        rc = add_missing(own, kin, kin_count, account, error);
    }
    if (rc == 0 && (has_class(own, "simpleSecurityObject") || anybody_has(kin, kin_count, "userPassword")))
        rc = lock(own, error);
    if (rc == 0)
        rc = name_like(own, model, account, error);
    order_like(own, model);
    free(account);
    return rc;
}

/* What none has goes; what most have it gets, or spells as most do, if there is such a way. */
static int describe(struct entry *own, const char *name, const struct column *column, size_t kin_count, const char *account,
                    struct error *error)
{
    bool has = entry_text(own, name) != NULL, usual = column->usual_count * 5 >= column->count * 3;

    if (column->count > 0 && (column->count * 5 < kin_count * 3 || (has && !usual)))
        return 0;
    entry_drop(own, name);
    return column->count > 0 ? fill(own, name, column, account, error) : 0;
}

int entry_describe_like(struct entry *own, const struct entry *crowd, size_t count, const char *const *names,
                        struct error *error)
{
    const struct entry *kin[KIN];
    struct column *column = malloc(sizeof *column);
    char *account = account_of(own);
    size_t kin_count;
    int rc = column != NULL && account != NULL ? 0 : error_set(error, "out of memory");

    for (bool any = find_kin(crowd, count, kin, &kin_count) != NULL; any && *names != NULL && rc == 0; names++) {
        column_read(column, kin, kin_count, *names);
        if (!holds_secret(own, *names))
            rc = describe(own, *names, column, kin_count, account, error);
    }
    free(column);
    free(account);
    return rc;
}

const char *entry_usual(const struct entry *crowd, size_t count, const char *name)
{
    const char *best = NULL;
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        const char *text = entry_text(&crowd[i], name);
        size_t alike = 0;

        for (size_t j = 0; text != NULL && j < count; j++)
            alike += entry_text(&crowd[j], name) != NULL && strcmp(entry_text(&crowd[j], name), text) == 0;
        if (alike > most) {
            most = alike;
            best = text;
        }
    }
    return best;
}
