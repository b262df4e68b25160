/* SPDX-License-Identifier: ISC */
#include "server/planter/hide.h"
#include <sodium.h>
#include <string.h>
#include "server/planter/secret.h"
#include "server/planter/web.h"

#define LEAST 6   /* bytes: less may stand anywhere */
#define ENOUGH 10 /* of a longer one that give it away */

static void blot(char *text, const char *form, size_t length)
{
    size_t least = length < ENOUGH ? length : ENOUGH;
    char *at = length >= LEAST ? memmem(text, strlen(text), form, least) : NULL;

    while (at != NULL) {
        for (size_t i = 0; i < length && at[i] == form[i]; i++)
            at[i] = '*';
        at = memmem(at + 1, strlen(at + 1), form, least);
    }
}

/* Behind 0, 1 or 2 bytes of something else: without what these and those that follow it have a part in. */
static void blot_base64(char *text, struct slice secret, int variant)
{
    for (size_t shift = 0; shift < 3; shift++) {
        size_t bits = 8 * (shift + secret.length), begin = (shift * 8 + 5) / 6;
        struct buffer whole;
        char *form;

        buffer_init(&whole, CREDENTIALS_FILE + 8);
        buffer_add(&whole, "\0\0", shift);
        buffer_add_slice(&whole, secret);
        form = secret_base64(buffer_slice(&whole), variant);
        if (form != NULL && bits / 6 > begin)
            blot(text, form + begin, bits / 6 - begin);
        secret_free(form);
        buffer_free(&whole);
    }
}

static void hide(struct slice secret, char *text)
{
    char *plain = secret.length >= LEAST ? slice_copy(secret) : NULL;
    struct buffer escaped;

    if (plain == NULL)
        return;
    blot(text, (const char *)secret.data, secret.length);
    blot_base64(text, secret, sodium_base64_VARIANT_ORIGINAL);
    blot_base64(text, secret, sodium_base64_VARIANT_URLSAFE);
    buffer_init(&escaped, 3 * CREDENTIALS_FILE + 1);
    web_escape(&escaped, plain);
    blot(text, buffer_text(&escaped), escaped.length);
    buffer_free(&escaped);
    secret_free(plain);
}

void hide_secrets(const struct credentials *credentials, char *text)
{
    static const enum account_file files[] = {ACCOUNT_PASSWORD, ACCOUNT_TOKEN, ACCOUNT_SECRET};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        hide(credentials_file(credentials, files[i]), text);
    hide(buffer_slice(&credentials->granted), text);
}
