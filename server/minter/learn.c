/* SPDX-License-Identifier: ISC */
#include "server/minter/learn.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/minter/lint.h"
#include "server/wire/mime_read.h"

#define EACH 200         /* mails that one field is learned from */
#define VALUE 2000
#define MOST_SLOTS 12    /* of a field that is no hop: more is no stamp but a report */

static const char *const programs[][2] = {
    {"thunderbird", "Thunderbird"}, {"roundcube", "Roundcube"}, {"apple", "Apple Mail"}, {"outlook", "Outlook"}};

/* Fields that writers' programs make. */
static const char *const own[] = {
    "From",       "To",           "Cc",           "Bcc",         "Date",     "Subject",      "Message-ID",  "MIME-Version",
    "In-Reply-To", "References",  "User-Agent",   "X-Mailer",    "Sender",   "Reply-To",     "Importance",  "Priority",
    "X-Priority", "X-Sender",     "Organization", "Autocrypt",   "Keywords", "Comments",     "X-Mozilla",   "Disposition",
    "Content-",   "Thread-",      "List-",        "Accept-",     "Resent-",  "X-Universally", "Precedence", NULL};
/* What servers write, and what is another for each mail. */
static const char *const never[] = {"DKIM-", "ARC-", "X-Google", "X-Gm-", "X-Received", "X-UID", "X-Keywords", "X-Status",
                                    "Status", "X-MSMail", "X-MimeOLE", "X-Originating", "X-Forwarded", NULL};

static bool begins(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strncasecmp(name, *list, strlen(*list)) == 0)
            return true;
    return false;
}

void learn_init(struct learn *learn, const char *domain)
{
    *learn = (struct learn){.domain = domain, .mails = calloc(LEARN_MAILS, sizeof *learn->mails)};
}

static void free_fields(struct learn_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(fields[i].name);
        free(fields[i].value);
    }
}

static void free_mail(struct learn_mail *mail)
{
    free_fields(mail->before, mail->before_count);
    free_fields(mail->behind, mail->behind_count);
    free(mail->from);
    free(mail->to);
    free(mail->id);
    free(mail->agent);
}

void learn_free(struct learn *learn)
{
    for (size_t i = 0; i < learn->count; i++)
        free_mail(&learn->mails[i]);
    free(learn->mails);
    *learn = (struct learn){0};
}

/* ---- one mail ---- */

/* Its blanks around gone, lines ended by LF. */
static char *value_of(struct slice raw)
{
    char *value = malloc(raw.length + 1);
    size_t used = 0, from = 0;

    while (from < raw.length && isspace(raw.data[from]))
        from++;
    for (; value != NULL && from < raw.length; from++)
        if (raw.data[from] != '\r' && raw.data[from] != '\0')
            value[used++] = (char)raw.data[from];
    while (value != NULL && used > 0 && isspace((unsigned char)value[used - 1]))
        used--;
    if (value != NULL)
        value[used] = '\0';
    return value;
}

static void add_field(struct learn_field *fields, size_t *count, struct slice name, struct slice raw)
{
    struct learn_field field = {slice_copy(name), value_of(raw)};

    if (*count < LEARN_FIELDS && field.name != NULL && field.value != NULL && strlen(field.value) < VALUE &&
        strspn(field.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == strlen(field.name)) {
        fields[(*count)++] = field;
        return;
    }
    free(field.name);
    free(field.value);
}

static void read_fields(struct slice head, struct learn_mail *mail)
{
    struct slice name, raw;
    bool behind = false;
    char *text;

    while (mime_next_raw(&head, &name, &raw)) {
        text = slice_copy(name);
        if (text != NULL && begins(text, own))
            behind = true;
        else if (text != NULL && !begins(text, never) && !behind)
            add_field(mail->before, &mail->before_count, name, raw);
        else if (text != NULL && !begins(text, never))
            add_field(mail->behind, &mail->behind_count, name, raw);
        free(text);
    }
}

static char *field_text(struct slice head, const char *name)
{
    struct buffer value;
    char *text;

    buffer_init(&value, 65536);
    (void)mime_field(head, name, &value);
    text = strdup(buffer_text(&value));
    buffer_free(&value);
    return text;
}

/* The mailbox's owner: whom the last server delivered to, else whom it is addressed to. */
static char *recipient(struct slice head)
{
    char *delivered = field_text(head, "Delivered-To");
    json_t *people;

    if (delivered != NULL && strchr(delivered, '@') != NULL)
        return delivered;
    free(delivered);
    people = mime_people(head, "To");
    delivered = strdup(lint_address(people, 0));
    json_decref(people);
    return delivered;
}

static const char *program_of(const struct learn_mail *mail)
{
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strstr(mail->agent, programs[i][1]) != NULL)
            return programs[i][0];
    if (strstr(mail->id, "@mail.gmail.com>") != NULL)
        return "gmail";
    for (size_t i = 0; i < mail->behind_count; i++)
        if (strcasecmp(mail->behind[i].name, "X-MS-Has-Attach") == 0)
            return "outlook";
    return NULL;
}

