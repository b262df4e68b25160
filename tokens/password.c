/* SPDX-License-Identifier: ISC
 *
 * User name and password. Form `human` looks chosen by a person under a company's rules (upper and lower case, digit,
 * sign), in one of two styles; the entropy stated is that of the weaker style, the choice between them not counted:
 *
 *   words   four words of 1,024 (40.0), which one is capitalised (2.0), one sign between them all of 4 (2.0), behind
 *           which word stands (2.0) a number of 1000 to 9999 (13.1), sign at the end of 6 (2.6): 61.7 bits
 *   names   two invented names of three syllables of 16 × 5 (2 × 19.0) and one of 6 endings (2 × 2.6), sign between of
 *           4 (2.0), behind which name (1.0) the number (13.1), sign at the end of 6 (2.6): 61.8 bits
 *
 * Both are written so that no two draws give the same text. Draws with filtered words are thrown away: well under one
 * in three, so less than the 0.7 bits above the 61 stated. */
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/identity.h"
#include "tokens/password.h"
#include "tokens/words.h"

#define HUMAN_BITS 61
#define RANDOM_LEAST 16
#define RANDOM_MOST 24
#define LENGTH_LEAST 8 /* that an operator may ask for */
#define LENGTH_MOST 128
#define INNER ALPHABET_BASE62 "-_.!*+="

static const char between_signs[] = "-._+";
static const char end_signs[] = "!?*+=&";

static void add_word(struct buffer *out, const char *word, bool capital)
{
    buffer_add_char(out, (char)(capital ? *word - 32 : *word));
    buffer_add_text(out, word + 1);
}

static void add_number(struct buffer *out, const struct draw *draw)
{
    buffer_add_format(out, "%u", 1000 + draw_below(draw, 9000));
}

static void draw_words(const struct mint_request *request, struct buffer *out)
{
    const struct draw *draw = request->draw;
    const char *const *words = strcmp(request->language, "fr") == 0 ? words_french : words_english;
    char sign = between_signs[draw_below(draw, 4)];
    uint32_t capital = draw_below(draw, 4), number = draw_below(draw, 4);

    for (uint32_t i = 0; i < 4; i++) {
        if (i > 0)
            buffer_add_char(out, sign);
        add_word(out, words[draw_below(draw, WORDS)], i == capital);
        if (i == number)
            add_number(out, draw);
    }
    buffer_add_char(out, end_signs[draw_below(draw, 6)]);
}

static void draw_name(const struct draw *draw, struct buffer *out)
{
    static const char endings[] = "nrlsx";
    char syllable[2];
    uint32_t ending;

    for (int i = 0; i < 3; i++) {
        syllable[0] = "bcdfghjklmnprstv"[draw_below(draw, 16)];
        syllable[1] = "aeiou"[draw_below(draw, 5)];
        if (i == 0)
            syllable[0] = (char)(syllable[0] - 32);
        buffer_add(out, syllable, 2);
    }
    ending = draw_below(draw, 6);
    if (ending < 5)
        buffer_add_char(out, endings[ending]);
}

static void draw_names(const struct draw *draw, struct buffer *out)
{
    char sign = between_signs[draw_below(draw, 4)];
    uint32_t number = draw_below(draw, 2);

    for (uint32_t i = 0; i < 2; i++) {
        if (i > 0)
            buffer_add_char(out, sign);
        draw_name(draw, out);
        if (i == number)
            add_number(out, draw);
    }
    buffer_add_char(out, end_signs[draw_below(draw, 6)]);
}

static bool has_policy(const struct mint_request *request)
{
    return request->passwords.least > 0 || request->passwords.most > 0 || request->passwords.classes != 0;
}

uint16_t password_human_draw(const struct mint_request *request, struct buffer *out)
{
    if (has_policy(request))
        return password_style_draw(request, out);
    if (draw_below(request->draw, 2) == 0)
        draw_words(request, out);
    else
        draw_names(request->draw, out);
    return HUMAN_BITS;
}

void password_light(const struct draw *draw, const char *language, struct buffer *out)
{
    const char *const *words = strcmp(language, "fr") == 0 ? words_french : words_english;

    add_word(out, words[draw_below(draw, WORDS)], true);
    buffer_add_format(out, "%u%c", 10 + draw_below(draw, 90), end_signs[draw_below(draw, 3)]);
}

