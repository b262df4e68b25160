/* SPDX-License-Identifier: ISC
 *
 * The linter on entries of directories, as a planter shows them; in real ones: tests/scenarios/directory.test,
 * directory_samba.test. */
#include "tests/minter/lint_told.h"

#define NOW 1795000000 /* 18 November 2026 */
#define FOLDER "ou=services,dc=corp,dc=example"

/* One fault: an attribute of the account (own) or of all beside it, set to a value, or taken away (NULL). In values, '#'
 * is a number of each one's own. */
struct sample {
    const char *rule, *said; /* "": nothing is found */
    const char *own_name, *own_value, *name, *value;
};

static json_t *list_of(const char *text, int number)
{
    char value[512];
    size_t n = 0;

    for (; *text != '\0' && n + 12 < sizeof value; text++)
        if (*text == '#')
            n += (size_t)snprintf(value + n, sizeof value - n, "%d", number);
        else
            value[n++] = *text;
    value[n] = '\0';
    return json_pack("[s]", value);
}

static void set(json_t *entry, const char *name, const char *value, int number)
{
    if (name == NULL)
        return;
    if (strcmp(name, "dn") == 0)
        json_object_set_new(entry, "dn", json_string(value));
    else if (value == NULL)
        json_object_del(json_object_get(entry, "values"), name);
    else
        json_object_set_new(json_object_get(entry, "values"), name, list_of(value, number));
}

static json_t *account(const char *name, int number, const char *made, const char *description)
{
    char dn[128], home[64], mail[64], id[16];

    snprintf(dn, sizeof dn, "uid=%s," FOLDER, name);
    snprintf(home, sizeof home, "/srv/%s", name);
    snprintf(mail, sizeof mail, "%s@corp.example", name);
    snprintf(id, sizeof id, "%d", number);
    return json_pack("{ss s{s[ss] s[s] s[s] s[s] s[s] s[s] s[s] s[s] s[s] s[s]}}", "dn", dn, "values", "objectClass",
                     "account", "posixAccount", "uid", name, "cn", name, "uidNumber", id, "gidNumber", "4000",
                     "homeDirectory", home, "mail", mail, "description", description, "createTimestamp", made,
                     "userAccountControl", "512");
}

static const struct {
    const char *name, *made, *text;
} peers[] = {{"svc-backup", "20190112093011Z", "Nightly backup of the files"},
             {"svc-scan", "20200212093011Z", "Scanners, for the depots"},
             {"svc-wiki", "20210312093011Z", "Wiki"},
             {"svc-print", "20220412093011Z", "Print server of the works"},
             {"svc-voip", "20230512093011Z", "Telephones: ask Ann Field"}};

static void add(struct lint *lint, const char *name, const struct sample *sample)
{
    const struct lint_source source = {name, "ldaps://h/" FOLDER, NULL, 0};
    json_t *beside = json_array(), *own, *shown;
    struct error error;
    char *text;

    for (int i = 0; i < 5; i++) {
        json_t *peer = account(peers[i].name, 4100 + 3 * i, peers[i].made, peers[i].text);

        set(peer, sample->name, sample->value, i);
        json_array_append_new(beside, peer);
    }
    own = account("svc-heating", 4113, "20240612093011Z", "Heating of the works, pw Kd93jkQ7 (do not change)");
    set(own, sample->own_name, sample->own_value, 9);
    shown = json_pack("{s[o] so}", "entries", own, "beside", beside);
    text = json_dumps(shown, 0);
    ck_assert_msg(lint_add_entries(lint, &source, slice_of(text), &error) == 0, "%s", error.text);
    free(text);
    json_decref(shown);
}

static void judge(const struct sample *samples, size_t count)
{
    tell(json_pack("{ss s[s] s[{ss ss}]}", "domain", "corp.example", "hosts", "ldap.corp.example", "people", "name",
                   "Ann Field", "mail", "ann@corp.example"),
         NOW, 'e', samples, sizeof *samples, count, add);
}

