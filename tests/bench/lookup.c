/* SPDX-License-Identifier: ISC
 *
 * Recognition of one login among N digests in a ledger of its own: usage: lookup N → microseconds for a miss and for a
 * hit (medians of batches), and the ledger's size in MiB. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/keeper/recognise.h"

#define PLANTED 500
#define BATCH 200
#define BATCHES 51

static struct error error;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "lookup: %s\n", error.text);
        exit(3);
    }
}

static void plant(struct ledger *ledger, const struct keyring *keyring, unsigned i)
{
    char identity[32], secret[32];
    struct token_result token = {.kind = slice_of("password"), .form = slice_of("random"), .secret_bits = 90,
                                 .identity_bits = 30, .bound = true, .distinctive = true};
    struct token_details details = {.id = id_random(), .decoy = slice_of("gitlab"), .minted = clock_wall()};
    int64_t number;

    snprintf(identity, sizeof identity, "svc-planted-%u", i);
    snprintf(secret, sizeof secret, "planted-secret-%u", i);
    token.identity = slice_of(identity);
    token.secret = slice_of(secret);
    must(token_insert(ledger, keyring, &token, &details, &number, &error));
}

/* Uniform digests in rising order, so that filling 10 million takes seconds. */
static void fill(struct ledger *ledger, uint64_t count)
{
    uint64_t step = UINT64_MAX / (count + 1);

    for (uint64_t i = 0; i < count; i++) {
        sqlite3_stmt *insert = ledger_statement(
            ledger, "INSERT INTO secret_index (digest, token, part, key) VALUES (?, 1, 2, 1)", &error);
        unsigned char digest[DIGEST_BYTES];
        uint64_t place = step * i + randombytes_random() % (step >> 1 | 1);

        must(insert == NULL ? -1 : 0);
        randombytes_buf(digest, sizeof digest);
        for (int k = 0; k < 8; k++)
            digest[k] = (unsigned char)(place >> (56 - 8 * k));
        ledger_bind_blob(insert, 1, (struct slice){digest, sizeof digest});
        must(ledger_run(ledger, insert, &error));
        if (i % 200000 == 199999) {
            must(ledger_commit(ledger, &error));
            must(ledger_begin(ledger, &error));
        }
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double measure(struct recogniser *recogniser, struct observation *observation, int hit)
{
    static struct recognition recognition;
    double taken[BATCHES];

    for (int b = 0; b < BATCHES; b++) {
        int64_t begun = clock_monotonic();

        must(ledger_begin(recogniser->ledger, &error));
        for (int i = 0; i < BATCH; i++) {
            char identity[32], secret[32];
            unsigned which = randombytes_uniform(PLANTED);

            snprintf(identity, sizeof identity, hit ? "svc-planted-%u" : "svc-nobody-%u", which);
            snprintf(secret, sizeof secret, hit ? "planted-secret-%u" : "another-secret-%u", which);
            observation->candidates[0].value = slice_of(identity);
            observation->candidates[1].value = slice_of(secret);
            must(recognise(recogniser, observation, &recognition, &error));
            if ((recognition.count == 1) != (hit == 1)) {
                fprintf(stderr, "lookup: %zu matches\n", recognition.count);
                exit(3);
            }
        }
        must(ledger_commit(recogniser->ledger, &error));
        taken[b] = (double)(clock_monotonic() - begun) / BATCH;
    }
    qsort(taken, BATCHES, sizeof *taken, compare);
    return taken[BATCHES / 2];
}

int main(int argc, char **argv)
{
    static struct observation observation;
    static struct recogniser recogniser;
    struct ledger ledger;
    struct keyring keyring;
    unsigned char master[KEYRING_BYTES];
    char folder[] = "/tmp/sundew-lookup-XXXXXX", file[64], command[3][80];
    uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    struct stat status;
    double miss, hit;

    if (count <= PLANTED || sodium_init() < 0 || mkdtemp(folder) == NULL) {
        fprintf(stderr, "usage: lookup N (more than %d)\n", PLANTED);
        return 2;
    }
    randombytes_buf(master, sizeof master);
    keyring_derive(&keyring, master);
    must(ledger_open(&ledger, folder, &keyring, true, &error));
    must(ledger_begin(&ledger, &error));
    for (unsigned i = 0; i < PLANTED; i++)
        plant(&ledger, &keyring, i);
    fill(&ledger, count - PLANTED);
    must(ledger_commit(&ledger, &error));
    must(recogniser_open(&recogniser, &ledger, &keyring, &error));
    while (recogniser_fill(&recogniser, 100000, &error) == 1)
        continue;
    observation = (struct observation){.decoy = slice_of("gitlab"), .candidate_count = 2,
                                       .candidates = {{CANDIDATE_IDENTITY, 1, slice_of("form"), SLICE_NONE},
                                                      {CANDIDATE_SECRET, 1, slice_of("form"), SLICE_NONE}}};
    measure(&recogniser, &observation, 0);
    miss = measure(&recogniser, &observation, 0);
    hit = measure(&recogniser, &observation, 1);
    snprintf(file, sizeof file, "%s/ledger.db", folder);
    stat(file, &status);
    printf("%.2f %.2f %.0f\n", miss, hit, (double)status.st_size / (1 << 20));
    ledger_close(&ledger);
    for (int i = 0; i < 3; i++) {
        snprintf(command[i], sizeof command[i], "%s%s", file, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
        unlink(command[i]);
    }
    snprintf(file, sizeof file, "%s/reserve", folder);
    unlink(file);
    snprintf(file, sizeof file, "%s/lock", folder);
    unlink(file);
    rmdir(folder);
    return 0;
}
