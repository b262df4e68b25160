/* SPDX-License-Identifier: ISC */
#include "server/planter/probe.h"

#include <string.h>
#include "server/base/cage.h"
#include "server/planter/drill.h"
#include "server/planter/use.h"
#include "server/wire/configuration.h"

#define TIMEOUT_MS 8000

static const char *option(const struct task *task, const char *name)
{
    const char *text = task_option(task, name);

    return text != NULL ? text : "";
}

/* One request without credentials, so that what answers is the service and not only its port. */
static int ask(const struct task *task, struct door *door, char answered[80], struct error *error)
{
    struct buffer request;
    int rc;

    if (strcmp(option(task, "service"), "http") != 0)
        return use_ldap_anonymous(door, answered, error);
    buffer_init(&request, 4096);
    buffer_add_format(&request, "GET /robots.txt HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
                      "Connection: close\r\n\r\n", option(task, "host"));
    rc = use_http(door, &request, answered, error);
    buffer_free(&request);
    return rc;
}

static int probe_listener(const struct task *task, struct place_result *result, struct error *error)
{
    char answered[80] = "";
    struct door door;
    json_t *names = json_pack("[s]", option(task, "host"));
    X509 *certificate = NULL;
    int rc = -1;

    door_init(&door);
    if (drill_come_to_door(task, &door, TIMEOUT_MS, error) != 0 || ask(task, &door, answered, error) != 0)
        goto out;
    if (door.ssl != NULL)
        certificate = SSL_get1_peer_certificate(door.ssl);
    result->where = json_pack("{s:s, s:o*}", "answered", answered, "certificate",
                              certificate != NULL ? certificate_facts(certificate, names) : NULL);
    result->state = "answered";
    rc = result->where != NULL ? 0 : error_set(error, "out of memory");
out:
    X509_free(certificate);
    json_decref(names);
    door_close(&door);
    return rc;
}

int probe_run(const struct task *task, struct place_result *result, struct error *error)
{
    static const struct {
        const char *what;
        int (*run)(const struct task *task, struct place_result *result, struct error *error);
    } probes[] = {{"listener", probe_listener}, {"certificate", probe_certificate}, {"route", probe_route},
                  {"name", probe_name}};

    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
        if (strcmp(probes[i].what, option(task, "what")) == 0)
            return probes[i].run(task, result, error);
    return error_set(error, "the planter was sent a damaged job");
}
