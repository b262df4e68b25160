/* SPDX-License-Identifier: ISC
 *
 * What to do now, by where the secret lay. */
#include <string.h>
#include "server/base/clock.h"
#include "server/courier/record.h"
#include "server/courier/text.h"

#define WORDS 120

/* Texts with at most one %-free mark: '@' stands for what the place is called, '$' for the day of planting. */
static const char *const mail_steps[] = {
    "Go through sign-ins, delegations, mail rules, app consents and IMAP, EWS and Graph access of @ since $.",
    "End its sessions, revoke its app passwords and tokens, and change the owner's sign-in.",
    "Change every real secret that stands in this mailbox: the thief has likely read those too.", NULL};
static const char *const repository_steps[] = {
    "Find out who could read @ since $: clones, forks, mirrors, CI runners, laptops, backups; keep its access logs.",
    "Revoke deploy keys, access tokens and sessions that can read it, and look for new ones.",
    "Change every real secret in it, in its history too: the thief has likely read those too.", NULL};
static const char *const directory_steps[] = {
    "Find out who searched the directory and read @ since $: bind logs, event 1644 or 4662, accounts that list everybody.",
    "Look for what comes after a directory is read: Kerberoasting (event 4769), password spraying, new logins.",
    "Change every real secret that stands in descriptions and notes there: the thief has likely read those too.", NULL};
static const char *const file_steps[] = {
    "Find out which accounts, services and backups could read @ since $, and keep the host's logs.",
    "Treat that host as broken into until shown otherwise.",
    "Change every real secret that lay beside it: the thief has likely read those too.", NULL};
static const char *const other_steps[] = {
    "Find out where this secret has been kept or sent since $, and who could read it there.",
    "Change every real secret that was kept beside it.", NULL};
static const char *const beacon_steps[] = {
    "Find out what fetched it: a mail gateway, link preview, indexer or backup of yours does so by itself.",
    "If nothing of yours did, find out who could read @ since $, and go through its access logs.", NULL};
static const char *const drill_steps[] = {"Nothing: this was a drill. Note that it arrived, and how long it took.",
                                          "Who ran it, and when: sundew operations", NULL};
static const char *const route_steps[] = {
    "Look at the receiver: its address, its certificate, its signing key, and whether it is up.",
    "See how each route fares with: sundew routes",
    "Once it answers, everything that waits is sent by itself; dead letters go out with: sundew replay DELIVERY", NULL};

static const char *const heartbeat_steps[] = {
    "Nothing. Have the receiver raise an alarm when twice that time has passed without one.",
    "Now and then, compare: sundew audit --anchor with the evidence chain below shows whether the ledger was cut.", NULL};

static const char *const *steps_of(const json_t *record)
{
    const char *takes = record_place_takes(record);

    if (record_is_heartbeat(record))
        return heartbeat_steps;
    if (record_get(record, "sighting") == NULL)
        return route_steps;
    if (record_is(record, "drill"))
        return drill_steps;
    if (strcmp(record_text(record, "grade"), "beacon") == 0)
        return beacon_steps;
    if (strcmp(takes, "mail") == 0)
        return mail_steps;
    if (strcmp(takes, "repository") == 0)
        return repository_steps;
    if (strcmp(takes, "directory") == 0)
        return directory_steps;
    return record_get(record, "placement.where.path") != NULL ? file_steps : other_steps;
}

static void add_day(struct buffer *out, const char *time)
{
    char text[CLOCK_TEXT];
    int64_t planted;

    if (clock_parse(time, &planted) == 0)
        buffer_add_format(out, "%.10s", clock_text(planted, text));
    else
        buffer_add_text(out, "its minting");
}

static void add_step(struct buffer *out, const json_t *record, int number, const char *step)
{
    const char *planted = record_first(record, "placement.planted token.minted");
    const char *place = record_first(record, "placement.where.mailbox placement.where.repository placement.where.dn "
                                             "placement.where.path placement.place");

    buffer_add_format(out, "%d. ", number);
    for (; *step != '\0'; step++) {
        if (*step == '@')
            text_own(out, place, WORDS);
        else if (*step == '$')
            add_day(out, planted);
        else
            buffer_add_char(out, *step);
    }
    buffer_add_char(out, '\n');
}

static void add_hunt(struct buffer *out, const json_t *record, int number)
{
    buffer_add_format(out, "%d. Search the logs of identity provider, VPN, proxies and servers for ", number);
    text_foreign(out, record_text(record, "source.address"), WORDS);
    if (record_text(record, "client.http.user_agent")[0] != '\0') {
        buffer_add_text(out, " and for the client \"");
        text_foreign(out, record_text(record, "client.http.user_agent"), WORDS);
        buffer_add_char(out, '"');
    }
    buffer_add_text(out, ".\n");
}

static void add_outsider(struct buffer *out, const json_t *record)
{
    text_own(out, record_first(record, "placement.shared.name placement.shared.mail"), WORDS);
    buffer_add_text(out, " <");
    text_own(out, record_text(record, "placement.shared.mail"), WORDS);
    buffer_add_text(out, "> of ");
    text_own(out, record_text(record, "placement.shared.organisation"), WORDS);
}

/* The lure says that somebody of another house was sent the secret: the thief will look there next, or came from
 * there. Who was made up cannot be warned. */
static void add_warning(struct buffer *out, const json_t *record, int number)
{
    bool invented = record_is(record, "placement.shared.invented");

    buffer_add_format(out, "%d. ", number);
    buffer_add_text(out, invented ? "Nobody outside need be warned: " : "Warn ");
    add_outsider(out, record);
    buffer_add_text(out, invented ? ", whom the lure names, is made up.\n"
                                  : ": the lure says that they hold this secret too, so the thief may go for them next, "
                                    "or have come by their mailbox.\n");
}

/* What lay in the same file was read as well, whoever sees it used. */
static void add_beside(struct buffer *out, const json_t *record, int number)
{
    bool vendors = strcmp(record_text(record, "beside.seen"), "vendor") == 0;

    buffer_add_format(out, "%d. Beside it lay a planted ", number);
    text_own(out, record_text(record, "beside.kind"), WORDS);
    buffer_add_text(out, " (");
    text_own(out, record_text(record, "beside.identity"), WORDS);
    buffer_add_text(out, vendors ? "): its vendor alone sees that one used; it opens nothing.\n"
                                 : "), whose use would show here: look whether it did.\n");
}

int text_steps(struct buffer *out, const json_t *record)
{
    const char *const *steps = steps_of(record);
    int number = 1;

    for (; *steps != NULL; steps++)
        add_step(out, record, number++, *steps);
    if (record_get(record, "sighting") == NULL || record_is(record, "drill"))
        return out->failed ? -1 : 0;
    if (record_was_sent(record))
        add_step(out, record, number++, "Find out who reads along on the mail servers, filters and archives that it went "
                                        "through.");
    if (record_text(record, "placement.shared.mail")[0] != '\0' && strcmp(record_text(record, "grade"), "beacon") != 0)
        add_warning(out, record, number++);
    if (record_text(record, "beside.kind")[0] != '\0')
        add_beside(out, record, number++);
    add_hunt(out, record, number++);
    buffer_add_format(out, "%d. Leave lure and decoy as they are: taking them away tells the thief.\n", number++);
    buffer_add_format(out, "%d. If it was your own test, scanner or restore: sundew ack ", number);
    text_own(out, record_text(record, "incident"), WORDS);
    buffer_add_text(out, " --verdict benign --note \"who and why\"\n");
    return out->failed ? -1 : 0;
}
