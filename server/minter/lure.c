/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/minter/carried.h"
#include "server/minter/lure.h"
#include "server/minter/view.h"
#include "server/wire/places.h"

#define TYPED_BYTES 500 /* of a secret that somebody puts into a sentence or a line of settings */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

/* ---- shared with mail.c and change.c ---- */

struct buffer *lure_file(struct lure_made *made, struct error *error)
{
    if (made->file_count == LURE_FILES) {
        error_set(error, "a lure has at most %d files", LURE_FILES);
        return NULL;
    }
    buffer_init(&made->files[made->file_count], LURE_FILE_BYTES);
    return &made->files[made->file_count++];
}

static size_t line_of(struct slice text, struct slice part)
{
    const unsigned char *found = part.length == 0 ? NULL : memmem(text.data, text.length, part.data, part.length);
    size_t line = 1;

    if (found == NULL)
        return 0;
    for (const unsigned char *c = text.data; c < found; c++)
        line += *c == '\n';
    return line;
}

size_t lure_line(struct slice text, struct slice secret)
{
    size_t line = line_of(text, secret);
    struct buffer encoded;

    buffer_init(&encoded, 3 * secret.length + 1);
    if (line == 0 && text.length > 0 && render_escaped(&encoded, secret, RENDER_URL) == 0)
        line = line_of(text, buffer_slice(&encoded));
    buffer_free(&encoded);
    return line;
}

int lure_render(const struct template *body, json_t *base, json_t *token, json_t *variables, enum render_escape escape,
                struct buffer *out, struct error *error)
{
    json_t *views[3] = {base, token, variables};

    if (template_render(body, views, variables == NULL ? 2 : 3, escape, NULL, out) != 0)
        return error_set(error, "a template makes more than %zu bytes, or memory ran out", out->maximum);
    return 0;
}

/* ---- the choice ---- */

static const char *type_of(const char *place)
{
    const struct place_row *row = place_row(slice_of(place));

    return row != NULL ? row->takes : NULL;
}

static const json_t *decoy_of(const struct lure_work *work)
{
    return json_object_get(work->parameters, "decoy");
}

struct shown_token lure_shown(const struct lure_work *work)
{
    return (struct shown_token){work->kind, work->form, work->identity, work->secret, work->facts};
}

/* For messages: what the decoy is. */
static const char *service_of(const struct lure_work *work)
{
    const char *site = text_of(decoy_of(work), "site");

    return site[0] != 0 ? site : text_of(decoy_of(work), "service");
}

static bool lure_fits(const struct lure *lure, const struct lure_work *work, const char *type)
{
    return strcmp(lure->type, type) == 0 && texts_hold_kind(&lure->kinds, work->kind) &&
           texts_hold(&lure->forms, work->form) && texts_hold_decoy(&lure->services, decoy_of(work)) &&
           texts_hold(&lure->places, work->place) && carried_fits(work, lure);
}

static bool lies_there(const struct lure_work *work, const struct lure *lure)
{
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(work->parameters, "lies"), i, name)
        if (strcmp(json_string_value(name) != NULL ? json_string_value(name) : "", lure->name) == 0)
            return true;
    return false;
}

/* A secret of several lines, or of a long one, is a file, whoever sends it. */
static bool lure_natural(const struct lure *lure, const struct lure_work *work)
{
    return lure->carries != LURE_NO_ARTIFACT || (work->secret.length <= TYPED_BYTES &&
                                                 memchr(work->secret.data, '\n', work->secret.length) == NULL);
}

