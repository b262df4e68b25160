/* SPDX-License-Identifier: ISC */
#include "server/minter/lint.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of enum lint_rule. */
static const struct {
    const char *name, *why, *remedy;
} rules[LINT_RULES] = {
    {"field", "no mail program leaves it out", "uproot it and plant again"},
    {"rest", "people of this house do not work then", "plant again with another --at, or without"},
    {"weekday", "no program writes a day that was not", "plant again"},
    {"future", "it has not been written yet", "check this host's clock, and plant again"},
    {"zone", "colleagues keep one time", "set TZ as the mail server has it, and plant again"},
    {"back", "a server cannot have a mail before the one that gave it", "plant again; check what was learned from"},
    {"join", "each server names the one that it took the mail from", "plant again; `sundew lure learn` shows it your "
             "servers"},
    {"taken", "mail leaves within minutes of being written", "plant again"},
    {"arrival", "a mailbox notes the time at which the last server delivered", "plant again into a place that takes "
                "dates (`sundew places`)"},
    {"id", "programs end Message-IDs with their own house's name", "plant again; `sundew lure learn` shows it your ids"},
    {"twice", "no two mails have the same Message-ID", "uproot one of them"},
    {"nothing", "whoever looks for the rest of the thread finds none", "plant the whole thread, or a lure without"},
    {"early", "nobody answers what is not written yet", "plant again"},
    {"bare", "an answer names what it answers", "plant again"},
    {"chain", "the last of References is what In-Reply-To names", "plant again"},
    {"subject", "answers keep the subject", "plant again"},
    {"stranger", "a look into the directory shows that nobody is called so", "name real people: --owner \"Name <mail>\""},
    {"name", "the directory spells it otherwise", "write it as the directory does: --owner \"Name <mail>\""},
    {"envelope", "what is sent from another house than it says is taken for forged", "plant again"},
    {"recipient", "it was delivered to somebody whom it does not name", "plant with --owner as the mailbox's owner"},
    {"word", "scanners drop secrets that hold it, as examples", "retire the token, and mint another"},
    {"marker", "it tells scanners, and whoever reads it, to look away", "write it otherwise, or take another lure"},
    {"link", "whoever follows it is not seen", "name a host of a decoy: --host"},
    {"repeated", "who has read both knows both", "uproot one of them, and plant again"},
    {"structure", "who has read one knows the other", "uproot one of them, and plant another lure (--lure)"},
    {"saved", "what is sent was saved before", "plant again"},
    {"parent", "a commit comes after the one that it stands on", "plant again with a later --at, or without"},
    {"style", "whoever reads the log sees the odd one", "plant again; or write it as the others do"},
    {"lacks", "who lists the folder sees the one that is without", "give it one like theirs, or plant into another folder"},
    {"odd", "who lists the folder sees the one that has it", "plant another lure (--lure), or where others have it"},
    {"unlike", "those of one folder are made alike", "plant again, named as those are (--identity); or set it as theirs is"},
    {"number", "directories count on from the last one", "plant again"},
    {"age", "nothing that an account does is older than the account", "plant another lure (--lure), or describe it otherwise"},
    {"unused", "an account that nobody uses opens nothing", "plant into a folder where some are not used"},
    {"described", "who lists descriptions sees the odd one", "plant another lure (--lure), or write it as theirs are"},
    {"alone", "accounts lie where accounts lie", "plant into a folder of accounts"},
};

const char *lint_rule_name(enum lint_rule rule)
{
    return rules[rule].name;
}

void lint_tell(struct lint *lint, const struct lint_mail *mail, enum lint_rule rule, const char *format, ...)
{
    struct lint_finding finding = {rules[rule].name, mail, NULL, rules[rule].why, rules[rule].remedy};
    char what[768];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    finding.what = what;
    lint->found++;
    lint->take(&finding, lint->context);
}

void lint_init(struct lint *lint, const json_t *world, int64_t now)
{
    *lint = (struct lint){.world = world, .now = now, .ids = json_object()};
}

void lint_free(struct lint *lint)
{
    for (size_t i = 0; i < lint->count; i++)
        lint_mail_free(&lint->mails[i]);
    free(lint->mails);
    json_decref(lint->ids);
    *lint = (struct lint){0};
}

static size_t text_bytes(const struct lint_mail *mail)
{
    size_t bytes = strlen(mail->text);

    for (size_t i = 0; i < mail->file_count; i++)
        bytes += strlen(mail->files[i].text);
    return bytes;
}

static int make_room(struct lint *lint, size_t bytes, struct error *error)
{
    struct lint_mail *mails;

    if (lint->count == LINT_MAILS || lint->bytes + bytes > LINT_ALL)
        return error_set(error, "at most %d mails are looked at in one go, or %d MiB of text; name fewer", LINT_MAILS,
                         LINT_ALL >> 20);
    if (lint->count < lint->capacity)
        return 0;
    mails = reallocarray(lint->mails, 2 * lint->capacity + 16, sizeof *mails);
    if (mails == NULL)
        return error_set(error, "out of memory");
    lint->mails = mails;
    lint->capacity = 2 * lint->capacity + 16;
    return 0;
}

