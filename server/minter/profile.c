/* SPDX-License-Identifier: ISC */
#include "server/minter/profile.h"
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/stamp.h"

#define SLOTS 32
#define SLOT 320

/* ---- reading ---- */

static int read_fields(const struct yaml *root, const char *key, struct profile_field *fields, size_t *count,
                       struct error *error)
{
    static const char *const allowed[] = {"name", "value", NULL};
    const struct yaml *list = yaml_get(root, key);

    if (list == NULL)
        return 0;
    if (list->type != YAML_LIST || list->count > PROFILE_FIELDS)
        return yaml_fault(list, error, "'%s' is a list of at most %d fields, each with name and value", key,
                          PROFILE_FIELDS);
    for (size_t i = 0; i < list->count; i++) {
        struct profile_field *field = &fields[*count];

        if (yaml_only(list->items[i], allowed, error) != 0 ||
            yaml_text(list->items[i], "name", &field->name, error) != 0 ||
            yaml_text(list->items[i], "value", &field->value, error) != 0)
            return -1;
        if (field->name == NULL || field->value == NULL || field->name[0] == '\0' ||
            strpbrk(field->name, "\r\n\t :") != NULL)
            return yaml_fault(list->items[i], error, "a field has a name and a value");
        ++*count;
    }
    return 0;
}

static int read_map(const struct yaml *root, const char *key, const struct yaml **map, struct error *error)
{
    *map = yaml_get(root, key);
    if (*map == NULL)
        return 0;
    if ((*map)->type != YAML_MAP)
        return yaml_fault(*map, error, "'%s' is a map of mail programs", key);
    for (size_t i = 0; i < (*map)->count; i++)
        if ((*map)->items[i]->type != YAML_TEXT)
            return yaml_fault((*map)->items[i], error, "here stands one text for each mail program");
    return 0;
}

int profile_read(struct profile *profile, struct slice text, const char *file, struct error *error)
{
    static const char *const allowed[] = {"domain", "house", "outside", "tail", "ids", "programs", "versions", NULL};

    *profile = (struct profile){.root = NULL};
    return yaml_load(text, file, &profile->root, error) != 0 || yaml_only(profile->root, allowed, error) != 0 ||
                   read_fields(profile->root, "house", profile->house, &profile->house_count, error) != 0 ||
                   read_fields(profile->root, "outside", profile->outside, &profile->outside_count, error) != 0 ||
                   read_fields(profile->root, "tail", profile->tail, &profile->tail_count, error) != 0 ||
                   read_map(profile->root, "ids", &profile->ids, error) != 0 ||
                   read_map(profile->root, "programs", &profile->programs, error) != 0 ||
                   read_map(profile->root, "versions", &profile->versions, error) != 0
               ? -1
               : 0;
}

void profile_free(struct profile *profile)
{
    if (profile->root != NULL)
        yaml_discard(profile->root);
    profile->root = NULL;
}

static const char *of_program(const struct yaml *map, const char *program)
{
    const struct yaml *text = map != NULL ? yaml_get(map, program) : NULL;

    return text != NULL ? text->text : NULL;
}

/* ---- programs ---- */