int learn_add(struct learn *learn, struct slice message, struct error *error)
{
    struct learn_mail mail = {.program = NULL};
    struct slice body, head = mime_head(message, &body);
    json_t *from = mime_people(head, "From");
    char *date = field_text(head, "Date"), *agent = field_text(head, "User-Agent"), domain[LINT_HOST];
    int offset;

    mail.from = strdup(lint_address(from, 0));
    mail.to = recipient(head);
    mail.id = field_text(head, "Message-ID");
    mail.agent = agent != NULL && agent[0] != '\0' ? strdup(agent) : field_text(head, "X-Mailer");
    read_fields(head, &mail);
    json_decref(from);
    free(agent);
    if (mail.from == NULL || mail.to == NULL || mail.id == NULL || mail.agent == NULL || date == NULL ||
        learn->mails == NULL) {
        free(date);
        free_mail(&mail);
        return error_set(error, "out of memory");
    }
    mail.house = lint_within(lint_domain(mail.from, domain), learn->domain);
    mail.program = program_of(&mail);
    if (mail.from[0] != '\0' && lint_date(date, &mail.date, &offset, NULL) && learn->count < LEARN_MAILS)
        learn->mails[learn->count++] = mail;
    else
        free_mail(&mail);
    free(date);
    return 0;
}

/* ---- what most have ---- */

/* Some mails of the sample. */
struct group {
    const struct learn_mail *mails[EACH];
    size_t count;
};

static bool is_hop(const struct learn_field *field)
{
    return strcasecmp(field->name, "Received") == 0;
}

static size_t hops_of(const struct learn_mail *mail)
{
    size_t hops = 0;

    for (size_t i = 0; i < mail->before_count; i++)
        hops += is_hop(&mail->before[i]);
    return hops;
}

static bool same_fields(const struct learn_mail *a, const struct learn_mail *b, size_t count)
{
    if (a->before_count < count || b->before_count < count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(a->before[i].name, b->before[i].name) != 0)
            return false;
    return true;
}

/* How many of a mail's fields are of the house's servers: down to the last hop whose server is one of the house's. */
static size_t ours(const struct learn *learn, const struct group *house, const struct learn_mail *mail)
{
    size_t count = 0;
    struct lint_hop hop, known;

    for (size_t i = 0; i < mail->before_count; i++) {
        if (!is_hop(&mail->before[i]))
            continue;
        lint_hop_read(mail->before[i].value, &hop);
        if (hop.by[0] != '\0' && lint_within(hop.by, learn->domain))
            count = i + 1;
        for (size_t k = 0; k < house->count && count < i + 1; k++)
            for (size_t f = 0; f < house->mails[k]->before_count && count < i + 1; f++) {
                if (!is_hop(&house->mails[k]->before[f]))
                    continue;
                lint_hop_read(house->mails[k]->before[f].value, &known);
                if (strcasecmp(known.by, hop.by) == 0)
                    count = i + 1;
            }
    }
    return count;
}

/* The mails whose fields before their own are the ones that most have. */
static void usual(const struct group *all, const size_t *lengths, struct group *out)
{
    size_t best = 0, most = 0;

    for (size_t i = 0; i < all->count; i++) {
        size_t alike = 0;

        for (size_t j = 0; j < all->count; j++)
            alike += lengths[i] > 0 && lengths[i] == lengths[j] && same_fields(all->mails[i], all->mails[j], lengths[i]);
        if (alike > most) {
            best = i;
            most = alike;
        }
    }
    for (size_t j = 0; j < all->count && most > 0; j++)
        if (lengths[best] == lengths[j] && same_fields(all->mails[best], all->mails[j], lengths[best]))
            out->mails[out->count++] = all->mails[j];
}

static void gather(const struct learn *learn, bool house, struct group *out)
{
    for (size_t i = 0; i < learn->count && out->count < EACH; i++)
        if (learn->mails[i].house == house && hops_of(&learn->mails[i]) > 0)
            out->mails[out->count++] = &learn->mails[i];
}

