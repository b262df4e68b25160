/* SPDX-License-Identifier: ISC
 *
 * Rules on the files that a mail brings: when they were saved, by whom, and what they say. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server/minter/lint.h"
#include "server/minter/when.h"

#define SKEW 120 /* seconds; Office tells whole minutes */

/* Which formats name for their own sake. */
static const char *const names[] = {"accounts.google.com", "oauth2.googleapis.com", "www.googleapis.com", "maven.apache.org",
                                    "www.w3.org"};

struct file {
    struct lint *lint;
    const struct lint_mail *mail;
    const struct lint_file *file;
    char it[300];
};

static void check_saved(const struct file *file)
{
    const struct lint_mail *mail = file->mail;
    const struct zone zone = {.minutes = mail->offset};
    char text[WHEN_TEXT], date[WHEN_TEXT];
    const char *rest;

    if (file->file->saved == 0 || !mail->dated)
        return;
    rest = when_rest(&zone, file->file->saved, text);
    if (rest != NULL)
        lint_tell(file->lint, mail, LINT_REST, "%s was saved %s (%s)", file->it, rest,
                  when_mail(&zone, file->file->saved, date));
    if (file->file->saved > mail->date + SKEW)
        lint_tell(file->lint, mail, LINT_SAVED, "%s was saved %lld minutes after it was sent", file->it,
                  (long long)(file->file->saved - mail->date) / 60);
}

/* ---- people ---- */

static bool is_called(const json_t *people, const char *key, const char *name)
{
    const json_t *person;
    size_t index;

    json_array_foreach(people, index, person)
    {
        const char *known = json_string_value(json_object_get(person, key));

        if (known != NULL && strcasecmp(known, name) == 0)
            return true;
    }
    return false;
}

/* What somebody of ours sends was made by somebody of ours. */
static void check_author(const struct file *file)
{
    const json_t *world = file->lint->world;
    const json_t *named = json_object_get(file->mail->meta, "people");
    const char *ours = json_string_value(json_object_get(world, "domain")), *author = file->file->author;
    char domain[LINT_HOST];

    if (author[0] == '\0' || ours == NULL ||
        strcasecmp(lint_domain(lint_address(file->mail->from, 0), domain), ours) != 0)
        return;
    if (!is_called(named != NULL ? named : json_object_get(world, "people"), "name", author) &&
        !is_called(file->mail->from, "name", author) && !is_called(file->mail->people, "name", author))
        lint_tell(file->lint, file->mail, LINT_STRANGER, "%s was made by \"%s\", who is not in the directory", file->it,
                  author);
}

/* "nora.body": other accounts need not be people. */
static bool like_person(const char *local, size_t length)
{
    const char *dot = memchr(local, '.', length);

    for (size_t i = 0; i < length; i++)
        if (local[i] != '.' && local[i] != '-' && !isalpha((unsigned char)local[i]))
            return false;
    return dot != NULL && dot > local && dot < local + length - 1;
}

static void check_address(const struct file *file, const char *from, const char *at)
{
    const char *ours = json_string_value(json_object_get(file->lint->world, "domain"));
    size_t host = strspn(at + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    char address[LINT_HOST], domain[LINT_HOST];

    while (host > 0 && at[host] == '.')
        host--;
    snprintf(address, sizeof address, "%.*s", (int)(at + 1 + host - from), from);
    if (ours != NULL && strcasecmp(lint_domain(address, domain), ours) == 0 && like_person(from, (size_t)(at - from)) &&
        lint_known(file->lint, file->mail, address) == NULL)
        lint_tell(file->lint, file->mail, LINT_STRANGER, "%s names %s, who is not in the directory", file->it, address);
}

static void check_addresses(const struct file *file)
{
    const char *text = file->file->text;

    for (const char *at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
        const char *from = at;

        while (from > text && (isalnum((unsigned char)from[-1]) || strchr(".-_+", from[-1]) != NULL))
            from--;
        if (from < at && at - from < 64)
            check_address(file, from, at);
    }
}

/* ---- links ---- */

static json_t *foreign_links(const json_t *links)
{
    json_t *foreign = json_array(), *link;
    size_t index;

    json_array_foreach(links, index, link)
    {
        bool named = false;

        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            named = named || strcasecmp(json_string_value(link), names[i]) == 0;
        if (!named)
            json_array_append(foreign, link);
    }
    return foreign;
}

static void check_links(const struct file *file)
{
    json_t *links = foreign_links(file->file->links);

    lint_lead(file->lint, file->mail, file->it, links);
    json_decref(links);
}

void lint_files(struct lint *lint, const struct lint_mail *mail)
{
    for (size_t i = 0; i < mail->file_count; i++) {
        struct file file = {lint, mail, &mail->files[i], ""};

        snprintf(file.it, sizeof file.it, "its attachment %.200s", mail->files[i].name);
        check_saved(&file);
        check_author(&file);
        if (mail->files[i].document)
            check_addresses(&file);
        lint_markers(lint, mail, file.it, mail->files[i].text);
        lint_secrets(lint, mail, file.it, mail->files[i].text, true);
        check_links(&file);
    }
}
