/* SPDX-License-Identifier: ISC */
#include "server/planter/drill.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/base/cage.h"
#include "server/base/channel.h"
#include "server/base/role.h"
#include "server/planter/use.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

#define TIMEOUT_MS 20000

static const char *option(const struct task *task, const char *name)
{
    const char *text = task_option(task, name);

    return text != NULL ? text : "";
}

static int read_use(const struct task *task, struct use *use, struct error *error)
{
    const struct task_file *secret = task_file(task, "secret");

    *use = (struct use){
        .kind = option(task, "kind"),
        .identity = option(task, "identity"),
        .site = option(task, "site"),
        .host = option(task, "host"),
        .domain = option(task, "domain"),
        .port = (uint16_t)json_integer_value(json_object_get(task->options, "port")),
        .tls = strcmp(option(task, "tls"), tls_mode_name(TLS_DIRECT)) == 0,
    };
    if (secret == NULL || secret->data.length == 0 || use->port == 0)
        return error_set(error, "the planter was sent a damaged job");
    use->secret = buffer_slice(&secret->data);
    return 0;
}

/* Does the sensor take this end for a proxy that tells whose the connection is? */
static bool is_proxy(const struct task *task, const struct door *door)
{
    const json_t *networks = json_object_get(task->options, "proxies");
    struct network network;
    struct error ignored;

    for (size_t i = 0; task_flag(task, "proxy") && i < json_array_size(networks); i++) {
        const char *text = json_string_value(json_array_get(networks, i));

        if (text != NULL && network_parse(text, &network, &ignored) == 0 && network_holds(&network, &door->address))
            return true;
    }
    return false;
}

static int say_at_door(const struct door *door, struct error *error)
{
    const struct at_door at = {door->address, door->port, door->peer_port};
    struct buffer message;
    int result;

    buffer_init(&message, CHANNEL_MESSAGE);
    at_door_add(&message, &at);
    result = channel_send_now(ROLE_FD, buffer_slice(&message), -1, error);
    buffer_free(&message);
    return result;
}

static int wait_for_go(struct error *error)
{
    struct buffer message;
    struct reader reader;
    int fd = -1, got, result = -1;

    buffer_init(&message, CHANNEL_MESSAGE);
    got = channel_receive_now(ROLE_FD, &message, &fd, TIMEOUT_MS, error);
    if (fd >= 0)
        close(fd);
    reader = reader_of(buffer_slice(&message));
    if (got == 1)
        error_set(error, "sundew is gone");
    else if (got == 0 && (message_type(&reader) != MESSAGE_PLANT_GO || reader_end(&reader) != 0))
        error_set(error, "the planter was sent a message that it does not know");
    else
        result = got;
    buffer_free(&message);
    return result;
}

int drill_come_to_door(const struct task *task, struct door *door, int timeout_ms, struct error *error)
{
    static const char *const calls[] = {NULL};
    const struct use use = {.host = option(task, "host")};
    const char *tls = option(task, "tls");

    if (door_prepare(door, error) != 0 ||
        door_connect(door, option(task, "address"),
                     (uint16_t)json_integer_value(json_object_get(task->options, "port")), timeout_ms, error) != 0 ||
        cage_shut(&(struct cage){"planter", calls, NULL}, error) != 0)
        return -1;
    if (is_proxy(task, door) && door_proxy(door, error) != 0)
        return -1;
    if (strcmp(tls, tls_mode_name(TLS_STARTTLS)) == 0 && use_ldap_starttls(door, error) != 0)
        return -1;
    return strcmp(tls, tls_mode_name(TLS_NONE)) == 0 ? 0 : door_tls(door, use.host, error);
}

static json_t *where_of(const struct task *task, const struct door *door, const char *answered)
{
    char url[ADDRESS_TEXT + 64], address[ADDRESS_TEXT];
    bool bare = !address_is_v4(&door->peer);

    snprintf(url, sizeof url, "%s%s://%s%s%s:%u", option(task, "service"),
             strcmp(option(task, "tls"), tls_mode_name(TLS_DIRECT)) == 0 ? "s" : "", bare ? "[" : "",
             address_text(&door->peer, address), bare ? "]" : "", door->peer_port);
    return json_pack("{s:s, s:s}", "door", url, "answered", answered);
}

int drill_run(const struct task *task, struct place_result *result, struct error *error)
{
    bool http = strcmp(option(task, "service"), "http") == 0;
    char answered[80] = "";
    struct buffer request;
    struct door door;
    struct use use;
    int rc = -1;

    door_init(&door);
    buffer_init(&request, CHANNEL_MESSAGE);
    if (read_use(task, &use, error) != 0 || (http && use_http_request(&use, &request, error) != 0))
        goto out;
    if (!http && strcmp(option(task, "service"), "ldap") != 0) {
        error_set(error, "drills of the service %s are not known", option(task, "service"));
        goto out;
    }
    if (drill_come_to_door(task, &door, TIMEOUT_MS, error) != 0 || say_at_door(&door, error) != 0 || wait_for_go(error) != 0)
        goto out;
    rc = http ? use_http(&door, &request, answered, error) : use_ldap(&door, &use, answered, error);
    if (rc == 0) {
        result->where = where_of(task, &door, answered);
        result->state = "answered";
    }
out:
    buffer_free(&request);
    door_close(&door);
    return rc;
}
