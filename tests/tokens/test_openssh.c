/* SPDX-License-Identifier: ISC
 *
 * Files that ssh-keygen (OpenSSH 9.2) wrote, written once more from what is in them: not a byte may differ. */
#include <string.h>
#include "tests/test.h"
#include "tokens/openssh.h"

#define FILE_BYTES 4096

static const struct {
    const char *pem;
    const char *comment, *passphrase;
    const char *salt;  /* hexadecimal; with a passphrase */
    uint32_t check;    /* the number that stands twice before the key */
    size_t open;       /* which of these holds the same key without a passphrase */
    size_t parts;      /* strings of the key's private half */
} files[] = {
    {
     "-----BEGIN OPENSSH PRIVATE KEY-----\n"
     "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
     "QyNTUxOQAAACBHxp8b2hkn2OTdOEZETpbA00vpZ8QVoV7VTmX04QGZ/AAAAJC+iW5jvolu\n"
     "YwAAAAtzc2gtZWQyNTUxOQAAACBHxp8b2hkn2OTdOEZETpbA00vpZ8QVoV7VTmX04QGZ/A\n"
     "AAAECdPsRJQisJPFuYZ6Wb5C4qxqDkQers4mO0RXY9qDfLxEfGnxvaGSfY5N04RkROlsDT\n"
     "S+lnxBWhXtVOZfThAZn8AAAADGRlcGxveUBidWlsZAE=\n"
     "-----END OPENSSH PRIVATE KEY-----\n",
     "deploy@build", NULL, "", 0xbe896e63, 0, 3},
    {
     "-----BEGIN OPENSSH PRIVATE KEY-----\n"
     "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS\n"
     "1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQTmf5B3QFJFpDUtCkX9YePI0b6Ysgd2\n"
     "usqmsulxPCkAWzkQbqg2qReSgz+QDu7NeO1EYNo7WKwFCtpl+X4cbYdyAAAAmJkzZx+ZM2\n"
     "cfAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOZ/kHdAUkWkNS0K\n"
     "Rf1h48jRvpiyB3a6yqay6XE8KQBbORBuqDapF5KDP5AO7s147URg2jtYrAUK2mX5fhxth3\n"
     "IAAAAgBXLKath6IkRSilG1CgMXTprssmKk3eP9IfA5/YU24LwAAAAA\n"
     "-----END OPENSSH PRIVATE KEY-----\n",
     "", NULL, "", 0x9933671f, 1, 4},
    {
     "-----BEGIN OPENSSH PRIVATE KEY-----\n"
     "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
     "QyNTUxOQAAACCy1XrGjnodhDJ9otU+EC1ARxVHQoM/IsGbot87Gsw6xAAAAJjutPfv7rT3\n"
     "7wAAAAtzc2gtZWQyNTUxOQAAACCy1XrGjnodhDJ9otU+EC1ARxVHQoM/IsGbot87Gsw6xA\n"
     "AAAEAKgaLhtbVzQNBXGtsEssopGOxHCS2Epql7ulPYdrQVmbLVesaOeh2EMn2i1T4QLUBH\n"
     "FUdCgz8iwZui3zsazDrEAAAAEGEgbG9uZ2VyIGNvbW1lbnQBAgMEBQ==\n"
     "-----END OPENSSH PRIVATE KEY-----\n",
     "a longer comment", NULL, "", 0xeeb4f7ef, 2, 3},
    {
     "-----BEGIN OPENSSH PRIVATE KEY-----\n"
     "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDo2pwOOV\n"
     "ETUJJidETdeeErAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIEfGnxvaGSfY5N04\n"
     "RkROlsDTS+lnxBWhXtVOZfThAZn8AAAAkECCLTjI3K1MKlJfVmFymqrgwCB/w7ma9xI937\n"
     "DunyJrwoaJn+N29nh7XBB45TM5jzfZ3IfMuNVhaI6NK1Q+B88jkoov/r8s2bpC4/a7kWSR\n"
     "/AB54ORQFh4mnrmnfpoYluXzIPH8qRkxCMKMAmZNvtbRBcVxK2qmoBUEZGck8sTRqt2xzM\n"
     "extcZaCk8hWZ8vsA==\n"
     "-----END OPENSSH PRIVATE KEY-----\n",
     "deploy@build", "Tern-Roth_1987", "e8da9c0e3951135092627444dd79e12b", 0x3dc16d42, 0, 3},
};

