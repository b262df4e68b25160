/* SPDX-License-Identifier: ISC */
#include "server/keeper/observe.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/keeper/recent.h"
#include "server/keeper/row.h"
#include "server/keeper/sources.h"

/* What a batch changes beside the ledger; put back when its transaction fails. */
struct progress {
    struct chain chain;
    int64_t ring_next, noise_bytes;
    size_t remembered, urgent_count;
};

static int load_recent(struct observer *observer, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        observer->ledger, "SELECT id FROM (SELECT seq, id FROM observation ORDER BY seq DESC LIMIT ?) ORDER BY seq",
        error);
    struct id id;
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int(statement, 1, OBSERVE_RECENT - OBSERVE_RING);
    while ((found = ledger_step(observer->ledger, statement, error)) == 1) {
        id = ledger_column_id(statement, 0);
        recent_add(observer->recent, &id);
    }
    return found;
}

/* Earlier releases counted the slots on and on. */
static int close_ring(struct observer *observer, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        observer->ledger, "UPDATE OR REPLACE surplus SET slot = slot % ?1 WHERE slot >= ?1", error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int(statement, 1, OBSERVE_RING);
    return ledger_run(observer->ledger, statement, error);
}

static int load_ring(struct observer *observer, struct error *error)
{
    sqlite3_stmt *statement;
    struct id id;
    int found;

    if (close_ring(observer, error) < 0)
        return -1;
    statement = ledger_statement(observer->ledger, "SELECT id, slot FROM surplus ORDER BY time, slot", error);
    if (statement == NULL)
        return -1;
    while ((found = ledger_step(observer->ledger, statement, error)) == 1) {
        id = ledger_column_id(statement, 0);
        recent_add(observer->recent, &id);
        observer->ring_next = (sqlite3_column_int64(statement, 1) + 1) % OBSERVE_RING;
    }
    return found;
}

/* What the last observer_save() wrote, and the rows that came since. */
static int load_noise_bytes(struct observer *observer, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        observer->ledger, "SELECT coalesce(sum(length(context) + length(flow) + length(presented) + ?2), 0) "
        "FROM observation WHERE seq > ?1 AND matched = zeroblob(128)", error);
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, ledger_setting(observer->ledger, "noise-upto", 0));
    sqlite3_bind_int64(statement, 2, OBSERVE_ROW_BYTES);
    found = ledger_step(observer->ledger, statement, error);
    if (found == 1) {
        observer->noise_bytes = ledger_setting(observer->ledger, "noise-bytes", 0) + sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return found < 0 ? -1 : 0;
}

int observer_open(struct observer *observer, struct ledger *ledger, const struct keyring *keyring,
                  int64_t budget_bytes, int64_t budget_source, struct error *error)
{
    memset(observer, 0, sizeof *observer);
    observer->ledger = ledger;
    observer->keyring = keyring;
    observer->granter = (struct granter){.ledger = ledger, .keyring = keyring};
    observer->budget_bytes = budget_bytes;
    observer->budget_source = budget_source;
    buffer_init(&observer->flow, 1024);
    buffer_init(&observer->presented, 4 * CHANNEL_MESSAGE);
    observer->recent = recent_new();
    observer->sources = sources_new();
    if (observer->recent == NULL || observer->sources == NULL) {
        error_set(error, "out of memory");
        goto fail;
    }
    if (recogniser_open(&observer->recogniser, ledger, keyring, error) < 0 ||
        chain_load(ledger, CHAIN_OBSERVATION, &observer->chain, error) < 0 || load_recent(observer, error) < 0 ||
        load_ring(observer, error) < 0 || load_noise_bytes(observer, error) < 0)
        goto fail;
    observer->durable = observer->chain;
    return 0;
fail:
    observer_close(observer);
    return -1;
}

void observer_close(struct observer *observer)
{
    recogniser_close(&observer->recogniser);
    recent_free(observer->recent);
    sources_free(observer->sources);
    observer->recent = NULL;
    observer->sources = NULL;
    buffer_free(&observer->flow);
    buffer_free(&observer->presented);
}