/* 16 to 24 characters: log2(69) = 6.1 bits each, log2(62) = 5.9 for the first and the last; six is stated for each
 * inner one, which leaves room for the draws that are filtered. */
static uint16_t write_random(const struct draw *draw, uint32_t length, struct buffer *out)
{
    alphabet_draw(out, ALPHABET_BASE62, 1, draw);
    alphabet_draw(out, INNER, length - 2, draw);
    alphabet_draw(out, ALPHABET_BASE62, 1, draw);
    return (uint16_t)((length - 2) * 6 + 11);
}

static uint8_t classes_of(struct slice text)
{
    uint8_t classes = 0;

    for (size_t i = 0; i < text.length; i++) {
        char c = (char)text.data[i];

        classes |= c >= 'A' && c <= 'Z' ? PASSWORD_UPPER : c >= 'a' && c <= 'z' ? PASSWORD_LOWER
                   : c >= '0' && c <= '9' ? PASSWORD_DIGIT : PASSWORD_SIGN;
    }
    return classes;
}

/* length: 0 for one that the house's rules allow. Draws without a class that they want are thrown away: of eight
 * characters two in three, so less than two bits. */
static uint16_t draw_random(const struct mint_request *request, uint32_t length, struct buffer *out)
{
    const struct password_policy *policy = &request->passwords;
    uint32_t least = policy->least > RANDOM_LEAST ? policy->least : RANDOM_LEAST, most = RANDOM_MOST, chosen;
    uint16_t bits;

    if (policy->most > 0 && policy->most < most)
        most = policy->most;
    least = policy->least <= most && least > most ? most : least;
    most = most < least ? least : most;
    do {
        buffer_clear(out);
        chosen = length != 0 ? length : least + draw_below(request->draw, most - least + 1);
        bits = write_random(request->draw, chosen, out);
    } while (!out->failed && (classes_of(buffer_slice(out)) & policy->classes) != policy->classes);
    return (uint16_t)(bits - (policy->classes != 0 ? 2 : 0));
}

/* What the operator asked for; 0: nothing. */
static int read_length(const struct mint_request *request, uint32_t *length, struct error *error)
{
    const char *text = mint_setting(request, "length");

    *length = 0;
    if (text == NULL)
        return 0;
    if (strcmp(request->form, "random") != 0)
        return error_usage(error, "only the form random has a length; leave --length out, or say --form random");
    for (const char *c = text; *c != '\0' && *length <= LENGTH_MOST; c++)
        *length = *c >= '0' && *c <= '9' ? *length * 10 + (uint32_t)(*c - '0') : LENGTH_MOST + 1;
    if (*length < request->passwords.least || (request->passwords.most > 0 && *length > request->passwords.most))
        return error_usage(error,
                           "--length %.20s is against `passwords` of the configuration: %u to %u characters; change "
                           "one of them",
                           text, request->passwords.least,
                           request->passwords.most > 0 ? request->passwords.most : LENGTH_MOST);
    if (*length < LENGTH_LEAST || *length > LENGTH_MOST)
        return error_usage(error, "a password of length '%.20s' cannot be; %d to %d characters can", text, LENGTH_LEAST,
                           LENGTH_MOST);
    return 0;
}

static int password_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;
    uint32_t length;

    if (read_length(request, &length, error) != 0 || identity_mint(request, minted, error) != 0)
        return -1;
    do {
        buffer_clear(out);
        minted->secret_bits = strcmp(request->form, "random") == 0  ? draw_random(request, length, out)
                              : strcmp(request->form, "human") == 0 ? password_human_draw(request, out)
                                                                    : password_style_draw(request, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the password") : 0;
}

bool password_human_valid(struct slice secret)
{
    return secret.length >= LENGTH_LEAST && secret.length <= PASSWORD_MOST && alphabet_holds(INNER "?&", secret);
}

static bool password_valid(const char *form, struct slice secret)
{
    if (strcmp(form, "random") != 0)
        return password_human_valid(secret);
    return secret.length >= LENGTH_LEAST && secret.length <= LENGTH_MOST && alphabet_holds(INNER, secret);
}

static const char *const password_forms[] = {"human", "season", "keyboard", "company", "random", NULL};
static const char *const password_settings[] = {"length", NULL};

const struct token_kind kind_password = {
    .name = "password",
    .bound = true,
    .forms = password_forms,
    .settings = password_settings,
    .mint = password_mint,
    .valid = password_valid,
};
