/* SPDX-License-Identifier: ISC
 *
 * Presentations a second through the keeper's heart, and look-ups among many: bench_take FOLDER [TOKENS [BATCH [ROUNDS]]].
 * Each batch is durable when it returns. Prints one JSON object a line. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "server/base/channel.h"
#include "server/base/clock.h"
#include "server/keeper/derive.h"
#include "server/keeper/observe.h"
#include "server/keeper/token.h"

static int rounds = 40000;

static struct keyring keyring;
static struct ledger ledger;
static struct observer observer;
static struct derivation derivation;
static struct configuration configuration;
static struct batch batch;
static struct error error;

static int must(int result)
{
    if (result < 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    return result;
}

static double cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void mint(int from, int count)
{
    char identity[64], secret[64];
    int i;

    must(ledger_begin(&ledger, &error));
    for (i = from; i < from + count; i++) {
        struct token_result token = {slice_of("password"), slice_of("random"), SLICE_NONE, SLICE_NONE, 80, 40, true,
                                     true};
        struct token_details details = {.id = id_random(), .decoy = slice_of("gitlab"), .minted = 1};
        int64_t number;

        snprintf(identity, sizeof identity, "svc-bench-%d", i);
        snprintf(secret, sizeof secret, "Secret-of-the-bench-%d", i);
        token.identity = slice_of(identity);
        token.secret = slice_of(secret);
        must(token_insert(&ledger, &keyring, &token, &details, &number, &error));
    }
    must(ledger_commit(&ledger, &error));
}

static struct observation observe(int i, bool planted, char identity[64], char secret[64])
{
    struct observation observation;

    memset(&observation, 0, sizeof observation);
    observation.id = id_ordered(clock_wall());
    observation.time = clock_wall();
    observation.decoy = slice_of("gitlab");
    observation.service = slice_of("http");
    observation.source_port = 4000;
    observation.connection = (uint64_t)i;
    observation.request = 1;
    address_parse("127.0.0.1", &observation.source);
    observation.context = slice_of(
        "{\"http\":{\"method\":\"POST\",\"path\":\"/users/sign_in\",\"version\":\"1.1\",\"headers\":[[\"Host\","
        "\"git.corp.example\"],[\"User-Agent\",\"curl/7.88.1\"],[\"Accept\",\"*/*\"],[\"Content-Type\","
        "\"application/x-www-form-urlencoded\"],[\"Content-Length\",\"72\"]],\"body\":72}}");
    snprintf(identity, 64, planted ? "svc-bench-%d" : "guess-%d", i);
    snprintf(secret, 64, planted ? "Secret-of-the-bench-%d" : "Wrong-guess-of-a-thief-%d", i);
    observation.candidates[0] = (struct candidate){CANDIDATE_IDENTITY, 1, slice_of("form user"), slice_of(identity)};
    observation.candidates[1] = (struct candidate){CANDIDATE_SECRET, 1, slice_of("form password"), slice_of(secret)};
    observation.candidates[2] = (struct candidate){CANDIDATE_EITHER, 0, slice_of("cookie"),
                                                   slice_of("0123456789abcdef0123456789abcdef")};
    observation.candidate_count = 3;
    return observation;
}

static void present(int tokens, int size, bool planted)
{
    struct buffer message;
    char identity[64], secret[64];
    int64_t began;
    double spent;
    int i, n = 0;

    buffer_init(&message, CHANNEL_MESSAGE);
    began = clock_monotonic();
    spent = cpu();
    for (i = 0; i < rounds; i++) {
        struct observation observation = observe(planted ? i % tokens : i, planted, identity, secret);

        buffer_clear(&message);
        observation_add(&message, &observation);
        batch_add(&batch, buffer_slice(&message), NULL);
        if (++n == size) {
            must(observer_write(&observer, &batch, clock_wall(), &error));
            must(flusher_begin(&ledger.flusher, &error));
            must(flusher_end(&ledger.flusher, true, &error));
            observer.durable = observer.chain;
            batch_clear(&batch);
            n = 0;
        }
    }
    printf("{\"planted\":%s,\"tokens\":%d,\"batch\":%d,\"per_second\":%.0f,\"cpu_us\":%.2f}\n",
           planted ? "true" : "false", tokens, size, rounds * 1e6 / (double)(clock_monotonic() - began),
           (cpu() - spent) / rounds);
    buffer_free(&message);
}

