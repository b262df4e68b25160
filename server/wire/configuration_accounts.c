/* SPDX-License-Identifier: ISC
 *
 * The part of loading.h that reads accounts. */
#include <stdlib.h>
#include <string.h>
#include "server/wire/loading.h"
#include "server/wire/remote.h"

static int check_url(struct loading *loading, const struct yaml *map, const char *key, const char *url)
{
    char *host = NULL;
    uint16_t port;
    int result = 0;

    if (url[0] != '\0' && (strncmp(url, "https://", 8) != 0 || remote_url(url, &host, &port) != 0))
        result = yaml_fault(yaml_get(map, key), loading->error, "\"%s\" must be a URL that begins with https://", key);
    free(host);
    return loading_note(loading, result);
}

static int take_places(struct loading *loading, const struct yaml *map, struct account *account)
{
    const struct yaml *node = yaml_get(map, "places");
    struct remote remote;
    struct error why;

    if (node == NULL || (node->type == YAML_LIST && node->count == 0))
        return loading_note(loading, yaml_fault(map, loading->error, "account %s needs \"places\": what it opens, such as "
                                        "[\"imaps://mail.example\"]", account->name));
    if (loading_note(loading, loading_texts(loading, node, "\"places\"", &account->places, &account->place_count)) < 0)
        return -1;
    for (size_t i = 0; i < account->place_count; i++) {
        int result = remote_parse(account->places[i], &remote, &why);

        if (result == 0 && remote.path[0] != '\0')
            result = error_set(&why, "\"%s\" names more than a host; leave out what stands behind it",
                               account->places[i]);
        remote_free(&remote);
        if (result != 0 && loading_note(loading, yaml_fault(node->type == YAML_LIST ? node->items[i] : node,
                                                            loading->error, "%s", why.text)) < 0)
            return -1;
    }
    return 0;
}

/* Servers that take mails from their neighbours ask for nothing. */
static bool asks_nothing(const struct account *account)
{
    bool nothing = account->place_count > 0;

    for (size_t i = 0; i < account->place_count && nothing; i++)
        nothing = strncmp(account->places[i], "lmtp:", 5) == 0 || strncmp(account->places[i], "smtp:", 5) == 0;
    return nothing;
}

/* How it proves who it is, in one way. */
static int check_proof(struct loading *loading, const struct yaml *map, const struct account *account)
{
    char *const *files = account->files;
    bool client = account->client[0] != '\0', certificate = files[ACCOUNT_CERTIFICATE][0] != '\0';
    int proofs = (files[ACCOUNT_PASSWORD][0] != '\0') + (files[ACCOUNT_TOKEN][0] != '\0') +
                 (files[ACCOUNT_SECRET][0] != '\0') + (files[ACCOUNT_SERVICE_ACCOUNT][0] != '\0') +
                 (files[ACCOUNT_SSH_KEY][0] != '\0');
    const char *why = NULL;

    if (certificate != (files[ACCOUNT_KEY][0] != '\0'))
        why = "\"certificate\" and \"key\" go together";
    else if (client && (files[ACCOUNT_SECRET][0] != '\0') == certificate)
        why = "\"client\" needs either \"secret\", or \"certificate\" and \"key\"";
    else if (!client && files[ACCOUNT_SECRET][0] != '\0')
        why = "\"secret\" needs \"client\"";
    else if (proofs > 1)
        why = "one of \"password\", \"token\", \"secret\", \"service-account\" and \"ssh-key\" must be enough";
    else if (proofs == 0 && !certificate && !asks_nothing(account))
        why = "it proves nothing: give it \"password\", \"token\", \"client\", \"certificate\", "
              "\"service-account\" or \"ssh-key\"";
    return why == NULL ? 0 : loading_note(loading, yaml_fault(map, loading->error, "account %s: %s", account->name, why));
}

static int take_account(struct loading *loading, const struct yaml *key, const struct yaml *map,
                        struct account *account)
{
    account->name = strdup(key->text);
    if (account->name == NULL)
        return loading_memory(loading);
    if ((key->text[0] == '\0' || strlen(key->text) > 63) &&
        loading_note(loading, yaml_fault(key, loading->error, "an account's name has 1 to 63 characters")) < 0)
        return -1;
    if (loading_keys(loading, map, "account") < 0 || loading_text(loading, map, "user", "", &account->user) < 0 ||
        loading_text(loading, map, "client", "", &account->client) < 0 ||
        loading_text(loading, map, "tenant", "", &account->tenant) < 0 ||
        loading_text(loading, map, "scope", "", &account->scope) < 0 ||
        loading_text(loading, map, "url", "", &account->url) < 0 ||
        loading_text(loading, map, "token-url", "", &account->token_url) < 0 ||
        loading_text(loading, map, "registry", "", &account->registry) < 0 ||
        loading_networks(loading, map, "allow", &account->allow, &account->allow_count) < 0)
        return -1;
    for (size_t i = 0; i < ACCOUNT_FILES; i++)
        if (loading_path(loading, map, account_file_name(i), "", &account->files[i]) < 0)
            return -1;
    if (check_url(loading, map, "url", account->url) < 0 ||
        check_url(loading, map, "token-url", account->token_url) < 0 ||
        check_url(loading, map, "registry", account->registry) < 0 || take_places(loading, map, account) < 0)
        return -1;
    return check_proof(loading, map, account);
}

int loading_accounts(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;
    const struct yaml *map = yaml_get(root, "accounts");

    if (map == NULL)
        return 0;
    if (map->type != YAML_MAP)
        return yaml_fault(map, loading->error, "\"accounts\" must be a map of names");
    configuration->accounts = calloc(map->count + 1, sizeof *configuration->accounts);
    if (configuration->accounts == NULL)
        return loading_memory(loading);
    for (size_t i = 0; i < map->count; i++) {
        configuration->account_count = i + 1;
        if (take_account(loading, map->keys[i], map->items[i], &configuration->accounts[i]) < 0)
            return -1;
    }
    return 0;
}
