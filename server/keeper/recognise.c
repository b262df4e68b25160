/* SPDX-License-Identifier: ISC */
#include "server/keeper/recognise.h"

#include <sodium.h>
#include <string.h>
#include "server/base/unzeroed.h"

#define HITS 32
#define REFRESH 1024 /* observations between two looks at how many tokens there are */

struct hit {
    struct known known;
    const struct probe *probe;
};

/* What one recognition works with. */
struct scene {
    struct recogniser *recogniser;
    const struct observation *observation;
    struct hit hits[HITS + 1]; /* the last to read into */
    size_t hit_count;
};

static int refresh(struct recogniser *recogniser, struct error *error)
{
    sqlite3_stmt *statement =
        ledger_statement(recogniser->ledger, "SELECT coalesce(max(number), 0) FROM token", error);
    int i;

    if (statement == NULL || ledger_step(recogniser->ledger, statement, error) != 1)
        return -1;
    recogniser->last_token = sqlite3_column_int64(statement, 0);
    recogniser->until_refresh = REFRESH;
    sqlite3_reset(statement);
    for (i = 0; i < RECOGNISE_POOL; i++)
        recogniser->anybody[i] = 1 + recogniser->last_token * i / RECOGNISE_POOL;
    return 0;
}

int recogniser_open(struct recogniser *recogniser, struct ledger *ledger, const struct keyring *keyring,
                    struct error *error)
{
    unsigned char plain[32];
    struct buffer sealed;

    memset(recogniser, 0, sizeof *recogniser);
    recogniser->ledger = ledger;
    recogniser->keyring = keyring;
    randombytes_buf(plain, sizeof plain);
    randombytes_buf(recogniser->nobodys, sizeof recogniser->nobodys);
    buffer_init(&sealed, sizeof recogniser->dummy);
    if (keyring_seal(keyring, (struct slice){plain, sizeof plain}, &sealed) < 0)
        return error_set(error, "out of memory");
    memcpy(recogniser->dummy, sealed.data, sizeof recogniser->dummy);
    buffer_free(&sealed);
    return prover_open(&recogniser->prover, keyring, error) < 0 ? -1 : refresh(recogniser, error);
}

void recogniser_close(struct recogniser *recogniser)
{
    prover_close(&recogniser->prover);
    roster_close(&recogniser->roster);
}

/* Sized for what is known of: how many tokens there are, or how many digests were met before it was too small. */
static int begin_filling(struct recogniser *recogniser, struct error *error)
{
    struct fingerprints *fingerprints = &recogniser->ledger->fingerprints;
    uint64_t digests = fingerprints->added * 2;

    if (refresh(recogniser, error) < 0)
        return -1;
    if (digests < (uint64_t)recogniser->last_token * 3)
        digests = (uint64_t)recogniser->last_token * 3;
    if (fingerprints_open(fingerprints, digests) < 0)
        return error_set(error, "out of memory");
    fingerprints->scanning = true;
    return 0;
}

int recogniser_fill(struct recogniser *recogniser, int rows, struct error *error)
{
    struct fingerprints *fingerprints = &recogniser->ledger->fingerprints;
    struct digest from;
    sqlite3_stmt *statement;
    int found, taken = 0;

    if (!fingerprints_wanting(fingerprints))
        return 0;
    if ((!fingerprints->scanning || fingerprints_crowded(fingerprints)) && begin_filling(recogniser, error) < 0)
        return -1;
    statement = ledger_statement(
        recogniser->ledger, "SELECT digest, token, part FROM secret_index WHERE digest > ? "
        "ORDER BY digest LIMIT ?", error);
    if (statement == NULL)
        return -1;
    from = fingerprints->reached;
    ledger_bind_blob(statement, 1, (struct slice){from.bytes, DIGEST_BYTES});
    sqlite3_bind_int(statement, 2, rows);
    while ((found = ledger_step(recogniser->ledger, statement, error)) == 1) {
        struct slice digest = ledger_column(statement, 0);

        if (digest.length != DIGEST_BYTES)
            continue;
        memcpy(fingerprints->reached.bytes, digest.data, DIGEST_BYTES);
        fingerprints_add(fingerprints, &fingerprints->reached, sqlite3_column_int64(statement, 1),
                         (unsigned)sqlite3_column_int(statement, 2));
        taken++;
    }
    if (found < 0)
        return -1;
    if (taken == rows) /* more may bear the last */
        fingerprints_add(fingerprints, &fingerprints->reached, 0, 0);
    fingerprints->complete = taken < rows && !fingerprints_crowded(fingerprints);
    return fingerprints_wanting(fingerprints);
}

