/* SPDX-License-Identifier: ISC
 *
 * certificates: one row for each decoy that has one, for `sundew check`:
 * {"decoy","from":"file|authority|self-signed","certificate","key" (paths, or ""),"names":[…],"begins","expires",
 *  "renews" (null for files: that is the operator's to do),"fault"}. fault: why the files, as they are now, are not
 * used, and what is shown comes from before; or "". */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/keeper/certificate.h"
#include "server/keeper/command.h"
#include "server/keeper/keeper.h"
#include "server/keeper/provision.h"

static void add_time(struct buffer *json, const char *name, int64_t time)
{
    char text[CLOCK_TEXT];

    json_member_text(json, name, clock_text(time, text));
}

static void add_origin(struct buffer *json, const struct decoy *decoy, bool authority)
{
    json_member_text(json, "decoy", decoy->name);
    json_member_text(json, "from", decoy->certificate[0] != '\0' ? "file" : authority ? "authority" : "self-signed");
    json_member_text(json, "certificate", decoy->certificate);
    json_member_text(json, "key", decoy->key);
    json_member_open(json, "names");
    buffer_add_char(json, '[');
    for (size_t i = 0; i < decoy->name_count; i++)
        json_element(json, slice_of(decoy->names[i]));
    buffer_add_char(json, ']');
}

static void add_dates(struct buffer *json, sqlite3_stmt *row, bool file)
{
    int64_t from, until;

    if (certificate_validity(ledger_column(row, 0), &from, &until) < 0)
        return;
    add_time(json, "begins", from);
    add_time(json, "expires", until);
    if (file)
        buffer_add_text(json, ",\"renews\":null");
    else
        add_time(json, "renews", certificate_renews(until, sqlite3_column_int64(row, 1)));
}

/* 0, or -1 with the error's text. */
static int add_row(struct request *request, size_t i, struct buffer *json, struct error *error)
{
    struct keeper *keeper = request->keeper;
    const struct decoy *decoy = &keeper->configuration->decoys[i];
    sqlite3_stmt *row = ledger_statement(&keeper->ledger,
                                         "SELECT d.certificate, d.made, p.authority <> '' FROM decoy d, persona p"
                                         " WHERE d.name = ?1 AND length(d.certificate) > 0", error);
    int found;

    if (row == NULL)
        return -1;
    ledger_bind_text(row, 1, slice_of(decoy->name));
    found = ledger_step(&keeper->ledger, row, error);
    if (found == 1) {
        buffer_add_char(json, '{');
        add_origin(json, decoy, sqlite3_column_int(row, 2) != 0);
        add_dates(json, row, decoy->certificate[0] != '\0');
        json_member_text(json, "fault", control_certificate(keeper->control, i)->fault.text);
        buffer_add_char(json, '}');
        request_json(request, json);
    }
    sqlite3_reset(row);
    return found < 0 ? -1 : 0;
}

void command_certificates(struct request *request)
{
    size_t count = request->keeper->configuration->decoy_count;
    struct buffer json;
    struct error error;
    int result = 0;

    buffer_init(&json, 65536);
    for (size_t i = 0; i < count && result == 0; i++)
        result = add_row(request, i, &json, &error);
    buffer_free(&json);
    if (result < 0)
        request_fail(request, &error);
    else
        request_done(request, REQUEST_DONE, "%s", "");
}
