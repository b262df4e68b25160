/* SPDX-License-Identifier: ISC */
#include "server/wire/message.h"

#include "server/base/role.h"
#include "server/wire/message_parts.h"

uint16_t message_type(struct reader *reader)
{
    return reader_u16(reader);
}

void message_begin(struct buffer *buffer, enum message_type type)
{
    buffer_add_u16(buffer, (uint16_t)type);
}

void hello_add(struct buffer *buffer)
{
    message_begin(buffer, MESSAGE_HELLO);
    buffer_add_string(buffer, role_build());
}

int hello_get(struct reader *reader)
{
    struct slice build = reader_bytes(reader, MESSAGE_NAME);

    return reader_end(reader) == 0 && slice_is(build, role_build()) ? 0 : -1;
}

int observation_add(struct buffer *buffer, const struct observation *o)
{
    message_begin(buffer, MESSAGE_OBSERVATION);
    message_add_id(buffer, &o->id);
    buffer_add_u32(buffer, o->ticket);
    buffer_add_u64(buffer, (uint64_t)o->time);
    buffer_add_bytes(buffer, o->decoy);
    buffer_add_bytes(buffer, o->service);
    message_add_address(buffer, &o->source);
    buffer_add_u16(buffer, o->source_port);
    buffer_add_u8(buffer, o->via_count);
    for (size_t i = 0; i < o->via_count && i < OBSERVATION_VIA; i++)
        message_add_address(buffer, &o->via[i]);
    message_add_address(buffer, &o->local);
    buffer_add_u16(buffer, o->local_port);
    buffer_add_u64(buffer, o->connection);
    buffer_add_u32(buffer, o->request);
    buffer_add_u8(buffer, o->again);
    buffer_add_u8(buffer, o->login);
    buffer_add_bytes(buffer, o->context);
    buffer_add_u16(buffer, o->candidate_count);
    for (size_t i = 0; i < o->candidate_count && i < OBSERVATION_CANDIDATES; i++) {
        buffer_add_u8(buffer, o->candidates[i].part);
        buffer_add_u8(buffer, o->candidates[i].pair);
        buffer_add_bytes(buffer, o->candidates[i].where);
        buffer_add_bytes(buffer, o->candidates[i].value);
    }
    return message_added(buffer);
}

static void get_candidates(struct reader *reader, struct observation *o)
{
    o->candidate_count = reader_u16(reader);
    if (o->candidate_count > OBSERVATION_CANDIDATES)
        reader->failed = true;
    for (size_t i = 0; i < o->candidate_count && !reader->failed; i++) {
        struct candidate *candidate = &o->candidates[i];

        candidate->part = reader_u8(reader);
        candidate->pair = reader_u8(reader);
        candidate->where = reader_bytes(reader, MESSAGE_NAME);
        candidate->value = reader_bytes(reader, OBSERVATION_CANDIDATE_BYTES);
        if ((candidate->part < CANDIDATE_IDENTITY || candidate->part > CANDIDATE_PUBLIC) &&
            candidate->part != CANDIDATE_PROOF && candidate->part != CANDIDATE_SESSION)
            reader->failed = true;
    }
}

int observation_get(struct reader *reader, struct observation *o)
{
    message_get_id(reader, &o->id);
    o->ticket = reader_u32(reader);
    o->time = (int64_t)reader_u64(reader);
    o->decoy = reader_bytes(reader, MESSAGE_NAME);
    o->service = reader_bytes(reader, MESSAGE_NAME);
    message_get_address(reader, &o->source);
    o->source_port = reader_u16(reader);
    o->via_count = reader_u8(reader);
    if (o->via_count > OBSERVATION_VIA)
        reader->failed = true;
    for (size_t i = 0; i < o->via_count && !reader->failed; i++)
        message_get_address(reader, &o->via[i]);
    message_get_address(reader, &o->local);
    o->local_port = reader_u16(reader);
    o->connection = reader_u64(reader);
    o->request = reader_u32(reader);
    o->again = message_get_bool(reader);
    o->login = reader_u8(reader);
    o->context = reader_bytes(reader, OBSERVATION_CONTEXT);
    get_candidates(reader, o);
    return reader_end(reader);
}

int verdict_add(struct buffer *buffer, const struct verdict *verdict)
{
    message_begin(buffer, MESSAGE_VERDICT);
    buffer_add_u32(buffer, verdict->ticket);
    buffer_add_u8(buffer, verdict->grant);
    buffer_add_bytes(buffer, verdict->world);
    return message_added(buffer);
}

