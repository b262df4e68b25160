/* SPDX-License-Identifier: ISC */
#include "server/planter/directory.h"
#include <errno.h>
#include <openldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/place.h"
#include "server/wire/remote.h"

#define ANSWER (8 * 1024 * 1024) /* bytes of one message */
#define ANSWERS (32 * 1024 * 1024) /* and of all that answer one question */
#define ACTIVE_DIRECTORY "1.2.840.113556.1.4.800"

/* ---- libldap's way to the door ---- */

static int door_setup(Sockbuf_IO_Desc *io, void *directory)
{
    io->sbiod_pvt = directory;
    return 0;
}

static int door_remove(Sockbuf_IO_Desc *io)
{
    io->sbiod_pvt = NULL;
    return 0;
}

static int door_control(Sockbuf_IO_Desc *io, int option, void *value)
{
    const struct door *door = &((const struct directory *)io->sbiod_pvt)->door;

    (void)value;
    if (option == LBER_SB_OPT_DATA_READY)
        return door->input.length > 0 || (door->ssl != NULL && SSL_pending(door->ssl) > 0);
    return 0;
}

static ber_slen_t door_take(Sockbuf_IO_Desc *io, void *room, ber_len_t length)
{
    struct directory *directory = io->sbiod_pvt;
    struct door *door = &directory->door;
    struct error ignored;
    int got = 1;

    if (directory->taken > ANSWERS)
        got = -1;
    else if (door->input.length == 0)
        got = door_read(door, &ignored);
    if (got <= 0) {
        errno = got < 0 ? ETIMEDOUT : 0;
        return got;
    }
    if (length > door->input.length)
        length = door->input.length;
    memcpy(room, door->input.data, length);
    directory->taken += length;
    buffer_consume(&door->input, length);
    return (ber_slen_t)length;
}

static ber_slen_t door_give(Sockbuf_IO_Desc *io, void *data, ber_len_t length)
{
    struct error ignored;

    if (door_write(&((struct directory *)io->sbiod_pvt)->door, (struct slice){data, length}, &ignored) == 0)
        return (ber_slen_t)length;
    errno = ETIMEDOUT;
    return -1;
}

static int door_leave(Sockbuf_IO_Desc *io)
{
    (void)io; /* door_close() does */
    return 0;
}

static Sockbuf_IO through_door = {door_setup, door_remove, door_control, door_take, door_give, door_leave};

void directory_wait(struct directory *directory, int timeout_ms)
{
    directory->taken = 0;
    door_wait(&directory->door, timeout_ms);
}

int directory_begin(struct directory *directory, struct error *error)
{
    struct timeval patience = {VISIT_TIMEOUT_MS / 1000, 0};
    ber_len_t most = ANSWER;
    int version = LDAP_VERSION3;
    Sockbuf *buffer = NULL;

    setenv("LDAPNOINIT", "1", 1); /* no file of anybody's changes what is done here */
    if (ldap_init_fd(directory->door.fd, LDAP_PROTO_EXT, NULL, &directory->ld) != LDAP_SUCCESS ||
        ldap_get_option(directory->ld, LDAP_OPT_SOCKBUF, &buffer) != LDAP_OPT_SUCCESS || buffer == NULL ||
        ber_sockbuf_add_io(buffer, &through_door, LBER_SBIOD_LEVEL_PROVIDER, directory) != 0 ||
        ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most) < 0 ||
        ldap_set_option(directory->ld, LDAP_OPT_PROTOCOL_VERSION, &version) != LDAP_OPT_SUCCESS ||
        ldap_set_option(directory->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
        ldap_set_option(directory->ld, LDAP_OPT_TIMEOUT, &patience) != LDAP_OPT_SUCCESS)
        return error_set(error, "libldap does not start");
    return 0;
}

/* ---- what comes back ---- */

