/* SPDX-License-Identifier: ISC
 *
 * Lures that are mails: a thread between people of the persona, and now and then somebody of another house. One mail
 * holds the secret; the others lead to it, or answer it. Or the last mail alone lies there, as with people who throw
 * away what it quotes: then the secret stands in that. */
#include <stdio.h>
#include <string.h>
#include "server/minter/letter.h"
#include "server/minter/mime.h"
#include "server/minter/profile.h"

#define DAY 86400
#define ALONE 5 /* of ten threads of which one mail can be kept alone */

struct thread {
    struct lure_work *work;
    struct letter letters[LURE_MESSAGES];
    size_t count;
    size_t chief; /* the mail that holds the secret, and */
    size_t given; /* the one that was written with it; another where only the last one is kept */
    bool alone;
    json_t *house; /* the habits of the mailbox's own */
};

/* ---- who writes, and when ---- */

/* How many of the lure's mails there are up to the one that can be kept alone; 0: none can. */
static size_t up_to_alone(const struct lure *lure)
{
    size_t count = lure->message_count;

    while (count > 0 && !lure->messages[count - 1].alone)
        count--;
    return count;
}

/* Which mails there are this time. */
static void choose(struct thread *thread)
{
    const struct lure *lure = thread->work->lure;
    const struct draw *draw = thread->work->minter->draw;
    size_t most = up_to_alone(lure);

    thread->alone = most > 0 && draw_below(draw, 10) < ALONE;
    for (size_t i = 0; i < (thread->alone ? most : lure->message_count); i++) {
        const struct lure_message *message = &lure->messages[i];
        struct letter *letter = &thread->letters[thread->count];

        if (message->maybe && !thread->alone && draw_below(draw, 2) == 0)
            continue;
        *letter = (struct letter){.work = thread->work, .message = message, .gone = thread->alone};
        letter->answered = thread->count > 0 ? letter - 1 : NULL;
        if (message->secret)
            thread->given = thread->count;
        thread->count++;
    }
    thread->chief = thread->alone ? thread->count - 1 : thread->given;
    thread->letters[thread->chief].gone = false;
}

/* The program that the house's mails show, as many of each as it has. */
static void follow(const struct profile *profile, struct letter *letter)
{
    const char *program = profile_program(profile, letter_text(letter->from, "mail"));
    const char *version = program != NULL ? profile_version(profile, program) : NULL;

    if (program == NULL || version == NULL)
        return;
    letter->client = program;
    letter->version = version;
}

static int cast(struct thread *thread, struct letter *letter, struct error *error)
{
    const json_t *token = thread->work->token, *habits;

    letter->from = json_object_get(token, letter->message->from);
    letter->to = json_object_get(token, letter->message->to);
    letter->copy = letter->message->copy != NULL ? json_object_get(token, letter->message->copy) : NULL;
    letter->own = strcmp(letter->message->from, "to") == 0;
    letter->outside = strcmp(letter->message->from, "outside") == 0;
    letter->habits = letter->outside ? json_object_get(token, "supplier") : thread->house;
    habits = letter_text(letter->from, "client")[0] != 0 ? letter->from : letter->habits;
    letter->client = letter_text(habits, "client");
    letter->version = letter_text(habits, "version");
    if (thread->work->profile != NULL && !letter->outside)
        follow(thread->work->profile, letter);
    letter->zone = persona_zone(json_object_get(thread->work->parameters, "persona"));
    if (letter_text(letter->from, "mail")[0] == 0 || letter_text(letter->to, "mail")[0] == 0)
        return error_set(error, "the persona has nobody who could write this mail");
    return 0;
}

