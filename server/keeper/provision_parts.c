/* SPDX-License-Identifier: ISC */
#include "server/keeper/provision_parts.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/keeper/certificate.h"
#include "server/keeper/control.h"
#include "server/keeper/keeper.h"
#include "server/keeper/provision.h"

/* ---- what is needed ---- */

static bool speaks_tls(const struct decoy *decoy)
{
    for (size_t i = 0; i < decoy->listener_count; i++)
        if (decoy->listeners[i].tls != TLS_NONE)
            return true;
    return false;
}

static void add_hash(struct buffer *json, struct slice bytes)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    char hex[2 * sizeof hash + 1];

    crypto_generichash(hash, sizeof hash, bytes.data, bytes.length, NULL, 0);
    json_member_text(json, "own", sodium_bin2hex(hex, sizeof hex, hash, sizeof hash));
}

/* What the certificate is for; another text means another certificate. */
static void describe(const struct decoy *decoy, const struct own_certificate *own, struct buffer *json)
{
    buffer_add_char(json, '{');
    json_member_text(json, "service", decoy->service);
    json_member_text(json, "site", decoy->site);
    json_member_bool(json, "tls", speaks_tls(decoy));
    if (own->certificate.length > 0)
        add_hash(json, buffer_slice(&own->certificate));
    json_member_open(json, "names");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < decoy->name_count; i++)
        json_element(json, slice_of(decoy->names[i]));
    buffer_add_char(json, ']');
    json_member_open(json, "addresses");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < decoy->listener_count; i++)
        json_element(json, slice_of(decoy->listeners[i].address));
    buffer_add_text(json, "]}");
}

/* 1: the ledger has the decoy; sets `known`, `has`, `certified` (another certificate is due) and `wants_face`. 0: it
 * has not; -1. */
static int look_up(struct keeper *keeper, struct part *part, struct error *error)
{
    const struct decoy *decoy = part->decoy;
    sqlite3_stmt *statement = ledger_statement(&keeper->ledger,
                                               "SELECT names, certificate, expires, made,"
                                               " json_extract(names, '$.service') IS NOT ?2"
                                               " OR json_extract(names, '$.site') IS NOT ?3"
                                               " FROM decoy WHERE name = ?1", error);
    int result;

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(decoy->name));
    ledger_bind_text(statement, 2, slice_of(decoy->service));
    ledger_bind_text(statement, 3, slice_of(decoy->site));
    result = ledger_step(&keeper->ledger, statement, error);
    if (result == 1) {
        struct slice certificate = ledger_column(statement, 1);

        part->known = true;
        part->has = certificate.length > 0;
        part->wants_face = sqlite3_column_int(statement, 4) != 0;
        part->certified = !slice_equal(ledger_column(statement, 0), buffer_slice(&part->names)) ||
                          (part->own->certificate.length == 0 &&
                           certificate_due(certificate, sqlite3_column_int64(statement, 2),
                                           sqlite3_column_int64(statement, 3), clock_wall()));
    }
    sqlite3_reset(statement);
    return result;
}

static void part_init(struct part *part, const struct decoy *decoy, struct own_certificate *own)
{
    memset(part, 0, sizeof *part);
    part->decoy = decoy;
    part->own = own;
    buffer_init(&part->names, JOBS_RESULT);
    buffer_init(&part->certificate, JOBS_RESULT);
    buffer_init(&part->key, JOBS_RESULT);
    buffer_init(&part->face, JOBS_RESULT);
}

static void part_free(struct part *part)
{
    buffer_free(&part->names);
    buffer_free(&part->certificate);
    buffer_free(&part->key);
    buffer_free(&part->face);
}

/* The operator's files are no good: where there is a certificate already, that stays. */
static bool keeps(const struct part *part)
{
    return part->own->fault.text[0] != '\0' && part->known && (part->has || !speaks_tls(part->decoy)) && !part->wants_face;
}

/* Says what the decoy lacks: 1 something, 0 nothing, -1. */
static int part_load(struct part *part, struct keeper *keeper, bool create, struct error *error)
{
    const struct own_certificate *own = part->own;
    int found = 0;

    describe(part->decoy, own, &part->names);
    if (part->names.failed)
        return error_set(error, "no memory for decoy %s", part->decoy->name);
    if (!create)
        found = look_up(keeper, part, error);
    if (found < 0)
        return -1;
    if (keeps(part))
        return 0;
    if (own->fault.text[0] != '\0' && (own->certificate.length == 0 || own->refused))
        return error_set(error, "%s", own->fault.text);
    if (found == 0)
        part->wants_face = part->certified = true;
    part->wants_certificate = part->certified && speaks_tls(part->decoy) && own->certificate.length == 0;
    if (part->certified && own->certificate.length > 0 &&
        (buffer_add_slice(&part->certificate, buffer_slice(&own->certificate)) != 0 ||
         buffer_add_slice(&part->key, buffer_slice(&own->key)) != 0))
        return error_set(error, "no memory for decoy %s", part->decoy->name);
    return part->certified;
}