static const char *advice(const struct directory *directory, int code)
{
    switch (code) {
    case LDAP_INSUFFICIENT_ACCESS:
        return "; the account needs the right to do this there, and no more (see README.md)";
    case LDAP_ALREADY_EXISTS:
        return "; plant anew, for lures draw other names, or choose one with --identity";
    case LDAP_NO_SUCH_OBJECT:
        return "; make the folder there, or name another in the place";
    case LDAP_INVALID_DN_SYNTAX:
        return "; write the place as ldaps://HOST/ou=services,dc=corp,dc=example";
    case LDAP_OBJECT_CLASS_VIOLATION:
    case LDAP_UNDEFINED_TYPE:
        return "; its schema asks for other attributes: choose or write another lure (sundew-lure(5))";
    case LDAP_CONSTRAINT_VIOLATION:
        return directory->active ? "; a password policy forbids it, or a name is taken: plant anew" : "";
    case LDAP_ADMINLIMIT_EXCEEDED:
    case LDAP_OTHER:
        return "; look into the server's log: it may be full";
    default:
        return "";
    }
}

int directory_fail(struct directory *directory, int code, const char *what, struct error *error)
{
    char *words = NULL;
    size_t length;

    if (code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT || code == LDAP_CONNECT_ERROR || code == LDAP_DECODING_ERROR) {
        directory->broken = true;
        return error_set(error, directory->taken > ANSWERS
                                    ? "%s: %s answers with more than 32 MiB; name a smaller folder in the place"
                                    : "%s: %s closed the connection, or did not answer in time", what, directory->host);
    }
    ldap_get_option(directory->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &words);
    length = words != NULL ? strcspn(words, "\r\n") : 0;
    error_set(error, "%s: %s says: %s%s%.*s%s%s", what, directory->host, ldap_err2string(code), length > 0 ? " (" : "",
              (int)(length < 200 ? length : 200), words != NULL ? words : "", length > 0 ? ")" : "",
              advice(directory, code));
    ldap_memfree(words);
    return -1;
}

int directory_search(struct directory *directory, const char *base, int scope, const char *filter,
                     const char *const *attributes, int limit, LDAPMessage **found, struct error *error)
{
    struct timeval patience = {VISIT_TIMEOUT_MS / 1000, 0};
    char what[320];
    int code;

    directory_wait(directory, VISIT_TIMEOUT_MS);
    code = ldap_search_ext_s(directory->ld, base, scope, filter, directory_lend(attributes), 0, NULL, NULL, &patience, limit,
                             found);
    if (code == LDAP_SUCCESS || code == LDAP_SIZELIMIT_EXCEEDED)
        return 0;
    ldap_msgfree(*found);
    *found = NULL;
    if (code == LDAP_NO_SUCH_OBJECT)
        return 1;
    snprintf(what, sizeof what, "cannot look into %.250s", base);
    return directory_fail(directory, code, what, error);
}

char *directory_text(const struct directory *directory, LDAPMessage *entry, const char *attribute)
{
    struct berval **values = ldap_get_values_len(directory->ld, entry, attribute);
    char *text = NULL;

    if (values != NULL && values[0] != NULL && memchr(values[0]->bv_val, '\0', values[0]->bv_len) == NULL)
        text = strndup(values[0]->bv_val, values[0]->bv_len);
    ldap_value_free_len(values);
    return text;
}

static bool has_value(const struct directory *directory, LDAPMessage *entry, const char *attribute, const char *value)
{
    struct berval **values = ldap_get_values_len(directory->ld, entry, attribute);
    bool has = false;

    for (int i = 0; values != NULL && values[i] != NULL && !has; i++)
        has = values[i]->bv_len == strlen(value) && memcmp(values[i]->bv_val, value, strlen(value)) == 0;
    ldap_value_free_len(values);
    return has;
}

/* ---- logging in ---- */