/* One of those that fit: best one that need not be asked for, of the language, that does not lie there yet. */
static const struct lure *lure_any(const struct lure_work *work, const char *type)
{
    enum { NEW = 1, OWN = 2, UNASKED = 4 };
    const struct catalogue *catalogue = work->minter->catalogue;
    const struct lure *chosen = NULL;
    uint32_t count = 0;

    for (int wanted = UNASKED | OWN | NEW; wanted >= 0 && chosen == NULL; wanted--)
        for (size_t i = 0; i < catalogue->lure_count; i++) {
            const struct lure *lure = &catalogue->lures[i];

            if (((wanted & UNASKED) != 0 && lure->asked) || !lure_natural(lure, work) || !lure_fits(lure, work, type) ||
                ((wanted & OWN) != 0 && strcmp(lure->language, work->language) != 0) ||
                ((wanted & NEW) != 0 && lies_there(work, lure)))
                continue;
            if (draw_below(work->minter->draw, ++count) == 0)
                chosen = lure;
        }
    return chosen;
}

/* The one of that name, in the language if it is written in it. */
static const struct lure *lure_named(const struct lure_work *work, const char *type, const char *name,
                                     struct error *error)
{
    const struct catalogue *catalogue = work->minter->catalogue;
    const struct lure *found = NULL;

    for (size_t i = 0; i < catalogue->lure_count; i++) {
        const struct lure *lure = &catalogue->lures[i];

        if (strcmp(lure->name, name) == 0 && (found == NULL || strcmp(lure->language, work->language) == 0))
            found = lure;
    }
    if (found != NULL && lure_fits(found, work, type))
        return found;
    if (found == NULL)
        error_usage(error, "no lure is called '%s'; `sundew lures` lists them", name);
    else
        error_usage(error,
                    "lure '%s' does not fit a %s on a decoy that is %s in a place that takes %s; `sundew "
                    "lures` lists what does",
                    name, work->kind, service_of(work), type);
    return NULL;
}

static int choose(struct lure_work *work, const char *type, struct error *error)
{
    const char *name = text_of(work->parameters, "lure");

    if (name[0] != 0) {
        work->lure = lure_named(work, type, name, error);
        return work->lure == NULL ? -1 : 0;
    }
    work->lure = lure_any(work, type);
    if (work->lure == NULL)
        return error_usage(error, "no lure carries a %s for service %s into a place that takes %s", work->kind,
                           service_of(work), type);
    return 0;
}

/* ---- what is drawn ---- */

static bool coprime(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a == 1;
}

/* The lure's next turn. They are counted on from how many lures the installation had when this process first made one of
 * it, which is beyond all that processes before counted: no turn comes twice. */
static uint64_t next_turn(const struct lure_work *work)
{
    uint64_t *turn = &work->minter->turns[work->lure - work->minter->catalogue->lures];
    uint64_t ordinal = (uint64_t)json_integer_value(json_object_get(work->parameters, "ordinal"));

    *turn = (*turn != 0 ? *turn : ordinal) + 1;
    return *turn - 1;
}

static uint32_t ways_of(const struct lure_choice *choice)
{
    uint32_t ways = 1;

    for (size_t i = 0; i < choice->way_count; i++)
        ways *= choice->ways[i];
    return ways;
}

/* Any number, always the same (Steele et al., "Fast splittable pseudorandom number generators", 2014). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = a + (b + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The choice whose turn it is: each once in a round, in each round in another order. */
static size_t choice_at(uint64_t round, size_t position, size_t count)
{
    size_t before = 0, at = 0;

    for (size_t i = 0; i < count; i++) {
        before = 0;
        for (size_t k = 0; k < count; k++)
            before += mix(round, k) < mix(round, i);
        if (before == position)
            at = i;
    }
    return at;
}

/* Which of the variable's texts: of its choices each in turn, and of the ways to say it the next one, where the keeper says
 * how many lures there are already. So a sentence comes again only when all others had their turn. `whose`: each name has
 * another order. */
