/* SPDX-License-Identifier: ISC
 *
 * Searching a file for secrets that are not in it: usage: search COUNT LENGTH plain|all|hyperscan FILE → GB/s on one
 * core (CPU time, median), seconds to build, MiB. LENGTH may be 0: 23 to 60, drawn. Hyperscan is loaded where it is
 * installed; it is given the secrets themselves. */
#include <dlfcn.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/finder/source.h"
#include "server/keeper/needle.h"
#include "server/wire/finding.h"

#define ROUNDS 5
#define LONGEST 256
#define SAMPLE (256u << 20)

static struct error error;

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "search: %s\n", error.text);
        exit(3);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t draw(char secret[LONGEST], size_t length)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    unsigned char bytes[LONGEST];

    length = length == 0 ? 23 + randombytes_uniform(38) : length;
    randombytes_buf(bytes, length);
    for (size_t i = 0; i < length; i++)
        secret[i] = alphabet[bytes[i] & 63];
    secret[length] = '\0';
    return length;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void report(double rates[ROUNDS], double build)
{
    struct rusage usage;

    qsort(rates, ROUNDS, sizeof rates[0], by_size);
    getrusage(RUSAGE_SELF, &usage);
    printf("%.3f %.2f %ld\n", rates[ROUNDS / 2], build, usage.ru_maxrss / 1024);
}

/* ---- ours ---- */

static void nothing(const struct finding *finding, void *context)
{
    (void)finding;
    ++*(size_t *)context;
}

static size_t add(struct index *index, const struct window_keys *keys, uint32_t token, struct slice secret, bool all)
{
    unsigned char form[WINDOW_LONGEST];
    struct buffer message;
    struct window window;
    struct reader reader;
    size_t longest = 0;

    buffer_init(&message, CHANNEL_MESSAGE);
    for (int f = 0; f < (all ? FORMS : 1); f++) {
        size_t length = needle_form(needle_of(secret), (enum window_form)f, form);

        longest = length > longest ? length : longest;
        needle_windows(keys, token, (enum window_form)f, (struct slice){form, length}, &message);
    }
    for (reader = reader_of(buffer_slice(&message)); windows_get(&reader, &window) == 0;)
        must(index_add(index, &window, &error));
    buffer_free(&message);
    return longest;
}

static void run(size_t count, size_t length, bool all, const char *path)
{
    static struct index index;
    static struct search search;
    static struct stream stream;
    static struct source source;
    struct window_keys keys;
    double rates[ROUNDS], began = seconds(), build;
    size_t longest = 0, asked = 0;
    char secret[LONGEST];

    window_keys_draw(&keys);
    index_open(&index, &keys);
    for (size_t i = 0; i < count; i++) {
        struct slice text = {(unsigned char *)secret, draw(secret, length)};
        size_t form = add(&index, &keys, (uint32_t)i + 1, text, all);

        longest = form > longest ? form : longest;
    }
    must(index_build(&index, &error));
    build = seconds() - began;
    search_open(&search, &index, all, longest);
    search.found = nothing;
    search.context = &asked;
    must(stream_open(&stream, &search, &error));
    source.stream = &stream;
    for (int i = 0; i < ROUNDS; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        began = seconds();
        must(fd < 0 ? error_errno(&error, "%s", path) : source_search(&source, fd, &error));
        rates[i] = (double)source_taken(&source) / (seconds() - began) / 1e9;
        close(fd);
    }
    report(rates, build);
    fprintf(stderr, "search: the keeper would have been asked %zu times\n", asked / ROUNDS);
}

/* ---- Hyperscan ---- */

typedef int (*compile_function)(const char *const *, const unsigned *, const unsigned *, const size_t *, unsigned,
                                unsigned, const void *, void **, void **);
typedef int (*scratch_function)(const void *, void **);
typedef int (*match_function)(unsigned, unsigned long long, unsigned long long, unsigned, void *);
typedef int (*scan_function)(const void *, const char *, unsigned, unsigned, void *, match_function, void *);

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    (void)id, (void)from, (void)to, (void)flags;
    ++*(size_t *)context;
    return 0;
}

static void run_hyperscan(size_t count, size_t length, const char *path)
{
    void *library = dlopen("libhs.so.5", RTLD_NOW), *database = NULL, *scratch = NULL, *why = NULL;
    compile_function compile = library ? (compile_function)dlsym(library, "hs_compile_lit_multi") : NULL;
    scratch_function allocate = library ? (scratch_function)dlsym(library, "hs_alloc_scratch") : NULL;
    scan_function scan = library ? (scan_function)dlsym(library, "hs_scan") : NULL;
    char (*secrets)[LONGEST] = calloc(count, LONGEST), *bytes = malloc(SAMPLE);
    const char **texts = calloc(count, sizeof *texts);
    size_t *lengths = calloc(count, sizeof *lengths), found = 0;
    unsigned *flags = calloc(count, sizeof *flags), *ids = calloc(count, sizeof *ids);
    double rates[ROUNDS], began = seconds(), build;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, bytes, SAMPLE);

    if (compile == NULL || allocate == NULL || scan == NULL)
        exit(77);
    for (size_t i = 0; i < count; i++) {
        lengths[i] = draw(secrets[i], length);
        texts[i] = secrets[i];
        ids[i] = (unsigned)i;
    }
    if (size <= 0 || compile(texts, flags, ids, lengths, (unsigned)count, 1, NULL, &database, &why) != 0 ||
        allocate(database, &scratch) != 0)
        must(error_set(&error, "Hyperscan does not take %zu secrets", count));
    build = seconds() - began;
    for (int i = 0; i < ROUNDS; i++) {
        began = seconds();
        scan(database, bytes, (unsigned)size, 0, scratch, on_match, &found);
        rates[i] = (double)size / (seconds() - began) / 1e9;
    }
    report(rates, build);
}

int main(int argc, char **argv)
{
    size_t count, length;

    if (argc != 5 || sodium_init() < 0) {
        fprintf(stderr, "usage: search COUNT LENGTH plain|all|hyperscan FILE\n");
        return 2;
    }
    count = strtoul(argv[1], NULL, 10);
    length = strtoul(argv[2], NULL, 10);
    if (strcmp(argv[3], "hyperscan") == 0)
        run_hyperscan(count, length, argv[4]);
    else
        run(count, length, strcmp(argv[3], "all") == 0, argv[4]);
    return 0;
}
