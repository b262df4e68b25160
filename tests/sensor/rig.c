/* SPDX-License-Identifier: ISC */
#include "tests/sensor/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/sensor/connection.h"

static void need(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "rig: %s\n", what);
        abort();
    }
}

/* ---- the keeper ---- */

static void say_verdict(struct rig *rig, uint32_t ticket)
{
    struct verdict verdict = {.ticket = ticket};

    buffer_clear(&rig->message);
    verdict_add(&rig->message, &verdict);
    channel_send(rig->keeper, buffer_slice(&rig->message), -1);
}

static void copy_text(char *out, size_t size, struct slice text)
{
    size_t length = text.length < size - 1 ? text.length : size - 1;

    if (length > 0)
        memcpy(out, text.data, length);
    out[length] = '\0';
}

static void note(struct rig *rig, const struct observation *o)
{
    struct rig_observation *seen = &rig->seen[rig->observations++ % RIG_SEEN];

    *seen = (struct rig_observation){.id = o->id, .again = o->again, .source = o->source, .via_count = o->via_count,
                                     .candidate_count = o->candidate_count};
    copy_text(seen->decoy, sizeof seen->decoy, o->decoy);
    copy_text(seen->context, sizeof seen->context, o->context);
    for (size_t i = 0; i < o->candidate_count && i < 8; i++) {
        seen->candidates[i].part = o->candidates[i].part;
        seen->candidates[i].pair = o->candidates[i].pair;
        copy_text(seen->candidates[i].where, sizeof seen->candidates[i].where, o->candidates[i].where);
        copy_text(seen->candidates[i].value, sizeof seen->candidates[i].value, o->candidates[i].value);
    }
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct rig *rig = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);

    (void)fd;
    if (type == MESSAGE_HELLO) {
        need(hello_get(&reader) == 0, "hello");
        buffer_clear(&rig->message);
        hello_add(&rig->message);
        channel_send(channel, buffer_slice(&rig->message), -1);
        return;
    }
    need(type == MESSAGE_OBSERVATION && observation_get(&reader, &rig->work) == 0, "a damaged observation");
    note(rig, &rig->work);
    if (rig->work.candidate_count == 0)
        return;
    rig->presentations++;
    if (!rig->hold)
        say_verdict(rig, rig->work.ticket);
    else if (rig->held < RIG_SEEN)
        rig->tickets[rig->held++] = rig->work.ticket;
}

static void on_closed(struct channel *channel, void *context)
{
    struct rig *rig = context;

    channel_free(channel);
    rig->keeper = NULL;
}

static int make_keeper(struct rig *rig)
{
    static const struct channel_events events = {.message = on_message, .closed = on_closed};
    struct error error;
    int fds[2];

    need(channel_pair(fds, &error) == 0, "channel");
    rig->keeper = channel_new(rig->base, fds[0], &events, rig);
    need(rig->keeper != NULL, "channel");
    rig->held = 0;
    return fds[1];
}

void rig_new_keeper(struct rig *rig)
{
    need(link_attach(rig->sensor->link, make_keeper(rig), false) == 0, "attach");
}

void rig_kill_keeper(struct rig *rig)
{
    channel_free(rig->keeper);
    rig->keeper = NULL;
}

void rig_release(struct rig *rig)
{
    for (size_t i = 0; i < rig->held; i++)
        say_verdict(rig, rig->tickets[i]);
    rig->held = 0;
}

const struct rig_observation *rig_last(const struct rig *rig)
{
    need(rig->observations > 0, "nothing was observed");
    return &rig->seen[(rig->observations - 1) % RIG_SEEN];
}

struct connection *rig_newest(const struct rig *rig)
{
    const struct crowd *crowd = &rig->sensor->crowd;
    const struct ring *head = ring_empty(&crowd->known) ? &crowd->strangers : &crowd->known;

    need(!ring_empty(head), "no connection");
    return RING_OWNER(head->previous, struct connection, member.all);
}

/* ---- the decoys ---- */

static void make_certificate(const char *name, struct buffer *certificate, struct buffer *key)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;

    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    X509_set_pubkey(made, pair);
    need(X509_sign(made, pair, EVP_sha256()) > 0 && PEM_write_bio_X509(bio, made) == 1, "certificate");
    buffer_add(certificate, text, (size_t)BIO_get_mem_data(bio, &text));
    need(BIO_reset(bio) == 1 && PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL) == 1, "key");
    buffer_add(key, text, (size_t)BIO_get_mem_data(bio, &text));
    BIO_free(bio);
    X509_free(made);
    EVP_PKEY_free(pair);
}