static void add_probe(struct recogniser *recogniser, enum digest_tag tag, struct slice value, size_t candidate)
{
    struct probe *probe = &recogniser->probes[recogniser->probe_count++];

    probe->digest = keyring_digest(recogniser->keyring, tag, value);
    probe->candidate = (uint16_t)candidate;
    probe->tag = (uint8_t)tag;
}

static void make_probes(struct recogniser *recogniser, const struct observation *observation,
                        struct recognition *recognition)
{
    UNZEROED struct spellings spellings;
    size_t i, k, first;

    recogniser->probe_count = 0;
    for (i = 0; i < observation->candidate_count; i++) {
        const struct candidate *candidate = &observation->candidates[i];

        first = recogniser->probe_count;
        if ((candidate->part & CANDIDATE_SECRET) != 0)
            add_probe(recogniser, DIGEST_SECRET, normalise_secret(candidate->value), i);
        if (candidate->part == CANDIDATE_PUBLIC)
            add_probe(recogniser, DIGEST_PUBLIC, normalise_secret(candidate->value), i);
        if ((candidate->part & CANDIDATE_IDENTITY) != 0) {
            normalise_identity(candidate->value, &spellings);
            for (k = 0; k < spellings.count; k++)
                add_probe(recogniser, DIGEST_IDENTITY, spellings.items[k], i);
        }
        if (recogniser->probe_count > first)
            recognition->digests[i] = recogniser->probes[first].digest;
        else
            memset(&recognition->digests[i], 0, sizeof recognition->digests[i]);
    }
}

static bool is_secret(const struct known *known)
{
    return known->part == PART_SECRET || known->part == PART_FORMER;
}

/* The identity of a token whose secret was found needs no look-up. */
static bool is_explained(const struct scene *scene, const struct probe *probe)
{
    for (size_t i = 0; i < scene->hit_count; i++) {
        const struct known *known = &scene->hits[i].known;

        if (is_secret(known) && memcmp(&known->identity, &probe->digest, sizeof probe->digest) == 0)
            return true;
    }
    return false;
}

/* As known_find(); what was found once is not looked up again. */
static int find(const struct scene *scene, const struct probe *probe, struct known *known, struct error *error)
{
    for (size_t i = 0; i < scene->hit_count; i++) {
        if (memcmp(&scene->hits[i].probe->digest, &probe->digest, sizeof probe->digest) == 0) {
            *known = scene->hits[i].known;
            return 1;
        }
    }
    return known_find(scene->recogniser, probe, scene->observation, known, error);
}

/* Secrets first, then what names a token. */
static int find_hits(struct scene *scene, bool secrets, struct error *error)
{
    struct recogniser *recogniser = scene->recogniser;

    for (size_t i = 0; i < recogniser->probe_count && scene->hit_count < HITS; i++) {
        const struct probe *probe = &recogniser->probes[i];
        struct hit *hit = &scene->hits[scene->hit_count];
        int found;

        if ((probe->tag == DIGEST_SECRET) != secrets || is_explained(scene, probe))
            continue;
        found = find(scene, probe, &hit->known, error);
        if (found < 0)
            return -1;
        hit->probe = probe;
        scene->hit_count += (size_t)found;
    }
    return 0;
}

/* The rank of the best grade that a hit can lead to. */
static int best_of(const struct known *known)
{
    return grade_rank(is_secret(known)              ? GRADE_SECRET
                      : known->part == PART_PUBLIC  ? GRADE_KEY_OFFERED
                      : known->part == PART_ADDRESS ? GRADE_BEACON
                                                    : GRADE_IDENTITY);
}