static uint32_t draw_index(const struct lure_work *work, const struct lure_variable *variable, uint64_t turn,
                           const char *whose)
{
    const json_t *seeds = json_object_get(json_object_get(work->parameters, "persona"), "seeds");
    uint64_t start = (uint64_t)json_integer_value(json_object_get(seeds, "order")), round = turn / variable->choice_count;
    bool turns = json_is_integer(json_object_get(work->parameters, "ordinal"));
    uint32_t index, ways, step;
    size_t choice;

    for (const char *c = whose; *c != 0; c++)
        start = start * 31 + (unsigned char)*c;
    for (const char *c = variable->name; *c != 0; c++)
        start = start * 31 + (unsigned char)*c;
    choice = turns ? choice_at(mix(start, round), turn % variable->choice_count, variable->choice_count)
                   : draw_below(work->minter->draw, (uint32_t)variable->choice_count);
    ways = ways_of(&variable->choices[choice]);
    for (step = ways * 5 / 8 + 1; !coprime(step, ways);)
        step++;
    index = turns ? (uint32_t)((start % ways + round % ways * step) % ways) : draw_below(work->minter->draw, ways);
    for (size_t i = 0; i < choice; i++)
        index += ways_of(&variable->choices[i]);
    return index;
}

/* The sections that are true, as {"or":{"0":{"2":true}}}. */
static json_t *choose_ways(const struct lure_choice *choice, uint32_t index)
{
    json_t *all = json_object();
    char number[24], way[16];

    for (size_t i = 0; i < choice->way_count; i++, index /= choice->ways[i - 1]) {
        snprintf(number, sizeof number, "%zu", i);
        snprintf(way, sizeof way, "%u", index % choice->ways[i]);
        json_object_set_new(all, number, json_pack("{sb}", way, true));
    }
    return json_pack("{so}", "or", all);
}

int lure_choose(const struct lure_variable *variable, uint32_t index, json_t *base, json_t *token, json_t *variables,
                struct buffer *out, struct error *error)
{
    const struct lure_choice *choice = variable->choices;
    json_t *views[4] = {base, token, variables, NULL};
    int rc;

    for (; index >= ways_of(choice); choice++)
        index -= ways_of(choice);
    views[3] = choose_ways(choice, index);
    rc = views[3] == NULL ? -1 : template_render(choice->body, views, 4, RENDER_PLAIN, NULL, out);
    json_decref(views[3]);
    return rc == 0 ? 0 : error_set(error, "'%s' makes too long a text, or memory ran out", variable->name);
}

int lure_draw(const struct lure_work *work, const struct lure_variable *variable, struct buffer *out,
              struct error *error)
{
    /* what all lures may use has its turns in each of them */
    return lure_choose(variable, draw_index(work, variable, work->turn, work->lure->name), work->base, work->token,
                       work->variables, out, error);
}

int lure_turn(const struct lure_work *work, const struct lure_variable *variable, uint64_t turn, struct buffer *out,
              struct error *error)
{
    return lure_choose(variable, draw_index(work, variable, turn, ""), work->base, work->token, work->variables, out, error);
}

/* Draws a text for each variable, rendered, so that later ones may name it. */
static int draw_variables(struct lure_work *work, struct error *error)
{
    struct buffer text;
    int rc = 0;

    buffer_init(&text, LURE_FILE_BYTES);
    for (size_t i = 0; rc == 0 && i < work->lure->variables.count; i++) {
        const struct lure_variable *variable = &work->lure->variables.items[i];

        buffer_clear(&text);
        rc = lure_draw(work, variable, &text, error);
        if (rc == 0 && json_object_set_new(work->variables, variable->name, json_string(buffer_text(&text))) != 0)
            rc = error_set(error, "variable '%s' makes no UTF-8 text", variable->name);
    }
    buffer_free(&text);
    return rc;
}

/* ---- text ---- */

static int lure_text(struct lure_work *work, struct lure_made *made, struct error *error)
{
    const struct artifact *artifact = carried_named(work, text_of(work->parameters, "lure"), error);
    struct buffer *out = artifact == NULL ? NULL : lure_file(made, error);
    size_t line = 0;

    if (out == NULL || carried_render(work, artifact, out, &line, error) != 0)
        return -1;
    made->meta = json_pack("{ss ss ss ss si}", "lure", artifact->name, "type", "text", "name", artifact->name,
                           "secret_file", "0", "line", (int)line);
    return 0;
}

