/* SPDX-License-Identifier: ISC */
#include "server/planter/letters.h"
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/imap_parse.h"
#include "server/planter/secret.h"

/* Maildir++ writes names in modified UTF-7 (RFC 3501, section 5.1.3), mbox folders in UTF-8. */
const char *const letters_sent[] = {"Sent",
                                    "sent",
                                    "sent-mail",
                                    "Sent Items",
                                    "Sent Messages",
                                    "INBOX.Sent",
                                    "Sent Mail",
                                    "Envoy&AOk-s",
                                    "Envoyés",
                                    "&AMk-l&AOk-ments envoy&AOk-s",
                                    "Éléments envoyés",
                                    "sent-messages",
                                    NULL};

/* The chief's date may be the operator's own (--at). */
static int read_time(const struct task *task, const json_t *item, struct letter *letter, struct error *error)
{
    const char *date = json_string_value(json_object_get(item, "date"));

    letter->offset = date != NULL ? task_offset(date) : 0;
    if (letter->chief)
        return task_time(task, &letter->time_us, error);
    if (date == NULL || clock_parse(date, &letter->time_us) != 0 || letter->time_us > clock_wall())
        return error_set(error, "a mail of the lure's thread has no date, or one in the future");
    return 0;
}

static int read_letter(const struct task *task, const json_t *item, struct letters *letters, struct error *error)
{
    struct letter *letter = &letters->list[letters->count];
    const char *name = json_string_value(json_object_get(item, "file")), *secret = task_meta(task, "secret_file");
    const char *id = json_string_value(json_object_get(item, "message_id"));
    const struct task_file *file = name != NULL ? task_file(task, name) : NULL;

    if (file == NULL)
        return error_set(error, "a mail of the lure did not come");
    letter->message = buffer_slice(&file->data);
    letter->own = json_is_true(json_object_get(item, "own"));
    letter->chief = secret != NULL ? strcmp(secret, name) == 0 : task->file_count == 1;
    if (mailbox_message_id(letter->message, letter->id) != 0)
        return error_set(error, "the lure's message has no Message-ID");
    if (id != NULL && strcmp(id, letter->id) != 0)
        return error_set(error, "the lure's message does not bear the Message-ID that it should");
    if (letter->chief)
        letters->chief = letter;
    letters->count++;
    return read_time(task, item, letter, error);
}

int letters_read(const struct task *task, struct letters *letters, struct error *error)
{
    const json_t *list = json_object_get(task->meta, "messages");
    json_t *single = NULL, *item;
    int rc = 0;
    size_t index;

    *letters = (struct letters){.count = 0};
    if (json_array_size(list) > LETTERS)
        return error_set(error, "the lure's thread has more than %d mails", LETTERS);
    json_array_foreach(list, index, item) if (rc == 0) rc = read_letter(task, item, letters, error);
    if (rc == 0 && json_array_size(list) == 0 && task->file_count == 1) {
        single = json_pack("{s:s, s:s*, s:s*}", "file", task->files[0].name, "message_id",
                           task_meta(task, "message_id"), "date", task_meta(task, "date"));
        rc = read_letter(task, single, letters, error);
        json_decref(single);
    }
    if (rc == 0 && letters->chief == NULL)
        rc = error_set(error, "this lure is no mail; choose one with --lure (see: sundew lures)");
    return rc;
}

void letters_free(struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++)
        free(letters->list[i].path);
    letters->count = 0;
}

struct letter *letters_turn(struct letters *letters, size_t i)
{
    size_t chief = (size_t)(letters->chief - letters->list);

    return i + 1 == letters->count ? letters->chief : &letters->list[i + (i >= chief)];
}

int letters_tell(const struct letters *letters, json_t *where)
{
    json_t *thread = json_array();

    for (size_t i = 0; i < letters->count; i++) {
        const struct letter *letter = &letters->list[i];

        if (!letter->chief && letter->path != NULL)
            json_array_append_new(thread, json_pack("{s:s, s:s, s:s}", "message_id", letter->id, "folder",
                                                    letter->folder, "path", letter->path));
    }
    if (json_array_size(thread) > 0)
        return json_object_set_new(where, "thread", thread);
    json_decref(thread);
    return 0;
}

int64_t letter_arrived(const struct letter *letter, int *offset)
{
    int64_t seconds;

    if (imap_received(letter->message, &seconds, offset) == 0 && seconds <= clock_wall() / 1000000)
        return seconds;
    *offset = letter->offset;
    return letter->time_us / 1000000;
}

int letter_crlf(struct buffer *out, struct slice message)
{
    for (size_t i = 0; i < message.length; i++) {
        if (message.data[i] == '\n' && (i == 0 || message.data[i - 1] != '\r'))
            buffer_add_char(out, '\r');
        buffer_add(out, message.data + i, 1);
    }
    return out->failed ? -1 : 0;
}

char *letter_base64(const struct letter *letter, int variant, struct error *error)
{
    struct buffer lines;
    char *text = NULL;

    buffer_init(&lines, 2 * TASK_BYTES);
    if (letter_crlf(&lines, letter->message) != 0)
        error_set(error, "the lure's mail is too long");
    else if ((text = secret_base64(buffer_slice(&lines), variant)) == NULL)
        error_set(error, "out of memory");
    buffer_free(&lines);
    return text;
}

bool letters_answered(const struct letters *letters, const struct letter *letter)
{
    static const char field[] = "\nIn-Reply-To:";

    for (size_t i = 0; i < letters->count; i++) {
        struct slice answer = letters->list[i].message;
        const unsigned char *start = memmem(answer.data, answer.length, field, strlen(field)), *end;

        if (!letters->list[i].own || start == NULL)
            continue;
        end = memchr(start + 1, '\n', answer.length - (size_t)(start + 1 - answer.data));
        if (end != NULL && memmem(start, (size_t)(end - start), letter->id, strlen(letter->id)) != NULL)
            return true;
    }
    return false;
}

const char *letters_known_id(const struct task *task, struct error *error)
{
    const char *id = task_where(task, "message_id");

    id = id != NULL ? id : task_meta(task, "message_id");
    if (id == NULL)
        error_set(error, "the Message-ID of this placement is not known");
    return id;
}

const char *letters_known_digest(const struct task *task)
{
    return task_where(task, "digest") != NULL ? task_where(task, "digest") : task_option(task, "digest");
}