int provision_needed(struct keeper *keeper, struct error *error)
{
    const struct configuration *configuration = keeper->configuration;
    int count = 0;

    for (size_t i = 0; i < configuration->decoy_count && count >= 0; i++) {
        struct part part;
        int lacks;

        part_init(&part, &configuration->decoys[i], control_certificate(keeper->control, i));
        lacks = part_load(&part, keeper, false, error);
        count = lacks < 0 ? -1 : count + lacks;
        part_free(&part);
    }
    return count;
}

static int load_parts(struct provision *provision, struct error *error)
{
    struct keeper *keeper = provision->settings.keeper;
    const struct configuration *configuration = keeper->configuration;

    provision->parts = calloc(configuration->decoy_count + 1, sizeof *provision->parts);
    if (provision->parts == NULL)
        return error_set(error, "no memory to make the decoys' certificates");
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        struct part *part = &provision->parts[provision->part_count];
        int lacks;

        part_init(part, &configuration->decoys[i], control_certificate(keeper->control, i));
        lacks = part_load(part, keeper, provision->settings.create, error);
        if (lacks <= 0)
            part_free(part);
        if (lacks < 0)
            return -1;
        provision->part_count += (size_t)lacks;
    }
    return 0;
}

int provision_load(struct provision *provision, struct error *error)
{
    struct keeper *keeper = provision->settings.keeper;
    sqlite3_stmt *statement;
    struct slice sealed;
    int result;

    if (load_parts(provision, error) != 0)
        return -1;
    if (provision->settings.create)
        return 0;
    statement = ledger_statement(&keeper->ledger, "SELECT persona, authority, authority_key FROM persona", error);
    result = statement != NULL ? ledger_step(&keeper->ledger, statement, error) : -1;
    if (result == 1) {
        (void)buffer_add_slice(&provision->persona, ledger_column(statement, 0));
        (void)buffer_add_slice(&provision->authority, ledger_column(statement, 1));
        sealed = ledger_column(statement, 2);
        provision->self_signed = provision->authority.length == 0;
        if (sealed.length > 0 && keyring_open_sealed(&keeper->keyring, sealed, &provision->authority_key) != 0)
            result = error_set(error, "the authority's key in the ledger is damaged or of another master key; restore "
                                      "both from one backup");
    } else if (result == 0) {
        result = error_set(error, "the ledger holds no persona, so `sundew init` did not end well; make a new "
                                  "installation with it");
    }
    if (statement != NULL)
        sqlite3_reset(statement);
    return result == 1 ? 0 : -1;
}

/* ---- into the ledger ---- */

static int store_persona(struct provision *provision, struct error *error)
{
    struct keeper *keeper = provision->settings.keeper;
    struct buffer sealed;
    sqlite3_stmt *statement;
    int result = -1;

    if (provision->persona.length == 0)
        return error_set(error, "the minter drew no persona; restart and report this");
    buffer_init(&sealed, JOBS_RESULT);
    statement = ledger_statement(&keeper->ledger, "INSERT INTO persona (number, made, persona, authority,"
                                                  " authority_key) VALUES (1, ?1, ?2, ?3, ?4)", error);
    if (statement == NULL)
        goto out;
    if (provision->authority_key.length > 0 &&
        keyring_seal(&keeper->keyring, buffer_slice(&provision->authority_key), &sealed) != 0) {
        (void)error_set(error, "no memory to seal the authority's key");
        goto out;
    }
    sqlite3_bind_int64(statement, 1, clock_wall());
    ledger_bind_text(statement, 2, buffer_slice(&provision->persona));
    ledger_bind_text(statement, 3, provision->self_signed ? slice_of("") : buffer_slice(&provision->authority));
    ledger_bind_blob(statement, 4, buffer_slice(&sealed));
    result = ledger_run(&keeper->ledger, statement, error);
out:
    buffer_free(&sealed);
    return result;
}

static int seal_salt(struct keeper *keeper, struct buffer *sealed)
{
    unsigned char salt[32];
    int result;

    randombytes_buf(salt, sizeof salt);
    result = keyring_seal(&keeper->keyring, (struct slice){salt, sizeof salt}, sealed);
    sodium_memzero(salt, sizeof salt);
    return result;
}