static int start_tls(struct directory *directory, const struct visit *visit, struct error *error)
{
    int code;

    directory_wait(directory, VISIT_TIMEOUT_MS);
    code = ldap_extended_operation_s(directory->ld, LDAP_EXOP_START_TLS, NULL, NULL, NULL, NULL, NULL);
    if (code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT || code == LDAP_CONNECT_ERROR)
        return directory_fail(directory, code, "StartTLS", error);
    if (code != LDAP_SUCCESS)
        return error_set(error, "%s offers no StartTLS, and no password goes out in clear; use ldaps://",
                         directory->host);
    /* What came in clear behind the answer is not the server's word (RFC 4511, 4.14.1). */
    if (directory->door.input.length > 0)
        return error_set(error, "%s sends plain text behind its answer to StartTLS; somebody is in between",
                         directory->host);
    return visit_tls(visit, &directory->door, directory->host, error);
}

/* Active Directory says why only in the text of its answer: "80090308: LdapErr: …, data 52e, v1db1" (system error codes). */
static const char *reason(struct directory *directory)
{
    static const struct {
        unsigned code;
        const char *text;
    } reasons[] = {{0x530, "it may not log in at this hour"}, {0x531, "it may not log in from here"},
                   {0x532, "its password has expired"},       {0x533, "it is disabled"},
                   {0x701, "it has expired"},                 {0x773, "its password has expired and is to be changed"},
                   {0x775, "it is locked out"}};
    const char *text = NULL, *data;
    char *words = NULL;

    ldap_get_option(directory->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &words);
    data = words != NULL ? strstr(words, ", data ") : NULL;
    for (size_t i = 0; data != NULL && i < sizeof reasons / sizeof reasons[0] && text == NULL; i++)
        if (strtoul(data + strlen(", data "), NULL, 16) == reasons[i].code)
            text = reasons[i].text;
    ldap_memfree(words);
    return text;
}

static int refused(struct directory *directory, const struct credentials *credentials, const char *who,
                   enum account_file file, int code, struct error *error)
{
    const char *why = reason(directory);

    if (why != NULL)
        return error_set(error, "%s refused the login of %s: %s; ask those who run the directory", directory->host, who, why);
    return error_set(error, "%s refused the login of %s (%s): check user: and %s: of the account %s", directory->host, who,
                     ldap_err2string(code), account_file_name(file), credentials->name);
}

static int log_in(struct directory *directory, const struct visit *visit, struct error *error)
{
    const struct credentials *credentials = &visit->credentials;
    const char *user = credentials_setting(credentials, "user");
    struct slice password = credentials_file(credentials, ACCOUNT_PASSWORD);
    bool external = password.length == 0 && credentials->files[ACCOUNT_CERTIFICATE].path != NULL;
    struct berval secret = {password.length, directory_lend(password.data)}, none = {0, directory_lend("")};
    int code;

    if (!external && (user[0] == '\0' || password.length == 0))
        return error_set(error, "the account %s has nothing by which %s lets in: give it user: (a DN) and password:, or "
                         "certificate: and key:", credentials->name, directory->host);
    directory_wait(directory, VISIT_TIMEOUT_MS);
    code = ldap_sasl_bind_s(directory->ld, external ? NULL : user, external ? "EXTERNAL" : LDAP_SASL_SIMPLE,
                            external ? &none : &secret, NULL, NULL, NULL);
    if (code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_AUTH_METHOD_NOT_SUPPORTED)
        return refused(directory, credentials, external ? "its certificate" : user,
                       external ? ACCOUNT_CERTIFICATE : ACCOUNT_PASSWORD, code, error);
    return code == LDAP_SUCCESS ? 0 : directory_fail(directory, code, "the login", error);
}

/* ---- what it is ---- */

/* The naming context that holds the place; without a place Active Directory's own, or the first. */
static char *context_for(const struct directory *directory, LDAPMessage *root, const char *place)
{
    struct berval **values = ldap_get_values_len(directory->ld, root, "namingContexts");
    char *best = place[0] == '\0' ? directory_text(directory, root, "defaultNamingContext") : NULL;

    for (int i = 0; values != NULL && values[i] != NULL; i++) {
        size_t length = values[i]->bv_len, whole = strlen(place);
        bool holds = whole >= length && strncasecmp(place + whole - length, values[i]->bv_val, length) == 0;

        if ((place[0] == '\0' && best == NULL) || (holds && (best == NULL || strlen(best) < length))) {
            free(best);
            best = strndup(values[i]->bv_val, length);
        }
    }
    ldap_value_free_len(values);
    return best != NULL ? best : strdup(place);
}

