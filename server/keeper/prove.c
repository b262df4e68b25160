/* SPDX-License-Identifier: ISC */
#include "server/keeper/prove.h"

#include <sodium.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/keeper/recognise.h"
#include "server/wire/transcript.h"
#include "tokens/proof/proof.h"

enum find { FIND_IDENTITY, FIND_KEY, FIND_TRIAL };

static const enum find finds[] = {
#define PROOF(number, symbol, name, summary, fields, find, stored) FIND_##find,
#include "server/wire/tables/proofs.def"
#undef PROOF
};

/* One proof that was presented. */
struct presented_proof {
    const struct observation *observation;
    uint16_t candidate;
    const struct proof *proof;
    struct transcript transcript;
};

/* What is read of a token to verify a proof against it. */
struct prover_row {
    int64_t number;
    struct slice secret, facts, identity, decoy; /* the first two sealed */
};

int prover_open(struct prover *prover, const struct keyring *keyring, struct error *error)
{
    struct buffer sealed;
    int result;

    memset(prover, 0, sizeof *prover);
    proof_prepare();
    buffer_init(&sealed, sizeof prover->dummy);
    result = keyring_seal(keyring, (struct slice){prover->facts, FACTS_BYTES / 4}, &sealed);
    if (result == 0)
        memcpy(prover->dummy, sealed.data, sizeof prover->dummy);
    buffer_free(&sealed);
    prover->loaded = UINT64_MAX;
    return result == 0 ? 0 : error_set(error, "out of memory");
}

static void drop_trials(struct prover *prover)
{
    while (prover->trial_count > 0)
        buffer_free(&prover->trials[--prover->trial_count].verifier);
}

void prover_close(struct prover *prover)
{
    drop_trials(prover);
    sodium_memzero(prover->facts, sizeof prover->facts);
}

bool prover_spend(struct prover *prover, int64_t now)
{
    int64_t units = (now - prover->refilled) / PROVE_REFILL_US;

    if (prover->derived == 0) {
        prover->refilled = now;
    } else if (units > 0) {
        prover->derived -= units < prover->derived ? (unsigned)units : prover->derived;
        prover->refilled += units * PROVE_REFILL_US;
    }
    if (prover->derived == PROVE_BURST)
        return false;
    prover->derived++;
    return true;
}

/* ---- verifiers ---- */

/* Adds what a token's fact holds; nothing where it has none. */
static void add_stored(struct slice facts, const struct proof *proof, struct buffer *verifier)
{
    struct slice text = fact_value(facts, proof->fact);
    unsigned char *room = buffer_reserve(verifier, text.length);
    size_t length = 0;

    if (text.length > 0 && room != NULL &&
        sodium_base642bin(room, text.length, (const char *)text.data, text.length, NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0)
        buffer_grow(verifier, length);
}

static struct slice unseal(const struct keyring *keyring, struct slice sealed, unsigned char *out, size_t size)
{
    int length = keyring_unseal(keyring, sealed, out, size);

    return (struct slice){out, length > 0 ? (size_t)length : 0};
}

static bool may_derive(const struct presented_proof *presented, struct proof_secret *secret)
{
    return proof_terms(presented->proof, presented->transcript.fields, presented->transcript.count, secret) == 0 &&
           secret->rounds <= PROVE_ROUNDS;
}

static bool verify(struct recogniser *recogniser, const struct presented_proof *presented, const struct prover_row *row)
{
    struct prover *prover = &recogniser->prover;
    const struct proof *proof = presented->proof;
    struct slice sealed = row->facts.length > 0 ? row->facts : (struct slice){prover->dummy, sizeof prover->dummy};
    struct proof_secret secret = {.identity = row->identity};
    struct buffer verifier;
    bool proven;

    buffer_init(&verifier, PROOF_VERIFIER);
    secret.secret = unseal(recogniser->keyring, row->secret, recogniser->plain, sizeof recogniser->plain);
    recogniser->opened++;
    if (proof->stored == PROOF_KEPT)
        add_stored(unseal(recogniser->keyring, sealed, prover->facts, sizeof prover->facts), proof, &verifier);
    else if (proof->stored == PROOF_MADE || may_derive(presented, &secret))
        (void)proof->make(&secret, &verifier);
    proven = proof_verify(proof, buffer_slice(&verifier), presented->transcript.fields, presented->transcript.count);
    prover->verified++;
    sodium_memzero(recogniser->plain, secret.secret.length);
    sodium_memzero(prover->facts, sizeof prover->facts);
    buffer_free(&verifier);
    return proven;
}

/* ---- by identity or key ---- */

static int add_tokens(struct recogniser *recogniser, const struct digest *digest, int64_t tokens[PROVE_TOKENS],
                      size_t *count, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT DISTINCT token FROM secret_index WHERE digest = ? ORDER BY token DESC LIMIT ?",
        error);
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){digest->bytes, DIGEST_BYTES});
    sqlite3_bind_int(statement, 2, PROVE_TOKENS);
    while ((found = ledger_step(recogniser->ledger, statement, error)) == 1) {
        int64_t token = sqlite3_column_int64(statement, 0);
        bool known = false;

        for (size_t i = 0; i < *count; i++)
            known = known || tokens[i] == token;
        if (!known && *count < PROVE_TOKENS)
            tokens[(*count)++] = token;
    }
    return found;
}

