/* SPDX-License-Identifier: ISC
 *
 * The configuration (sundew.yaml), read and checked by the starter and sent to each role in the parts it needs. */
#ifndef WIRE_CONFIGURATION_H
#define WIRE_CONFIGURATION_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/address.h"
#include "server/base/buffer.h"
#include "server/base/error.h"

enum tls_mode { TLS_NONE, TLS_DIRECT, TLS_STARTTLS }; /* none | tls | starttls */

const char *tls_mode_name(enum tls_mode mode);

struct listener {
    char *address; /* as configured */
    uint16_t port;
    enum tls_mode tls;
};

struct decoy {
    char *name;
    char *service; /* of services.def */
    char *site;    /* http: folder of templates/site/, or "" */
    char **names;  /* host names, the first is the decoy's own */
    size_t name_count;
    struct listener *listeners;
    size_t listener_count;
    char **referrals;  /* ldap: URLs of other servers of the operator's; with a DN, entries below the suffix */
    size_t referral_count;
    bool grant, proxy;
    char *isolate;     /* "" or a name: decoys of one name share a sensor of their own */
    char *certificate; /* PEM files of the operator's own, or "": from the installation's CA in the ledger */
    char *key;
};

struct route {
    char *name;
    char *format; /* of formats.def */
    char *url;
    char **secrets; /* files with whsec_ or whsk_ keys; two while rotating */
    size_t secret_count;
    struct network *allow; /* empty: global addresses only */
    size_t allow_count;
    char *ca, *certificate, *key; /* PEM files or "" */
    char *pins;                   /* "sha256//…;sha256//…" or "" */
    int64_t heartbeat_s;          /* how often it is told that all is well; 0: never */
};

/* An account's files, by their keys. */
enum account_file {
    ACCOUNT_PASSWORD,
    ACCOUNT_TOKEN,           /* an access token that something else keeps fresh */
    ACCOUNT_SECRET,          /* OAuth client secret */
    ACCOUNT_CERTIFICATE,     /* PEM: a client certificate, or the one that signs OAuth assertions */
    ACCOUNT_KEY,             /* PEM: its private key */
    ACCOUNT_SERVICE_ACCOUNT, /* JSON, as Google hands it out */
    ACCOUNT_CA,              /* PEM: who may sign for the servers */
    ACCOUNT_SSH_KEY,         /* a private key that logs in over ssh */
    ACCOUNT_KNOWN_HOSTS,     /* the servers' ssh keys, as ssh-keyscan writes them */
    ACCOUNT_FILES
};

const char *account_file_name(enum account_file file);

/* What opens places on other hosts (remote.h). Its secrets are in files that only a planter reads. */
struct account {
    char *name;
    char **places; /* SCHEME:[//][USER@]HOST[:PORT] */
    size_t place_count;
    char *user;                   /* "": the mailbox's own; %u in it stands for that */
    char *client, *tenant, *scope; /* OAuth, or "" */
    char *url, *token_url, *registry; /* "": those of the place's scheme */
    struct network *allow;        /* empty: whatever address the host has */
    size_t allow_count;
    char *files[ACCOUNT_FILES]; /* absolute paths or "" */
};

struct user {
    char *role, *name;
};

struct configuration {
    char *file; /* absolute */
    char *organisation, *domain, *language;
    char *state, *master_key; /* absolute paths; the key "credential:NAME" where none were passed */
    char *operators;          /* group or "" */
    struct user *users;
    size_t user_count;
    struct network *proxies;
    size_t proxy_count;
    struct decoy *decoys;
    size_t decoy_count;
    struct route *routes;
    size_t route_count;
    struct account *accounts; /* of the starter's alone: packed in no part */
    size_t account_count;
    int64_t retention_noise_s, retention_observations_s; /* seconds */
    int64_t budget_noise;                                /* bytes */
    int64_t budget_source_per_hour;                      /* unplanted presentations kept for one source */
    int64_t workers;                                     /* sensors for each service */
    int64_t password_least, password_most;               /* characters; 0: as drawn */
    int64_t password_classes;                            /* bits by their place in PASSWORD_CLASSES */
};

#define PASSWORD_CLASSES "upper", "lower", "digit", "sign"

/* Reads, resolves relative paths against the file's folder, checks everything that can be checked without touching
 * the network: unknown keys, unknown services, sites, formats, listeners that collide. Faults are FILE:LINE:COLUMN. */
int configuration_load(const char *file, struct configuration **configuration, struct error *error);

/* As configuration_load(), but told of every fault, each as FILE:LINE:COLUMN: …; what is wrong is left out ("" for
 * texts, 0, empty lists) and the rest read on. -1 only where the file cannot be read as YAML, or memory is short. */
struct configuration_faults {
    void (*fault)(const char *text, void *context);
    void *context;
};
int configuration_examine(const char *file, const struct configuration_faults *faults,
                          struct configuration **configuration, struct error *error);
void configuration_free(struct configuration *configuration);
/* Before a keeper is started: -1 when the key is a credential that the service manager did not pass to this process. */
int configuration_key(const struct configuration *configuration, struct error *error);
/* -c FILE, else $SUNDEW_CONFIG, ./sundew.yaml, /etc/sundew/sundew.yaml. A static or given text. */
const char *configuration_file(const char *given);

enum configuration_part {
    CONFIGURATION_INSTALLATION = 1, /* all that is not listed below */
    CONFIGURATION_DECOYS = 2,
    CONFIGURATION_ROUTES = 4,
    CONFIGURATION_PROXIES = 8,
};

/* Packs the parts, and reads them back in the role. -1 when damaged or without memory. */
int configuration_pack(struct buffer *buffer, const struct configuration *configuration, unsigned parts);
int configuration_unpack(struct slice packed, struct configuration **configuration);

/* A directory's suffix: the decoy's first name without the host, "dc=" before each label. */
void decoy_suffix(const struct decoy *decoy, struct buffer *suffix);
const struct decoy *configuration_decoy(const struct configuration *configuration, struct slice name);

#endif