int lint_keep(struct lint *lint, struct lint_mail *mail, struct error *error)
{
    if (make_room(lint, text_bytes(mail), error) != 0) {
        lint_mail_free(mail);
        return -1;
    }
    lint->bytes += text_bytes(mail);
    lint->mails[lint->count++] = *mail;
    return 0;
}

bool lint_is_mail(const struct lint_mail *mail)
{
    return mail->commit == NULL && mail->entry == NULL;
}

int lint_blank(const struct lint_source *source, const char *id, char *text, struct lint_mail *mail)
{
    *mail = (struct lint_mail){.placement = strdup(source->placement), .mailbox = strdup(source->mailbox),
                               .meta = json_deep_copy(source->meta), .id = strdup(id), .answers = strdup(""),
                               .references = strdup(""), .subject = strdup(""), .sender = strdup(""),
                               .delivered = strdup(""), .text = text, .from = json_array(), .people = json_array(),
                               .links = json_array()};
    if (mail->placement == NULL || mail->mailbox == NULL || mail->id == NULL || mail->answers == NULL ||
        mail->references == NULL || mail->subject == NULL || mail->sender == NULL || mail->delivered == NULL ||
        mail->text == NULL || mail->from == NULL || mail->people == NULL || mail->links == NULL) {
        lint_mail_free(mail);
        return -1;
    }
    lint_links(mail->text, mail->links);
    return 0;
}

int lint_add(struct lint *lint, const struct lint_source *source, struct slice message, struct error *error)
{
    struct lint_mail mail = {.arrived = source->arrived};

    mail.placement = strdup(source->placement);
    mail.mailbox = strdup(source->mailbox);
    mail.meta = json_deep_copy(source->meta);
    if (lint_read(message, &mail) != 0 || mail.placement == NULL || mail.mailbox == NULL) {
        lint_mail_free(&mail);
        return error_set(error, "out of memory");
    }
    return lint_keep(lint, &mail, error);
}

/* Where the next "From " line behind an empty one begins, or the end. */
static size_t next_entry(struct slice text, size_t at)
{
    static const char separator[] = "\n\nFrom ";
    const unsigned char *found = memmem(text.data + at, text.length - at, separator, sizeof separator - 1);

    return found != NULL ? (size_t)(found - text.data) + 2 : text.length;
}

int lint_entries(struct slice text, int (*take)(struct slice message, void *context, struct error *error), void *context,
                 struct error *error)
{
    int rc = 0;

    for (size_t at = 0, end; rc == 0 && at < text.length; at = end) {
        const unsigned char *line = memchr(text.data + at, '\n', text.length - at);
        size_t start = line != NULL ? (size_t)(line - text.data) + 1 : text.length;

        end = next_entry(text, at);
        if (start < end)
            rc = take((struct slice){text.data + start, end - start}, context, error);
    }
    return rc;
}

struct entries {
    struct lint *lint;
    const struct lint_source *source;
    size_t number;
};

static int add_entry(struct slice message, void *context, struct error *error)
{
    struct entries *entries = context;
    struct lint_source each = *entries->source;
    char *name = NULL;
    int rc;

    if (asprintf(&name, "%s:%zu", each.placement, ++entries->number) < 0)
        return error_set(error, "out of memory");
    each.placement = name;
    rc = lint_add(entries->lint, &each, message, error);
    free(name);
    return rc;
}

int lint_add_mbox(struct lint *lint, const struct lint_source *source, struct slice text, struct error *error)
{
    struct entries entries = {lint, source, 0};

    return lint_entries(text, add_entry, &entries, error);
}

static void index_ids(struct lint *lint)
{
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_mail *mail = &lint->mails[i];
        json_t *before = json_object_get(lint->ids, mail->id);

        if (!lint_is_mail(mail) || mail->id[0] == '\0')
            continue;
        if (before != NULL)
            lint_tell(lint, mail, LINT_TWICE, "it has the Message-ID of %s",
                      lint->mails[json_integer_value(before)].placement);
        else
            json_object_set_new(lint->ids, mail->id, json_integer((json_int_t)i));
    }
}

int lint_judge(struct lint *lint, void (*take)(const struct lint_finding *finding, void *context), void *context,
               struct error *error)
{
    lint->take = take;
    lint->context = context;
    index_ids(lint);
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_mail *mail = &lint->mails[i];

        if (mail->commit != NULL) {
            lint_commit(lint, mail);
        } else if (mail->entry != NULL) {
            lint_entry(lint, mail);
        } else {
            lint_head(lint, mail);
            lint_text(lint, mail);
            lint_files(lint, mail);
            lint_thread(lint, mail);
        }
    }
    return lint_beside(lint, error);
}
