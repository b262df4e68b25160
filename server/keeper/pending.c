/* SPDX-License-Identifier: ISC */
#include "server/keeper/pending.h"

#include <stdlib.h>
#include <string.h>
#include "server/keeper/ledger.h"

static int insert(struct ledger *ledger, const struct pending_digest *item, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        ledger, "INSERT INTO secret_index (digest, token, part, key) VALUES (?, ?, ?, ?)", error);

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){item->digest.bytes, DIGEST_BYTES});
    sqlite3_bind_int64(statement, 2, item->token);
    sqlite3_bind_int(statement, 3, item->part);
    sqlite3_bind_int(statement, 4, KEYRING_NUMBER);
    return ledger_run(ledger, statement, error);
}

static int grow(struct pending_digests *pending, struct error *error)
{
    size_t capacity = pending->capacity == 0 ? 64 : pending->capacity * 2;
    struct pending_digest *items = reallocarray(pending->items, capacity, sizeof *items);

    if (items == NULL)
        return error_set(error, "out of memory");
    pending->items = items;
    pending->capacity = capacity;
    return 0;
}

int pending_add(struct ledger *ledger, const struct digest *digest, int64_t token, int part, struct error *error)
{
    struct pending_digests *pending = &ledger->pending;
    struct pending_digest item = {*digest, token, part};

    fingerprints_add(&ledger->fingerprints, digest, token, (unsigned)part);
    ledger->indexed++;
    if (sqlite3_get_autocommit(ledger->db) != 0)
        return insert(ledger, &item, error);
    if (pending->count == PENDING_MOST && pending_write(ledger, error) < 0)
        return -1;
    if (pending->count == pending->capacity && grow(pending, error) < 0)
        return -1;
    pending->items[pending->count++] = item;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct pending_digest *one = a, *other = b;

    return memcmp(&one->digest, &other->digest, sizeof one->digest);
}

int pending_write(struct ledger *ledger, struct error *error)
{
    struct pending_digests *pending = &ledger->pending;
    size_t i;

    if (pending->count > 1)
        qsort(pending->items, pending->count, sizeof *pending->items, compare);
    for (i = 0; i < pending->count; i++) {
        if (insert(ledger, &pending->items[i], error) < 0)
            return -1;
    }
    pending->count = 0;
    return 0;
}

void pending_clear(struct pending_digests *pending)
{
    free(pending->items);
    memset(pending, 0, sizeof *pending);
}
