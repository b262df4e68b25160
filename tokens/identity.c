/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/identity.h"

/* A drawn service's name has 20 characters at most, as Active Directory's sAMAccountName. */
static const char *const prefixes[8] = {"svc", "svc", "svc", "svc", "svc", "sa", "app", "srv"}; /* svc is what most houses say */

static const char *const duties[128] = {
    "sync", "mirror", "deploy", "build", "release", "publish", "archive", "report", "billing", "invoice", "payroll",
    "ledger", "budget", "audit", "scan", "patch", "monitor", "metrics", "alerts", "probe", "gateway", "proxy",
    "relay", "broker", "queue", "batch", "cron", "rotate", "renew", "ingest", "extract", "feed", "crawl", "tiles",
    "maps", "fleet", "freight", "stock", "orders", "parcel", "tickets", "desk", "badge", "print", "fax", "voice",
    "meet", "wiki", "forms", "signage", "camera", "access", "lift", "heating", "meter", "solar", "depot", "dock",
    "crane", "survey", "intake", "export", "bridge", "vault", "import", "upload", "pickup", "notify", "mailer",
    "digest", "render", "resize", "convert", "index", "search", "cache", "purge", "cleanup", "prune", "retry",
    "replay", "poll", "watch", "tail", "ship", "track", "trace", "route", "expense", "balance", "settle", "clear",
    "match", "merge", "split", "load", "stage", "refresh", "rebuild", "verify", "sign", "stamp", "seal", "label",
    "scale", "weigh", "count", "tally", "quote", "price", "roster", "shift", "lease", "permit", "claim", "refund",
    "credit", "dunning", "rebate", "tender", "catalog", "pricing", "returns", "pallets", "spool", "tariff",
    "customs", "booking",
};

static const char *const places[64] = {
    "erp", "crm", "dwh", "web", "api", "sap", "hr", "fin", "ops", "lab", "qa", "edge", "core", "hub", "north",
    "south", "east", "west", "k8s", "vm", "sql", "bi", "etl", "mail", "dns", "vpn", "wan", "iot", "pos", "shop",
    "dms", "plm", "wms", "mes", "tms", "cad", "gis", "cms", "lms", "ftp", "edi", "nas", "san", "lan", "voip", "scada",
    "b2b", "lims", "pim", "mdm", "cdn", "ldap", "smtp", "plant", "yard", "fab", "legal", "tax", "sales", "parts",
    "labs", "group", "store", "bim",
};

static const char *const common_names[] = {
    "access",
    "account",
    "accounts",
    "adm",
    "admin",
    "administrateur",
    "administrator",
    "alert",
    "alerts",
    "ansible",
    "apache",
    "app",
    "application",
    "audit",
    "backup",
    "billing",
    "bot",
    "build",
    "builder",
    "cacti",
    "camera",
    "ci",
    "cicd",
    "cisco",
    "compta",
    "contact",
    "cron",
    "daemon",
    "database",
    "db",
    "dba",
    "debian",
    "default",
    "demo",
    "deploy",
    "deployer",
    "dev",
    "developer",
    "devops",
    "direction",
    "docker",
    "elastic",
    "ftp",
    "ftpuser",
    "gerrit",
    "git",
    "gitea",
    "github",
    "gitlab",
    "gitlabci",
    "grafana",
    "guest",
    "hadoop",
    "helpdesk",
    "hr",
    "info",
    "invite",
    "it",
    "itsupport",
    "jenkins",
    "jira",
    "kafka",
    "ldap",
    "ldapadmin",
    "mail",
    "manager",
    "marketing",
    "master",
    "mongodb",
    "monitor",
    "mysql",
    "nagios",
    "nexus",
    "nginx",
    "nobody",
    "noreply",
    "office",
    "operateur",
    "operator",
    "ops",
    "oracle",
    "owner",
    "pi",
    "postfix",
    "postgres",
    "postmaster",
    "print",
    "prod",
    "production",
    "proxy",
    "public",
    "puppet",
    "rabbitmq",
    "readonly",
    "redis",
    "registry",
    "report",
    "root",
    "runner",
    "sa",
    "sales",
    "samba",
    "scan",
    "scanner",
    "security",
    "secretariat",
    "server",
    "service",
    "shop",
    "smtp",
    "solr",
    "sonar",
    "sonarqube",
    "splunk",
    "ssh",
    "stage",
    "staging",
    "student",
    "superuser",
    "supervisor",
    "support",
    "svc",
    "svn",
    "sync",
    "sys",
    "sysadmin",
    "system",
    "teamcity",
    "tech",
    "temp",
    "test",
    "tester",
    "tomcat",
    "toor",
    "training",
    "ubuntu",
    "upload",
    "user",
    "username",
    "vagrant",
    "vault",
    "vendor",
    "vpn",
    "web",
    "webadmin",
    "webmaster",
    "weblogic",
    "wordpress",
    "www",
    "data",
    "zabbix",
};