int verdict_get(struct reader *reader, struct verdict *verdict)
{
    verdict->ticket = reader_u32(reader);
    verdict->grant = message_get_bool(reader);
    verdict->world = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}

int decoy_keys_add(struct buffer *buffer, const struct decoy_keys *keys)
{
    message_begin(buffer, MESSAGE_DECOY_KEYS);
    buffer_add_bytes(buffer, keys->decoy);
    buffer_add_bytes(buffer, keys->certificate);
    buffer_add_bytes(buffer, keys->key);
    buffer_add_bytes(buffer, keys->salt);
    buffer_add_bytes(buffer, keys->face);
    return message_added(buffer);
}

int decoy_keys_get(struct reader *reader, struct decoy_keys *keys)
{
    keys->decoy = reader_bytes(reader, MESSAGE_NAME);
    keys->certificate = reader_bytes(reader, CHANNEL_MESSAGE);
    keys->key = reader_bytes(reader, CHANNEL_MESSAGE);
    keys->salt = reader_bytes(reader, 32);
    keys->face = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader) == 0 && keys->salt.length == 32 ? 0 : -1;
}

int job_add(struct buffer *buffer, const struct job *job)
{
    message_begin(buffer, MESSAGE_JOB);
    buffer_add_u64(buffer, job->number);
    buffer_add_bytes(buffer, job->what);
    buffer_add_bytes(buffer, job->parameters);
    return message_added(buffer);
}

int job_get(struct reader *reader, struct job *job)
{
    job->number = reader_u64(reader);
    job->what = reader_bytes(reader, MESSAGE_NAME);
    job->parameters = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}

int result_add(struct buffer *buffer, const struct result *result)
{
    message_begin(buffer, MESSAGE_RESULT);
    buffer_add_u64(buffer, result->number);
    buffer_add_bytes(buffer, result->kind);
    buffer_add_bytes(buffer, result->name);
    buffer_add_bytes(buffer, result->data);
    buffer_add_u8(buffer, result->more);
    return message_added(buffer);
}

int result_get(struct reader *reader, struct result *result)
{
    result->number = reader_u64(reader);
    result->kind = reader_bytes(reader, MESSAGE_NAME);
    result->name = reader_bytes(reader, 4096);
    result->data = reader_bytes(reader, CHANNEL_MESSAGE);
    result->more = message_get_bool(reader);
    return reader_end(reader);
}

int result_done_add(struct buffer *buffer, const struct result_done *done)
{
    message_begin(buffer, MESSAGE_RESULT_DONE);
    buffer_add_u64(buffer, done->number);
    buffer_add_u8(buffer, done->code);
    buffer_add_bytes(buffer, done->text);
    return message_added(buffer);
}

int result_done_get(struct reader *reader, struct result_done *done)
{
    done->number = reader_u64(reader);
    done->code = reader_u8(reader);
    done->text = reader_bytes(reader, 4096);
    return done->code > 3 || done->code == 1 ? -1 : reader_end(reader);
}

int token_result_add(struct buffer *buffer, const struct token_result *token)
{
    buffer_add_bytes(buffer, token->kind);
    buffer_add_bytes(buffer, token->form);
    buffer_add_bytes(buffer, token->identity);
    buffer_add_bytes(buffer, token->secret);
    buffer_add_u16(buffer, token->secret_bits);
    buffer_add_u16(buffer, token->identity_bits);
    buffer_add_u8(buffer, token->bound);
    buffer_add_u8(buffer, token->distinctive);
    buffer_add_bytes(buffer, token->facts);
    buffer_add_u8(buffer, token->trusts);
    return message_added(buffer);
}

static bool facts_good(struct slice facts)
{
    struct reader reader = reader_of(facts);
    struct token_fact fact;

    while (fact_next(&reader, &fact))
        continue;
    return reader_end(&reader) == 0;
}

int token_result_get(struct reader *reader, struct token_result *token)
{
    token->kind = reader_bytes(reader, MESSAGE_NAME);
    token->form = reader_bytes(reader, MESSAGE_NAME);
    token->identity = reader_bytes(reader, OBSERVATION_CANDIDATE_BYTES);
    token->secret = reader_bytes(reader, OBSERVATION_CANDIDATE_BYTES);
    token->secret_bits = reader_u16(reader);
    token->identity_bits = reader_u16(reader);
    token->bound = message_get_bool(reader);
    token->distinctive = message_get_bool(reader);
    token->facts = reader_bytes(reader, FACTS_BYTES);
    token->trusts = message_get_bool(reader);
    return facts_good(token->facts) ? reader_end(reader) : -1;
}

