/* SPDX-License-Identifier: ISC
 *
 * Rules on a mail and what it answers. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server/base/clock.h"
#include "server/minter/lint.h"

#define ID 512

static const json_t *find(const json_t *messages, const char *id)
{
    const json_t *message;
    size_t index;

    json_array_foreach(messages, index, message)
    {
        const char *known = json_string_value(json_object_get(message, "message_id"));

        if (known != NULL && strcmp(known, id) == 0)
            return message;
    }
    return NULL;
}

/* What a lure's own record has of another mail of its thread, which may be in a folder that nobody looked into, or which
 * the mailbox's owner is said to have thrown away; else NULL. */
static const json_t *recorded(const struct lint_mail *mail, const char *id)
{
    const json_t *message = find(json_object_get(mail->meta, "messages"), id);

    return message != NULL ? message : find(json_object_get(mail->meta, "gone"), id);
}

static const struct lint_mail *present(const struct lint *lint, const char *id)
{
    const json_t *index = json_object_get(lint->ids, id);

    return index != NULL ? &lint->mails[json_integer_value(index)] : NULL;
}

/* When that mail was written, in seconds; false: nobody knows it. */
static bool written(const struct lint *lint, const struct lint_mail *mail, const char *id, int64_t *seconds)
{
    const struct lint_mail *other = present(lint, id);
    const char *date = json_string_value(json_object_get(recorded(mail, id), "date"));

    if (other != NULL) {
        *seconds = other->dated ? other->date : INT64_MIN;
        return true;
    }
    *seconds = INT64_MIN;
    if (date != NULL && clock_parse(date, seconds) == 0)
        *seconds /= 1000000;
    return date != NULL;
}

/* The next "<…>"; NULL at the end. */
static const char *next_id(const char *at, char id[ID])
{
    const char *open = strchr(at, '<'), *close = open != NULL ? strchr(open, '>') : NULL;

    if (close == NULL || close - open >= ID - 1)
        return NULL;
    snprintf(id, ID, "%.*s", (int)(close - open) + 1, open);
    return close + 1;
}

/* How long what a program put before a subject is, 0 where there is nothing. */
static size_t prefix_of(const char *subject)
{
    static const char *const prefixes[] = {"re:", "fw:", "fwd:", "tr:", "aw:", "rép:", "re :", "tr :"};

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);

        if (strncasecmp(subject, prefixes[i], length) == 0)
            return length + strspn(subject + length, " ");
    }
    return 0;
}

static const char *topic(const char *subject)
{
    for (size_t length; (length = prefix_of(subject)) > 0;)
        subject += length;
    return subject;
}

static void check_subject(struct lint *lint, const struct lint_mail *mail, const char *id)
{
    const struct lint_mail *other = present(lint, id);

    if (other != NULL && strcmp(topic(mail->subject), topic(other->subject)) != 0)
        lint_tell(lint, mail, LINT_SUBJECT, "it is called \"%.120s\", and what it answers \"%.120s\"", mail->subject,
                  other->subject);
}

static void check_answer(struct lint *lint, const struct lint_mail *mail, const char *id)
{
    int64_t time;

    if (!written(lint, mail, id, &time))
        lint_tell(lint, mail, LINT_NOTHING, "it answers %s, which is nowhere", id);
    else if (mail->dated && time != INT64_MIN && mail->date <= time)
        lint_tell(lint, mail, LINT_EARLY, "it was written %lld seconds before what it answers",
                  (long long)(time - mail->date));
    check_subject(lint, mail, id);
}

/* Each of References is somewhere, and the last of them is what is answered. */
static void check_references(struct lint *lint, const struct lint_mail *mail, const char *answered)
{
    const char *at = mail->references;
    char id[ID] = "", before[ID] = "";
    int64_t time;

    while ((at = next_id(at, id)) != NULL) {
        if (strcmp(id, answered) != 0 && !written(lint, mail, id, &time))
            lint_tell(lint, mail, LINT_NOTHING, "it refers to %s, which is nowhere", id);
        snprintf(before, sizeof before, "%s", id);
    }
    if (answered[0] != '\0' && before[0] != '\0' && strcmp(before, answered) != 0)
        lint_tell(lint, mail, LINT_CHAIN, "it answers %s, and the last of its References is %s", answered, before);
}

void lint_thread(struct lint *lint, const struct lint_mail *mail)
{
    char answered[ID] = "";
    bool answers = next_id(mail->answers, answered) != NULL;

    if (answers)
        check_answer(lint, mail, answered);
    else if (strncasecmp(mail->subject, "re:", 3) == 0 && mail->references[0] == '\0')
        lint_tell(lint, mail, LINT_BARE, "it is called \"%.120s\", and says not what it answers", mail->subject);
    check_references(lint, mail, answers ? answered : "");
}