/* Those that bear a name of the proof's pair; at least one look-up is done. */
static int find_tokens(struct recogniser *recogniser, const struct presented_proof *presented,
                       int64_t tokens[PROVE_TOKENS], struct error *error)
{
    const struct candidate *candidates = presented->observation->candidates;
    enum digest_tag tag = finds[presented->transcript.number] == FIND_KEY ? DIGEST_PUBLIC : DIGEST_IDENTITY;
    struct bearer ignored;
    size_t count = 0, looked = 0;

    for (size_t i = 0; i < recogniser->probe_count; i++) {
        const struct probe *probe = &recogniser->probes[i];

        if (probe->tag != tag || candidates[probe->candidate].pair != candidates[presented->candidate].pair ||
            !fingerprints_find(&recogniser->ledger->fingerprints, &probe->digest, &ignored))
            continue;
        looked++;
        if (add_tokens(recogniser, &probe->digest, tokens, &count, error) < 0)
            return -1;
    }
    if (looked == 0)
        return add_tokens(recogniser, &recogniser->nobodys[recogniser->turn++ % RECOGNISE_POOL], tokens, &count, error);
    return 0;
}

/* Verifies against the token, or any where `number` is 0. 1: proven; 0; -1. */
static int try_token(struct recogniser *recogniser, const struct presented_proof *presented, int64_t number,
                     struct proven *proven, struct error *error)
{
    struct prover_row row = {.secret = {recogniser->dummy, sizeof recogniser->dummy}};
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT number, secret, facts, identity, decoy FROM token WHERE number >= ? "
        "ORDER BY number LIMIT 1", error);
    int found;
    bool good;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number != 0 ? number : recogniser->anybody[recogniser->turn++ % RECOGNISE_POOL]);
    found = ledger_step(recogniser->ledger, statement, error);
    if (found < 0)
        return -1;
    if (found == 1) {
        row.number = sqlite3_column_int64(statement, 0);
        row.secret = ledger_column(statement, 1);
        row.facts = ledger_column(statement, 2);
        row.identity = ledger_column(statement, 3);
        row.decoy = ledger_column(statement, 4);
    }
    good = verify(recogniser, presented, &row) && number != 0 && row.number == number;
    *proven = (struct proven){number, presented->candidate, (uint8_t)presented->transcript.number,
                              row.decoy.length == 0 || slice_equal(row.decoy, presented->observation->decoy)};
    if (found == 1)
        sqlite3_reset(statement);
    return good ? 1 : 0;
}

static int prove_by_name(struct recogniser *recogniser, const struct presented_proof *presented, struct proven *proven,
                         struct error *error)
{
    int64_t tokens[PROVE_TOKENS] = {0};
    int count = 0, good, tries = PROVE_TOKENS;

    if (presented->proof->stored == PROOF_DERIVED)
        tries = prover_spend(&recogniser->prover, clock_monotonic()) ? PROVE_DERIVED : 0;
    if (find_tokens(recogniser, presented, tokens, error) < 0)
        return -1;
    for (int i = 0; i < tries; i++) {
        struct proven one;

        good = try_token(recogniser, presented, tokens[i], &one, error);
        if (good < 0)
            return -1;
        if (good == 1)
            proven[count++] = one;
    }
    return count;
}

/* ---- by trial ---- */

/* Of the row that the statement is at. One that is damaged is left out: it must not keep the others from being seen. */
static void add_trial(struct recogniser *recogniser, size_t number, sqlite3_stmt *statement)
{
    struct prover *prover = &recogniser->prover;
    struct trial *trial = &prover->trials[prover->trial_count];
    struct buffer facts;
    char id[ID_TEXT];

    buffer_init(&facts, FACTS_BYTES);
    if (keyring_open_sealed(recogniser->keyring, ledger_column(statement, 2), &facts) != 0) {
        log_warning("what is sealed of token %s cannot be opened, so that its use is not seen: see `sundew check`",
                    id_text(ledger_column_id(statement, 1), 't', id));
    } else {
        *trial = (struct trial){.token = sqlite3_column_int64(statement, 0), .number = (uint8_t)number};
        buffer_init(&trial->verifier, PROOF_VERIFIER);
        add_stored(buffer_slice(&facts), proof_at(number), &trial->verifier);
        prover->trial_count++;
    }
    buffer_free(&facts);
}