/* What ssh-keygen drew for the file: the number, then the salt. */
struct drawn {
    unsigned char bytes[64];
    size_t at, length;
};

static void give(void *context, void *out, size_t length)
{
    struct drawn *drawn = context;

    ck_assert_uint_le(length, drawn->length - drawn->at);
    memcpy(out, drawn->bytes + drawn->at, length);
    drawn->at += length;
}

static void draw_of(size_t index, struct drawn *drawn)
{
    size_t salt = 0;

    drawn->at = 0;
    memcpy(drawn->bytes, &files[index].check, 4);
    ck_assert_int_eq(sodium_hex2bin(drawn->bytes + 4, 32, files[index].salt, strlen(files[index].salt), NULL, &salt, NULL),
                     0);
    drawn->length = 4 + salt;
}

static struct slice string(struct slice *rest)
{
    struct slice part = {rest->data + 4, 0};

    ck_assert_uint_ge(rest->length, 4);
    part.length = (size_t)rest->data[0] << 24 | (size_t)rest->data[1] << 16 | (size_t)rest->data[2] << 8 | rest->data[3];
    ck_assert_uint_le(part.length, rest->length - 4);
    *rest = (struct slice){part.data + part.length, rest->length - 4 - part.length};
    return part;
}

/* The halves of the key in a file without passphrase. */
static void read_key(size_t index, unsigned char room[FILE_BYTES], struct openssh_key *key)
{
    const char *begin = strchr(files[index].pem, '\n'), *end = strstr(begin, "-----END");
    struct slice rest = {room, 0}, section;

    ck_assert_int_eq(sodium_base642bin(room, FILE_BYTES, begin, (size_t)(end - begin), "\n", &rest.length, NULL,
                                       sodium_base64_VARIANT_ORIGINAL), 0);
    ck_assert_mem_eq(room, "openssh-key-v1", 15);
    rest = (struct slice){room + 15, rest.length - 15};
    for (int i = 0; i < 3; i++)
        string(&rest);
    rest = (struct slice){rest.data + 4, rest.length - 4};
    key->blob = string(&rest);
    section = string(&rest);
    ck_assert_uint_eq(rest.length, 0);
    rest = (struct slice){section.data + 8, section.length - 8};
    key->private_half.data = rest.data;
    for (size_t i = 0; i < files[index].parts; i++)
        string(&rest);
    key->private_half.length = (size_t)(rest.data - key->private_half.data);
}

START_TEST(files_of_ssh_keygen_are_written_alike)
{
    unsigned char room[FILE_BYTES];
    struct openssh_key key = {.comment = files[_i].comment, .passphrase = files[_i].passphrase};
    struct drawn drawn;
    const struct draw draw = {give, &drawn};
    struct buffer out;

    buffer_init(&out, FILE_BYTES);
    read_key(files[_i].open, room, &key);
    draw_of((size_t)_i, &drawn);
    ck_assert_int_eq(openssh_key_add(&out, &key, &draw), 0);
    ck_assert_str_eq(buffer_text(&out), files[_i].pem);
    ck_assert_uint_eq(drawn.at, drawn.length);
    buffer_free(&out);
}
END_TEST

START_TEST(no_room_is_a_failure)
{
    unsigned char room[FILE_BYTES];
    struct openssh_key key = {.comment = files[_i].comment, .passphrase = files[_i].passphrase};
    struct drawn drawn;
    const struct draw draw = {give, &drawn};
    struct buffer out;

    read_key(files[_i].open, room, &key);
    for (size_t size = 1; size < strlen(files[_i].pem); size += 97) {
        buffer_init(&out, size);
        draw_of((size_t)_i, &drawn);
        ck_assert_int_eq(openssh_key_add(&out, &key, &draw), -1);
        buffer_free(&out);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("openssh");
    TCase *tcase = tcase_create("openssh");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, files_of_ssh_keygen_are_written_alike, 0, sizeof files / sizeof *files);
    tcase_add_loop_test(tcase, no_room_is_a_failure, 0, 3);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
