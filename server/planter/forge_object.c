/* SPDX-License-Identifier: ISC
 *
 * Finds again what was planted at a forge beside the repository, and takes it away. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/disk.h"
#include "server/planter/forge_object.h"

#define LISTED 20 /* whose digests are made to find one */

/* The content in an answer; false: there is none. */
static bool content_of(const struct forge_object *object, const json_t *answer, const char *member, struct buffer *out)
{
    const json_t *text = forge_member(answer, member);
    size_t length = json_string_length(text), size = 0;
    unsigned char *plain;

    buffer_clear(out);
    if (!json_is_string(text))
        return false;
    if (!object->encoded)
        return buffer_add(out, json_string_value(text), length) == 0;
    plain = malloc(length + 1);
    if (plain != NULL && sodium_base642bin(plain, length, json_string_value(text), length, "\r\n", &size, NULL,
                                           sodium_base64_VARIANT_ORIGINAL) == 0)
        buffer_add(out, plain, size);
    if (plain != NULL)
        sodium_memzero(plain, length + 1);
    free(plain);
    return plain != NULL;
}

struct slice forge_trimmed(struct slice text)
{
    while (text.length > 0 && isspace(text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool is_content(struct slice found, const char *wanted, const char *digest)
{
    if (wanted != NULL)
        return slice_equal(forge_trimmed(found), forge_trimmed(slice_of(wanted)));
    return digest != NULL && disk_same(digest, forge_trimmed(found));
}

int forge_object_compare(struct forge_stay *stay, const struct forge_object *object, const char *wanted,
                         const char *digest, struct error *error)
{
    json_t *answer = NULL;
    struct buffer text;
    int rc;

    if (object->content == NULL) {
        rc = forge_raw(stay, &object->look, NULL, "it cannot be read", error);
        return rc != 1 ? rc : is_content(buffer_slice(&stay->web->answer), wanted, digest) ? 1 : 2;
    }
    buffer_init(&text, FORGE_TEXT_BYTES * 2);
    rc = forge_do(stay, &object->look, false, "it cannot be read", &answer, error);
    if (rc == 1 &&
        (!content_of(object, answer, object->content, &text) || !is_content(buffer_slice(&text), wanted, digest)))
        rc = 2;
    if (forge_text(answer, object->version, stay->version, sizeof stay->version))
        stay->value['v'] = stay->version;
    json_decref(answer);
    buffer_free(&text);
    return rc;
}

/* Is it that item of a list? Then with its id. What the list does not tell is looked at: another's may have that title. */
static int match(struct forge_stay *stay, const struct forge_object *object, const json_t *item, const char *title,
                 const char *wanted, const char *digest, char id[FORGE_NAME], struct error *error)
{
    struct buffer text;
    char name[256];
    int rc;

    if (object->title != NULL &&
        (title == NULL || !forge_text(item, object->title, name, sizeof name) || strcmp(name, title) != 0))
        return 0;
    if (object->listed_key != NULL && (!forge_text(item, object->listed_key, name, sizeof name) ||
                                       stay->value['k'] == NULL || strcmp(name, stay->value['k']) != 0))
        return 0;
    if (!forge_text(item, object->listed_id != NULL ? object->listed_id : object->id, id, FORGE_NAME))
        return 0;
    if (object->listed == NULL) {
        stay->value['i'] = id;
        rc = forge_object_compare(stay, object, wanted, digest, error);
        return rc == 2 ? 0 : rc;
    }
    buffer_init(&text, FORGE_TEXT_BYTES * 2);
    rc = content_of(object, item, object->listed, &text) && is_content(buffer_slice(&text), wanted, digest);
    buffer_free(&text);
    return rc;
}

int forge_object_find(struct forge_stay *stay, const struct forge_object *object, const char *title, const char *wanted,
                      const char *digest, char id[FORGE_NAME], struct error *error)
{
    char at[FORGE_NAME] = "";
    json_t *answer = NULL;
    const json_t *item;
    size_t index;
    int rc, found = 0;

    if (object->id == NULL) {
        rc = forge_object_compare(stay, object, wanted, digest, error);
        return rc == 2 ? 0 : rc;
    }
    rc = forge_do(stay, &object->list, false, "it cannot be looked for", &answer, error);
    json_array_foreach(forge_items(stay, answer), index, item)
        if (found == 0 && (wanted != NULL || index < LISTED))
            found = match(stay, object, item, title, wanted, digest, at, error);
    snprintf(id, FORGE_NAME, "%s", found == 1 ? at : "");
    stay->value['i'] = id;
    json_decref(answer);
    return rc < 0 ? -1 : found;
}

/* ---- later ---- */

/* 1 with it chosen, 0, -1. Of one whose planting was broken off the id is looked for. */
static int recall(struct forge_stay *stay, const struct forge_object *object, const char *digest, struct error *error)
{
    const char *id = task_where(stay->task, "id");

    stay->value['k'] = task_where(stay->task, "name") != NULL ? task_where(stay->task, "name") : "";
    stay->value['f'] = task_where(stay->task, "file");
    stay->value['r'] = task_where(stay->task, "request");
    stay->value['t'] = task_where(stay->task, "title");
    stay->value['i'] = stay->id;
    snprintf(stay->id, sizeof stay->id, "%s", id != NULL ? id : "");
    if (id != NULL || object->id == NULL)
        return 1;
    return forge_object_find(stay, object, task_where(stay->task, "title"), NULL, digest, stay->id, error);
}

/* What others have beside it stays. 1, 0 gone, -1. */
static int remove_it(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    char name[FORGE_NAME], id[FORGE_NAME] = "";
    json_t *answer = NULL;
    const json_t *item;
    size_t index, count;
    int rc = 1;

    if (object->parts.path != NULL)
        rc = forge_do(stay, &object->parts, false, "what lies beside it cannot be read", &answer, error);
    json_array_foreach(forge_items(stay, answer), index, item)
        if (id[0] == '\0' && forge_text(item, object->part, name, sizeof name) && stay->value['f'] != NULL &&
            strcmp(name, stay->value['f']) == 0)
            forge_text(item, object->part_id, id, sizeof id);
    count = json_array_size(forge_items(stay, answer));
    json_decref(answer);
    if (rc != 1)
        return rc;
    if (object->parts.path != NULL && id[0] == '\0')
        return error_set(error, "%s is not where it was put; take it out by hand", stay->value['f']);
    stay->value['j'] = id;
    rc = forge_do(stay, count > 1 ? &object->remove_part : &object->remove, false, "it cannot be taken out", NULL, error);
    stay->value['j'] = NULL;
    return rc;
}

/* 0 or -1, with notes. */
static int take_away(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    int rc = 0;

    if (object->remove.path != NULL)
        rc = remove_it(stay, object, error);
    if (object->hide.path != NULL && (object->remove.path == NULL || (rc < 0 && stay->web->status == 403))) {
        rc = forge_do(stay, &object->hide, false, "it cannot be hidden", NULL, error);
        if (rc >= 0)
            place_note(stay->result,
                       "The account cannot delete it: its text was taken away, and it was closed. The forge "
                       "keeps what it said: the token must go on alerting.");
    }
    return rc < 0 ? -1 : 0;
}

/* Variables beside the secret's that others have changed since are theirs now. */
static int take_beside(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    const json_t *beside = json_object_get(stay->result->where, "beside");
    const json_t *digests = json_object_get(stay->result->where, "beside_digests");
    json_t *item;
    size_t index;
    int rc = 0;

    json_array_foreach(beside, index, item)
    {
        const char *name = json_string_value(item), *digest;
        int found = 1;

        if (rc != 0 || name == NULL)
            continue;
        digest = json_string_value(json_object_get(digests, name));
        stay->value['k'] = name;
        if (digest != NULL)
            found = forge_object_compare(stay, object, NULL, digest, error);
        if (found == 2)
            place_note(stay->result, "The %s %s was changed since, so it stays.", object->shown, name);
        else if (found != 0)
            rc = found < 0 ? -1 : take_away(stay, object, error);
    }
    return rc;
}

int forge_object_look(struct forge_stay *stay, const struct forge_object *object, bool remove, struct error *error)
{
    const char *digest =
        task_where(stay->task, "digest") != NULL ? task_where(stay->task, "digest") : task_option(stay->task, "digest");
    int rc = recall(stay, object, digest, error), found = rc;

    if (rc == 1)
        found = forge_object_compare(stay, object, NULL, digest, error);
    if (found < 0 || (found == 0 && forge_sees(stay, error) != 0))
        return -1;
    stay->result->state = found == 1 ? "there" : found == 2 ? "changed" : "gone";
    if (rc == 1 && object->id != NULL)
        json_object_set_new(stay->result->where, "id", json_string(stay->id));
    if (found == 2)
        place_note(stay->result, "It is not as it was planted.");
    if (!remove)
        return 0;
    if (found == 0)
        place_note(stay->result, "It was gone already.");
    if (found == 2)
        return error_set(error, "the %s was changed since it was planted; remove it by hand if it is only the lure",
                         object->shown);
    if ((found != 0 && take_away(stay, object, error) != 0) || take_beside(stay, object, error) != 0)
        return -1;
    stay->result->state = "gone";
    return 0;
}