static const char *const common_people[] = {
    "adam",      "alain",      "alex",     "alexander", "alice",     "amanda",  "andrea",  "andrew",    "anna",
    "anne",      "anthony",    "antoine",  "arthur",    "barbara",   "ben",     "bernard", "bertrand",  "bob",
    "brian",     "brown",      "camille",  "caroline",  "catherine", "charles", "chloe",   "chris",     "christian",
    "christine", "christophe", "claire",   "claude",    "clark",     "daniel",  "dave",    "david",     "davies",
    "davis",     "denis",      "didier",   "dubois",    "dupont",    "durand",  "edward",  "elizabeth", "emily",
    "emma",      "eric",       "evans",    "florence",  "francois",  "frank",   "fred",    "frederic",  "garcia",
    "george",    "gerard",     "green",    "guillaume", "hall",      "harris",  "harry",   "helen",     "henri",
    "hugo",      "isabelle",   "jack",     "jackson",   "jacques",   "james",   "jane",    "jason",     "jean",
    "jeff",      "jennifer",   "jessica",  "jim",       "joe",       "johan",   "john",    "johnson",   "jones",
    "joseph",    "julie",      "julien",   "karen",     "kevin",     "laura",   "laurent", "lee",       "leroy",
    "lewis",     "linda",      "lisa",     "louis",     "louise",    "lucas",   "lucie",   "luke",      "marc",
    "marie",     "mark",       "martin",   "martinez",  "mary",      "mathieu", "matthew", "maxime",    "michael",
    "michel",    "michelle",   "mike",     "miller",    "monique",   "moore",   "moreau",  "morgan",    "nancy",
    "nathalie",  "nicolas",    "nicole",   "nick",      "oliver",    "olivier", "pascal",  "patrick",   "paul",
    "peter",     "petit",      "philippe", "pierre",    "rachel",    "richard", "robert",  "roberts",   "robin",
    "robinson",  "roger",      "romain",   "ryan",      "sam",       "sandra",  "sarah",   "scott",     "sebastien",
    "simon",     "smith",      "sophie",   "stephane",  "stephen",   "steve",   "steven",  "susan",     "sylvie",
    "taylor",    "thierry",    "thomas",   "tim",       "tom",       "valerie", "vincent", "walker",    "walter",
    "white",     "william",    "williams", "wilson",    "wright",    "xavier",  "yves",
};

