/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json.h"
#include "server/sensor/ldap_sasl.h"
#include "server/sensor/ldap_schema.h"

#define ANSWER (1024 * 1024)
#define FACTS 8192
#define MESSAGES 64 /* of one client before the others have their turn */
/* slapd itself waits for ever; whoever is silent longest goes first where connections become scarce. */
#define IDLE_S 3600
#define TOTAL_S (7 * 24 * 3600)

struct ldap_state {
    struct buffer answer; /* to what is being judged */
    ber_int_t id;
    ber_tag_t operation;
    bool close, start_tls;
    struct ldap_pages pages;
    struct ldap_sasl sasl;
    size_t scanned, bind; /* of the input: looked through for binds so far; the end of the last one, or 0 */
};

static const struct {
    ber_tag_t operation;
    const char *name;
    void (*handle)(struct ldap_call *call); /* NULL: nothing to answer */
} operations[] = {
    {LDAP_BIND, "bind", ldap_bind},       {LDAP_SEARCH, "search", ldap_search}, {LDAP_COMPARE, "compare", ldap_compare},
    {LDAP_MODIFY, "modify", ldap_modify}, {LDAP_ADD, "add", ldap_add},          {LDAP_DELETE, "delete", ldap_delete},
    {LDAP_RENAME, "rename", ldap_rename}, {LDAP_ABANDON, "abandon", NULL},
    {LDAP_UNBIND, "unbind", NULL},
    {LDAP_EXTENDED, "extended", ldap_extend},
};

void ldap_say_nearest(struct ldap_call *call, int code, const struct ldap_entry *nearest, const char *text)
{
    struct ldap_answer answer = {.code = code, .text = text};

    if (nearest != NULL)
        answer.matched = nearest->name;
    ldap_result(call->answer, call->id, ldap_answer(call->operation), &answer);
}

void ldap_say(struct ldap_call *call, int code, const char *text)
{
    if (call->operation == LDAP_EXTENDED)
        ldap_extended(call->answer, call->id, code, text, NULL);
    else
        ldap_say_nearest(call, code, NULL, text);
}

void ldap_disconnect(struct ldap_call *call, int code, const char *text)
{
    ldap_notice(call->answer, code, text);
    call->close = true;
}

void ldap_describe(struct ldap_call *call, const char *name, struct slice value)
{
    char classes[SESSION_CLASSES], member[64];

    snprintf(member, sizeof member, "%s_length", name);
    json_member_number(call->facts, member, (int64_t)value.length);
    snprintf(member, sizeof member, "%s_classes", name);
    json_member_text(call->facts, member, session_classes(value, classes));
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.length >= end.length &&
           slice_equal((struct slice){text.data + text.length - end.length, end.length}, end);
}

static enum ldap_where where_is(const struct ldap_directory *directory, struct slice normal)
{
    if (normal.length == 0)
        return LDAP_AT_ROOT;
    if (slice_is(normal, "\1cn=subschema"))
        return LDAP_AT_SUBSCHEMA;
    if (ends_with(normal, slice_of("\1cn=config")))
        return LDAP_BELOW_CONFIG;
    return ends_with(normal, buffer_slice(&directory->normal)) ? LDAP_BELOW_SUFFIX : LDAP_ELSEWHERE;
}

const struct ldap_entry *ldap_root(const struct ldap_call *call)
{
    return &call->directory->roots[call->session->tls.on];
}

int ldap_find(struct ldap_call *call, struct slice name, struct ldap_target *target)
{
    struct buffer normal;
    int result = 0;

    *target = (struct ldap_target){.name = name};
    buffer_init(&normal, 4 * LDAP_LARGEST);
    if (ldap_dn(name, &normal) < 0) {
        ldap_say(call, LDAP_INVALID_DN, "invalid DN");
        result = -1;
    } else {
        target->where = where_is(call->directory, buffer_slice(&normal));
        target->entry = target->where == LDAP_AT_ROOT ? ldap_root(call)
                                                      : ldap_directory_find(call->directory, buffer_slice(&normal));
        target->nearest = ldap_directory_nearest(call->directory, buffer_slice(&normal));
        target->refers = target->where == LDAP_ELSEWHERE ? ldap_root(call) : target->nearest;
    }
    buffer_free(&normal);
    return result;
}

bool ldap_asserted(struct ldap_call *call, const struct ldap_entry *entry)
{
    return call->assertion == NULL ||
           ldap_filter_test(call->directory, entry, call->assertion, &call->work) == LDAP_TRUE;
}