static void give_keys(struct rig *rig, const struct decoy *decoy, const char *face)
{
    static const unsigned char salt[32] = {1};
    struct buffer certificate, key;
    struct decoy_keys keys = {.decoy = slice_of(decoy->name), .salt = {salt, sizeof salt},
                              .face = slice_of(face != NULL ? face : "{}")};
    struct error error = {""};

    buffer_init(&certificate, 65536);
    buffer_init(&key, 65536);
    if (decoy->listeners[0].tls != TLS_NONE)
        make_certificate(decoy->names[0], &certificate, &key);
    keys.certificate = buffer_slice(&certificate);
    keys.key = buffer_slice(&key);
    need(sensor_keys(rig->sensor, &keys, &error) == 0, error.text);
    buffer_free(&certificate);
    buffer_free(&key);
}

/* The configuration is packed from constants and unpacked, so that it owns its texts. */
static struct configuration *configure(const struct rig_options *options, uint16_t port)
{
    char address[] = "127.0.0.1", empty[] = "", *first[] = {(char *)(uintptr_t)options->name},
         second_name[] = "second.corp.example", *second[] = {second_name}, name1[] = "first", name2[] = "second";
    struct listener listener = {address, port, options->tls};
    struct decoy decoys[2] = {{.name = name1, .service = (char *)(uintptr_t)options->service, .site = empty,
                               .names = first, .name_count = 1, .listeners = &listener, .listener_count = 1,
                               .referrals = options->referrals, .referral_count = options->referral_count,
                               .proxy = options->proxy, .isolate = empty, .certificate = empty, .key = empty}};
    struct network proxies[1];
    struct error error = {""};
    struct configuration made = {.decoys = decoys, .decoy_count = options->tls == TLS_NONE ? 1 : 2},
                         *configuration = NULL;
    struct buffer packed;

    decoys[1] = decoys[0];
    decoys[1].name = name2;
    decoys[1].names = second;
    if (options->proxies != NULL) {
        need(network_parse(options->proxies, &proxies[0], &error) == 0, error.text);
        made.proxies = proxies;
        made.proxy_count = 1;
    }
    buffer_init(&packed, CHANNEL_MESSAGE);
    need(configuration_pack(&packed, &made, CONFIGURATION_DECOYS | CONFIGURATION_PROXIES) == 0 &&
             configuration_unpack(buffer_slice(&packed), &configuration) == 0,
         "configuration");
    buffer_free(&packed);
    return configuration;
}

static int make_listener(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    need(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 511) == 0 &&
             getsockname(fd, (struct sockaddr *)&address, &length) == 0,
         "listener");
    *port = ntohs(address.sin_port);
    return fd;
}

void rig_begin(struct rig *rig, const struct rig_options *options)
{
    struct configuration *configuration;
    struct error error = {""};
    uint16_t port;
    int listener = make_listener(&port);

    memset(rig, 0, sizeof *rig);
    buffer_init(&rig->message, CHANNEL_MESSAGE);
    rig->base = event_base_new();
    configuration = configure(options, port);
    rig->sensor = sensor_new(rig->base, configuration);
    need(rig->sensor != NULL && sensor_listen(rig->sensor, "first", 0, listener, &error) == 0, error.text);
    for (size_t i = 0; i < configuration->decoy_count; i++)
        give_keys(rig, &configuration->decoys[i], options->face);
    need(sensor_load(rig->sensor, &error) == 0, error.text);
    rig_new_keeper(rig);
    need(sensor_open(rig->sensor, &error) == 0, error.text);
    rig_turn(rig, 0);
}

void rig_end(struct rig *rig)
{
    sensor_free(rig->sensor);
    channel_free(rig->keeper);
    buffer_free(&rig->message);
    event_base_free(rig->base);
}

/* ---- clients ---- */

int rig_connect(struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(rig->sensor->doors[0].port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    need(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    need(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "connect");
    rig_turn(rig, 0);
    return fd;
}

static void on_quiet(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    *(bool *)context = true;
}

/* The sensor's own tick is an event too, so the quiet is counted in turns that no descriptor was ready for. */
void rig_turn(struct rig *rig, int quiet_ms)
{
    struct timeval quiet = {quiet_ms / 1000, quiet_ms % 1000 * 1000};
    bool over = false;
    struct event *end = event_new(rig->base, -1, 0, on_quiet, &over);

    for (int i = 0; i < 20; i++)
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
    event_add(end, &quiet);
    while (!over)
        event_base_loop(rig->base, EVLOOP_ONCE);
    event_free(end);
}

size_t rig_ask(struct rig *rig, int client, const void *data, size_t length, void *answer, size_t size, bool *closed)
{
    size_t got = 0;
    ssize_t n = 1;

    need(length == 0 || write(client, data, length) == (ssize_t)length || errno == EPIPE || errno == ECONNRESET,
         "write");
    rig_turn(rig, 0);
    while (got < size - 1 && (n = read(client, (char *)answer + got, size - 1 - got)) > 0) {
        got += (size_t)n;
        rig_turn(rig, 0);
    }
    ((char *)answer)[got] = '\0';
    *closed = n == 0 || (n < 0 && errno != EAGAIN);
    return got;
}