static int insert_row(struct observer *observer, bool ring, const struct observed *row,
                      const unsigned char digest[CHAIN_BYTES], const unsigned char link[CHAIN_BYTES],
                      struct error *error)
{
    static const char observation_sql[] =
        "INSERT INTO observation (seq, id, time, decoy, service, source, port, flow, context, presented, matched, "
        "digest, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char surplus_sql[] =
        "INSERT OR REPLACE INTO surplus (slot, id, time, decoy, service, source, port, flow, context, presented, "
        "matched, digest, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement = ledger_statement(observer->ledger, ring ? surplus_sql : observation_sql, error);

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, ring ? observer->ring_next : observer->chain.sequence);
    ledger_bind_id(statement, 2, &row->id);
    sqlite3_bind_int64(statement, 3, row->time);
    ledger_bind_text(statement, 4, row->decoy);
    ledger_bind_text(statement, 5, row->service);
    ledger_bind_blob(statement, 6, row->source);
    sqlite3_bind_int(statement, 7, row->port);
    ledger_bind_blob(statement, 8, row->flow);
    ledger_bind_blob(statement, 9, row->context);
    ledger_bind_blob(statement, 10, row->presented);
    ledger_bind_blob(statement, 11, row->matched);
    ledger_bind_blob(statement, 12, (struct slice){digest, CHAIN_BYTES});
    ledger_bind_blob(statement, 13, (struct slice){link, CHAIN_BYTES});
    return ledger_run(observer->ledger, statement, error);
}

/* One row, in the chain or in the ring, where it takes the oldest one's place: nothing is deleted, which would cost as
 * much again. */
static int write_row(struct observer *observer, const struct observation *observation, bool ring, struct error *error)
{
    unsigned char matched[MATCHED_BYTES], digest[CHAIN_BYTES];
    struct chain chain = observer->chain;
    struct observed row = {
        .id = observation->id,
        .time = observation->time,
        .decoy = observation->decoy.data != NULL ? observation->decoy : slice_of(""),
        .service = observation->service.data != NULL ? observation->service : slice_of(""),
        .source = {observation->source.bytes, ADDRESS_BYTES},
        .port = observation->source_port,
        .context = observation->context,
        .matched = {matched, sizeof matched},
    };

    flow_pack(&observer->flow, observation);
    presented_pack(&observer->presented, observation, &observer->recognition);
    recognition_pack(&observer->recognition, matched);
    if (observer->flow.failed || observer->presented.failed)
        return error_set(error, "out of memory");
    row.flow = buffer_slice(&observer->flow);
    row.presented = buffer_slice(&observer->presented);
    observed_digest(observer->keyring, &row, digest);
    chain_extend(&chain, observer->keyring, digest);
    if (!ring)
        observer->chain = chain;
    if (insert_row(observer, ring, &row, digest, chain.head, error) < 0)
        return -1;
    if (ring)
        observer->ring_next = (observer->ring_next + 1) % OBSERVE_RING;
    return 0;
}

int observer_save(struct observer *observer, struct error *error)
{
    if (ledger_set(observer->ledger, "noise-upto", observer->chain.sequence, error) < 0)
        return -1;
    return ledger_set(observer->ledger, "noise-bytes", observer->noise_bytes, error);
}

/* A flood of one token must not hold up the alert of another: what was not seen lately goes ahead of the backlog. */
static void look_for_news(struct observer *observer, const struct observation *observation)
{
    struct address prefix = address_prefix(&observation->source);
    uint64_t source[2];
    bool news = false;

    memcpy(source, prefix.bytes, sizeof source);
    for (size_t i = 0; i < observer->recognition.count; i++) {
        const struct match *match = &observer->recognition.matches[i];
        uint64_t drill = (match->reasons & MATCH_DRILL) != 0; /* never makes a real use familiar */
        uint64_t hash = ((uint64_t)match->token << 5 | drill << 4 | match->grade) * 0x9e3779b97f4a7c15u;

        hash = (hash ^ source[0]) * 0xff51afd7ed558ccdu;
        hash = (hash ^ hash >> 32 ^ source[1]) * 0xc4ceb9fe1a85ec53u;
        hash ^= hash >> 29;
        news = news || observer->familiar[hash % OBSERVE_FAMILIAR] != hash;
        observer->familiar[hash % OBSERVE_FAMILIAR] = hash;
    }
    if (news && observer->urgent_count < OBSERVE_URGENT)
        observer->urgent[observer->urgent_count++] = observer->chain.sequence;
}