int delivery_add(struct buffer *buffer, const struct delivery *delivery)
{
    message_begin(buffer, MESSAGE_DELIVERY);
    message_add_id(buffer, &delivery->id);
    message_add_id(buffer, &delivery->alert);
    buffer_add_bytes(buffer, delivery->route);
    buffer_add_u32(buffer, delivery->attempt);
    buffer_add_bytes(buffer, delivery->record);
    return message_added(buffer);
}

int delivery_get(struct reader *reader, struct delivery *delivery)
{
    message_get_id(reader, &delivery->id);
    message_get_id(reader, &delivery->alert);
    delivery->route = reader_bytes(reader, MESSAGE_NAME);
    delivery->attempt = reader_u32(reader);
    delivery->record = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}

int outcome_add(struct buffer *buffer, const struct outcome *outcome)
{
    message_begin(buffer, MESSAGE_OUTCOME);
    message_add_id(buffer, &outcome->delivery);
    buffer_add_u8(buffer, outcome->result);
    buffer_add_u16(buffer, outcome->status);
    buffer_add_u32(buffer, outcome->retry_after);
    buffer_add_bytes(buffer, outcome->text);
    return message_added(buffer);
}

int outcome_get(struct reader *reader, struct outcome *outcome)
{
    message_get_id(reader, &outcome->delivery);
    outcome->result = reader_u8(reader);
    outcome->status = reader_u16(reader);
    outcome->retry_after = reader_u32(reader);
    outcome->text = reader_bytes(reader, 4096);
    return reader_end(reader) == 0 && outcome->result >= OUTCOME_DELIVERED && outcome->result <= OUTCOME_REFUSED ? 0
                                                                                                                 : -1;
}

int command_add(struct buffer *buffer, const struct command *command)
{
    message_begin(buffer, MESSAGE_COMMAND);
    buffer_add_bytes(buffer, command->name);
    buffer_add_u16(buffer, command->argument_count);
    for (size_t i = 0; i < command->argument_count && i < COMMAND_ARGUMENTS; i++) {
        buffer_add_bytes(buffer, command->arguments[i].name);
        buffer_add_bytes(buffer, command->arguments[i].value);
    }
    return message_added(buffer);
}

int command_get(struct reader *reader, struct command *command)
{
    command->name = reader_bytes(reader, MESSAGE_NAME);
    command->argument_count = reader_u16(reader);
    if (command->argument_count > COMMAND_ARGUMENTS)
        reader->failed = true;
    for (size_t i = 0; i < command->argument_count && !reader->failed; i++) {
        command->arguments[i].name = reader_bytes(reader, MESSAGE_NAME);
        command->arguments[i].value = reader_bytes(reader, CHANNEL_MESSAGE);
    }
    return reader_end(reader);
}

struct slice command_argument(const struct command *command, const char *name)
{
    for (size_t i = command->argument_count; i > 0; i--)
        if (slice_is(command->arguments[i - 1].name, name))
            return command->arguments[i - 1].value;
    return SLICE_NONE;
}

int credit_add(struct buffer *buffer, uint32_t rows)
{
    message_begin(buffer, MESSAGE_CREDIT);
    buffer_add_u32(buffer, rows);
    return message_added(buffer);
}

int credit_get(struct reader *reader, uint32_t *rows)
{
    *rows = reader_u32(reader);
    return reader_end(reader);
}

int reply_row_add(struct buffer *buffer, const struct reply_row *row)
{
    message_begin(buffer, MESSAGE_REPLY_ROW);
    buffer_add_bytes(buffer, row->kind);
    buffer_add_bytes(buffer, row->name);
    buffer_add_bytes(buffer, row->data);
    buffer_add_u8(buffer, row->more);
    return message_added(buffer);
}

int reply_row_get(struct reader *reader, struct reply_row *row)
{
    row->kind = reader_bytes(reader, MESSAGE_NAME);
    row->name = reader_bytes(reader, 4096);
    row->data = reader_bytes(reader, CHANNEL_MESSAGE);
    row->more = message_get_bool(reader);
    return reader_end(reader);
}

int reply_done_add(struct buffer *buffer, const struct reply_done *done)
{
    message_begin(buffer, MESSAGE_REPLY_DONE);
    buffer_add_u8(buffer, done->code);
    buffer_add_bytes(buffer, done->text);
    return message_added(buffer);
}

int reply_done_get(struct reader *reader, struct reply_done *done)
{
    done->code = reader_u8(reader);
    done->text = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}