static bool is_identity(const struct scene *scene, uint16_t candidate)
{
    return (scene->observation->candidates[candidate].part & CANDIDATE_IDENTITY) != 0;
}

/* Does the identity that came with the secret (of its pair; else any) belong to the token? *any: one came. */
static bool identity_fits(const struct scene *scene, const struct known *known, uint16_t secret, bool *any)
{
    const struct observation *observation = scene->observation;
    const struct recogniser *recogniser = scene->recogniser;
    uint8_t pair = observation->candidates[secret].pair;
    bool paired = false, fits = false;
    size_t i;

    for (i = 0; pair != 0 && i < observation->candidate_count; i++)
        paired = paired || (i != secret && observation->candidates[i].pair == pair && is_identity(scene, (uint16_t)i));
    *any = false;
    for (i = 0; i < recogniser->probe_count; i++) {
        const struct probe *probe = &recogniser->probes[i];

        if (probe->tag != DIGEST_IDENTITY || probe->candidate == secret ||
            (paired && observation->candidates[probe->candidate].pair != pair))
            continue;
        *any = true;
        fits = fits || memcmp(&probe->digest, &known->identity, DIGEST_BYTES) == 0;
    }
    for (i = 0; i < scene->hit_count; i++) {
        const struct hit *hit = &scene->hits[i];

        fits = fits || (hit->known.part == PART_IDENTITY && hit->known.token == known->token &&
                        hit->probe->candidate != secret &&
                        (!paired || observation->candidates[hit->probe->candidate].pair == pair));
    }
    return fits;
}

/* The secret that came with the identity: of its pair, else the likeliest; -1: none. */
static int secret_with(const struct observation *observation, uint16_t identity)
{
    uint8_t pair = observation->candidates[identity].pair;
    int i, found = -1;

    for (i = observation->candidate_count - 1; i >= 0; i--) {
        if (observation->candidates[i].part == CANDIDATE_SECRET &&
            (found < 0 || pair == 0 || observation->candidates[found].pair != pair ||
             observation->candidates[i].pair == pair))
            found = i;
    }
    return found;
}

static void measure(const struct scene *scene, const struct known *known, uint16_t candidate, struct match *match)
{
    int secret = scene->observation->candidate_count > 0 ? secret_with(scene->observation, candidate) : -1;
    struct slice presented = secret >= 0 ? normalise_secret(scene->observation->candidates[secret].value) : SLICE_NONE;
    unsigned distance = edit_distance((struct slice){known->head, known->length}, presented);

    match->distance = distance > UINT16_MAX ? UINT16_MAX : (uint16_t)distance;
    match->length = known->length;
    if (secret >= 0)
        match->reasons |= MATCH_NEAR;
}

static void grade_secret(const struct scene *scene, const struct hit *hit, struct match *match)
{
    const struct known *known = &hit->known;
    bool any, fits = identity_fits(scene, known, hit->probe->candidate, &any);

    match->part = CANDIDATE_SECRET;
    match->reasons &= (uint8_t)~MATCH_NEAR;
    match->distance = match->length = 0;
    if (known->bound && !fits)
        match->reasons |= any ? MATCH_OTHER_IDENTITY : MATCH_NO_IDENTITY;
    if (!known->opens)
        match->reasons |= MATCH_OTHER_DECOY;
    match->grade = match->reasons != 0 ? GRADE_SECRET_ELSEWHERE : GRADE_SECRET;
    if (known->part == PART_FORMER)
        match->reasons |= MATCH_FORMER;
}

/* What names the token without its secret: its identity, a key's public half, an address. */
static void grade_name_of(const struct known *known, struct match *match)
{
    match->part = known->part == PART_PUBLIC ? CANDIDATE_PUBLIC : CANDIDATE_IDENTITY;
    if (known->part == PART_PUBLIC)
        match->grade = GRADE_KEY_OFFERED;
    else if (known->part == PART_ADDRESS)
        match->grade = GRADE_BEACON;
    else
        match->grade = known->distinctive ? GRADE_IDENTITY : GRADE_NOISE;
    if (match->grade != GRADE_IDENTITY) {
        match->reasons &= (uint8_t)~MATCH_NEAR;
        match->distance = match->length = 0;
    }
    if (!known->opens)
        match->reasons |= MATCH_OTHER_DECOY;
}