static int load_trials_of(struct recogniser *recogniser, size_t number, struct error *error)
{
    struct prover *prover = &recogniser->prover;
    struct digest digest = token_trial(recogniser->keyring, slice_of(proof_at(number)->fact));
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT t.number, t.id, t.facts FROM secret_index s JOIN token t ON t.number = s.token "
        "WHERE s.digest = ? AND s.part = ? ORDER BY t.state <> 'armed', t.number DESC", error);
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){digest.bytes, DIGEST_BYTES});
    sqlite3_bind_int(statement, 2, PART_TRIAL);
    while ((found = ledger_step(recogniser->ledger, statement, error)) == 1 && prover->trial_count < PROVE_TRIALS)
        add_trial(recogniser, number, statement);
    if (found == 1) {
        log_warning("more than %d tokens are proven without a name (%s): the oldest, retired ones first, are not tried "
                    "any more", PROVE_TRIALS, proof_at(number)->name);
        sqlite3_reset(statement);
    }
    return found < 0 ? -1 : 0;
}

/* Anew after tokens that are proven so were minted, or any retired. */
static int load_trials(struct recogniser *recogniser, struct error *error)
{
    struct prover *prover = &recogniser->prover;

    if (prover->loaded == recogniser->ledger->trials)
        return 0;
    drop_trials(prover);
    for (size_t i = 0; proof_at(i) != NULL; i++)
        if (finds[i] == FIND_TRIAL && load_trials_of(recogniser, i, error) < 0)
            return -1;
    prover->loaded = recogniser->ledger->trials;
    return 0;
}

/* Does the token open the decoy where the proof was seen? 1, 0, -1. */
static int opens(struct recogniser *recogniser, const struct observation *observation, int64_t token,
                 struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(recogniser->ledger, "SELECT decoy FROM token WHERE number = ?", error);
    struct slice decoy;
    int found, result = 0;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, token);
    found = ledger_step(recogniser->ledger, statement, error);
    if (found == 1) {
        decoy = ledger_column(statement, 0);
        result = decoy.length == 0 || slice_equal(decoy, observation->decoy);
        sqlite3_reset(statement);
    }
    return found < 0 ? -1 : result;
}

static int prove_by_trial(struct recogniser *recogniser, const struct presented_proof *presented,
                          struct proven *proven, struct error *error)
{
    struct prover *prover = &recogniser->prover;
    int count = 0, result = 0;

    if (load_trials(recogniser, error) < 0)
        return -1;
    for (size_t i = 0; i < prover->trial_count; i++) {
        const struct trial *trial = &prover->trials[i];

        if (trial->number != presented->transcript.number)
            continue;
        prover->verified++;
        if (proof_verify(presented->proof, buffer_slice(&trial->verifier), presented->transcript.fields,
                         presented->transcript.count) && count < PROVE_TOKENS)
            proven[count++] = (struct proven){trial->token, presented->candidate, trial->number, false};
    }
    for (int i = 0; i < PROVE_TOKENS && result >= 0; i++) {
        result = opens(recogniser, presented->observation, i < count ? proven[i].token : 0, error);
        if (i < count)
            proven[i].opens = result == 1;
    }
    return result < 0 ? -1 : count;
}

/* ---- all ---- */

int prove(struct recogniser *recogniser, const struct observation *observation, struct proven proven[PROVEN_MOST],
          struct error *error)
{
    struct presented_proof presented = {.observation = observation};
    int count = 0, proofs = 0, more;

    for (uint16_t i = 0; i < observation->candidate_count && proofs < PROVE_MOST; i++) {
        const struct candidate *candidate = &observation->candidates[i];

        if (candidate->part != CANDIDATE_PROOF || transcript_get(candidate->value, &presented.transcript) != 0)
            continue;
        presented.candidate = i;
        presented.proof = proof_at(presented.transcript.number);
        more = finds[presented.transcript.number] == FIND_TRIAL
                   ? prove_by_trial(recogniser, &presented, proven + count, error)
                   : prove_by_name(recogniser, &presented, proven + count, error);
        if (more < 0)
            return -1;
        count += more;
        proofs++;
    }
    return count;
}