static uint32_t hash_of(const char *text, uint32_t below)
{
    uint64_t hash;

    crypto_generichash((unsigned char *)&hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
    return (uint32_t)(hash % below);
}

const char *profile_program(const struct profile *profile, const char *mail)
{
    const struct yaml *map = profile->programs;
    unsigned long all = 0, drawn;

    for (size_t i = 0; map != NULL && i < map->count; i++)
        all += strtoul(map->items[i]->text, NULL, 10) % 1000001;
    if (all == 0)
        return NULL;
    drawn = hash_of(mail, (uint32_t)all);
    for (size_t i = 0; i < map->count; i++) {
        unsigned long share = strtoul(map->items[i]->text, NULL, 10) % 1000001;

        if (drawn < share)
            return map->keys[i]->text;
        drawn -= share;
    }
    return NULL;
}

const char *profile_version(const struct profile *profile, const char *program)
{
    return of_program(profile->versions, program);
}

/* ---- slots ---- */

/* One field that is being written. */
struct filling {
    const struct letter *letter;
    int64_t time;
    const char *name; /* of the field */
    bool by;          /* behind the clause that says where it came from */
    char done[SLOTS][SLOT];
    size_t count;
    struct buffer *out;
};

/* Below a limit: by chance, or where machines keep their names by the sender. */
static unsigned below(const struct filling *filling, size_t place, unsigned limit)
{
    char seed[512];

    if (filling->by)
        return draw_below(filling->letter->work->minter->draw, limit);
    snprintf(seed, sizeof seed, "%.200s %.100s %zu %zu", letter_text(filling->letter->from, "mail"), filling->name,
             filling->count, place);
    return hash_of(seed, limit);
}

static const char *alphabet_of(char letter)
{
    switch (letter) {
    case 'H': return "0123456789ABCDEF";
    case 'h': return "0123456789abcdef";
    case 'A': return "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    case 'a': return "abcdefghijklmnopqrstuvwxyz";
    case '9': return "0123456789";
    case 'x': return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    case 'b': return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    default: return NULL;
    }
}

static void fill_mask(const struct filling *filling, const char *mask, size_t length, char slot[SLOT])
{
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < SLOT; i++) {
        const char *alphabet = alphabet_of(mask[i]);

        i += mask[i] == '\\' && i + 1 < length;
        slot[used++] = alphabet == NULL ? mask[i] : alphabet[below(filling, i, (unsigned)strlen(alphabet))];
    }
    slot[used] = '\0';
}

/* "10.3" and what is wanting of four numbers. */
static void fill_address(const struct filling *filling, const char *prefix, size_t length, char slot[SLOT])
{
    int parts = 0;

    length = length < 16 ? length : 16;
    for (size_t i = 0; i < length; i++)
        parts += prefix[i] == '.';
    parts += length > 0;
    snprintf(slot, SLOT, "%.*s", (int)length, prefix);
    for (; parts < 4; parts++) {
        size_t used = strlen(slot);

        snprintf(slot + used, SLOT - used, "%s%u", parts > 0 ? "." : "", 2 + below(filling, (size_t)parts, 250));
    }
}

void profile_peer(const struct letter *letter, bool address, char *out, size_t size)
{
    unsigned host = 41 + hash_of(letter_text(letter->from, "mail"), 20);

    if (!letter_by(letter, "gmail"))
        snprintf(out, size, "%s", letter_text(letter->habits, address ? "address" : "server"));
    else
        snprintf(out, size, address ? "209.85.208.%u" : "mail-ed1-f%u.google.com", host);
}

static void fill(struct filling *filling, const char *name, size_t length, char slot[SLOT])
{
    const struct letter *letter = filling->letter;
    const struct zone utc = {.minutes = 0};
    struct slice what = {(const unsigned char *)name, length};
    const char *from = letter_text(letter->from, "mail"), *at = strchr(from, '@');
    const char *to = letter_text(json_object_get(letter->work->token, "to"), "mail");
    size_t number;

    slot[0] = '\0';
    if (slice_is(what, "from"))
        snprintf(slot, SLOT, "%s", from);
    else if (slice_is(what, "to"))
        snprintf(slot, SLOT, "%s", to);
    else if (slice_is(what, "to-local"))
        snprintf(slot, SLOT, "%.*s", (int)strcspn(to, "@"), to);
    else if (slice_is(what, "login"))
        snprintf(slot, SLOT, "%s", letter_text(letter->from, "login"));
    else if (slice_is(what, "domain"))
        snprintf(slot, SLOT, "%s", at != NULL ? at + 1 : "");
    else if (slice_is(what, "date"))
        when_mail(&letter->zone, filling->time, slot);
    else if (slice_is(what, "utc"))
        when_mail(&utc, filling->time, slot);
    else if (slice_is(what, "postfix"))
        stamp_postfix(letter->work->minter->draw, filling->time, slot);
    else if (slice_is(what, "dovecot"))
        stamp_dovecot(letter->work->minter->draw, filling->name, filling->time, slot);
    else if (slice_is(what, "peer"))
        profile_peer(letter, false, slot, SLOT);
    else if (slice_is(what, "peer-ip"))
        profile_peer(letter, true, slot, SLOT);
    else if (length > 3 && strncmp(name, "ip:", 3) == 0)
        fill_address(filling, name + 3, length - 3, slot);
    else if (length > 1 && name[0] == '~')
        fill_mask(filling, name + 1, length - 1, slot);
    else if (length > 1 && name[0] == '=' && (number = strtoul(name + 1, NULL, 10)) < filling->count)
        memcpy(slot, filling->done[number], SLOT);
}