static void look(int tokens, bool planted)
{
    struct recognition *recognition = malloc(sizeof *recognition);
    char identity[64], secret[64];
    int64_t began = clock_monotonic();
    uint32_t state = 1;
    int i;

    for (i = 0; i < rounds; i++) {
        state = state * 1664525 + 1013904223;
        struct observation observation = observe((int)(state % (uint32_t)tokens), planted, identity, secret);

        must(recognise(&observer.recogniser, &observation, recognition, &error));
    }
    printf("{\"recognise\":%s,\"tokens\":%d,\"us\":%.2f}\n", planted ? "\"planted\"" : "\"unplanted\"", tokens,
           (double)(clock_monotonic() - began) / rounds);
    free(recognition);
}

static void derive(void)
{
    int64_t began = clock_monotonic(), backlog = derive_backlog(&derivation);
    double spent = cpu();

    must(derive_behind(&derivation, clock_wall(), &error));
    printf("{\"derived\":%llu,\"per_second\":%.0f,\"cpu_us\":%.2f}\n", (unsigned long long)derivation.sightings,
           (double)derivation.sightings * 1e6 / (double)(clock_monotonic() - began),
           backlog > 0 ? (cpu() - spent) / (double)derivation.sightings : 0);
}

int main(int count, char **arguments)
{
    static const unsigned char master[KEYRING_BYTES] = {1};
    int tokens = count > 2 ? (int)strtol(arguments[2], NULL, 10) : 1000;
    int size = count > 3 ? (int)strtol(arguments[3], NULL, 10) : BATCH_MESSAGES;
    int64_t began;
    struct rusage usage;
    int have;

    if (count < 2 || size < 1 || size > BATCH_MESSAGES)
        return 2;
    if (count > 4)
        rounds = (int)strtol(arguments[4], NULL, 10);
    if (sodium_init() < 0)
        return 1;
    keyring_derive(&keyring, master);
    batch_init(&batch);
    must(ledger_open(&ledger, arguments[1], &keyring, !ledger_exists(arguments[1]), &error));
    have = (int)ledger_setting(&ledger, "bench", 0);
    began = clock_monotonic();
    for (int i = have; i < tokens; i += 10000)
        mint(i, tokens - i < 10000 ? tokens - i : 10000);
    if (have < tokens) {
        printf("{\"minted\":%d,\"per_second\":%.0f}\n", tokens - have,
               (tokens - have) * 1e6 / (double)(clock_monotonic() - began));
        must(ledger_set(&ledger, "bench", tokens, &error));
        have = tokens;
    }
    began = clock_monotonic();
    must(observer_open(&observer, &ledger, &keyring, 1 << 30, 600, &error));
    must(derivation_open(&derivation, &ledger, &keyring, &observer, &configuration, &error));
    printf("{\"opened_us\":%lld}\n", (long long)(clock_monotonic() - began));
    look(have, false);
    began = clock_monotonic();
    while (must(recogniser_fill(&observer.recogniser, 1000, &error)) == 1)
        ;
    printf("{\"fingerprints_us\":%lld,\"bytes\":%zu}\n", (long long)(clock_monotonic() - began),
           ledger.fingerprints.count * 64);
    look(have, false);
    look(have, true);
    present(have, size, false);
    present(have, size, true);
    derive();
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"resident_kib\":%ld}\n", usage.ru_maxrss);
    return 0;
}
