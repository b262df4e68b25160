/* SPDX-License-Identifier: ISC
 *
 * Passwords in the ways that people have: a season and its year, a walk over the keyboard, their house's name; and behind
 * it a number and invented names, until all is worth what it should be, or as long as the house's rules allow.
 *
 * The entropy stated is that of what was drawn, a bit less for what is filtered: not counted are the style, and what one
 * who knows the house knows. So short ones come out well below what cannot be guessed, and are said to. */
#include <string.h>
#include <time.h>
#include "tokens/password.h"

#define WANTED 620 /* tenths of a bit */
#define ROOMY 20   /* characters: a year of four digits fits, and a long name of the house */
#define WORD_SHORT 6
#define WORD_LONG 10
#define WALK 4

struct writing {
    const struct mint_request *request;
    struct buffer *out;
    size_t least, most; /* characters, but for a sign at the end */
    uint32_t tenths;
};

/* One of `count`, each as likely: worth so many tenths of a bit. */
static uint32_t pick(struct writing *writing, uint32_t count, uint32_t tenths)
{
    writing->tenths += tenths;
    return draw_below(writing->request->draw, count);
}

static size_t room(const struct writing *writing)
{
    return writing->most > writing->out->length ? writing->most - writing->out->length : 0;
}

static void add_sign(struct writing *writing)
{
    buffer_add_char(writing->out, "-._+"[pick(writing, 4, 20)]);
}

static void add_digits(struct writing *writing, size_t count)
{
    while (count-- > 0)
        buffer_add_char(writing->out, (char)('0' + pick(writing, 10, 33)));
}

/* Three syllables, or what there is room for. */
static void add_name(struct writing *writing)
{
    char consonant;

    for (int i = 0; i < 3 && room(writing) >= 2; i++) {
        consonant = "bcdfghjklmnprstv"[pick(writing, 16, 40)];
        buffer_add_char(writing->out, (char)(i == 0 ? consonant - 32 : consonant));
        buffer_add_char(writing->out, "aeiou"[pick(writing, 5, 23)]);
    }
}

/* ---- beginnings ---- */

static void add_year(struct writing *writing)
{
    time_t now = (time_t)writing->request->now;
    struct tm date;
    int year;

    gmtime_r(&now, &date);
    year = date.tm_year + 1900 - (int)pick(writing, 3, 15);
    (void)buffer_add_format(writing->out, writing->most >= ROOMY ? "%04d" : "%02d",
                            writing->most >= ROOMY ? year : year % 100);
}

static void begin_season(struct writing *writing)
{
    static const char *const seasons[2][4] = {{"Spring", "Summer", "Autumn", "Winter"},
                                              {"Printemps", "Ete", "Automne", "Hiver"}};
    bool french = strcmp(writing->request->language, "fr") == 0;

    buffer_add_text(writing->out, seasons[french][pick(writing, 4, 20)]);
    add_year(writing);
}

static void begin_keyboard(struct writing *writing)
{
    static const char *const rows[2][3] = {{"qwertyuiop", "asdfghjkl", "zxcvbnm"},
                                           {"azertyuiop", "qsdfghjklm", "wxcvbn"}};
    const char *row = rows[strcmp(writing->request->language, "fr") == 0][pick(writing, 3, 15)];
    uint32_t start = pick(writing, (uint32_t)strlen(row) - WALK + 1, 15);
    bool back = pick(writing, 2, 10) == 1;

    for (uint32_t i = 0; i < WALK; i++) {
        char key = row[start + (back ? WALK - 1 - i : i)];

        buffer_add_char(writing->out, (char)(i == 0 ? key - 32 : key));
    }
}

/* The first word of the house's name of three letters or more, that no scanner drops. false: there is none. */
static bool add_house(struct writing *writing)
{
    size_t most = writing->most >= ROOMY ? WORD_LONG : WORD_SHORT, length = 0;
    char word[WORD_LONG + 1];

    for (const char *c = writing->request->organisation;; c++) {
        char low = (char)(*c | 0x20);

        if (low >= 'a' && low <= 'z') {
            if (length < most) {
                word[length] = (char)(length == 0 ? low - 32 : low);
                length++;
            }
            continue;
        }
        word[length] = '\0';
        if (length >= 3 && !kind_filtered(slice_of(word)))
            return buffer_add_text(writing->out, word) == 0;
        if (*c == '\0')
            return false;
        length = 0;
    }
}

static void begin_company(struct writing *writing)
{
    if (!add_house(writing)) {
        begin_season(writing);
        return;
    }
    add_sign(writing);
    add_year(writing);
}

static const struct style {
    const char *form;
    void (*begin)(struct writing *writing);
} styles[] = {
    {"season", begin_season}, {"keyboard", begin_keyboard}, {"company", begin_company}, {"names", add_name}};

#define STYLES (sizeof styles / sizeof *styles)

static const struct style *style_of(const struct mint_request *request)
{
    for (size_t i = 0; i < STYLES; i++)
        if (strcmp(styles[i].form, request->form) == 0)
            return &styles[i];
    return &styles[draw_below(request->draw, STYLES)];
}

/* The number first, so that letters, digits and signs are in, however short it is. */
static void fill(struct writing *writing)
{
    if (room(writing) >= 2) {
        add_sign(writing);
        add_digits(writing, room(writing) < 4 ? room(writing) : 4);
    }
    while (room(writing) >= 3 && (writing->out->length < writing->least || writing->tenths < WANTED)) {
        add_sign(writing);
        add_name(writing);
    }
    if (writing->out->length < writing->least)
        add_digits(writing, writing->least - writing->out->length);
}

uint16_t password_style_draw(const struct mint_request *request, struct buffer *out)
{
    const struct password_policy *policy = &request->passwords;
    struct writing writing = {request, out, policy->least > 0 ? policy->least - 1u : 0,
                              (policy->most > 0 ? policy->most : PASSWORD_MOST) - 1u, 0};

    style_of(request)->begin(&writing);
    fill(&writing);
    buffer_add_char(out, "!?*+=&"[pick(&writing, 6, 25)]);
    return (uint16_t)(writing.tenths / 10 - 1);
}