static const struct sample samples[] = {
    {"", "", NULL, NULL, NULL, NULL},
    {"lacks", "no loginshell, and 5 of 5", NULL, NULL, "loginShell", "/bin/false"},
    {"", "", "loginShell", "/bin/false", "loginShell", "/bin/false"},
    {"odd", "it has loginshell", "loginShell", "/bin/false", NULL, NULL},
    {"odd", "it has description", "description", "Heating", "description", NULL},
    {"unlike", "its gidnumber is another, and 5 of 5 beside it have \"4000\"", "gidNumber", "100", NULL, NULL},
    {"unlike", "have \"/srv/{name}\"", "homeDirectory", "/home/svc-heating", NULL, NULL},
    {"unlike", "have \"{name}@corp.example\"", "mail", "svc-heating@elsewhere.example", NULL, NULL},
    {"unlike", "have \"{name}\"", "cn", "Heating, Works", NULL, NULL},
    {"unlike", "have \"account, password never expires\"", NULL, NULL, "userAccountControl", "66048"},
    {"", "", "userAccountControl", "514", NULL, NULL}, /* disabled */
    {"unlike", "have \"a time\"", "pwdLastSet", "0", "pwdLastSet", "13380192#000000000"},
    {"unlike", "are named by uid=", "dn", "cn=svc-heating," FOLDER, NULL, NULL},
    {"unlike", "begin with \"svc-\"", "dn", "uid=heating," FOLDER, NULL, NULL},
    {"unlike", "are written without capitals", "dn", "uid=SVC-heating," FOLDER, NULL, NULL},
    {"number", "is 65534, and those beside it have 4100 to 4112", "uidNumber", "65534", NULL, NULL},
    {"number", "it has the uidnumber of uid=svc-voip", "uidNumber", "4112", NULL, NULL},
    {"number", "elsewhere in the row", "createTimestamp", "20180612093011Z", NULL, NULL},
    {"number", "objectsid and its date", "objectSid", "900", "objectSid", "110#"},
    {"", "", "objectSid", "2209", "objectSid", "110#"},
    {"age", "speaks of 2019, and it was made in 2024", "description", "Heating since 2019, pw Kd93jkQ7", NULL, NULL},
    {"age", "speaks of 2021", "description", "Heating (12.03.2021)", NULL, NULL},
    {"", "", "description", "Heating on SQL Server 2019, pw Kd93jkQ7", NULL, NULL},
    {"", "", "description", "Heating until 2031, Windows 2016", NULL, NULL},
    {"age", "password was set", "pwdLastSet", "132539328000000000", "pwdLastSet", "13380192#000000000"},
    {"age", "logged in to", "lastLogon", "132539328000000000", NULL, NULL},
    {"future", "still to come", "createTimestamp", "20301212093011Z", NULL, NULL},
    {"unused", "5 of 5 beside it were", "lastLogon", "0", "lastLogon", "133539328000000000"},
    {"", "", "lastLogon", "133801920000000000", "lastLogon", "133539328000000000"},
    {"described", "French", "description", "Chauffage de la halle, mdp Kd93jkQ7", "description", "Export # of the files"},
    {"described", "characters", "description",
     "Heating of the works and of the hall behind it, also of the long corridor that leads from there to the tower, and in "
     "winter of the tower, with the pumps of all of them, pw Kd93jkQ7", NULL, NULL},
    {"stranger", "names Nora", "description", "Heating, pw Kd93jkQ7, ask Nora", NULL, NULL},
    {"", "", "description", "Heating, pw Kd93jkQ7, ask Ann", NULL, NULL},
    {"repeated", "is that of uid=svc-print", "description", "Print server of the works Kd93jkQ7", NULL, NULL},
    {"marker", "honeytoken", "description", "Heating honeytoken", NULL, NULL},
    {"word", "Exam", "description", "Heating, pw Abc3Example9Xy", NULL, NULL},
    {"link", "wiki.elsewhere.net", "description", "Heating, see https://wiki.elsewhere.net/x", NULL, NULL},
    {"alone", "among 5 entries", NULL, NULL, "objectClass", "device"},
};

START_TEST(an_entry_is_looked_at)
{
    const char *rule = samples[_i].rule;

    judge(&samples[_i], 1);
    ck_assert_msg(rule[0] == '\0' ? told[0] == '\0' : strncmp(told, rule, strlen(rule)) == 0, "%d, %s: %s", _i, rule, told);
    ck_assert_msg(strstr(told, samples[_i].said) != NULL, "%d, %s: %s", _i, samples[_i].said, told);
    ck_assert_msg(rule[0] == '\0' || strchr(told, '\n')[1] == '\0', "%d, more than one: %s", _i, told);
}
END_TEST

/* In one folder of a directory, and in two. */
START_TEST(the_same_twice_is_found)
{
    const char *shown = "{\"entries\":[{\"dn\":\"cn=a\",\"values\":{\"description\":[\"Export of the ledger, pw Kd93jkQ7\"]}}]}";
    const char *again = "{\"entries\":[{\"dn\":\"cn=b\",\"values\":{\"description\":[\"Export of the ledger, pw Wq82xtR4\"]}}]}";
    json_t *world = json_object(), *meta = json_pack("{ss}", "lure", "service-note");
    const struct lint_source first = {"p-1", "ldaps://h/ou=a", meta, 0}, second = {"p-2", "ldaps://h/ou=a", meta, 0},
                             third = {"p-3", "ldaps://h/ou=b", NULL, 0};
    struct error error;
    struct lint lint;

    told[0] = '\0';
    lint_init(&lint, world, NOW);
    ck_assert_int_eq(lint_add_entries(&lint, &first, slice_of(shown), &error), 0);
    ck_assert_int_eq(lint_add_entries(&lint, &second, slice_of(shown), &error), 0);
    ck_assert_int_eq(lint_add_entries(&lint, &third, slice_of(again), &error), 0);
    ck_assert_int_eq(lint_judge(&lint, take, NULL, &error), 0);
    ck_assert_msg(strstr(told, "structure p-2: it is the lure service-note, as p-1 in the same folder") != NULL, "%s", told);
    ck_assert_msg(strstr(told, "repeated p-3: its description is that of p-1") != NULL, "%s", told);
    lint_free(&lint);
    json_decref(meta);
    json_decref(world);
}
END_TEST

START_TEST(what_is_no_entry_is_told)
{
    const struct lint_source source = {"p-1", "ldaps://h/ou=a", NULL, 0};
    json_t *world = json_object();
    struct error error;
    struct lint lint;

    lint_init(&lint, world, NOW);
    ck_assert_int_eq(lint_add_entries(&lint, &source, slice_of("dn: cn=a"), &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "p-1 is no entry"));
    lint_free(&lint);
    json_decref(world);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("lint_entry");
    TCase *tcase = tcase_create("all");

    tcase_add_loop_test(tcase, an_entry_is_looked_at, 0, sizeof samples / sizeof *samples);
    tcase_add_test(tcase, the_same_twice_is_found);
    tcase_add_test(tcase, what_is_no_entry_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
