/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/sensor/rig.h"

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

static struct rig rig;

static void leave(void)
{
    rig_end(&rig);
}

/* A client sends the bytes, in two pieces, to a whole sensor. Every presentation must have had its verdict at the
 * end, and no connection may stay behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rig_options options = {.service = "ldap", .name = "ldap.corp.example", .face = face};
    static char answer[65536];
    bool closed;
    int fds[2];

    if (rig.base == NULL) {
        signal(SIGPIPE, SIG_IGN);
        if (sodium_init() < 0)
            abort();
        rig_begin(&rig, &options);
        atexit(leave);
    }
    if (size > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    sensor_adopt(rig.sensor, &rig.sensor->doors[0], fds[1], NULL);
    rig_ask(&rig, fds[0], data, size / 2, answer, sizeof answer, &closed);
    if (!closed)
        rig_ask(&rig, fds[0], data + size / 2, size - size / 2, answer, sizeof answer, &closed);
    close(fds[0]);
    rig_turn(&rig, 0);
    if (rig.sensor->crowd.count != 0 || link_waiting(rig.sensor->link) != 0)
        abort();
    return 0;
}