static size_t senders(const struct group *group)
{
    size_t count = 0;

    for (size_t i = 0; i < group->count; i++) {
        size_t before = 0;

        while (before < i && strcasecmp(group->mails[before]->from, group->mails[i]->from) != 0)
            before++;
        count += before == i;
    }
    return count;
}

/* ---- YAML ---- */

static void add_quoted(struct buffer *out, const char *text)
{
    buffer_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buffer_add_char(out, '\\');
        if (*text == '\n')
            buffer_add_text(out, "\\n");
        else if (*text == '\t')
            buffer_add_text(out, "\\t");
        else
            buffer_add_char(out, (unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f ? '?' : *text);
    }
    buffer_add_char(out, '"');
}

static void add_item(struct buffer *out, const char *name, struct buffer *value)
{
    buffer_add_text(out, "  - name: ");
    add_quoted(out, name);
    buffer_add_text(out, "\n    value: ");
    add_quoted(out, buffer_text(value));
    buffer_add_char(out, '\n');
}

/* The fields before a mail's own. -1 where a hop has no shape that most share: then the chain would not join up. */
static int write_before(const struct group *group, size_t length, bool outside, struct buffer *out)
{
    const char *values[EACH];
    struct buffer value;
    size_t slots, last = 0;
    int rc = 0;

    for (size_t f = 0; f < length; f++)
        last = is_hop(&group->mails[0]->before[f]) ? f : last;
    for (size_t f = 0; f < length && rc == 0; f++) {
        const struct learn_field *field = &group->mails[0]->before[f];

        buffer_init(&value, 4 * VALUE);
        for (size_t i = 0; i < group->count; i++)
            values[i] = group->mails[i]->before[f].value;
        rc = learn_value(group->mails, values, group->count, is_hop(field), outside && f == last, &value, &slots);
        if (rc == 0 && (is_hop(field) || slots <= MOST_SLOTS))
            add_item(out, field->name, &value);
        rc = is_hop(field) ? rc : 0;
        buffer_free(&value);
    }
    return rc;
}

/* What stands behind the own fields of nearly all, and is the same in all of them. */
static void write_behind(const struct group *group, struct buffer *out)
{
    const char *values[EACH];
    const struct learn_mail *mails[EACH];
    struct buffer value;
    bool first = true;

    for (size_t f = 0; f < group->mails[0]->behind_count; f++) {
        const char *name = group->mails[0]->behind[f].name;
        size_t count = 0, slots = 1;

        for (size_t i = 0; i < group->count; i++)
            for (size_t k = 0; k < group->mails[i]->behind_count; k++)
                if (strcasecmp(group->mails[i]->behind[k].name, name) == 0) {
                    mails[count] = group->mails[i];
                    values[count++] = group->mails[i]->behind[k].value;
                    break;
                }
        buffer_init(&value, 4 * VALUE);
        if (count * 10 >= group->count * 8 && learn_value(mails, values, count, false, false, &value, &slots) == 0 &&
            slots == 0) {
            buffer_add_text(out, first ? "tail:\n" : "");
            add_item(out, name, &value);
            first = false;
        }
        buffer_free(&value);
    }
}

/* ---- programs ---- */

static size_t by_program(const struct learn *learn, const char *program, const struct learn_mail **mails)
{
    size_t count = 0;

    for (size_t i = 0; i < learn->count && count < EACH; i++)
        if (learn->mails[i].house && learn->mails[i].program != NULL && strcmp(learn->mails[i].program, program) == 0)
            mails[count++] = &learn->mails[i];
    return count;
}

/* "<{~…}@{domain}>". */
static int write_id(const struct learn_mail *const *mails, size_t count, struct buffer *out)
{
    char (*left)[LINT_HOST] = calloc(count, sizeof *left), (*right)[LINT_HOST] = calloc(count, sizeof *right);
    const char **words = calloc(count, sizeof *words);
    char domain[LINT_HOST];
    bool own_domain = true, same = true;
    int rc = left != NULL && right != NULL && words != NULL ? 0 : -1;

    for (size_t i = 0; i < count && rc == 0; i++) {
        size_t length = strcspn(mails[i]->id, "@");

        if (mails[i]->id[0] != '<' || length < 2 || length > 200 || strpbrk(mails[i]->id, "{}\\\" ") != NULL)
            rc = -1;
        snprintf(left[i], LINT_HOST, "%.*s", (int)(length > 200 ? 200 : length) - 1, mails[i]->id + 1);
        lint_domain(mails[i]->id, right[i]);
        lint_domain(mails[i]->from, domain);
        own_domain = own_domain && strcasecmp(domain, right[i]) == 0;
        same = same && strcasecmp(right[0], right[i]) == 0;
        words[i] = left[i];
    }
    if (rc == 0 && (own_domain || same)) {
        buffer_add_char(out, '<');
        learn_mask(words, count, out);
        buffer_add_format(out, "@%s>", own_domain ? "{domain}" : right[0]);
    }
    free(words);
    free(left);
    free(right);
    return rc == 0 && out->length > 0 ? 0 : -1;
}