/* ---- all ---- */

static int read_work(struct lure_work *work, struct error *error)
{
    const json_t *parameters = work->parameters, *persona = json_object_get(parameters, "persona");
    const char *at = text_of(parameters, "at");
    int64_t time = 0;

    work->kind = text_of(parameters, "kind");
    work->form = text_of(parameters, "form");
    work->place = text_of(parameters, "place");
    work->path = text_of(parameters, "path");
    work->language = text_of(parameters, "language");
    if (work->language[0] == 0)
        work->language = text_of(persona, "language");
    work->identity = slice_of(text_of(parameters, "identity"));
    work->secret = slice_of(text_of(parameters, "secret"));
    work->facts = json_object_get(parameters, "facts");
    work->buried = json_is_true(json_object_get(parameters, "buried"));
    if (kind_find(work->kind) == NULL)
        return error_usage(error, "no kind of token is called '%s'", work->kind);
    if (work->secret.length == 0 || work->identity.length == 0)
        return error_set(error, "a lure needs an identity and a secret");
    if (at[0] != 0 && clock_parse(at, &time) != 0)
        return error_usage(error, "'%s' is no date; write it as 2026-03-14T09:30:00Z", at);
    work->at = time / 1000000;
    return 0;
}

static int prepare(struct lure_work *work, struct error *error)
{
    const struct shown_token shown = lure_shown(work);

    work->base = view_base(work->parameters, error);
    if (work->base == NULL)
        return -1;
    work->token = view_token(work->parameters, &shown, work->at != 0 ? work->at : work->minter->now(),
                             work->minter->draw);
    work->variables = json_object();
    if (work->token == NULL || work->variables == NULL)
        return error_set(error, "identity or secret are not UTF-8, or memory ran out");
    if (lure_people(work, error) != 0)
        return -1;
    return view_outside(work->parameters, work->token, error);
}

static int make_of_type(const char *type, struct lure_work *work, struct lure_made *made, struct error *error)
{
    if (strcmp(type, "mail") == 0)
        return lure_mail(work, made, error);
    return strcmp(type, "repository") == 0 ? lure_repository(work, made, error) : lure_directory(work, made, error);
}

int lure_make(const struct minter *minter, const json_t *parameters, struct lure_made *made, struct error *error)
{
    struct lure_work work = {.minter = minter, .parameters = parameters};
    const char *type;
    int rc = -1;

    *made = (struct lure_made){0};
    if (read_work(&work, error) != 0)
        goto out;
    type = text_of(parameters, "takes")[0] != 0 ? text_of(parameters, "takes") : type_of(work.place);
    if (type == NULL) {
        error_usage(error, "no place is called '%s'; `sundew places` lists them", work.place);
        goto out;
    }
    if (prepare(&work, error) != 0)
        goto out;
    if (strcmp(type, "text") == 0) {
        rc = lure_text(&work, made, error);
    } else if (choose(&work, type, error) == 0) {
        work.turn = next_turn(&work);
        lure_cast(&work);
        rc = strcmp(type, "directory") == 0 ? lure_account(&work, error) : 0;
        if (rc == 0)
            rc = carried_make(&work, error);
        if (rc == 0)
            rc = draw_variables(&work, error);
        if (rc == 0)
            rc = make_of_type(type, &work, made, error);
    }
    if (rc == 0 && made->meta == NULL)
        rc = error_set(error, "out of memory");
out:
    json_decref(work.base);
    json_decref(work.token);
    json_decref(work.variables);
    json_decref(work.people);
    carried_free(&work);
    return rc;
}

void lure_free(struct lure_made *made)
{
    for (size_t i = 0; i < made->file_count; i++)
        buffer_free(&made->files[i]);
    json_decref(made->meta);
    *made = (struct lure_made){0};
}
