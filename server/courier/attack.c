/* SPDX-License-Identifier: ISC */
#include "server/courier/attack.h"
#include <string.h>
#include "server/courier/record.h"

static const struct technique valid_accounts = {"TA0001", "Initial Access", "T1078", "Valid Accounts", NULL, NULL,
                                                false};
static const struct technique access_token = {
    "TA0008",    "Lateral Movement",         "T1550", "Use Alternate Authentication Material",
    "T1550.001", "Application Access Token", false};
static const struct technique guessing = {"TA0006",    "Credential Access", "T1110", "Brute Force",
                                          "T1110.001", "Password Guessing", false};
static const struct technique mail_read = {
    "TA0009", "Collection", "T1114", "Email Collection", "T1114.002", "Remote Email Collection", true};
static const struct technique mail_secret = {"TA0006",    "Credential Access", "T1552", "Unsecured Credentials",
                                             "T1552.008", "Chat Messages",     true};
static const struct technique code_read = {
    "TA0009", "Collection", "T1213", "Data from Information Repositories", "T1213.003", "Code Repositories", true};
static const struct technique file_secret = {"TA0006",    "Credential Access",    "T1552", "Unsecured Credentials",
                                             "T1552.001", "Credentials In Files", true};
static const struct technique private_key = {
    "TA0006", "Credential Access", "T1552", "Unsecured Credentials", "T1552.004", "Private Keys", true};
static const struct technique accounts_read = {
    "TA0007", "Discovery", "T1087", "Account Discovery", "T1087.002", "Domain Account", true};
static const struct technique entry_secret = {
    "TA0006", "Credential Access", "T1552", "Unsecured Credentials", NULL, NULL, true};
static const struct technique token_theft = {
    "TA0006", "Credential Access", "T1528", "Steal Application Access Token", NULL, NULL, true};

static size_t by_place(const json_t *record, const struct technique *list[ATTACK_MOST], size_t n)
{
    const char *takes = record_place_takes(record);

    if (strcmp(takes, "mail") == 0) {
        list[n++] = &mail_read;
        list[n++] = &mail_secret;
    } else if (strcmp(takes, "repository") == 0) {
        list[n++] = &code_read;
        list[n++] = &file_secret;
    } else if (strcmp(takes, "directory") == 0) {
        list[n++] = &accounts_read;
        list[n++] = &entry_secret;
    } else if (record_get(record, "placement.where.path") != NULL) {
        list[n++] = &file_secret;
    }
    return n;
}

size_t attack_of(const json_t *record, const struct technique *list[ATTACK_MOST])
{
    const char *grade = record_text(record, "grade");
    bool token = strstr(record_text(record, "token.kind"), "token") != NULL;
    size_t n = 0;

    if (record_get(record, "sighting") == NULL)
        return 0;
    if (strcmp(grade, "beacon") == 0) /* a preview fetches, too */
        return 0;
    if (strncmp(grade, "secret", 6) == 0 && token) {
        list[n++] = &access_token;
        list[n++] = &token_theft;
    } else if (strncmp(grade, "secret", 6) == 0) {
        list[n++] = &valid_accounts;
    } else if (strcmp(grade, "key-offered") == 0) {
        list[n++] = &valid_accounts;
        list[n++] = &private_key;
    } else if (record_get(record, "sighting.near") != NULL) {
        list[n++] = &guessing;
    }
    return by_place(record, list, n);
}
