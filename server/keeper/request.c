/* SPDX-License-Identifier: ISC */
#include "server/keeper/request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/id.h"
#include "server/base/json.h"
#include "server/wire/usage.h"

static int count_of(const struct request *request, struct slice name)
{
    int count = 0;

    for (size_t i = 0; i < request->command->argument_count; i++)
        count += slice_equal(request->command->arguments[i].name, name);
    return count;
}

static int check_argument(struct request *request, const char *text, const struct argument *argument)
{
    struct usage_word usage;
    int length = (int)(argument->name.length < USAGE_NAME ? argument->name.length : USAGE_NAME);
    char name[USAGE_NAME + 3];

    if (!usage_find(text, argument->name, false, &usage) && !usage_find(text, argument->name, true, &usage)) {
        request_done(request, REQUEST_USAGE, "this command takes no \"%.*s\"; it takes: %s", length,
                     (const char *)argument->name.data, text[0] == '\0' ? "nothing" : text);
        return -1;
    }
    snprintf(name, sizeof(name), "%s%.*s", usage.option ? "--" : "", length, (const char *)argument->name.data);
    if (!usage.repeated && count_of(request, argument->name) > 1)
        request_done(request, REQUEST_USAGE, "%s stands twice; give it once", name);
    else if (argument->value.length > REQUEST_ARGUMENT)
        request_done(request, REQUEST_USAGE, "%s is too long; at most %d bytes", name, REQUEST_ARGUMENT);
    else if (argument->value.length > 0 && memchr(argument->value.data, '\0', argument->value.length) != NULL)
        request_done(request, REQUEST_USAGE, "%s holds a byte 0; leave it out", name);
    else if (!json_is_text(argument->value) && !slice_is(argument->name, "text"))
        request_done(request, REQUEST_USAGE, "%s holds bytes that are not UTF-8, in which all is kept and told; write it "
                                             "in UTF-8", name);
    else
        return 0;
    return -1;
}

int request_check(struct request *request, const char *usage)
{
    struct usage_word word;
    const char *at = usage;

    for (size_t i = 0; i < request->command->argument_count; i++)
        if (check_argument(request, usage, &request->command->arguments[i]) != 0)
            return -1;
    while ((at = usage_next(at, &word)) != NULL) {
        if (!word.option && !word.optional && command_argument(request->command, word.name).length == 0) {
            request_done(request, REQUEST_USAGE, "the operand %.*s is empty; usage: %s", (int)word.text.length,
                         (const char *)word.text.data, usage);
            return -1;
        }
    }
    return 0;
}

struct slice request_slice(const struct request *request, const char *name)
{
    return command_argument(request->command, name);
}

bool request_has(const struct request *request, const char *name)
{
    return request_slice(request, name).data != NULL;
}

char *request_text(const struct request *request, const char *name)
{
    struct slice value = request_slice(request, name);

    return value.data == NULL ? NULL : slice_copy(value);
}

struct noun {
    char letter;
    const char *name, *listing;
};

static const struct noun *noun_of(char letter)
{
    static const struct noun nouns[] = {
        {'t', "token", "tokens"},       {'p', "placement", "placements"}, {'s', "sighting", "sightings"},
        {'a', "alert", "alerts"},       {'i', "incident", "incidents"},   {'d', "delivery", "deliveries"},
        {'c', "actor", "actors"},       {'x', "operation", "operations"}, {'o', "observation", "sightings"},
    };
    size_t i = 0;

    while (i + 1 < sizeof nouns / sizeof nouns[0] && nouns[i].letter != letter)
        i++;
    return &nouns[i];
}

int request_id(struct request *request, const char *name, char letter, struct id *id)
{
    char *text = request_text(request, name);
    const struct noun *noun = noun_of(letter);
    int result = text != NULL ? id_parse(text, letter, id) : -1;

    if (result != 0)
        request_done(request, REQUEST_USAGE,
                     "\"%.60s\" is not the id of a%s %s, which is %c- and 26 letters and digits; `sundew %s` lists them",
                     text != NULL ? text : "", strchr("aeiou", noun->name[0]) != NULL ? "n" : "", noun->name, letter,
                     noun->listing);
    free(text);
    return result;
}

void request_unknown(struct request *request, char letter, struct id id)
{
    char text[ID_TEXT];
    const struct noun *noun = noun_of(letter);

    request_done(request, REQUEST_FAILED, "no %s %s here; `sundew %s` lists them", noun->name,
                 id_text(id, letter, text), noun->listing);
}

int request_word(struct request *request, const char *name, const char *const *words)
{
    struct slice value = request_slice(request, name);
    struct buffer list;

    if (value.data == NULL)
        return 0;
    for (size_t i = 0; words[i] != NULL; i++)
        if (slice_is(value, words[i]))
            return 0;
    buffer_init(&list, 4096);
    for (size_t i = 0; words[i] != NULL; i++)
        (void)buffer_add_format(&list, "%s%s", i > 0 ? ", " : "", words[i]);
    request_done(request, REQUEST_USAGE, "no %s \"%.*s\"; there are: %s", name,
                 (int)(value.length < 60 ? value.length : 60), (const char *)value.data, buffer_text(&list));
    buffer_free(&list);
    return -1;
}

int request_time(struct request *request, const char *name, int64_t *out)
{
    char *text = request_text(request, name);
    int result = 0;

    if (text != NULL && clock_parse(text, out) != 0) {
        request_done(request, REQUEST_USAGE,
                     "--%s \"%.60s\" is no date; write 2026-11-23, or with a time 2026-11-23T09:14:03Z", name, text);
        result = -1;
    }
    free(text);
    return result;
}
