/* SPDX-License-Identifier: ISC */
#include "server/keeper/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/unzeroed.h"

enum subkey { SUBKEY_DIGEST = 1, SUBKEY_SEAL, SUBKEY_CHAIN, SUBKEY_CHECK, SUBKEY_SEED, SUBKEY_MASK };

static const char context[crypto_kdf_CONTEXTBYTES + 1] = "keyring1";

int keyring_create(const char *path, struct error *error)
{
    unsigned char master[KEYRING_BYTES];
    int result;

    crypto_kdf_keygen(master);
    result = paths_create(path, master, sizeof master, 0600, error);
    sodium_memzero(master, sizeof master);
    return result;
}

static int check_file(int fd, const char *path, struct error *error)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return error_errno(error, "master key %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size != KEYRING_BYTES)
        return error_set(error, "%s is not a master key (it must be a file of %d bytes): restore the right one",
                         path, KEYRING_BYTES);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return error_set(error, "master key %s belongs to user %u, not to user %u who runs the keeper: chown it",
                         path, (unsigned)status.st_uid, (unsigned)geteuid());
    /* A systemd credential belongs to root and is shown to one service by its group. */
    if ((status.st_mode & 037) != 0 || ((status.st_mode & 040) != 0 && status.st_uid != 0))
        return error_set(error, "master key %s may be read by others (mode %03o): chmod 600 it", path,
                         (unsigned)(status.st_mode & 0777));
    return 0;
}

static int read_master(int fd, const char *path, unsigned char master[KEYRING_BYTES], struct error *error)
{
    size_t got = 0;
    ssize_t n;

    while (got < KEYRING_BYTES) {
        n = read(fd, master + got, KEYRING_BYTES - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_errno(error, "master key %s cannot be read", path);
        got += (size_t)n;
    }
    return 0;
}

int keyring_open(struct keyring *keyring, const char *path, struct error *error)
{
    unsigned char master[KEYRING_BYTES];
    int fd, result = -1;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return error_set(error, "there is no master key %s: run sundew init, or name the right file (key:)", path);
    if (fd < 0)
        return error_errno(error, "master key %s cannot be opened", path);
    if (check_file(fd, path, error) < 0 || read_master(fd, path, master, error) < 0)
        goto out;
    keyring_derive(keyring, master);
    result = 0;
out:
    sodium_memzero(master, sizeof master);
    close(fd);
    return result;
}

#define BLOCK 128                         /* of BLAKE2b */
#define HELD (64 + 16 + 16 + 2 * BLOCK) /* where libsodium's state says how many bytes wait to be compressed */

/* Does it go on as the one that was begun does? */
static bool hashes_alike(const crypto_generichash_state *begun, const crypto_generichash_state *ahead, size_t length)
{
    static const unsigned char text[3 * BLOCK] = "keys are compressed once";
    crypto_generichash_state one = *begun, other = *ahead;
    unsigned char digest[2][KEYRING_BYTES];

    crypto_generichash_update(&one, text, length);
    crypto_generichash_update(&other, text, length);
    crypto_generichash_final(&one, digest[0], KEYRING_BYTES);
    crypto_generichash_final(&other, digest[1], KEYRING_BYTES);
    return memcmp(digest[0], digest[1], KEYRING_BYTES) == 0;
}

/* The key is a block of its own, the same for each hash, but libsodium compresses it only when more than another block
 * waits behind it. So that is given to it, and taken back. A libsodium whose state looks otherwise is left as it was:
 * then each hash compresses the key again. Only for hashes over at least one byte. */
static void compress_key(crypto_generichash_state *state)
{
    static const unsigned char filler[BLOCK + 1];
    crypto_generichash_state ahead = *state;
    size_t held;

    _Static_assert(sizeof ahead >= HELD + sizeof held, "there is room for it");
    crypto_generichash_update(&ahead, filler, sizeof filler);
    memcpy(&held, (unsigned char *)&ahead + HELD, sizeof held);
    if (held == sizeof filler) {
        memset((unsigned char *)&ahead + HELD, 0, sizeof held);
        if (hashes_alike(state, &ahead, 1) && hashes_alike(state, &ahead, BLOCK) && hashes_alike(state, &ahead, 3 * BLOCK))
            *state = ahead;
    }
    sodium_memzero(&ahead, sizeof ahead);
}

static void prepare(unsigned char *kept, const unsigned char key[KEYRING_BYTES], size_t length)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, KEYRING_BYTES, length);
    compress_key(&state);
    memcpy(kept, &state, sizeof state);
    sodium_memzero(&state, sizeof state);
}

