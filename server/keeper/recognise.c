/* SPDX-License-Identifier: ISC */
#include "server/keeper/recognise.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/unzeroed.h"

#define HITS 32
#define REFRESH 1024 /* observations between two looks at how many tokens there are */

struct hit {
    int64_t token;
    uint16_t candidate;
    uint8_t part;
};

/* What one recognition works with. */
struct scene {
    struct recogniser *recogniser;
    const struct observation *observation;
    struct hit hits[HITS];
    size_t hit_count;
};

struct known {
    int64_t number;
    struct digest identity;
    bool bound, distinctive, opens; /* opens: the decoy where it was seen */
    struct slice secret;            /* of its bytes only RECOGNISE_DISTANCE may be there */
};

_Static_assert(ROSTER_HEAD == RECOGNISE_DISTANCE, "a roster keeps what is compared");

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
    struct filter *filter = &recogniser->ledger->filter;
    uint64_t digests = filter->added * 2;

    if (refresh(recogniser, error) < 0)
        return -1;
    if (digests < (uint64_t)recogniser->last_token * 3)
        digests = (uint64_t)recogniser->last_token * 3;
    if (filter_open(filter, digests) < 0)
        return error_set(error, "out of memory");
    filter->scanning = true;
    return 0;
}

int recogniser_fill(struct recogniser *recogniser, int rows, struct error *error)
{
    struct filter *filter = &recogniser->ledger->filter;
    sqlite3_stmt *statement;
    struct slice digest;
    int found, taken = 0;

    if (filter->complete && !filter_crowded(filter))
        return 0;
    if ((!filter->scanning || filter_crowded(filter)) && begin_filling(recogniser, error) < 0)
        return -1;
    statement = ledger_statement(recogniser->ledger,
                                 "SELECT digest FROM secret_index WHERE digest > ? ORDER BY digest LIMIT ?", error);
    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){filter->reached.bytes, DIGEST_BYTES});
    sqlite3_bind_int(statement, 2, rows);
    while ((found = ledger_step(recogniser->ledger, statement, error)) == 1) {
        digest = ledger_column(statement, 0);
        if (digest.length == DIGEST_BYTES) {
            struct digest value;

            memcpy(value.bytes, digest.data, DIGEST_BYTES);
            filter_add(filter, &value);
            if (++taken == rows)
                memcpy(filter->reached.bytes, value.bytes, DIGEST_BYTES);
        }
    }
    if (found < 0)
        return -1;
    filter->complete = taken < rows && !filter_crowded(filter);
    return filter->complete ? 0 : 1;
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

/* Looks a digest up; 1 with *hit, 0, or -1. The newest token wins where several bear one identity. */
static int look_up(struct recogniser *recogniser, const struct digest *digest, struct hit *hit, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT token, part FROM secret_index WHERE digest = ? ORDER BY token DESC LIMIT 1", error);
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_blob(statement, 1, (struct slice){digest->bytes, DIGEST_BYTES});
    found = ledger_step(recogniser->ledger, statement, error);
    if (found == 1) {
        hit->token = sqlite3_column_int64(statement, 0);
        hit->part = (uint8_t)sqlite3_column_int(statement, 1);
        sqlite3_reset(statement);
    }
    return found;
}

static void find_in_roster(struct scene *scene)
{
    struct recogniser *recogniser = scene->recogniser;

    recogniser->turn++;
    for (size_t i = 0; i < recogniser->probe_count && scene->hit_count < HITS; i++) {
        const struct probe *probe = &recogniser->probes[i];
        const struct roster_digest *found = roster_find(&recogniser->roster, &probe->digest);

        if (found != NULL)
            scene->hits[scene->hit_count++] = (struct hit){found->token, probe->candidate, found->part};
    }
}