/* ---- one message ---- */

/* Where a bind follows in what has come already, slapd abandons what is before it: nothing of that is answered. The
 * end of the last bind; each message is looked at once, however many wait. */
static size_t last_bind(struct session *session)
{
    struct ldap_state *state = session->state;
    struct slice input = buffer_slice(&session->input);
    size_t length;

    while (state->scanned < input.length &&
           ldap_frame((struct slice){input.data + state->scanned, input.length - state->scanned}, &length) == 1) {
        struct slice message = {input.data + state->scanned, length};

        state->scanned += length;
        if (ldap_is_bind(message))
            state->bind = state->scanned;
    }
    return state->bind;
}

static void consume(struct session *session, size_t length)
{
    struct ldap_state *state = session->state;

    buffer_consume(&session->input, length);
    state->scanned = state->scanned > length ? state->scanned - length : 0;
    state->bind = state->bind > length ? state->bind - length : 0;
}

static void send_answer(struct session *session, bool abandoned)
{
    struct ldap_state *state = session->state;

    if (!abandoned && buffer_add_slice(&session->output, buffer_slice(&state->answer)) == 0)
        session_send(session);
    buffer_free(&state->answer);
    if (state->close)
        session_close(session, false);
    else if (state->start_tls && session_start_tls(session) < 0)
        session_close(session, false);
    if (state->start_tls)
        state->scanned = state->bind = 0; /* what was sent before TLS is dropped */
    state->start_tls = false;
}

/* Between a challenge and the response to it slapd takes nothing but binds. */
static void say_in_progress(struct ldap_call *call)
{
    static const char text[] = "SASL bind in progress";

    if (ldap_answer(call->operation) == 0)
        ldap_result(call->answer, 0, LDAP_NO_ANSWER, &(struct ldap_answer){.code = LDAP_OPERATIONS_ERROR, .text = text});
    else
        ldap_say(call, LDAP_OPERATIONS_ERROR, text);
    call->close = call->operation == LDAP_UNBIND;
}

static void handle(struct ldap_call *call)
{
    const char *name = NULL;

    json_member_number(call->facts, "message_id", call->id);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (operations[i].operation == call->operation) {
            name = operations[i].name;
            json_member_text(call->facts, "operation", name);
            if (call->sasl->mechanism != NULL && call->operation != LDAP_BIND)
                say_in_progress(call);
            else if (operations[i].handle != NULL)
                operations[i].handle(call);
        }
    if (name == NULL) {
        json_member_text(call->facts, "operation", "unknown");
        ldap_disconnect(call, LDAP_PROTOCOL_ERROR, "unknown LDAP request");
    }
    buffer_add_text(call->facts, "}}");
}

/* Reads id and operation, has the message handled, and presents what was in it. -1: slapd closes without a word. */
static int take(struct session *session, struct slice message)
{
    struct ldap_state *state = session->state;
    struct ldap_reader reader;
    struct credentials credentials;
    struct buffer facts;
    ber_len_t length;
    struct ldap_call call = {.session = session, .directory = session->face->state, .answer = &state->answer,
                             .credentials = &credentials, .facts = &facts, .version = 3, .work = LDAP_WORK,
                             .pages = &state->pages, .sasl = &state->sasl, .remark = ""};
    int result = -1;

    credentials_init(&credentials);
    buffer_init(&facts, FACTS);
    call.ber = ldap_read(&reader, message);
    if (call.ber == NULL || !ldap_is_message(message) || ber_skip_tag(call.ber, &length) == LBER_ERROR ||
        ber_get_int(call.ber, &call.id) == LBER_ERROR)
        goto out;
    call.operation = ber_peek_tag(call.ber, &length);
    if (call.operation == LBER_ERROR)
        goto out;
    session->request++;
    if (call.operation == LDAP_UNBIND && state->sasl.mechanism == NULL)
        goto out;
    buffer_add_text(&facts, "{\"ldap\":{");
    handle(&call);
    state->id = call.id;
    state->operation = call.operation;
    state->close = call.close;
    state->start_tls = call.start_tls;
    session_present(session, &credentials, buffer_slice(&facts));
    result = 0;
out:
    ldap_read_end(&reader);
    arena_free(&call.arena);
    credentials_free(&credentials);
    buffer_free(&facts);
    return result;
}

/* ---- the service ---- */