static int64_t row_bytes(const struct observation *observation, const struct observer *observer)
{
    return (int64_t)(observation->context.length + observer->flow.length + observer->presented.length) +
           OBSERVE_ROW_BYTES;
}

static int keep(struct observer *observer, const struct observation *observation, bool shed, struct error *error)
{
    struct address prefix = address_prefix(&observation->source);
    struct source *source = sources_get(observer->sources, observer->ledger, &prefix, observation->decoy,
                                        observation->time, error);
    bool matched = observer->recognition.count > 0, ring;

    if (source == NULL)
        return -1;
    source->count++;
    ring = !matched && (source->kept_before + (int64_t)source->kept >= observer->budget_source ||
                        observer->noise_bytes >= observer->budget_bytes);
    if (!matched && (shed || observer->ledger->full)) {
        observer->unkept++;
        return 0;
    }
    if (write_row(observer, observation, ring, error) < 0)
        return -1;
    if (ring) {
        observer->surplus++;
    } else {
        observer->rows++;
        look_for_news(observer, observation);
        source->kept += !matched;
        observer->noise_bytes += matched ? 0 : row_bytes(observation, observer);
    }
    return 0;
}

/* Recognises and writes one message. What is malformed is counted and left out: it gets no verdict. */
static int take_one(struct observer *observer, struct batch *batch, size_t index, struct progress *progress,
                    struct error *error)
{
    struct reader reader = reader_of((struct slice){batch->bytes.data + batch->items[index].at,
                                                    batch->items[index].length});
    struct observation *observation = &observer->observation;
    bool shed;

    if (message_type(&reader) != MESSAGE_OBSERVATION || observation_get(&reader, observation) < 0) {
        observer->refused++;
        return 0;
    }
    batch->items[index].ticket = observation->ticket;
    batch->items[index].verdict = observation->candidate_count > 0;
    if (observation->again && recent_has(observer->recent, &observation->id)) {
        observer->duplicates++;
        return 0;
    }
    shed = observation->candidate_count == 0 && batch->count == BATCH_MESSAGES;
    if (recognise(&observer->recogniser, observation, &observer->recognition, error) < 0)
        return -1;
    if (grant_judge(&observer->granter, observation, &observer->recognition,
                    &batch->items[index].grant, error) < 0)
        return -1;
    if (observer->drills.count > 0)
        drills_mark(&observer->drills, observation, clock_monotonic(), &observer->recognition);
    if (keep(observer, observation, shed, error) < 0)
        return -1;
    recent_add(observer->recent, &observation->id);
    progress->remembered++;
    return 0;
}

static int take_all(struct observer *observer, struct batch *batch, int64_t now, struct progress *progress,
                    struct error *error)
{
    size_t i;

    sources_begin(observer->sources, now);
    if (ledger_begin_hasty(observer->ledger, error) < 0)
        return -1;
    for (i = 0; i < batch->count; i++) {
        if (take_one(observer, batch, i, progress, error) < 0)
            return -1;
    }
    if (sources_write(observer->sources, observer->ledger, error) < 0)
        return -1;
    return ledger_commit(observer->ledger, error);
}

static int try_take(struct observer *observer, struct batch *batch, int64_t now, struct error *error)
{
    struct progress progress = {observer->chain, observer->ring_next, observer->noise_bytes, 0, observer->urgent_count};

    if (take_all(observer, batch, now, &progress, error) == 0)
        return 0;
    ledger_rollback(observer->ledger);
    observer->chain = progress.chain;
    observer->ring_next = progress.ring_next;
    observer->noise_bytes = progress.noise_bytes;
    recent_undo(observer->recent, progress.remembered);
    observer->urgent_count = progress.urgent_count;
    memset(observer->familiar, 0, sizeof observer->familiar);
    return -1;
}

int observer_write(struct observer *observer, struct batch *batch, int64_t now, struct error *error)
{
    int result = try_take(observer, batch, now, error);

    /* The reserve pays for a second try, which leaves noise out. */
    if (result < 0 && ledger_was_full(observer->ledger)) {
        ledger_reserve_free(observer->ledger);
        result = try_take(observer, batch, now, error);
    }
    return result;
}
