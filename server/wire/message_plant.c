/* SPDX-License-Identifier: ISC
 *
 * The messages between sundew and a planter. */
#include "server/wire/message_parts.h"

int plant_add(struct buffer *buffer, const struct plant *plant)
{
    message_begin(buffer, MESSAGE_PLANT);
    buffer_add_bytes(buffer, plant->action);
    buffer_add_bytes(buffer, plant->place);
    buffer_add_bytes(buffer, plant->options);
    buffer_add_bytes(buffer, plant->meta);
    return message_added(buffer);
}

int plant_get(struct reader *reader, struct plant *plant)
{
    plant->action = reader_bytes(reader, MESSAGE_NAME);
    plant->place = reader_bytes(reader, 8192);
    plant->options = reader_bytes(reader, CHANNEL_MESSAGE);
    plant->meta = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}

int file_add(struct buffer *buffer, const struct file *file)
{
    message_begin(buffer, MESSAGE_FILE);
    buffer_add_bytes(buffer, file->name);
    buffer_add_bytes(buffer, file->data);
    buffer_add_u8(buffer, file->more);
    return message_added(buffer);
}

int file_get(struct reader *reader, struct file *file)
{
    file->name = reader_bytes(reader, 4096);
    file->data = reader_bytes(reader, CHANNEL_MESSAGE);
    file->more = message_get_bool(reader);
    return reader_end(reader);
}

int planted_add(struct buffer *buffer, const struct planted *planted)
{
    message_begin(buffer, MESSAGE_PLANTED);
    buffer_add_u8(buffer, planted->ok);
    buffer_add_bytes(buffer, planted->where);
    buffer_add_bytes(buffer, planted->state);
    buffer_add_bytes(buffer, planted->text);
    return message_added(buffer);
}

int planted_get(struct reader *reader, struct planted *planted)
{
    planted->ok = message_get_bool(reader);
    planted->where = reader_bytes(reader, CHANNEL_MESSAGE);
    planted->state = reader_bytes(reader, MESSAGE_NAME);
    planted->text = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}

int at_door_add(struct buffer *buffer, const struct at_door *at)
{
    message_begin(buffer, MESSAGE_AT_DOOR);
    message_add_address(buffer, &at->address);
    buffer_add_u16(buffer, at->port);
    buffer_add_u16(buffer, at->local_port);
    return message_added(buffer);
}

int at_door_get(struct reader *reader, struct at_door *at)
{
    message_get_address(reader, &at->address);
    at->port = reader_u16(reader);
    at->local_port = reader_u16(reader);
    return reader_end(reader);
}

int plant_account_add(struct buffer *buffer, const struct plant_account *account)
{
    message_begin(buffer, MESSAGE_ACCOUNT);
    buffer_add_bytes(buffer, account->name);
    buffer_add_bytes(buffer, account->settings);
    return message_added(buffer);
}

int plant_account_get(struct reader *reader, struct plant_account *account)
{
    account->name = reader_bytes(reader, MESSAGE_NAME);
    account->settings = reader_bytes(reader, CHANNEL_MESSAGE);
    return reader_end(reader);
}

int credential_add(struct buffer *buffer, const struct credential *credential)
{
    message_begin(buffer, MESSAGE_CREDENTIAL);
    buffer_add_bytes(buffer, credential->name);
    buffer_add_bytes(buffer, credential->path);
    return message_added(buffer);
}

int credential_get(struct reader *reader, struct credential *credential)
{
    credential->name = reader_bytes(reader, MESSAGE_NAME);
    credential->path = reader_bytes(reader, 8192);
    return reader_end(reader);
}

int connect_add(struct buffer *buffer, const struct connect *connect)
{
    message_begin(buffer, MESSAGE_CONNECT);
    buffer_add_bytes(buffer, connect->host);
    buffer_add_u16(buffer, connect->port);
    return message_added(buffer);
}

int connect_get(struct reader *reader, struct connect *connect)
{
    connect->host = reader_bytes(reader, MESSAGE_NAME);
    connect->port = reader_u16(reader);
    return reader_end(reader);
}

int connected_add(struct buffer *buffer, const struct connected *connected)
{
    message_begin(buffer, MESSAGE_CONNECTED);
    buffer_add_bytes(buffer, connected->text);
    return message_added(buffer);
}

int connected_get(struct reader *reader, struct connected *connected)
{
    connected->text = reader_bytes(reader, 8192);
    return reader_end(reader);
}