/* The chief's date, and from it back and forth. Answers for which there is no time yet are left out. */
static int date(struct thread *thread, struct error *error)
{
    const struct lure_work *work = thread->work;
    const struct zone *zone = &thread->letters[0].zone;
    int64_t now = work->minter->now();
    struct letter *letters = thread->letters;

    letters[thread->chief].sent =
        work->at != 0 ? work->at : when_between(zone, now - 20 * DAY, now - DAY - DAY / 2, work->minter->draw);
    for (size_t i = thread->chief; i-- > 0;) {
        letters[i].sent = when_near(zone, letters[i + 1].sent, false, now, work->minter->draw);
        if (letters[i].sent == 0)
            return error_usage(error, "there is no working day before the date of this mail");
    }
    for (size_t i = thread->chief + 1; i < thread->count; i++) {
        letters[i].sent = when_near(zone, letters[i - 1].sent, true, now - 600, work->minter->draw);
        if (letters[i].sent == 0)
            thread->count = i;
    }
    return 0;
}

/* ---- what they write ---- */

static int title(struct letter *letter, struct error *error)
{
    const struct lure_work *work = letter->work;

    if (letter->answered != NULL)
        buffer_add_text(&letter->subject, letter_by(letter, "outlook") ? "RE: " : "Re: ");
    if (lure_render(work->lure->subject, work->base, work->token, work->variables, RENDER_PLAIN, &letter->subject,
                    error) != 0)
        return -1;
    (void)buffer_text(&letter->subject); /* ends it */
    return 0;
}

static int attach(struct letter *letter, struct error *error)
{
    const struct lure_message *message = letter->message;

    for (size_t i = 0; i < message->attachment_count; i++)
        if (attachment_make(letter->work, &message->attachments[i], letter->from, letter->sent,
                            &letter->attachments[letter->attachment_count++], error) != 0)
            return -1;
    return 0;
}

static int write_all(struct thread *thread, struct lure_made *made, struct error *error)
{
    for (size_t i = 0; i < thread->count; i++) {
        struct letter *letter = &thread->letters[i];
        struct buffer *out = NULL;

        if (title(letter, error) != 0)
            return -1;
        letter_name(letter);
        if (letter_write(letter, error) != 0 || attach(letter, error) != 0)
            return -1;
        if (!letter->gone && ((out = lure_file(made, error)) == NULL || letter_send(letter, out, error) != 0))
            return -1;
    }
    return 0;
}

/* ---- what is told of it ---- */

/* The letter's file. */
static size_t file_of(const struct thread *thread, size_t letter)
{
    return thread->alone ? 0 : letter;
}

static int tell_letters(const struct thread *thread, json_t *meta)
{
    json_t *list = json_array(), *gone = json_array();
    char date[WHEN_TEXT], file[24];

    for (size_t i = 0; i < thread->count; i++) {
        const struct letter *letter = &thread->letters[i];
        const char *sent = when_text(&letter->zone, letter->sent, date);

        snprintf(file, sizeof file, "%zu", file_of(thread, i));
        if (letter->gone)
            json_array_append_new(gone, json_pack("{ss ss}", "message_id", letter->id, "date", sent));
        else
            json_array_append_new(list, json_pack("{ss ss ss sb}", "file", file, "message_id", letter->id, "date",
                                                  sent, "own", letter->own));
    }
    if (json_object_set_new(meta, "messages", list) != 0 || json_array_size(gone) == 0) {
        json_decref(gone);
        return json_object_get(meta, "messages") == NULL ? -1 : 0;
    }
    return json_object_set_new(meta, "gone", gone);
}

/* Whom outside the house the mail that gives the secret names as having it. */
static int tell_shared(const struct thread *thread, json_t *meta)
{
    const struct lure_message *message = thread->letters[thread->given].message;
    const json_t *outside = json_object_get(thread->work->token, "outside");
    bool shared = strcmp(message->from, "outside") == 0 || strcmp(message->to, "outside") == 0 ||
                  (message->copy != NULL && strcmp(message->copy, "outside") == 0);

    if (!shared)
        return 0;
    return json_object_set_new(
        meta, "shared",
        json_pack("{ss ss ss sb}", "name", letter_text(outside, "name"), "mail", letter_text(outside, "mail"),
                  "organisation", letter_text(json_object_get(thread->work->token, "supplier"), "name"), "invented",
                  !json_is_true(json_object_get(outside, "real"))));
}