/* What most of a program's mails say that it is. */
static const char *usual_agent(const struct learn_mail *const *mails, size_t count)
{
    size_t most = 0;
    const char *agent = "";

    for (size_t i = 0; i < count; i++) {
        size_t alike = 0;

        for (size_t j = 0; j < count; j++)
            alike += strcmp(mails[i]->agent, mails[j]->agent) == 0;
        if (alike > most) {
            most = alike;
            agent = mails[i]->agent;
        }
    }
    return most >= LEARN_SENDERS && strlen(agent) < 120 ? agent : "";
}

static void write_programs(const struct learn *learn, struct buffer *out)
{
    static const char *const names[] = {"thunderbird", "roundcube", "apple", "outlook", "gmail"};
    struct buffer shares, ids, versions, id;
    const struct learn_mail *mails[EACH];

    buffer_init(&shares, 4096);
    buffer_init(&ids, 8192);
    buffer_init(&versions, 4096);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t count = by_program(learn, names[i], mails);

        if (count < LEARN_SENDERS)
            continue;
        buffer_add_format(&shares, "  %s: %zu\n", names[i], count);
        buffer_add_format(&versions, "  %s: ", names[i]);
        add_quoted(&versions, usual_agent(mails, count));
        buffer_add_char(&versions, '\n');
        buffer_init(&id, 2048);
        if (strcmp(names[i], "gmail") != 0 && write_id(mails, count, &id) == 0) {
            buffer_add_format(&ids, "  %s: ", names[i]);
            add_quoted(&ids, buffer_text(&id));
            buffer_add_char(&ids, '\n');
        }
        buffer_free(&id);
    }
    if (shares.length > 0)
        buffer_add_format(out, "programs:\n%sversions:\n%s", buffer_text(&shares), buffer_text(&versions));
    if (ids.length > 0)
        buffer_add_format(out, "ids:\n%s", buffer_text(&ids));
    buffer_free(&shares);
    buffer_free(&ids);
    buffer_free(&versions);
}

/* ---- all ---- */

static void write_outside(const struct learn *learn, const struct group *house, struct buffer *out)
{
    struct group all = {.count = 0}, group = {.count = 0};
    size_t lengths[EACH];
    struct buffer text;

    gather(learn, false, &all);
    for (size_t i = 0; i < all.count; i++)
        lengths[i] = ours(learn, house, all.mails[i]);
    usual(&all, lengths, &group);
    buffer_init(&text, 65536);
    if (group.count >= LEARN_LEAST && write_before(&group, ours(learn, house, group.mails[0]), true, &text) == 0)
        buffer_add_format(out, "outside:\n%s", buffer_text(&text));
    buffer_free(&text);
}

int learn_write(struct learn *learn, struct buffer *out, struct error *error)
{
    struct group all = {.count = 0}, house = {.count = 0};
    size_t lengths[EACH];

    gather(learn, true, &all);
    for (size_t i = 0; i < all.count; i++)
        lengths[i] = all.mails[i]->before_count;
    usual(&all, lengths, &house);
    if (house.count < LEARN_LEAST || senders(&house) < LEARN_SENDERS)
        return error_set(error,
                         "too few mails within %.200s to learn from: %zu that came the same way, by %zu people, and it takes "
                         "%d by %d; name a larger folder, or --name another domain",
                         learn->domain, house.count, senders(&house), LEARN_LEAST, LEARN_SENDERS);
    buffer_add_text(out, "domain: ");
    add_quoted(out, learn->domain);
    buffer_add_text(out, "\nhouse:\n");
    if (write_before(&house, house.mails[0]->before_count, false, out) != 0)
        return error_set(error, "the servers of %.200s write Received fields of which no two are alike; name mails of one "
                                "mailbox alone", learn->domain);
    write_outside(learn, &house, out);
    write_behind(&house, out);
    write_programs(learn, out);
    learn->house = house.count;
    return out->failed ? error_set(error, "the profile is too long") : 0;
}
