/* SPDX-License-Identifier: ISC
 *
 * No command holds a turn of the keeper's loop for long, however much the ledger holds: counted in steps of SQLite's
 * machine, which no load changes. */
#include <string.h>
#include "tests/keeper/operator.h"
#include "tests/test.h"

#define STEPS 1000    /* between two calls of count() */
#define TURN 80       /* such calls in one turn: a page of a listing takes the most */
#define ENOUGH 2000   /* rows of a listing, then the client goes */

static struct operator o;
static char *token;
static unsigned steps;

static int count(void *unused)
{
    (void)unused;
    steps++;
    return 0;
}

/* One token with all sightings, from as many actors, in one incident; and as many of everything else: to look through one
 * of the tables takes more than a turn may. */
static void fill(void)
{
    static const char sql[] =
        "CREATE TEMP TABLE n AS WITH RECURSIVE c (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM c LIMIT 20000)"
        " SELECT i, randomblob(16) AS id FROM c;"
        "BEGIN;"
        "INSERT INTO token (id, kind, form, identity, identity_digest, secret, secret_bits, identity_bits, bound,"
        " distinctive, decoy, state, minted) SELECT n.id, kind, form, 'u' || i, x'', secret, 80, 40, 1, 1, 'gone', state,"
        " minted FROM n, (SELECT * FROM token WHERE number = 1);"
        "INSERT INTO placement (id, token, place, location, lure, meta, state, planted, campaign) SELECT randomblob(16),"
        " number, 'file:/x', '{}', 'l', '{}', 'there', 1, 'plan/' || number FROM token;"
        "INSERT INTO actor (id, prefix, address, first_seen, last_seen, sightings) SELECT id, id,"
        " x'00000000000000000000ffffc0000207', 1, 2, 1 FROM n;"
        "INSERT INTO incident (id, state, severity, opened, updated) SELECT id, 'closed', 'critical', 1, 1 FROM n;"
        "INSERT INTO sighting (id, observation, observation_id, token, actor, incident, time, grade, part, found_in,"
        " reason, decoy, service, source, port, via, client, context) SELECT n.id, i, n.id, s.token, i, s.incident, i,"
        " grade, part, found_in, reason, decoy, service, source, port, via, client, context FROM n,"
        " (SELECT * FROM sighting WHERE number = 1) s;"
        "INSERT INTO fold SELECT incident, token, actor, grade, time, time, 1, 0, time, 0, NULL, number FROM sighting"
        " WHERE number > 1;"
        "INSERT INTO alert (id, incident, sighting, token, time, type, activity, severity, grade, title, record)"
        " SELECT n.id, i, i, i, i, 'sighting', 'create', 'critical', 'secret', 't', '{}' FROM n;"
        "INSERT INTO delivery (id, alert, route, rank, state, next, deadline, made) SELECT n.id, i, 'soc', 0,"
        " 'delivered', 1, 1, 1 FROM n;"
        "INSERT INTO operation (seq, time, who, what, subject, details, digest, link) SELECT 1000 + i, i, 'root',"
        " 'inspected', '', '{}', randomblob(32), randomblob(32) FROM n;"
        "INSERT INTO observation (seq, id, time, decoy, service, source, port, flow, context, presented, matched, digest,"
        " link) SELECT i, id, i, 'gitlab', 'http', x'00000000000000000000ffffc0000207', 1, x'', CAST('{}' AS BLOB), x'',"
        " zeroblob(128), randomblob(32), randomblob(32) FROM n;"
        "COMMIT";

    operator_sql(&o, sql);
}

static void setup(void)
{
    operator_open(&o, true);
    token = operator_mint(&o, "password");
    operator_sighting(&o, token);
    fill();
    sqlite3_progress_handler(o.keeper.ledger.db, STEPS, count, NULL);
    o.window = 512;
}

static void teardown(void)
{
    free(token);
    operator_close(&o);
}

