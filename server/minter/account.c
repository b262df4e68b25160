/* SPDX-License-Identifier: ISC
 *
 * Lures that are accounts of a directory. */
#include <stdio.h>
#include <string.h>
#include "server/minter/lure.h"
#include "server/minter/persona.h"

#define DAY 86400
#define ACCOUNT_BYTES 256

/* The account within uid=ACCOUNT,…, DOMAIN\ACCOUNT and ACCOUNT@domain, as RFC 4514 writes it within a DN. */
static struct slice account_of(struct slice identity)
{
    const unsigned char *end = identity.data + identity.length, *from = identity.data;
    const unsigned char *equals = memchr(from, '=', identity.length), *back = memchr(from, '\\', identity.length);
    const unsigned char *stop;

    if (equals != NULL)
        from = equals + 1;
    else if (back != NULL)
        from = back + 1;
    stop = memchr(from, equals != NULL ? ',' : '@', (size_t)(end - from));
    return (struct slice){from, (size_t)((stop != NULL ? stop : end) - from)};
}

int lure_account(struct lure_work *work, struct error *error)
{
    struct slice account = account_of(work->identity);

    if (account.length == 0 || account.length > ACCOUNT_BYTES)
        return error_usage(error, "no account can go by that identity; choose another with --identity");
    for (size_t i = 0; i < account.length; i++)
        if (memchr(",+\"\\<>;=#/[]:|*? ", account.data[i], 17) != NULL)
            return error_usage(error, "an account's name holds no '%c'; choose another with --identity",
                               account.data[i]);
    return json_object_set_new(work->variables, "account", json_stringn((const char *)account.data, account.length)) == 0
               ? 0
               : error_set(error, "the identity is not UTF-8, or memory ran out");
}

/* When it is said to have been made: in the last years, but not of late. */
static const char *date_of(const struct lure_work *work, char date[WHEN_TEXT])
{
    struct zone zone = persona_zone(json_object_get(work->parameters, "persona"));
    int64_t now = work->minter->now();
    int64_t time = work->at != 0 ? work->at : when_between(&zone, now - 1900 * DAY, now - 260 * DAY, work->minter->draw);

    return when_text(&zone, time, date);
}

static int make_entry(const struct lure_work *work, enum lure_schema schema, struct lure_made *made, json_t *entries,
                      struct error *error)
{
    static const char *const names[LURE_SCHEMAS] = {"standard", "active-directory"};
    struct buffer *out = lure_file(made, error);
    char number[24];
    size_t line;

    if (out == NULL || lure_render(work->lure->entries[schema], work->base, work->token, work->variables, RENDER_PLAIN,
                                   out, error) != 0)
        return -1;
    line = lure_line(buffer_slice(out), work->secret);
    if (line == 0)
        return error_set(error, "lure '%s' leaves the secret out", work->lure->name);
    snprintf(number, sizeof number, "%zu", made->file_count - 1);
    return json_object_set_new(entries, names[schema], json_pack("{ss si}", "file", number, "line", (int)line)) == 0
               ? 0
               : error_set(error, "out of memory");
}

/* The colleague whom it names, where a directory or a file of people knows that one. */
static void tell_person(const struct lure_work *work, json_t *meta)
{
    json_t *third = json_object_get(work->token, "third");

    if (work->people != NULL && json_is_true(json_object_get(third, "real")))
        json_object_set_new(meta, "people", json_pack("[{s:O, s:O}]", "name", json_object_get(third, "name"), "mail",
                                                      json_object_get(third, "mail")));
}

int lure_directory(struct lure_work *work, struct lure_made *made, struct error *error)
{
    char date[WHEN_TEXT];
    json_t *entries = json_object();
    int rc = 0;

    made->meta = json_pack("{ss ss ss ss ss sO}", "lure", work->lure->name, "type", "directory", "language",
                           work->lure->language, "date", date_of(work, date), "secret_file", "0", "entries", entries);
    for (int i = 0; i < LURE_SCHEMAS && rc == 0; i++)
        rc = make_entry(work, (enum lure_schema)i, made, entries, error);
    if (made->meta != NULL)
        tell_person(work, made->meta);
    if (rc == 0 && made->meta != NULL)
        json_object_set(made->meta, "line", json_object_get(json_object_get(entries, "standard"), "line"));
    json_decref(entries);
    return rc;
}