static int ldap_open(struct session *session)
{
    struct ldap_state *state;

    if (session->plain_on_tls)
        return -1;
    state = calloc(1, sizeof *state);
    if (state == NULL)
        return -1;
    buffer_init(&state->answer, ANSWER);
    session->input.maximum = LDAP_LARGEST + 16;
    session->state = state;
    return 0;
}

static void ldap_input(struct session *session)
{
    struct slice input = buffer_slice(&session->input);
    size_t bind = last_bind(session), at = 0, length = 0, messages = 0;
    int framed = 0;

    while (!session->waiting && !session_congested(session) &&
           (framed = ldap_frame((struct slice){input.data + at, input.length - at}, &length)) == 1) {
        struct ldap_state *state = session->state;
        bool started_tls;

        if (take(session, (struct slice){input.data + at, length}) < 0) {
            framed = -1;
            break;
        }
        at += length;
        started_tls = state->start_tls;
        if (!session->waiting)
            send_answer(session, bind > at);
        if (state->close || started_tls)
            break;
        if (++messages == MESSAGES && at < input.length && !session->waiting) {
            session_yield(session);
            break;
        }
    }
    consume(session, at);
    if (framed < 0)
        session_close(session, false);
}

static void ldap_verdict(struct session *session, const struct verdict *verdict)
{
    (void)verdict;
    send_answer(session, last_bind(session) > 0);
}

static void ldap_unavailable(struct session *session)
{
    struct ldap_state *state = session->state;

    buffer_clear(&state->answer);
    if (state->operation == LDAP_EXTENDED)
        ldap_extended(&state->answer, state->id, LDAP_UNAVAILABLE, "", NULL);
    else
        ldap_result(&state->answer, state->id, ldap_answer(state->operation),
                    &(struct ldap_answer){.code = LDAP_UNAVAILABLE, .text = ""});
    send_answer(session, false);
}

/* Who left after the name alone has shown that name. */
static void present_left(struct session *session)
{
    struct ldap_state *state = session->state;
    const char *name = ldap_sasl_left(&state->sasl);
    struct credentials credentials;

    if (name == NULL || session->waiting)
        return;
    credentials_init(&credentials);
    credentials_add(&credentials, CANDIDATE_IDENTITY, 0, 0, "bind SASL, left unfinished", slice_of(name));
    session_present(session, &credentials, slice_of("{\"ldap\":{\"operation\":\"bind\"}}"));
    credentials_free(&credentials);
}

static void ldap_close(struct session *session)
{
    struct ldap_state *state = session->state;

    if (state == NULL)
        return;
    present_left(session);
    buffer_free(&state->answer);
    ldap_sasl_free(&state->sasl);
    free(state);
    session->state = NULL;
}

/* ---- the directory ---- */

static void ldap_unload(struct decoy_face *face)
{
    if (face->state != NULL)
        ldap_directory_free(face->state);
    face->state = NULL;
}

static int ldap_load(struct decoy_face *face, struct error *error)
{
    struct ldap_directory *directory = calloc(1, sizeof *directory);
    struct buffer suffix;
    int result = -1;

    face->state = directory;
    buffer_init(&suffix, 4096);
    decoy_suffix(face->decoy, &suffix);
    if (directory != NULL && !suffix.failed)
        directory->suffix = slice_copy(buffer_slice(&suffix));
    if (directory == NULL || directory->suffix == NULL) {
        error_set(error, "out of memory");
        goto out;
    }
    directory->face = face;
    directory->host = face->decoy->name_count > 0 ? face->decoy->names[0] : "";
    for (size_t i = 0; i < face->decoy->listener_count; i++)
        directory->tls = directory->tls || face->decoy->listeners[i].tls != TLS_NONE;
    buffer_init(&directory->normal, 16384);
    if (suffix.length == 0 || ldap_dn(buffer_slice(&suffix), &directory->normal) < 0)
        error_set(error, "the directory's first name must be a host name, such as ldap.corp.example");
    else
        result = ldap_directory_load(directory, error);
out:
    if (result < 0)
        ldap_unload(face);
    buffer_free(&suffix);
    return result;
}

const struct service service_ldap = {
    .name = "ldap",
    .idle_s = IDLE_S,
    .total_s = TOTAL_S,
    .load = ldap_load,
    .unload = ldap_unload,
    .open = ldap_open,
    .input = ldap_input,
    .verdict = ldap_verdict,
    .unavailable = ldap_unavailable,
    .close = ldap_close,
};