static void examine(const struct scene *scene, const struct hit *hit, struct match *match)
{
    memset(match, 0, sizeof *match);
    match->token = hit->known.token;
    match->candidate = (uint8_t)hit->probe->candidate;
    measure(scene, &hit->known, hit->probe->candidate, match);
    if (is_secret(&hit->known))
        grade_secret(scene, hit, match);
    else
        grade_name_of(&hit->known, match);
}

static struct match *matched_already(struct recognition *recognition, int64_t token)
{
    size_t i;

    for (i = 0; i < recognition->count; i++) {
        if (recognition->matches[i].token == token)
            return &recognition->matches[i];
    }
    return NULL;
}

/* Secrets before what names a token; each token once, with its highest grade. */
static void examine_hits(const struct scene *scene, bool secrets, struct recognition *recognition)
{
    struct match match, *before;

    for (size_t i = 0; i < scene->hit_count; i++) {
        const struct hit *hit = &scene->hits[i];

        before = matched_already(recognition, hit->known.token);
        if (is_secret(&hit->known) != secrets || (before != NULL && grade_rank(before->grade) >= best_of(&hit->known)))
            continue;
        examine(scene, hit, &match);
        if (before != NULL && grade_rank(match.grade) > grade_rank(before->grade))
            *before = match;
        else if (before == NULL && match.grade != GRADE_NOISE && recognition->count < MATCHES)
            recognition->matches[recognition->count++] = match;
    }
}

/* The work of a hit, where nothing was found. */
static int examine_any(struct scene *scene, struct error *error)
{
    struct match ignored = {0};
    struct hit *hit = &scene->hits[0];
    int found = known_any(scene->recogniser, scene->observation, &hit->known, error);

    if (found == 1)
        measure(scene, &hit->known, 0, &ignored);
    return found < 0 ? -1 : 0;
}

/* A proof is as good as the secret itself. */
static int take_proofs(struct scene *scene, struct recognition *recognition, struct error *error)
{
    struct proven proven[PROVEN_MOST];
    int count = prove(scene->recogniser, scene->observation, proven, error);

    for (int i = 0; i < count; i++) {
        struct match match = {.token = proven[i].token,
                              .grade = proven[i].opens ? GRADE_SECRET : GRADE_SECRET_ELSEWHERE,
                              .part = CANDIDATE_PROOF,
                              .candidate = (uint8_t)proven[i].candidate,
                              .reasons = proven[i].opens ? 0 : MATCH_OTHER_DECOY,
                              .distance = proven[i].number};
        struct match *before = matched_already(recognition, match.token);

        if (before != NULL && grade_rank(match.grade) > grade_rank(before->grade))
            *before = match;
        else if (before == NULL && recognition->count < MATCHES)
            recognition->matches[recognition->count++] = match;
    }
    return count < 0 ? -1 : 0;
}

int recognise(struct recogniser *recogniser, const struct observation *observation, struct recognition *recognition,
              struct error *error)
{
    UNZEROED struct scene scene;
    int result;

    recognition->count = 0;
    if (recogniser->until_refresh-- == 0 && refresh(recogniser, error) < 0)
        return -1;
    if (roster_behind(&recogniser->roster, recogniser->ledger) &&
        roster_load(&recogniser->roster, recogniser->ledger, error) < 0)
        return -1;
    make_probes(recogniser, observation, recognition);
    scene.recogniser = recogniser;
    scene.observation = observation;
    scene.hit_count = 0;
    result = find_hits(&scene, true, error) < 0 ? -1 : find_hits(&scene, false, error);
    if (result == 0) {
        examine_hits(&scene, true, recognition);
        result = take_proofs(&scene, recognition, error);
        examine_hits(&scene, false, recognition);
    }
    if (result == 0 && scene.hit_count == 0)
        result = examine_any(&scene, error);
    sodium_memzero(scene.hits, (scene.hit_count + 1) * sizeof *scene.hits);
    return result;
}
