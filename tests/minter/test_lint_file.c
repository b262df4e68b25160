/* SPDX-License-Identifier: ISC
 *
 * The linter on what mails bring: each fault in a document, a sheet, a letter, an appointment and an archive is found,
 * and what a house sends every day is not. 10 November 2026 is a Tuesday. */
#include "server/minter/container.h"
#include "tests/minter/lint_told.h"

#define SENT 1794301953 /* 10 November 2026, 10:12:33 in Paris */
#define DAY 86400
#define NOW (SENT + 7 * DAY)

static unsigned turn;

static void count_up(void *context, void *out, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)out)[i] = (unsigned char)(++*(unsigned *)context * 37);
}

static const struct draw draw = {count_up, &turn};

static json_t *world(void)
{
    return json_pack("{ss s[{ss ss}] s[s] s{si sb}}", "domain", "corp.marais.internal", "people", "name", "Ann Roe", "mail",
                     "ann.roe@corp.marais.internal", "hosts", "git.corp.marais.internal", "zone", "minutes", 60, "summer",
                     1);
}

struct sample {
    const char *rule; /* "": nothing is found */
    const char *container, *within, *author;
    int64_t saved; /* before it is sent */
    const char *text;
};

static void pack(const struct sample *sample, struct buffer *out)
{
    struct containers chain = {{container_find(sample->container)}, 1};
    struct contents contents = {.text = slice_of(sample->text), .name = "list.txt", .password = "", .seed = "",
                                .author = sample->author, .organisation = "Marais", .language = "en",
                                .zone = {.minutes = 60}, .time = SENT - sample->saved, .draw = &draw};
    char name[CONTAINER_NAME];
    struct error error;

    if (sample->within[0] != '\0')
        chain.items[chain.count++] = container_find(sample->within);
    if (sample->container[0] == '\0')
        buffer_add_text(out, sample->text);
    else
        ck_assert_msg(containers_pack(&chain, &contents, name, sizeof name, out, &error) == 0, "%s", error.text);
}

static void add(struct lint *lint, const char *placement, const struct sample *sample)
{
    const struct lint_source source = {placement, placement, NULL, 0};
    struct buffer file, mail;
    struct error error;
    char *coded;

    buffer_init(&file, 1024 * 1024);
    buffer_init(&mail, 1024 * 1024);
    pack(sample, &file);
    coded = malloc(sodium_base64_encoded_len(file.length, sodium_base64_VARIANT_ORIGINAL));
    ck_assert_ptr_nonnull(coded);
    sodium_bin2base64(coded, sodium_base64_encoded_len(file.length, sodium_base64_VARIANT_ORIGINAL), file.data, file.length,
                      sodium_base64_VARIANT_ORIGINAL);
    buffer_add_format(&mail, "From: Ann Roe <ann.roe@corp.marais.internal>\nTo: bob@b.net\nSubject: list\n"
                             "Message-ID: <%s@corp.marais.internal>\nDate: Tue, 10 Nov 2026 10:12:33 +0100\n"
                             "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"q\"\n\n--q\n"
                             "Content-Type: text/plain\n\nHere it is.\n\n--q\nContent-Type: application/octet-stream; "
                             "name=\"list.bin\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; "
                             "filename=\"list.bin\"\n\n", placement);
    for (size_t i = 0; i < strlen(coded); i += 76)
        buffer_add_format(&mail, "%.76s\n", coded + i);
    buffer_add_text(&mail, "\n--q--\n");
    ck_assert_int_eq(lint_add(lint, &source, buffer_slice(&mail), &error), 0);
    free(coded);
    buffer_free(&file);
    buffer_free(&mail);
}

static void judge(const struct sample *samples, size_t count)
{
    tell(world(), NOW, 'm', samples, sizeof *samples, count, add);
}

