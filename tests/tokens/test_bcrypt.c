/* SPDX-License-Identifier: ISC
 *
 * The vectors of OpenBSD's own test of bcrypt_pbkdf(3), and one of 100 bytes, whose last block is not whole. */
#include <string.h>
#include "tests/test.h"
#include "tokens/bcrypt.h"

static const struct {
    const char *passphrase, *salt; /* hexadecimal */
    const char *key;
    unsigned rounds;
} vectors[] = {
    {"70617373776f7264", "73616c74", "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9", 4},
    {"70617373776f7264", "00", "c12b566235eee04c212598970a579a67", 4},
    {"00", "73616c74", "6051be18c2f4f82cbf0efee5471b4bb9", 4},
    {"70617373776f726400", "73616c7400", "7410e44cf4fa07bfaac8a928b1727fac001375e7bf7384370f48efd121743050", 4},
    {"7061737300776f7264", "7361006c74", "4ba4ac3925c0e8d7f0cdb6bb1684a56f", 4},
    {"70617373776f7264", "73616c74",
     "e1367ec5151a33faac4cc1c144cd23fa15d5548493ecc99b9b5d9c0d3b27bec76227ea66088b849b20ab7aa478010246e74bba51723fefa9"
     "f9474d6508845e8d", 8},
    {"70617373776f7264", "73616c74",
     "41cf443a37fc728dff41d8af055ceb44dc5c76a1280df1be3898458829d633cd25dd653b694985240e3b5ed46f6b6dedd5ebf6773b4c2d82"
     "8e51b2e7a19e8a6c12a21a32dafb174202e814cad82e0cfaf7f6fc179b4a4dc3787139587e5109f94812d0a0", 5},
};

static struct slice bytes_of(const char *hex, unsigned char *room, size_t size)
{
    size_t length = 0;

    ck_assert_int_eq(sodium_hex2bin(room, size, hex, strlen(hex), NULL, &length, NULL), 0);
    return (struct slice){room, length};
}

START_TEST(published_vectors_hold)
{
    unsigned char passphrase[16], salt[16], wanted[128], key[128];
    struct slice whole = bytes_of(vectors[_i].key, wanted, sizeof wanted);

    ck_assert_int_eq(bcrypt_pbkdf(bytes_of(vectors[_i].passphrase, passphrase, sizeof passphrase),
                                  bytes_of(vectors[_i].salt, salt, sizeof salt), vectors[_i].rounds, key, whole.length), 0);
    ck_assert_mem_eq(key, whole.data, whole.length);
}
END_TEST

START_TEST(other_lengths_are_refused)
{
    unsigned char key[1];

    ck_assert_int_eq(bcrypt_pbkdf(slice_of("a"), slice_of("b"), 1, key, 0), -1);
    ck_assert_int_eq(bcrypt_pbkdf(slice_of("a"), slice_of("b"), 1, key, BCRYPT_KEY + 1), -1);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("bcrypt");
    TCase *tcase = tcase_create("bcrypt");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, published_vectors_hold, 0, sizeof vectors / sizeof *vectors);
    tcase_add_test(tcase, other_lengths_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