static bool listed(struct slice part)
{
    for (size_t i = 0; i < sizeof common_names / sizeof *common_names; i++)
        if (slice_is_nocase(part, common_names[i]))
            return true;
    for (size_t i = 0; i < sizeof common_people / sizeof *common_people; i++)
        if (slice_is_nocase(part, common_people[i]))
            return true;
    return false;
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_part(unsigned char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

/* The account within DOMAIN\account and account@domain, without digits and separators at its end; five of them or more
 * are a number that nobody guesses, and stay. */
static struct slice account_of(struct slice identity)
{
    size_t tail = 0;

    for (size_t i = 0; i < identity.length; i++)
        if (identity.data[i] == '\\') {
            identity = (struct slice){identity.data + i + 1, identity.length - i - 1};
            break;
        }
    for (size_t i = 0; i < identity.length; i++)
        if (identity.data[i] == '@')
            identity.length = i;
    while (tail < identity.length && !is_letter(identity.data[identity.length - 1 - tail]))
        tail++;
    identity.length -= tail < 5 || tail == identity.length ? tail : 0;
    return identity;
}

/* j.smith as jsmith: an initial and a listed name. */
static bool initial_and_name(struct slice part)
{
    for (size_t i = 0; part.length > 4 && i < sizeof common_people / sizeof *common_people; i++)
        if (slice_is_nocase((struct slice){part.data + 1, part.length - 1}, common_people[i]))
            return true;
    return false;
}

bool identity_common(struct slice identity)
{
    struct slice account = account_of(identity);
    size_t start = 0, letters = 0, parts = 0;
    bool common = true;

    for (size_t i = 0; i <= account.length; i++) {
        if (i < account.length && is_part(account.data[i])) {
            letters++;
            continue;
        }
        parts += i - start > 1;
        if (i - start > 1 && !listed((struct slice){account.data + start, i - start}) &&
            !initial_and_name((struct slice){account.data + start, i - start}))
            common = false;
        start = i + 1;
    }
    return (common && parts <= 2) || letters < 5;
}

static int choose(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct slice identity = slice_of(request->identity);

    if (identity.length == 0 || identity.length > IDENTITY_MAXIMUM)
        return error_usage(error, "an identity has 1 to %d bytes; this one has %zu", IDENTITY_MAXIMUM, identity.length);
    for (size_t i = 0; i < identity.length; i++) {
        if (identity.data[i] < 0x20 || identity.data[i] == 0x7f)
            return error_usage(error, "the identity holds a control character; no client could send it");
        if (identity.data[i] == ':')
            return error_usage(error, "the identity holds a colon, which HTTP Basic cannot carry; choose one without");
    }
    minted->identity_bits = 0;
    minted->distinctive = !identity_common(identity);
    return buffer_add_slice(&minted->identity, identity);
}

/* Bits: 1.5 + 7 + 6 + 1 + log2(900). Hyphens fit into URLs as scanners read them, Kubernetes and Google Cloud. */
static uint16_t draw_service(const struct draw *draw, struct buffer *out)
{
    const char *duty = duties[draw_below(draw, 128)], *place = places[draw_below(draw, 64)];
    bool turned = draw_below(draw, 2) == 1;

    buffer_add_format(out, "%s-%s-%s%u", prefixes[draw_below(draw, 8)], turned ? place : duty, turned ? duty : place,
                      100 + draw_below(draw, 900));
    return 25;
}

/* A person's login with a personnel number. Bits: log2(16 or more people) + log2(90000) = 4 + 16.4. */
static uint16_t draw_person(const struct mint_request *request, struct buffer *out)
{
    const struct person *person = &request->people[draw_below(request->draw, (uint32_t)request->people_count)];

    buffer_add_text(out, person->login);
    buffer_add_format(out, "%u", 10000 + draw_below(request->draw, 90000));
    return IDENTITY_BITS;
}

int identity_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->identity;

    if (request->identity != NULL)
        return choose(request, minted, error);
    if (request->style != NULL)
        return identity_like(request, minted, error);
    do {
        buffer_clear(out);
        minted->identity_bits = request->people_count >= 16 && draw_below(request->draw, 2) == 0
                                    ? draw_person(request, out)
                                    : draw_service(request->draw, out);
    } while (!out->failed && memchr(out->data, ':', out->length) != NULL);
    minted->distinctive = true;
    return out->failed ? error_set(error, "no room for the identity") : 0;
}