static const struct sample samples[] = {
    {"marker", "docx", "", "Ann Roe", 600, "# Access\nThe password is a placeholder.\n"},
    {"marker", "", "", "", 600, "password: x # gitleaks:allow\n"},
    {"word", "xlsx", "", "Ann Roe", 600, "System\tUser\tPassword\nWiki\tsvc-x\tChangeit2024\n"},
    {"word", "", "", "", 600, "PASSWORD=Abc3example9Xy\n"},
    {"link", "pdf", "", "Ann Roe", 600, "# Account\n\nAddress\thttps://portal.elsewhere.net/login\n"},
    {"link", "docx", "zip", "Ann Roe", 600, "# Account\n\nAddress\thttps://portal.elsewhere.net/login\n"},
    {"rest", "docx", "", "Ann Roe", 3 * DAY, "# Account\nKeep it.\n"},
    {"rest", "zip", "", "Ann Roe", 2 * DAY, "keep it\n"},
    {"rest", "pdf", "", "Ann Roe", 8 * 3600, "# Account\nKeep it.\n"},
    {"saved", "ics", "", "Ann Roe", -3600, "# Account\nKeep it.\n"},
    {"saved", "xlsx", "", "Ann Roe", -3600, "System\tUser\n"},
    {"stranger", "docx", "", "Nora Body", 600, "# Account\nKeep it.\n"},
    {"stranger", "ics", "", "Nora Body", 600, "# Account\nKeep it.\n"},
    {"stranger", "xlsx", "", "Ann Roe", 600, "System\tOwner\nWiki\tnora.body@corp.marais.internal\n"},
    /* What is sent every day. */
    {"", "docx", "", "Ann Roe", 600, "# Access\nAddress\thttps://git.corp.marais.internal/x\nPassword\tBovirel.Tanusor4172!\n"},
    {"", "xlsx", "", "Ann Roe", 600, "System\tOwner\nWiki\tann.roe@corp.marais.internal\nShop\tsvc-x@corp.marais.internal\n"},
    {"", "pdf", "", "Ann Roe", 3600, "# Minutes\nWe met on Sunday and tested nothing; the decoration of the hall is on time.\n"},
    {"", "ics", "", "Ann Roe", 60, "# Restart\nLog in first, then tell the desk.\n"},
    {"", "xlsx", "zip", "Ann Roe", DAY, "System\tUser\tPassword\nWiki\tsvc-x\tKd93.jkQ7\n"},
    {"", "", "", "", 0, "-----BEGIN CERTIFICATE-----\nMIIDtestAbc1exampleQx9\n-----END CERTIFICATE-----\n"},
    {"", "", "", "", 0, "<settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\">\n"},
};

START_TEST(an_attachment_is_looked_into)
{
    const char *rule = samples[_i].rule;

    judge(&samples[_i], 1);
    ck_assert_msg(rule[0] == '\0' ? told[0] == '\0' : strncmp(told, rule, strlen(rule)) == 0 && strstr(told, "list.bin") != NULL,
                  "%d, %s: %s", _i, rule, told);
    ck_assert_msg(rule[0] == '\0' || strchr(told, '\n')[1] == '\0', "more than one: %s", told);
}
END_TEST

START_TEST(a_sentence_in_two_attachments_is_found)
{
    static const char one[] = "# Account\nThe password of this account is changed by nobody but the desk.\n",
                      other[] = "# Account\nWhoever finds this letter is asked to bring it to the desk at once.\n";
    const struct sample twice[] = {{"", "docx", "", "Ann Roe", 600, one}, {"", "pdf", "", "Ann Roe", 600, one}},
                        once[] = {{"", "docx", "", "Ann Roe", 600, one}, {"", "docx", "", "Ann Roe", 600, other}};

    judge(twice, 2);
    ck_assert_msg(strncmp(told, "repeated m1: it says \"The password of this", 41) == 0, "%s", told);
    judge(once, 2);
    ck_assert_str_eq(told, "");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("lint_file");
    TCase *tcase = tcase_create("all");

    tcase_add_loop_test(tcase, an_attachment_is_looked_into, 0, sizeof samples / sizeof *samples);
    tcase_add_test(tcase, a_sentence_in_two_attachments_is_found);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
