/* SPDX-License-Identifier: ISC
 *
 * A directory that answers whatever it likes. The first byte chooses what is asked, and of what sort of directory; behind
 * it stands all that the server ever sends, libldap's messages counted from 1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/planter/directory.h"
#include "server/planter/planter.h"
#include "server/planter/visit.h"
#include "tests/fuzz/quick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

#define HOST "dir.example"
#define FOLDER "ou=services,dc=corp,dc=example"
#define DIGEST "00112233445566778899aabbccddeeff;uid=0011223344556677;description:" QUICK_DIGEST "9"

/* libldap (2.5) forgets requests, and texts of answers, where it cannot read an answer. Not an option, which the
 * environment would override. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libldap\nleak:liblber\n";
}

static void leave(void *session)
{
    struct directory *directory = session;

    ldap_unbind_ext_s(directory->ld, NULL, NULL);
    door_close(&directory->door);
    free(directory->host);
    free(directory->suffix);
    ldap_memfree(directory->domain);
    free(directory);
}

/* A session that is open; all that comes has come already. */
static void begin(struct visit *visit, int fd, uint8_t what)
{
    struct directory *directory = calloc(1, sizeof *directory);
    struct error error;

    visit_init(visit);
    visit->credentials.name = strdup("directory");
    visit->credentials.settings = json_object();
    if (directory == NULL)
        exit(3);
    door_init(&directory->door);
    directory->door.fd = fd;
    directory->host = strdup(HOST);
    directory->suffix = strdup("dc=corp,dc=example");
    directory->domain = ldap_strdup("corp.example");
    directory->active = (what & 4) != 0;
    directory->asserts = (what & 8) != 0;
    if (directory_begin(directory, &error) != 0 ||
        visit_keep(visit, "ldaps " HOST " 0 " FOLDER, directory, leave, &error) != 0)
        exit(3);
}

static void make(struct task *task, const char *action, bool known)
{
    json_t *entry = json_pack("{s:s, s:i}", "file", "entry", "line", 3), *where;

    snprintf(task->action, sizeof task->action, "%s", action);
    task->target = strdup("//" HOST "/" FOLDER);
    if (strcmp(action, "people") == 0) {
        task->options = json_pack("{s:[{s:s}, {s:s}]}", "questions", "group", "cn=finance,dc=corp,dc=example", "department",
                                  "Works (all)");
        task->meta = json_object();
        json_decref(entry);
        return;
    }
    quick_file(task, "entry", "dn: uid=svc-scan\nuid: svc-scan\ndescription: pw Zk3v\n\ndn: cn=scanners\nmember: ${dn}\n");
    task->meta = json_pack("{s:{s:O, s:O}}", "entries", "standard", entry, "active-directory", entry);
    task->options = json_pack("{s:s}", "at", "2026-06-02T10:00:00Z");
    json_decref(entry);
    if (strcmp(action, "plant") == 0)
        return;
    where = json_pack("{s:s, s:s, s:[{s:s}]}", "dn", "uid=svc-scan," FOLDER, "digest", DIGEST, "beside", "dn",
                      "cn=scanners," FOLDER);
    if (known)
        json_object_set_new(where, "entry", json_string("5b1c2f7e-9d5c-103f-8f0a-6b3d2c1a0f9e"));
    json_object_set_new(task->options, "where", where);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const actions[] = {"plant", "inspect", "uproot", "people"};
    struct visit visit;
    struct task task;
    int ends[2];

    if (size < 1 || size > 64 * 1024)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        exit(3);
    if (write(ends[1], data + 1, size - 1) != (ssize_t)(size - 1) || shutdown(ends[1], SHUT_WR) != 0)
        exit(3);
    begin(&visit, ends[0], data[0]);
    task_init(&task);
    task.place = place_find(slice_of("ldaps"));
    task.visit = &visit;
    make(&task, actions[data[0] & 3], (data[0] & 16) != 0);
    quick_run(&task, &visit);
    close(ends[1]);
    return 0;
}
