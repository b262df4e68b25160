/* SPDX-License-Identifier: ISC */
#include "server/minter/supply.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEY 4096 /* bytes of the longest key's DER */
#define NICE 15

struct stock {
    unsigned bits;
    bool wanted; /* one was asked for */
    size_t count;
    struct buffer keys[SUPPLY_STOCK];
};

struct supply {
    pthread_t thread;
    pthread_mutex_t lock; /* of all below but `stop` */
    pthread_cond_t changed;
    bool running, caged;
    struct error error; /* why it is not caged */
    atomic_bool stop;
    int (*shut)(struct error *error);
    struct stock stocks[3];
};

/* Called again and again while primes are sought: 0 ends the search. */
static int go_on(EVP_PKEY_CTX *context)
{
    const struct supply *supply = EVP_PKEY_CTX_get_app_data(context);

    return supply == NULL || !atomic_load(&supply->stop);
}

/* supply: NULL, or whose end ends this too. */
static int make_key(struct supply *supply, unsigned bits, struct buffer *der)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    unsigned char *bytes = NULL;
    int length = -1, rc = -1;

    if (context != NULL && EVP_PKEY_keygen_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1) {
        EVP_PKEY_CTX_set_app_data(context, supply);
        EVP_PKEY_CTX_set_cb(context, go_on);
        if (EVP_PKEY_generate(context, &key) == 1)
            info = EVP_PKEY2PKCS8(key);
    }
    if (info != NULL)
        length = i2d_PKCS8_PRIV_KEY_INFO(info, &bytes);
    if (length > 0) {
        rc = buffer_add(der, bytes, (size_t)length);
        OPENSSL_clear_free(bytes, (size_t)length);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(context);
    return rc;
}

/* ---- the thread ---- */

/* The emptiest of those that are wanted and not full. */
static struct stock *next_stock(struct supply *supply)
{
    struct stock *found = NULL;

    for (size_t i = 0; i < sizeof supply->stocks / sizeof *supply->stocks; i++) {
        struct stock *stock = &supply->stocks[i];

        if (stock->wanted && stock->count < SUPPLY_STOCK && (found == NULL || stock->count < found->count))
            found = stock;
    }
    return found;
}

/* With the lock held, which is let go while a key is made. */
static void fill(struct supply *supply, struct stock *stock)
{
    struct buffer key;
    int rc;

    buffer_init(&key, KEY);
    pthread_mutex_unlock(&supply->lock);
    rc = make_key(supply, stock->bits, &key);
    pthread_mutex_lock(&supply->lock);
    if (rc == 0)
        stock->keys[stock->count++] = key;
    else
        buffer_free(&key);
}

static void *run(void *context)
{
    struct supply *supply = context;
    struct stock *stock;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    pthread_mutex_lock(&supply->lock);
    supply->caged = supply->shut == NULL || supply->shut(&supply->error) == 0;
    supply->running = supply->caged;
    pthread_cond_broadcast(&supply->changed);
    while (supply->running && !atomic_load(&supply->stop)) {
        stock = next_stock(supply);
        if (stock != NULL)
            fill(supply, stock);
        else
            pthread_cond_wait(&supply->changed, &supply->lock);
    }
    supply->running = false;
    pthread_cond_broadcast(&supply->changed);
    pthread_mutex_unlock(&supply->lock);
    return NULL;
}

/* ---- its users ---- */

struct supply *supply_new(void)
{
    static const unsigned sizes[] = {2048, 3072, 4096};
    struct supply *supply = calloc(1, sizeof *supply);

    if (supply == NULL)
        return NULL;
    pthread_mutex_init(&supply->lock, NULL);
    pthread_cond_init(&supply->changed, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        supply->stocks[i].bits = sizes[i];
    return supply;
}

int supply_start(struct supply *supply, int (*shut)(struct error *error), struct error *error)
{
    int rc = 0;

    supply->shut = shut;
    if (pthread_create(&supply->thread, NULL, run, supply) != 0)
        return error_set(error, "no thread can be started to make keys");
    pthread_mutex_lock(&supply->lock);
    while (!supply->running && supply->error.text[0] == 0)
        pthread_cond_wait(&supply->changed, &supply->lock);
    if (!supply->caged) {
        *error = supply->error;
        rc = -1;
    }
    pthread_mutex_unlock(&supply->lock);
    if (rc != 0) {
        pthread_join(supply->thread, NULL);
        supply->thread = 0;
    }
    return rc;
}

void supply_free(struct supply *supply)
{
    if (supply == NULL)
        return;
    if (supply->thread != 0) {
        atomic_store(&supply->stop, true);
        pthread_mutex_lock(&supply->lock);
        pthread_cond_broadcast(&supply->changed);
        pthread_mutex_unlock(&supply->lock);
        pthread_join(supply->thread, NULL);
    }
    for (size_t i = 0; i < sizeof supply->stocks / sizeof *supply->stocks; i++)
        while (supply->stocks[i].count > 0)
            buffer_free(&supply->stocks[i].keys[--supply->stocks[i].count]);
    pthread_cond_destroy(&supply->changed);
    pthread_mutex_destroy(&supply->lock);
    free(supply);
}

static struct stock *stock_of(struct supply *supply, unsigned bits)
{
    for (size_t i = 0; i < sizeof supply->stocks / sizeof *supply->stocks; i++)
        if (supply->stocks[i].bits == bits)
            return &supply->stocks[i];
    return NULL;
}

/* One that is ready. 0 or -1. */
static int take(struct supply *supply, struct stock *stock, struct buffer *der)
{
    int rc = -1;

    pthread_mutex_lock(&supply->lock);
    stock->wanted = true;
    if (stock->count > 0) {
        struct buffer *key = &stock->keys[--stock->count];

        rc = buffer_add_slice(der, buffer_slice(key));
        buffer_free(key);
    }
    pthread_cond_broadcast(&supply->changed);
    pthread_mutex_unlock(&supply->lock);
    return rc;
}

int supply_rsa(void *context, unsigned bits, struct buffer *der, struct error *error)
{
    struct supply *supply = context;
    struct stock *stock = stock_of(supply, bits);

    if (stock != NULL && (take(supply, stock, der) == 0 || make_key(NULL, bits, der) == 0))
        return 0;
    return error_set(error, "no RSA key of %u bits can be made", bits);
}

size_t supply_ready(struct supply *supply, unsigned bits)
{
    struct stock *stock = stock_of(supply, bits);
    size_t count;

    pthread_mutex_lock(&supply->lock);
    count = stock == NULL ? 0 : stock->count;
    pthread_mutex_unlock(&supply->lock);
    return count;
}