static int learn(struct directory *directory, const char *place, struct error *error)
{
    static const char *const wanted[] = {"namingContexts", "defaultNamingContext", "supportedCapabilities",
                                         "supportedControl", NULL};
    LDAPMessage *found = NULL, *root;
    int rc = directory_search(directory, "", LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &found, error);

    if (rc < 0)
        return -1;
    root = found != NULL ? ldap_first_entry(directory->ld, found) : NULL;
    if (root != NULL) {
        directory->active = has_value(directory, root, "supportedCapabilities", ACTIVE_DIRECTORY);
        directory->asserts = has_value(directory, root, "supportedControl", LDAP_CONTROL_ASSERT);
    }
    directory->suffix = root != NULL ? context_for(directory, root, place) : strdup(place);
    if (directory->suffix != NULL && ldap_dn2domain(directory->suffix, &directory->domain) != 0)
        directory->domain = NULL;
    if (directory->domain == NULL || directory->domain[0] == '\0') {
        ldap_memfree(directory->domain);
        directory->domain = ldap_strdup(directory->host);
    }
    ldap_msgfree(found);
    return directory->suffix != NULL && directory->domain != NULL ? 0 : error_set(error, "out of memory");
}

/* ---- sessions ---- */

static void leave(void *session)
{
    struct directory *directory = session;

    if (directory->ld != NULL) {
        directory_wait(directory, directory->broken ? 0 : 1000);
        ldap_unbind_ext_s(directory->ld, NULL, NULL);
    }
    door_close(&directory->door);
    free(directory->host);
    free(directory->suffix);
    ldap_memfree(directory->domain);
    free(directory);
}

static int open_session(struct directory *directory, const struct task *task, const struct remote *place,
                        struct error *error)
{
    const struct visit *visit = task->visit;
    bool direct = strcmp(task->place->scheme, "ldaps") == 0;
    uint16_t port = place->port != 0 ? place->port : direct ? 636 : 389;

    if (visit_door(&directory->door, directory->host, port, error) != 0 ||
        (direct && visit_tls(visit, &directory->door, directory->host, error) != 0) || directory_begin(directory, error) != 0 ||
        (!direct && start_tls(directory, visit, error) != 0) || log_in(directory, visit, error) != 0)
        return -1;
    return learn(directory, place->path, error);
}

static bool still_open(struct directory *directory)
{
    static const char *const none[] = {LDAP_NO_ATTRS, NULL};
    LDAPMessage *found = NULL;
    struct error ignored;
    bool open = !directory->broken &&
                directory_search(directory, "", LDAP_SCOPE_BASE, "(objectClass=*)", none, 1, &found, &ignored) >= 0;

    ldap_msgfree(found);
    return open;
}

struct directory *directory_enter(const struct task *task, const struct remote *place, struct error *error)
{
    struct directory *directory;
    char key[1024];

    snprintf(key, sizeof key, "%s %s %u %s", task->place->scheme, place->host, place->port, place->path);
    directory = visit_session(task->visit, key);
    if (directory != NULL && still_open(directory))
        return directory;
    visit_leave(task->visit);
    directory = calloc(1, sizeof *directory);
    if (directory == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    door_init(&directory->door);
    directory->host = strdup(place->host);
    if (directory->host == NULL)
        error_set(error, "out of memory");
    else if (open_session(directory, task, place, error) == 0)
        return visit_keep(task->visit, key, directory, leave, error) == 0 ? directory : NULL;
    directory->broken = true;
    leave(directory);
    return NULL;
}