/* The end of a slot that begins there: '}' that no backslash stands before. */
static const char *slot_end(const char *open)
{
    for (const char *at = open + 1; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '}')
            return at;
    }
    return NULL;
}

static void write_value(struct filling *filling, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        const char *end = *at == '{' ? slot_end(at) : NULL;

        filling->by = filling->by || strncmp(at, "by ", 3) == 0;
        if (end == NULL || filling->count == SLOTS) {
            buffer_add_char(filling->out, *at == '\r' ? ' ' : *at);
            continue;
        }
        fill(filling, at + 1, (size_t)(end - at) - 1, filling->done[filling->count]);
        buffer_add_text(filling->out, filling->done[filling->count++]);
        at = end;
    }
}

/* Lines behind the first begin with a blank, whatever the file says. */
static void write_field(const struct letter *letter, const struct profile_field *field, int64_t time, struct buffer *out)
{
    struct filling filling = {.letter = letter, .time = time, .name = field->value, .out = out};
    struct buffer value;

    buffer_init(&value, 16384);
    filling.out = &value;
    filling.by = strncasecmp(field->name, "Received", 8) != 0;
    write_value(&filling, field->value);
    buffer_add_format(out, "%s: ", field->name);
    for (size_t i = 0; i < value.length; i++) {
        buffer_add_char(out, (char)value.data[i]);
        if (value.data[i] == '\n' && i + 1 < value.length && value.data[i + 1] != ' ' && value.data[i + 1] != '\t')
            buffer_add_char(out, '\t');
    }
    buffer_add_char(out, '\n');
    buffer_free(&value);
}

/* ---- what is written ---- */

static bool is_hop(const struct profile_field *field)
{
    return strcasecmp(field->name, "Received") == 0;
}

bool profile_trace(const struct profile *profile, const struct letter *letter, int64_t taken, struct buffer *out)
{
    const struct profile_field *fields = letter->outside ? profile->outside : profile->house;
    size_t count = letter->outside ? profile->outside_count : profile->house_count;
    int64_t times[PROFILE_FIELDS], time = taken;

    for (size_t i = count; i-- > 0;) {
        times[i] = time;
        time += is_hop(&fields[i]) ? draw_below(letter->work->minter->draw, 3) : 0;
    }
    for (size_t i = 0; i < count; i++)
        write_field(letter, &fields[i], times[i], out);
    return count > 0;
}

void profile_tail(const struct profile *profile, const struct letter *letter, struct buffer *out)
{
    for (size_t i = 0; i < profile->tail_count && !letter->outside; i++)
        write_field(letter, &profile->tail[i], letter->sent, out);
}

bool profile_id(const struct profile *profile, const struct letter *letter, char id[LETTER_ID])
{
    const char *value = of_program(profile->ids, letter->client);
    struct filling filling = {.letter = letter, .time = letter->sent, .name = "Message-ID", .by = true};
    struct buffer text;

    if (value == NULL || letter->outside)
        return false;
    buffer_init(&text, LETTER_ID - 1);
    filling.out = &text;
    write_value(&filling, value);
    snprintf(id, LETTER_ID, "%s", buffer_text(&text));
    buffer_free(&text);
    return id[0] == '<' && id[strlen(id) - 1] == '>' && strpbrk(id, " \t\r\n") == NULL;
}