/* Which of the people that the job named play in it; that a directory knows them, `lure check` need not doubt. */
static int tell_people(const struct thread *thread, json_t *meta)
{
    static const char *const parts[] = {"from", "to", "third"};
    json_t *list = json_array();

    if (thread->work->people == NULL) {
        json_decref(list);
        return 0;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *person = json_object_get(thread->work->token, parts[i]);

        if (json_is_true(json_object_get(person, "real")))
            json_array_append_new(list, json_pack("{ss ss}", "name", letter_text(person, "name"), "mail",
                                                  letter_text(person, "mail")));
    }
    return json_object_set_new(meta, "people", list);
}

/* The chief's attachment that holds the secret; NULL: the text does. */
static const char *held_by(const struct letter *chief)
{
    for (size_t i = 0; i < chief->message->attachment_count; i++)
        if (chief->message->attachments[i].secret)
            return chief->attachments[i].name;
    return NULL;
}

static int finish(const struct thread *thread, struct lure_made *made, struct error *error)
{
    const struct lure_work *work = thread->work;
    const struct letter *chief = &thread->letters[thread->chief];
    struct slice message = buffer_slice(&made->files[file_of(thread, thread->chief)]);
    const char *attachment = held_by(chief);
    char date[WHEN_TEXT], file[24];

    if (attachment == NULL && (memmem(message.data, message.length, work->secret.data, work->secret.length) == NULL ||
        memmem(message.data, message.length, work->identity.data, work->identity.length) == NULL))
        return error_set(error, "lure '%s' does not hold identity and secret unbroken", work->lure->name);
    snprintf(file, sizeof file, "%zu", file_of(thread, thread->chief));
    made->meta = json_pack(
        "{ss ss ss ss ss ss ss ss ss si ss*}", "lure", work->lure->name, "type", "mail", "language", work->lure->language,
        "subject", (const char *)chief->subject.data, "from", letter_text(chief->from, "mail"), "to",
        letter_text(json_object_get(work->token, "to"), "mail"), "date", when_text(&chief->zone, chief->sent, date),
        "message_id", chief->id, "secret_file", file, "line", (int)lure_line(message, work->secret), "attachment", attachment);
    if (made->meta == NULL)
        return 0;
    return tell_letters(thread, made->meta) != 0 || tell_people(thread, made->meta) != 0
               ? -1
               : tell_shared(thread, made->meta);
}

/* ---- all ---- */

static int open_thread(struct thread *thread, struct error *error)
{
    const json_t *persona = json_object_get(thread->work->parameters, "persona");

    thread->house = json_deep_copy(json_object_get(persona, "mail"));
    if (thread->house == NULL)
        return error_set(error, "the persona has no mail server");
    json_object_set(thread->house, "domain", json_object_get(persona, "domain"));
    choose(thread);
    for (size_t i = 0; i < thread->count; i++) {
        buffer_init(&thread->letters[i].subject, 4096);
        buffer_init(&thread->letters[i].body, LETTER_BYTES);
        if (cast(thread, &thread->letters[i], error) != 0)
            return -1;
    }
    return date(thread, error);
}

static int learned(struct lure_work *work, struct profile *profile, struct error *error)
{
    const char *text = letter_text(work->parameters, "profile"), *file = letter_text(work->parameters, "profile_file");

    if (text[0] == 0)
        return 0;
    work->profile = profile;
    return profile_read(profile, slice_of(text), file, error);
}

int lure_mail(struct lure_work *work, struct lure_made *made, struct error *error)
{
    struct thread thread = {.work = work};
    struct profile profile = {.root = NULL};
    int rc = -1;

    if (learned(work, &profile, error) == 0 && open_thread(&thread, error) == 0 && write_all(&thread, made, error) == 0)
        rc = finish(&thread, made, error);
    for (size_t i = 0; i < LURE_MESSAGES; i++) {
        buffer_free(&thread.letters[i].subject);
        buffer_free(&thread.letters[i].body);
        for (size_t k = 0; k < thread.letters[i].attachment_count; k++)
            attachment_free(&thread.letters[i].attachments[k]);
    }
    json_decref(thread.house);
    profile_free(&profile);
    work->profile = NULL;
    return rc;
}
