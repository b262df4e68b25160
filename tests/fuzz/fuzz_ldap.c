/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "tests/fuzz/replay.h"
#include "tests/sensor/fake_session.h"

const unsigned fuzz_mutations = 40000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A directory with some of everything that searches look at. */
#define ENTRY(name, class, more)                                                                                       \
    "dn: " name "dc=corp,dc=example\\nobjectClass: top\\nobjectClass: " class "\\n" more                                 \
    "\\nstructuralObjectClass: " class "\\nentryUUID: 099950d8-36f6-15cc-81e7-4ef5e8e25d94"                               \
    "\\ncreateTimestamp: 20230313200304Z\\n\\n"
static const char face[] =
    "{\"hidden\":\"ou=accounts,dc=corp,dc=example\",\"directory\":\""
    ENTRY("", "organization", "dc: corp\\no: Corp")
    ENTRY("ou=People,", "organizationalUnit", "ou: People")
    ENTRY("uid=anna,ou=People,", "inetOrgPerson",
          "objectClass: posixAccount\\ncn:: QW5uYSDDiWNsYWly\\nsn: E\\nuid: anna\\ntelephoneNumber: +1 (2) 3-4\\nmail: a@b.c"
          "\\nuidNumber: 1000\\ngidNumber: 500\\nhomeDirectory: /home/anna\\nmanager: uid=anna,ou=People,dc=corp,dc=example")
    ENTRY("ou=groups,", "organizationalUnit", "ou: groups")
    ENTRY("cn=it,ou=groups,", "posixGroup", "cn: it\\ngidNumber: 500\\nmemberUid: anna")
    ENTRY("cn=all,ou=groups,", "groupOfNames", "cn: all\\nmember: uid=anna,ou=People,dc=corp,dc=example")
    "\"}";

static struct decoy_face directory;

static void leave(void)
{
    service_ldap.unload(&directory);
}

/* Nonces that seeds can answer: zeros. */
static const char *zero_name(void)
{
    return "zero";
}

static uint32_t zero_random(void)
{
    return 0;
}

static uint32_t zero_below(uint32_t bound)
{
    (void)bound;
    return 0;
}

static void zero_buffer(void *out, size_t size)
{
    memset(out, 0, size);
}

static struct randombytes_implementation zero = {
    .implementation_name = zero_name, .random = zero_random, .uniform = zero_below, .buf = zero_buffer};

static void load(void)
{
    static char host[] = "ldap.corp.example", *names[] = {host};
    static char next[] = "ldap://next.example", emea[] = "ldap://emea.example:3890/dc=emea,dc=corp,dc=example";
    static char lab[] = "ldaps://lab.example/ou=Lab,ou=People,dc=corp,dc=example";
    static char more[] = "ldap://more.example/ou=lab,ou=people,dc=corp,dc=example";
    static char *referrals[] = {next, emea, lab, more};
    static struct decoy decoy = {.name = host, .names = names, .name_count = 1, .referrals = referrals,
                                 .referral_count = 4};
    struct error error;

    directory = (struct decoy_face){.decoy = &decoy, .face = (char *)(uintptr_t)face};
    if (randombytes_set_implementation(&zero) < 0 || sodium_init() < 0 || service_ldap.load(&directory, &error) < 0)
        abort();
    atexit(leave);
}

/* What a sensor does until nothing more comes of what has arrived: the client reads, the keeper answers or is away. */
static void serve(struct fake_session *fake, bool away)
{
    struct session *session = &fake->session;
    size_t before = 0;

    while (!fake->closed && (session->waiting || session->output.length > 0 || session->input.length != before)) {
        before = session->input.length;
        buffer_clear(&session->output);
        if (session->waiting && away) {
            session->waiting = false;
            service_ldap.unavailable(session);
        } else if (session->waiting) {
            fake_session_verdict(fake);
        } else if (before > 0) {
            service_ldap.input(session);
        }
    }
}

/* A client sends the bytes, in two pieces, to the service. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fake_session fake;

    if (directory.state == NULL)
        load();
    if (size > 60000)
        return 0;
    fake_session_begin(&fake, &service_ldap);
    fake.face = directory;
    if (service_ldap.open(&fake.session) == 0) {
        fake_session_arrives(&fake, (struct slice){data, size / 2}, SIZE_MAX);
        serve(&fake, size % 4 == 0);
        fake_session_arrives(&fake, (struct slice){data + size / 2, size - size / 2}, SIZE_MAX);
        serve(&fake, size % 4 == 1);
    }
    fake_session_end(&fake);
    return 0;
}