static int find_hits(struct scene *scene, struct error *error)
{
    struct recogniser *recogniser = scene->recogniser;
    struct hit hit;
    size_t i, looked = 0;
    int found;

    if (recogniser->roster.complete) {
        find_in_roster(scene);
        return 0;
    }
    for (i = 0; i < recogniser->probe_count && scene->hit_count < HITS; i++) {
        if (!filter_maybe(&recogniser->ledger->filter, &recogniser->probes[i].digest))
            continue;
        looked++;
        found = look_up(recogniser, &recogniser->probes[i].digest, &hit, error);
        if (found < 0)
            return -1;
        hit.candidate = recogniser->probes[i].candidate;
        if (found == 1)
            scene->hits[scene->hit_count++] = hit;
    }
    for (; looked < RECOGNISE_LOOKUPS; looked++) {
        if (look_up(recogniser, &recogniser->nobodys[recogniser->turn++ % RECOGNISE_POOL], &hit, error) < 0)
            return -1;
    }
    return 0;
}

static bool does_open(const struct scene *scene, struct slice decoy)
{
    return decoy.length == 0 || slice_equal(decoy, scene->observation->decoy);
}

/* Reads and unseals a token, the first from that number on. 1, 0, -1. */
static int read_token(struct scene *scene, int64_t from, struct known *known, struct error *error)
{
    struct recogniser *recogniser = scene->recogniser;
    sqlite3_stmt *statement = ledger_statement(
        recogniser->ledger, "SELECT number, secret, identity_digest, bound, distinctive, decoy FROM token "
        "WHERE number >= ? ORDER BY number LIMIT 1", error);
    struct slice sealed = {recogniser->dummy, sizeof recogniser->dummy}, digest;
    int found, length;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, from);
    found = ledger_step(recogniser->ledger, statement, error);
    if (found < 0)
        return -1;
    if (found == 1) {
        known->number = sqlite3_column_int64(statement, 0);
        sealed = ledger_column(statement, 1);
        digest = ledger_column(statement, 2);
        if (digest.length == DIGEST_BYTES)
            memcpy(known->identity.bytes, digest.data, DIGEST_BYTES);
        known->bound = sqlite3_column_int(statement, 3) != 0;
        known->distinctive = sqlite3_column_int(statement, 4) != 0;
        known->opens = does_open(scene, ledger_column(statement, 5));
    }
    length = keyring_unseal(recogniser->keyring, sealed, recogniser->plain, sizeof recogniser->plain);
    known->secret = (struct slice){recogniser->plain, length > 0 ? (size_t)length : 0};
    if (found == 1)
        sqlite3_reset(statement);
    return found;
}

/* As read_token(). */
static int take_from_roster(struct scene *scene, int64_t from, struct known *known)
{
    struct recogniser *recogniser = scene->recogniser;
    const struct roster *roster = &recogniser->roster;
    const struct roster_token *token = roster_token(roster, from);

    if (token == NULL)
        return 0;
    known->number = token->number;
    known->identity = token->identity;
    known->bound = token->bound;
    known->distinctive = token->distinctive;
    known->opens = does_open(scene, roster_decoy(roster, token));
    roster_secret(recogniser->keyring, token, recogniser->plain);
    known->secret = (struct slice){recogniser->plain, token->length};
    return 1;
}

/* `number` 0: any, and its facts are not used. 1, 0 when it is not there, -1. */
static int open_token(struct scene *scene, int64_t number, struct known *known, struct error *error)
{
    struct recogniser *recogniser = scene->recogniser;
    int64_t from = number != 0 ? number : recogniser->anybody[recogniser->turn % RECOGNISE_POOL];
    int found;

    memset(known, 0, sizeof *known);
    recogniser->opened++;
    found = recogniser->roster.complete ? take_from_roster(scene, from, known) : read_token(scene, from, known, error);
    return found == 1 ? known->number == number : found;
}

static bool is_secret(const struct hit *hit)
{
    return hit->part == PART_SECRET || hit->part == PART_FORMER;
}

