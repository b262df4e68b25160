/* SPDX-License-Identifier: ISC
 *
 * Runs a fuzz harness over files, as TAP: each seed, and mutations of each from a fixed generator. Linked in place of
 * libFuzzer, so that every harness is an ordinary test.  usage: fuzz_X FOLDER|FILE…
 * SUNDEW_FUZZ_ROUNDS: mutations of each seed (200, or what makes the harness's fuzz_mutations). */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tests/fuzz/replay.h"

__attribute__((weak)) const unsigned fuzz_mutations = 0;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (128 * 1024)
#define ROUNDS 200

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Exactly `size` bytes on the heap, so that a sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        exit(3);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
    unsigned changes = 1 + (unsigned)(next(state) % 8);

    for (unsigned i = 0; i < changes && size > 0; i++) {
        size_t at = next(state) % size, length = next(state) % (size - at) + 1;

        switch (next(state) % 6) {
        case 0:
            data[at] = (uint8_t)next(state);
            break;
        case 1:
            data[at] ^= (uint8_t)(1u << next(state) % 8);
            break;
        case 2:
            data[at] = "\0\xff\x80\x7f\"%{\r\n:= "[next(state) % 12];
            break;
        case 3:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 4:
            if (size + length <= MOST) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        default:
            size = at;
            break;
        }
    }
    return size;
}

static int replay(const char *path, unsigned rounds, unsigned number)
{
    static uint8_t seed[MOST], data[MOST];
    uint64_t state = 0x9e3779b97f4a7c15u + number;
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        printf("not ok %u - %s cannot be read\n", number, path);
        return 1;
    }
    size = fread(seed, 1, sizeof seed, file);
    fclose(file);
    run(seed, size);
    for (unsigned i = 0; i < rounds; i++) {
        memcpy(data, seed, size);
        run(data, mutate(data, size, &state));
    }
    printf("ok %u - %s and %u mutations\n", number, strrchr(path, '/') ? strrchr(path, '/') + 1 : path, rounds);
    return 0;
}

static unsigned rounds_of(int seeds)
{
    const char *wanted = getenv("SUNDEW_FUZZ_ROUNDS");
    unsigned least = seeds > 0 ? fuzz_mutations / (unsigned)seeds + 1 : 0;

    return wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : least > ROUNDS ? least : ROUNDS;
}

static int replay_folder(const char *folder, unsigned *number)
{
    struct dirent **entries;
    int failed = 0, count = scandir(folder, &entries, NULL, alphasort);
    unsigned rounds = rounds_of(count);

    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat status;

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
            failed += replay(path, rounds, ++*number);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return count < 0 ? 1 : failed;
}

int main(int argc, char **argv)
{
    const char *source = getenv("SUNDEW_SRC");
    unsigned number = 0;
    char folder[4096];
    const char *name = strrchr(argv[0], '/');
    int failed = 0;

    /* Called without arguments by `make check`: tests/fuzz/seeds/X for the program fuzz_X. */
    name = name == NULL ? argv[0] : name + 1;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/seeds/%s", source == NULL ? "." : source,
             strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
    if (argc == 1)
        failed = replay_folder(folder, &number);
    for (int i = 1; i < argc; i++)
        failed += replay_folder(argv[i], &number);
    run((const uint8_t *)"", 0);
    printf("ok %u - nothing at all\n1..%u\n", number + 1, number + 1);
    return failed == 0 ? 0 : 1;
}