/* Until the end of the command that was sent, or until that many rows have come. */
static void watch_turns(const char *what)
{
    while (!o.done && o.row_count < ENOUGH) {
        steps = 0;
        event_base_loop(o.base, EVLOOP_ONCE);
        ck_assert_msg(steps <= TURN, "%s: a turn took %u thousand steps", what, steps);
    }
    if (!o.done)
        operator_connect(&o);
    ck_assert_msg(!o.done || o.code == 0 || o.code == 1 || o.code == 3, "%s: %d %s", what, o.code, o.text);
}

/* The first id that a query finds, as text. */
static void name(const char *letter, const char *sql, char id[ID_TEXT])
{
    char query[256];
    sqlite3_stmt *statement;

    (void)snprintf(query, sizeof query, "SELECT id_text('%s', (%s))", letter, sql);
    ck_assert_int_eq(sqlite3_prepare_v2(o.keeper.ledger.db, query, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    (void)snprintf(id, ID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static void list(void)
{
    static const char *const commands[][3] = {
        {"tokens", NULL, NULL},        {"tokens", "state", "retired"}, {"placements", NULL, NULL},
        {"sightings", NULL, NULL},     {"sightings", "grade", "noise"}, {"incidents", NULL, NULL},
        {"actors", NULL, NULL},        {"alerts", NULL, NULL},         {"deliveries", NULL, NULL},
        {"operations", NULL, NULL},    {"routes", NULL, NULL},         {"status", NULL, NULL},
        {"check", NULL, NULL},         {"audit", NULL, NULL},          {"inspect", NULL, NULL},
        {"campaign", "plan", "plan"},  {"allow-list", NULL, NULL},     {"drill", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        operator_send(&o, commands[i][0], commands[i][1], commands[i][2], NULL);
        watch_turns(commands[i][0]);
        if (strcmp(commands[i][0], "incidents") == 0) {
            ck_assert_uint_eq(json_array_size(json_object_get(o.rows[0].json, "tokens")), 1);
            ck_assert_uint_eq(json_array_size(json_object_get(o.rows[0].json, "actors")), 1000);
        }
        /* The only one that opens a decoy is the oldest of all. */
        if (strcmp(commands[i][0], "drill") == 0)
            ck_assert_str_eq(operator_text(&o, 0, "token"), token);
    }
}

static void show(void)
{
    static const char *const rows[][2] = {
        {"t", "SELECT id FROM token WHERE number = 1"},
        {"p", "SELECT id FROM placement WHERE number = 1"},
        {"s", "SELECT id FROM sighting WHERE number = 1"},
        {"i", "SELECT id FROM incident WHERE number = 1"},
        {"c", "SELECT id FROM actor WHERE number = 1"},
        {"c", "SELECT id FROM actor WHERE number = 15000"},
        {"a", "SELECT id FROM alert WHERE number = 1"},
        {"d", "SELECT id FROM delivery WHERE number = 1"},
        {"o", "SELECT id FROM observation WHERE seq = 2"},
        {"o", "SELECT x'00000000000000000000000000000000'"},
        {"x", "SELECT substr(digest, 1, 16) FROM operation ORDER BY seq LIMIT 1"},
    };
    char id[ID_TEXT];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        name(rows[i][0], rows[i][1], id);
        operator_send(&o, "show", "id", id, NULL);
        watch_turns(id);
    }
    operator_send(&o, "drilled", "token", token, "port", "4000", "since", "1970-01-02", NULL);
    watch_turns("drilled");
    name("i", rows[3][1], id);
    operator_send(&o, "ack", "incident", id, "note", "seen", NULL);
    watch_turns("ack");
    operator_send(&o, "rotate", "placement", token, NULL);
    watch_turns("rotate");
    operator_send(&o, "retire", "token", token, NULL);
    watch_turns("retire");
}

START_TEST(no_command_holds_a_turn)
{
    list();
    show();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("turns");
    TCase *t = tcase_create("turns");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, no_command_holds_a_turn);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