/* The rank of the best grade that a hit can lead to. */
static int best_of(const struct hit *hit)
{
    return grade_rank(is_secret(hit)             ? GRADE_SECRET
                      : hit->part == PART_PUBLIC ? GRADE_KEY_OFFERED
                      : hit->part == PART_ADDRESS ? GRADE_BEACON
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

        fits = fits || (hit->part == PART_IDENTITY && hit->token == known->number && hit->candidate != secret &&
                        (!paired || observation->candidates[hit->candidate].pair == pair));
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

static void measure(const struct scene *scene, const struct known *known, int secret, struct match *match)
{
    struct slice presented = secret >= 0 ? normalise_secret(scene->observation->candidates[secret].value) : SLICE_NONE;
    unsigned distance = edit_distance(known->secret, presented);

    match->distance = distance > UINT16_MAX ? UINT16_MAX : (uint16_t)distance;
    match->length = (uint16_t)known->secret.length;
    if (secret >= 0)
        match->reasons |= MATCH_NEAR;
}

static void grade_secret(const struct scene *scene, const struct known *known, const struct hit *hit,
                         struct match *match)
{
    bool any, fits = identity_fits(scene, known, hit->candidate, &any);

    match->part = CANDIDATE_SECRET;
    match->reasons &= (uint8_t)~MATCH_NEAR;
    match->distance = match->length = 0;
    if (known->bound && !fits)
        match->reasons |= any ? MATCH_OTHER_IDENTITY : MATCH_NO_IDENTITY;
    if (!known->opens)
        match->reasons |= MATCH_OTHER_DECOY;
    match->grade = match->reasons != 0 ? GRADE_SECRET_ELSEWHERE : GRADE_SECRET;
    if (hit->part == PART_FORMER)
        match->reasons |= MATCH_FORMER;
}

/* What names the token without its secret: its identity, a key's public half, an address. */
static void grade_name_of(const struct known *known, const struct hit *hit, struct match *match)
{
    match->part = hit->part == PART_PUBLIC ? CANDIDATE_PUBLIC : CANDIDATE_IDENTITY;
    if (hit->part == PART_PUBLIC)
        match->grade = GRADE_KEY_OFFERED;
    else if (hit->part == PART_ADDRESS)
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

/* Opens the hit's token (NULL: any) and grades what was seen of it. */
static int examine(struct scene *scene, const struct hit *hit, struct match *match, struct error *error)
{
    struct known known;
    int found, secret = -1;

    memset(match, 0, sizeof *match);
    found = open_token(scene, hit != NULL ? hit->token : 0, &known, error);
    if (found < 0)
        return -1;
    if (scene->observation->candidate_count > 0)
        secret = secret_with(scene->observation, hit != NULL ? hit->candidate : 0);
    measure(scene, &known, secret, match);
    sodium_memzero(scene->recogniser->plain, known.secret.length);
    if (hit == NULL || found == 0)
        return 0;
    match->token = hit->token;
    match->candidate = (uint8_t)hit->candidate;
    if (is_secret(hit))
        grade_secret(scene, &known, hit, match);
    else
        grade_name_of(&known, hit, match);
    return 0;
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
static int examine_hits(struct scene *scene, bool secrets, struct recognition *recognition, size_t *examined,
                        struct error *error)
{
    struct match match, *before;
    size_t i;

    for (i = 0; i < scene->hit_count && *examined < MATCHES * 2; i++) {
        const struct hit *hit = &scene->hits[i];

        before = matched_already(recognition, hit->token);
        if (is_secret(hit) != secrets || (before != NULL && grade_rank(before->grade) >= best_of(hit)))
            continue;
        if (examine(scene, hit, &match, error) < 0)
            return -1;
        (*examined)++;
        if (before != NULL && grade_rank(match.grade) > grade_rank(before->grade))
            *before = match;
        else if (before == NULL && match.grade != GRADE_NOISE && recognition->count < MATCHES)
            recognition->matches[recognition->count++] = match;
    }
    return 0;
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
    struct scene scene = {recogniser, observation, {{0}}, 0};
    struct match ignored;
    size_t examined = 0;

    recognition->count = 0;
    if (recogniser->until_refresh-- == 0 && refresh(recogniser, error) < 0)
        return -1;
    if (roster_behind(&recogniser->roster, recogniser->ledger) &&
        roster_load(&recogniser->roster, recogniser->ledger, error) < 0)
        return -1;
    make_probes(recogniser, observation, recognition);
    if (find_hits(&scene, error) < 0 || examine_hits(&scene, true, recognition, &examined, error) < 0 ||
        take_proofs(&scene, recognition, error) < 0 ||
        examine_hits(&scene, false, recognition, &examined, error) < 0)
        return -1;
    return examined == 0 ? examine(&scene, NULL, &ignored, error) : 0;
}
