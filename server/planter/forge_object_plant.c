/* SPDX-License-Identifier: ISC
 *
 * Plants what lies at a forge beside the repository, or nothing. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/disk.h"
#include "server/planter/forge_object.h"
#include "server/planter/secret.h"

/* What it is put on. */
static int find_host(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    json_t *answer = NULL;
    int rc;

    if (object->host.path == NULL)
        return 0;
    rc = forge_do(stay, &object->host, false, "the requests cannot be read", &answer, error);
    if (rc >= 0 &&
        !forge_text(json_array_get(forge_items(stay, answer), 0), object->host_id, stay->request, sizeof stay->request))
        rc = error_set(error, "%s has no merged %s on which something could be said", stay->shown,
                       stay->kind->request.shown);
    stay->value['r'] = stay->request;
    json_decref(answer);
    return rc < 0 ? -1 : 0;
}

static char *digest_of(const struct forge_piece *piece)
{
    return disk_digest(forge_trimmed(buffer_slice(&piece->text)));
}

static int tell_where(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work,
                      struct error *error)
{
    const struct forge_piece *chief = &work->pieces[work->chief];
    char *digest = digest_of(chief);
    json_t *beside = json_array(), *digests = json_object();

    for (size_t i = 0; i < work->count; i++) {
        char *other = i != work->chief ? digest_of(&work->pieces[i]) : NULL;

        if (i != work->chief) {
            json_array_append_new(beside, json_string(work->pieces[i].key));
            json_object_set_new(digests, work->pieces[i].key, json_string(other != NULL ? other : ""));
        }
        free(other);
    }
    json_decref(stay->result->where);
    stay->result->where =
        json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s, s:s}", "repository", stay->shown, "object", object->name,
                  "title", work->title, "name", chief->key[0] != '\0' ? chief->key : NULL, "id",
                  chief->id[0] != '\0' ? chief->id : NULL, "request", object->host.path != NULL ? stay->request : NULL,
                  "file", work->file, "digest", digest != NULL ? digest : "");
    if (json_array_size(beside) > 0) {
        json_object_set(stay->result->where, "beside", beside);
        json_object_set(stay->result->where, "beside_digests", digests);
    }
    json_decref(beside);
    json_decref(digests);
    free(digest);
    return stay->result->where != NULL ? 0 : error_set(error, "out of memory");
}

/* Sets what its calls name. secret_free() `encoded`. */
static void choose(struct forge_stay *stay, const struct forge_work *work, struct forge_piece *piece, char **encoded)
{
    *encoded = secret_base64(buffer_slice(&piece->text), sodium_base64_VARIANT_ORIGINAL);
    stay->value['t'] = work->title;
    stay->value['f'] = work->file;
    stay->value['k'] = piece->key;
    stay->value['i'] = piece->id;
    stay->value['d'] = buffer_text(&piece->text);
    stay->value['e'] = *encoded;
    stay->value['y'] = work->count == 1 ? "file" : "env_var";
}

static void unchoose(struct forge_stay *stay, char *encoded)
{
    secret_free(encoded);
    stay->value['d'] = stay->value['e'] = NULL;
}

static void tell_url(struct forge_stay *stay, const json_t *answer)
{
    char url[512];

    if (forge_text(answer, "web_url", url, sizeof url) || forge_text(answer, "html_url", url, sizeof url) ||
        forge_text(answer, "links.self.0.href", url, sizeof url))
        json_object_set_new(stay->result->where, "url", json_string(url));
}

static int make(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work,
                struct forge_piece *piece, struct error *error)
{
    char *encoded, date[CLOCK_TEXT];
    json_t *answer = NULL;
    struct error why;
    int rc;