void keyring_derive(struct keyring *keyring, const unsigned char master[KEYRING_BYTES])
{
    crypto_kdf_derive_from_key(keyring->digest_key, KEYRING_BYTES, SUBKEY_DIGEST, context, master);
    crypto_kdf_derive_from_key(keyring->seal_key, KEYRING_BYTES, SUBKEY_SEAL, context, master);
    crypto_kdf_derive_from_key(keyring->chain_key, KEYRING_BYTES, SUBKEY_CHAIN, context, master);
    crypto_kdf_derive_from_key(keyring->check_key, KEYRING_BYTES, SUBKEY_CHECK, context, master);
    crypto_kdf_derive_from_key(keyring->mask_key, KEYRING_BYTES, SUBKEY_MASK, context, master);
    crypto_kdf_derive_from_key(keyring->seed, KEYRING_BYTES, SUBKEY_SEED, context, master);
    prepare(keyring->digesting, keyring->digest_key, DIGEST_BYTES);
    prepare(keyring->chaining, keyring->chain_key, CHAIN_BYTES);
    sodium_mlock(keyring, sizeof *keyring);
}

void keyring_wipe(struct keyring *keyring)
{
    sodium_munlock(keyring, sizeof *keyring);
    sodium_memzero(keyring, sizeof *keyring);
}

struct digest keyring_digest(const struct keyring *keyring, enum digest_tag tag, struct slice bytes)
{
    UNZEROED crypto_generichash_state state;
    unsigned char first = (unsigned char)tag;
    UNZEROED struct digest digest;

    memcpy(&state, keyring->digesting, sizeof state);
    crypto_generichash_update(&state, &first, 1);
    if (bytes.length > 0)
        crypto_generichash_update(&state, bytes.data, bytes.length);
    crypto_generichash_final(&state, digest.bytes, DIGEST_BYTES);
    return digest;
}

void keyring_chain(const struct keyring *keyring, crypto_generichash_state *state)
{
    memcpy(state, keyring->chaining, sizeof *state);
}

int keyring_seal(const struct keyring *keyring, struct slice plain, struct buffer *out)
{
    static const unsigned char nothing[1];
    unsigned char *to = buffer_reserve(out, plain.length + SEAL_OVERHEAD);

    if (to == NULL)
        return -1;
    to[0] = KEYRING_NUMBER;
    randombytes_buf(to + 1, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(to + 1 + crypto_secretbox_NONCEBYTES, plain.length > 0 ? plain.data : nothing,
                          plain.length, to + 1, keyring->seal_key);
    buffer_grow(out, plain.length + SEAL_OVERHEAD);
    return 0;
}

int keyring_unseal(const struct keyring *keyring, struct slice sealed, unsigned char *out, size_t size)
{
    size_t length;

    if (sealed.length < SEAL_OVERHEAD || sealed.data[0] != KEYRING_NUMBER)
        return -1;
    length = sealed.length - SEAL_OVERHEAD;
    if (length > size || length > INT32_MAX)
        return -1;
    if (crypto_secretbox_open_easy(out, sealed.data + 1 + crypto_secretbox_NONCEBYTES,
                                   sealed.length - 1 - crypto_secretbox_NONCEBYTES, sealed.data + 1,
                                   keyring->seal_key) != 0)
        return -1;
    return (int)length;
}

uint16_t keyring_head(const struct keyring *keyring, struct slice sealed, unsigned char out[KEYRING_HEAD])
{
    unsigned char stream[crypto_onetimeauth_KEYBYTES + KEYRING_HEAD] = {0}; /* a secretbox's text follows its key */
    size_t length = sealed.length < SEAL_OVERHEAD ? 0 : sealed.length - SEAL_OVERHEAD, head = length;

    memset(out, 0, KEYRING_HEAD);
    if (length == 0 || length > UINT16_MAX || sealed.data[0] != KEYRING_NUMBER)
        return 0;
    if (head > KEYRING_HEAD)
        head = KEYRING_HEAD;
    memcpy(stream + crypto_onetimeauth_KEYBYTES, sealed.data + SEAL_OVERHEAD, head);
    crypto_stream_xsalsa20_xor(stream, stream, crypto_onetimeauth_KEYBYTES + head, sealed.data + 1, keyring->seal_key);
    memcpy(out, stream + crypto_onetimeauth_KEYBYTES, head);
    sodium_memzero(stream, sizeof stream);
    return (uint16_t)length;
}

int keyring_open_sealed(const struct keyring *keyring, struct slice sealed, struct buffer *out)
{
    unsigned char *to;
    int length;

    if (sealed.length < SEAL_OVERHEAD)
        return -1;
    to = buffer_reserve(out, sealed.length - SEAL_OVERHEAD + 1);
    if (to == NULL)
        return -1;
    length = keyring_unseal(keyring, sealed, to, sealed.length - SEAL_OVERHEAD + 1);
    if (length < 0)
        return -1;
    buffer_grow(out, (size_t)length);
    return 0;
}

void keyring_mask(const struct keyring *keyring, int64_t number, unsigned char *bytes, size_t length)
{
    unsigned char nonce[crypto_stream_chacha20_NONCEBYTES];

    _Static_assert(sizeof nonce == sizeof number, "a number is a nonce");
    memcpy(nonce, &number, sizeof nonce);
    crypto_stream_chacha20_xor(bytes, bytes, length, nonce, keyring->mask_key);
}

void keyring_check(const struct keyring *keyring, unsigned char value[KEYRING_BYTES])
{
    static const unsigned char text[] = "ledger check";

    crypto_generichash(value, KEYRING_BYTES, text, sizeof text - 1, keyring->check_key, KEYRING_BYTES);
}