static int bind_certificate(struct keeper *keeper, sqlite3_stmt *statement, const struct part *part,
                            struct buffer *sealed)
{
    int64_t expires = certificate_expires(buffer_slice(&part->certificate));

    if (part->key.length > 0 && keyring_seal(&keeper->keyring, buffer_slice(&part->key), sealed) != 0)
        return -1;
    ledger_bind_text(statement, 1, slice_of(part->decoy->name));
    ledger_bind_text(statement, 2, slice_of(part->decoy->service));
    ledger_bind_blob(statement, 3, buffer_slice(&part->certificate));
    ledger_bind_blob(statement, 4, buffer_slice(sealed));
    ledger_bind_text(statement, 5, buffer_slice(&part->names));
    sqlite3_bind_int64(statement, 6, clock_wall());
    if (expires != 0)
        sqlite3_bind_int64(statement, 7, expires);
    else
        sqlite3_bind_null(statement, 7);
    return 0;
}

static int store_part(struct keeper *keeper, const struct part *part, struct error *error)
{
    struct buffer key, salt;
    sqlite3_stmt *statement;
    int result = -1;

    if (part->wants_certificate && (part->certificate.length == 0 || part->key.length == 0))
        return error_set(error, "the minter made no certificate for decoy %s", part->decoy->name);
    buffer_init(&key, JOBS_RESULT);
    buffer_init(&salt, 4096);
    statement = ledger_statement(
        &keeper->ledger,
        part->known ? "UPDATE decoy SET service = ?2, certificate = ?3, key = ?4, names = ?5, made = ?6, expires = ?7,"
                      " face = coalesce(?9, face), salt = coalesce(?8, salt) WHERE name = ?1"
                    : "INSERT INTO decoy (name, service, certificate, key, names, made, expires, salt, face)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        error);
    if (statement == NULL)
        goto out;
    if (bind_certificate(keeper, statement, part, &key) != 0 || seal_salt(keeper, &salt) != 0) {
        (void)error_set(error, "no memory to seal the keys of decoy %s", part->decoy->name);
        goto out;
    }
    if (part->known)
        sqlite3_bind_null(statement, 8);
    else
        ledger_bind_blob(statement, 8, buffer_slice(&salt));
    ledger_bind_text(statement, 9, part->face.length > 0 ? buffer_slice(&part->face)
                                   : part->known         ? SLICE_NONE
                                                         : slice_of("{}"));
    result = ledger_run(&keeper->ledger, statement, error);
out:
    buffer_free(&key);
    buffer_free(&salt);
    return result;
}

static int record(struct provision *provision, const char *what, const struct part *part, struct error *error)
{
    struct keeper *keeper = provision->settings.keeper;

    return operation_add(&keeper->ledger, &keeper->keyring, slice_of(provision->settings.who), slice_of(what),
                         part != NULL ? slice_of(part->decoy->name) : slice_of(""),
                         part != NULL ? buffer_slice(&part->names) : slice_of("{}"), error);
}

static int store_all(struct provision *provision, struct error *error)
{
    struct keeper *keeper = provision->settings.keeper;

    if (provision->settings.create &&
        (store_persona(provision, error) != 0 || record(provision, "init", NULL, error) != 0))
        return -1;
    for (size_t i = 0; i < provision->part_count; i++) {
        const struct part *part = &provision->parts[i];

        if (part->dropped)
            continue;
        if (store_part(keeper, part, error) != 0 ||
            record(provision, part->known ? "certificate" : "decoy", part, error) != 0)
            return -1;
    }
    return 0;
}

static void gather_trust(struct provision *provision)
{
    if (!provision->self_signed) {
        (void)buffer_add_slice(&provision->trust, buffer_slice(&provision->authority));
        return;
    }
    for (size_t i = 0; i < provision->part_count; i++)
        (void)buffer_add_slice(&provision->trust, buffer_slice(&provision->parts[i].certificate));
}

int provision_store(struct provision *provision, struct error *error)
{
    struct keeper *keeper = provision->settings.keeper;

    if (provision->settings.create && keeper_open(keeper, true, error) != 0)
        return -1;
    if (ledger_begin(&keeper->ledger, error) != 0)
        return -1;
    if (store_all(provision, error) != 0) {
        ledger_rollback(&keeper->ledger);
        return -1;
    }
    if (ledger_commit(&keeper->ledger, error) != 0)
        return -1;
    gather_trust(provision);
    return 0;
}