    choose(stay, work, piece, &encoded);
    rc = forge_do(stay, &object->make, true, "it cannot be put there", &answer, error);
    if (rc == 0)
        rc = error_set(error, "%s knows no %s there: it is turned off in the project, or kept from the account %s",
                       stay->web->host, object->shown, stay->task->visit->credentials.name);
    if (rc < 0 && stay->web->unsure) {
        rc = forge_object_find(stay, object, work->title, buffer_text(&piece->text), NULL, piece->id, &why);
        stay->result->unsure = stay->result->unsure || rc < 0;
    } else if (rc == 1 && object->id != NULL && !forge_text(answer, object->id, piece->id, sizeof piece->id)) {
        stay->result->unsure = true;
        rc = error_set(error, "%s answers without the id of what it made", stay->web->host);
    }
    piece->made = rc == 1;
    if (rc == 1 && piece == &work->pieces[work->chief])
        tell_url(stay, answer);
    if (rc == 1 && stay->value['w'] != NULL &&
        (!forge_text(answer, "created_at", date, sizeof date) || strncmp(date, stay->value['w'], 10) != 0))
        place_note(stay->result, "The account may not choose dates, so it is dated now.");
    json_decref(answer);
    unchoose(stay, encoded);
    return rc == 1 ? 0 : -1;
}

static void undo(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work)
{
    struct error ignored;
    bool clean = !stay->result->unsure;
    char *encoded;

    for (size_t i = 0; i < work->count; i++) {
        if (!work->pieces[i].made)
            continue;
        choose(stay, work, &work->pieces[i], &encoded);
        unchoose(stay, encoded);
        clean = object->remove.path != NULL && forge_do(stay, &object->remove, false, "", NULL, &ignored) >= 0 && clean;
    }
    stay->result->unsure = !clean;
}

/* As people there call it. */
static const char *called(const struct forge_object *object, const struct forge_work *work, size_t index)
{
    return object->id == NULL ? work->pieces[index].key : work->title;
}

/* What is named, and is there already, stays as it is. */
static int check_free(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work,
                      struct error *error)
{
    int rc = 0;

    stay->value['f'] = work->file;
    for (size_t i = 0; i < work->count && rc == 0 && (object->id == NULL || object->parts.path != NULL); i++) {
        stay->value['k'] = work->pieces[i].key;
        rc = forge_object_compare(stay, object, "", NULL, error);
        if (rc > 0)
            rc = error_set(error,
                           "there is a %s %s already, and it stays as it is; uproot or rename it first, or choose "
                           "another artifact by --lure",
                           object->shown, called(object, work, i));
    }
    return rc;
}

static void tell(struct forge_stay *stay, const struct forge_object *object, const struct forge_work *work, bool done)
{
    bool keyed = object->id == NULL;

    for (size_t i = 0; i < work->count; i++)
        place_note(stay->result, "%s: the %s %s%s", done ? "Put there" : "Would be put there", object->shown,
                   called(object, work, i),
                   keyed && i == work->chief ? ", which holds the secret" : "");
    if (object->host.path != NULL)
        place_note(stay->result, "It stands below %s %s.", stay->kind->request.shown, stay->request);
}

static int plant_all(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work,
                     struct error *error)
{
    int rc = 0;

    if (task_announce(stay->task, stay->result->where, error) != 0)
        return -1;
    rc = make(stay, object, work, &work->pieces[work->chief], error); /* first: what is broken off there can begin anew */
    for (size_t i = 0; i < work->count && rc == 0; i++)
        if (i != work->chief)
            rc = make(stay, object, work, &work->pieces[i], error);
    if (rc != 0)
        undo(stay, object, work);
    else if (object->id != NULL)
        json_object_set_new(stay->result->where, "id", json_string(work->pieces[0].id));
    return rc;
}

int forge_object_plant(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    struct forge_work work = {.count = 0};
    bool dry = task_flag(stay->task, "dry_run");
    int rc = forge_work_read(stay, object, &work, error);

    if (rc == 0)
        rc = find_host(stay, object, error);
    if (rc == 0)
        rc = check_free(stay, object, &work, error);
    if (rc == 0)
        rc = tell_where(stay, object, &work, error);
    if (rc == 0 && !dry)
        rc = plant_all(stay, object, &work, error);
    if (rc == 0)
        tell(stay, object, &work, !dry);
    forge_work_free(&work);
    return rc;
}
