/* SPDX-License-Identifier: ISC */
#include "server/planter/forge.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/planter/disk.h"

#define PATH_BYTES 8192

/* ---- calls ---- */

/* Expands {x}; in a path with %XX. */
static void expand(const struct forge_stay *stay, const char *template, bool path, struct buffer *out)
{
    for (const char *at = template; *at != '\0'; at++) {
        bool slashes = at[0] == '{' && at[1] == '/', hole = at[0] == '{' && at[1 + slashes] != '\0' &&
                                                            at[2 + slashes] == '}';
        const char *value = hole ? stay->value[at[1 + slashes] & 0x7f] : NULL;
        char part[1200];

        if (!hole) {
            buffer_add_char(out, *at);
            continue;
        }
        at += 2 + slashes;
        for (size_t n; value != NULL && *value != '\0' && slashes; value += n) {
            n = strcspn(value, "/");
            snprintf(part, sizeof part, "%.*s", (int)n, value);
            web_escape(out, part);
            n += value[n] == '/' && buffer_add_char(out, '/') == 0;
        }
        if (value != NULL && !slashes && path)
            web_escape(out, value);
        else if (value != NULL && !slashes)
            buffer_add_text(out, value);
    }
}

/* Is it one hole, whose value is not there? */
static bool is_void(const struct forge_stay *stay, const char *text)
{
    return text[0] == '{' && strlen(text) == 3 && text[2] == '}' && stay->value[text[1] & 0x7f] == NULL;
}

/* A copy of the template with its texts filled in; NULL for what is left out. */
static json_t *fill(const struct forge_stay *stay, const json_t *template)
{
    json_t *copy = json_is_object(template) ? json_object() : json_is_array(template) ? json_array() : NULL;
    struct buffer text;
    const char *key;
    json_t *item;
    size_t index;

    if (json_is_string(template) && !is_void(stay, json_string_value(template))) {
        buffer_init(&text, TASK_BYTES * 2);
        expand(stay, json_string_value(template), false, &text);
        copy = json_stringn(buffer_text(&text), text.length);
        buffer_free(&text);
    }
    json_object_foreach((json_t *)(uintptr_t)template, key, item)
    {
        json_t *value = fill(stay, item);

        buffer_init(&text, PATH_BYTES);
        expand(stay, key, false, &text);
        if (value != NULL)
            json_object_set_new(copy, buffer_text(&text), value);
        buffer_free(&text);
    }
    json_array_foreach(template, index, item)
        json_array_append_new(copy, fill(stay, item));
    return copy != NULL || json_is_string(template) ? copy : json_incref((json_t *)(uintptr_t)template);
}

static char *body_of(const struct forge_stay *stay, const char *template)
{
    json_t *shape = json_loads(template, 0, NULL), *body = shape != NULL ? fill(stay, shape) : NULL;
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : strdup(template[0] == '{' && template[1] != '\0' &&
                                                                                stay->value[template[1] & 0x7f] != NULL
                                                                            ? stay->value[template[1] & 0x7f]
                                                                            : "");

    json_decref(shape);
    json_decref(body);
    return text;
}

/* 1, 0 for 404, -1; any answer else is a failure. */
static int call_it(struct forge_stay *stay, const struct forge_call *call, bool once, const char *header,
                   const char *what, struct error *error)
{
    struct web_call request = {.method = call->method, .once = once, .header = header};
    struct buffer path;
    char *body = NULL;
    int rc = 0;

    buffer_init(&path, PATH_BYTES);
    expand(stay, call->path, true, &path);
    if (call->body != NULL) {
        body = body_of(stay, call->body);
        request.body = slice_of(body);
        request.type = call->body[2] == '}' ? "application/octet-stream" : "application/json";
    }
    request.path = buffer_text(&path);
    if (path.failed || (call->body != NULL && body == NULL))
        rc = error_set(error, "%s: the address is too long", what);
    else if (web_do(stay->web, &request, error) != 0)
        rc = error_prefix(error, "%s", what);
    if (body != NULL)
        sodium_memzero(body, strlen(body));
    free(body);
    buffer_free(&path);
    if (rc != 0)
        return -1;
    return stay->web->status / 100 == 2 ? 1 : stay->web->status == 404 ? 0 : web_fail(stay->web, what, error);
}

int forge_do(struct forge_stay *stay, const struct forge_call *call, bool once, const char *what, json_t **answer,
             struct error *error)
{
    const struct buffer *said = &stay->web->answer;
    int rc = call_it(stay, call, once, NULL, what, error);

    if (answer != NULL)
        *answer = rc == 1 && said->length > 0 ? json_loadb((const char *)said->data, said->length, 0, NULL) : NULL;
    if (rc == 1 && answer != NULL && said->length > 0 && *answer == NULL) {
        stay->web->unsure = once;
        rc = error_set(error, "%s: %s answers with something that is no JSON", what, stay->web->host);
    }
    return rc;
}

int forge_sees(struct forge_stay *stay, struct error *error)
{
    int rc = forge_do(stay, &stay->kind->project, false, "the project cannot be read", NULL, error);

    return rc != 0 ? (rc < 0 ? -1 : 0)
                   : error_set(error, "the account %s cannot see %s any more, so nobody knows whether the lure is there; give "
                               "it another token, or look by hand", stay->task->visit->credentials.name, stay->shown);
}

int forge_send(struct forge_stay *stay, const char *method, const char *path, json_t *body, bool once, const char *what,
               json_t **answer, struct error *error)
{
    struct buffer text;
    int rc;

    buffer_init(&text, PATH_BYTES);
    expand(stay, path, true, &text);
    rc = web_json(stay->web, method, buffer_text(&text), body, once, what, answer, error);
    buffer_free(&text);
    return rc;
}

int forge_form(struct forge_stay *stay, const char *method, const char *path, const char *type, struct slice body,
               const char *what, struct error *error)
{
    struct web_call call = {.method = method, .type = type, .body = body, .once = true};
    struct buffer text;
    int rc;

    buffer_init(&text, PATH_BYTES);
    expand(stay, path, true, &text);
    call.path = buffer_text(&text);
    rc = web_must(stay->web, &call, what, error);
    buffer_free(&text);
    return rc;
}

void forge_date(const struct change *change, char text[40])
{
    time_t local = (time_t)(change->time_s + change->offset * 60);
    int minutes = abs(change->offset);
    struct tm tm;
    size_t length;

    gmtime_r(&local, &tm);
    length = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + length, 40 - length, "%c%02d:%02d", change->offset < 0 ? '-' : '+', minutes / 60 % 24, minutes % 60);
}

int forge_raw(struct forge_stay *stay, const struct forge_call *call, const char *header, const char *what,
              struct error *error)
{
    return call_it(stay, call, false, header, what, error);
}

/* ---- answers ---- */

const json_t *forge_member(const json_t *answer, const char *path)
{
    char part[64];

    while (answer != NULL && path != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");

        snprintf(part, sizeof part, "%.*s", (int)length, path);
        if (json_is_array(answer))
            answer = json_array_get(answer, strtoul(part, NULL, 10));
        else if (strcmp(part, "*") == 0)
            answer = json_object_iter_value(json_object_iter((json_t *)(uintptr_t)answer));
        else
            answer = json_object_get(answer, part);
        path += length + (path[length] == '.');
    }
    return path != NULL ? answer : NULL;
}

bool forge_text(const json_t *answer, const char *path, char *text, size_t size)
{
    const json_t *member = forge_member(answer, path);
    int length = -1;

    if (json_is_string(member))
        length = snprintf(text, size, "%s", json_string_value(member));
    else if (json_is_integer(member))
        length = snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(member));
    if (length > 0 && (size_t)length < size)
        return true;
    text[0] = '\0';
    return false;
}

const json_t *forge_items(const struct forge_stay *stay, const json_t *answer)
{
    return stay->kind->items != NULL ? json_object_get(answer, stay->kind->items) : answer;
}

int forge_file(struct forge_stay *stay, const char *at, struct slice content, const char *digest, struct error *error)
{
    const struct buffer *answer = &stay->web->answer;
    const char *branch = stay->value['b'];
    int rc;

    stay->value['b'] = at;
    rc = forge_raw(stay, &stay->kind->file, stay->kind->raw_header, "the file cannot be read", error);
    stay->value['b'] = branch;
    if (rc != 1)
        return rc;
    if (content.data != NULL)
        return slice_equal(buffer_slice(answer), content) ? 1 : 2;
    return digest == NULL || disk_same(digest, buffer_slice(answer)) ? 1 : 2;
}

const struct task_file *forge_before(const struct changes *changes, size_t index, const char *path)
{
    struct changes before = *changes;

    before.count = index;
    return changes_final(&before, path);
}

/* ---- one job ---- */

/* "group/project.git#branch" → its parts */
static int read_project(struct forge_stay *stay, struct error *error)
{
    const char *path = stay->place.path, *hash = strrchr(path, '#'), *slash;
    size_t length = hash != NULL ? (size_t)(hash - path) : strlen(path);

    length -= length > 4 && strncmp(path + length - 4, ".git", 4) == 0 ? 4 : 0;
    stay->project = strndup(path, length);
    slash = stay->project != NULL ? strrchr(stay->project, '/') : NULL;
    if (stay->project == NULL)
        return error_set(error, "out of memory");
    if (!task_path_safe(stay->project) || slash == NULL || (!stay->kind->any_depth && slash != strchr(stay->project, '/')))
        return error_set(error, "\"%.200s\" names no project; write %s://%s/OWNER/PROJECT, with #BRANCH where it is "
                         "another than the default one", path, stay->task->place->scheme, stay->place.host);
    stay->owner = strndup(stay->project, (size_t)(slash - stay->project));
    stay->name = strdup(slash + 1);
    stay->given = hash != NULL ? strdup(hash + 1) : NULL;
    return stay->owner != NULL && stay->name != NULL && (hash == NULL || stay->given != NULL)
               ? 0
               : error_set(error, "out of memory");
}

static int open_web(struct forge_stay *stay, struct error *error)
{
    const struct forge *kind = stay->kind;
    bool public = kind->public_host != NULL && strcmp(kind->public_host, stay->place.host) == 0;
    char key[400];

    snprintf(key, sizeof key, "%s %s:%u", stay->task->place->scheme, stay->place.host, stay->place.port);
    stay->web = visit_session(stay->task->visit, key);
    if (stay->web != NULL)
        return 0;
    stay->web = web_new(stay->task->visit, public ? &kind->public_api : &kind->api, stay->place.host, stay->place.port, "",
                        error);
    return stay->web == NULL ? -1 : visit_keep(stay->task->visit, key, stay->web, web_free, error);
}

static int stay_begin(struct forge_stay *stay, const struct forge *kind, const struct task *task,
                      struct place_result *result, struct error *error)
{
    char port[8] = "";

    *stay = (struct forge_stay){.kind = kind, .task = task, .result = result};
    if (task_host(task, &stay->place, error) != 0 || read_project(stay, error) != 0)
        return -1;
    if (stay->place.port != 0)
        snprintf(port, sizeof port, ":%u", stay->place.port);
    snprintf(stay->shown, sizeof stay->shown, "%s://%s%s/%s", task->place->scheme, stay->place.host, port, stay->project);
    stay->value['p'] = stay->project;
    stay->value['o'] = stay->owner;
    stay->value['n'] = stay->name;
    return open_web(stay, error);
}

static void stay_end(struct forge_stay *stay)
{
    remote_free(&stay->place);
    free(stay->project);
    free(stay->owner);
    free(stay->name);
    free(stay->given);
}

static bool is_git_wiki(const struct forge *kind, const char *name)
{
    return kind->git_wiki && name != NULL && strcmp(name, "wiki") == 0;
}

static bool is_npm(const struct forge *kind, const char *name)
{
    return kind->registry != NULL && name != NULL && strcmp(name, "package") == 0;
}

static const struct forge_object *object_of(const struct forge *kind, const char *name)
{
    for (size_t i = 0; name != NULL && i < kind->object_count; i++)
        if (strcmp(kind->objects[i].name, name) == 0)
            return &kind->objects[i];
    return NULL;
}

int forge_plant(const struct forge *kind, const struct task *task, struct place_result *result, struct error *error)
{
    const char *as = task_option(task, "as");
    const struct forge_object *object = object_of(kind, as);
    bool merges = as != NULL && strcmp(as, "merge") == 0, branch = as != NULL && strcmp(as, "branch") == 0;
    bool request = merges || (as != NULL && strcmp(as, "merge-request") == 0);
    bool wiki = is_git_wiki(kind, as), package = is_npm(kind, as);
    struct forge_stay stay;
    int rc;

    if (object == NULL && !wiki && !package && !request && !branch && as != NULL && strcmp(as, "commit") != 0)
        return error_set(error, "%s takes nothing \"%.40s\" by its API", task->place->scheme, as);
    rc = stay_begin(&stay, kind, task, result, error);
    stay.merges = merges;
    if (rc == 0)
        rc = wiki             ? forge_wiki_plant(&stay, error)
             : package        ? forge_package_plant(&stay, error)
             : object != NULL ? forge_object_plant(&stay, object, error)
                              : forge_commit_plant(&stay, request, branch, error);
    stay_end(&stay);
    if (rc == 0 && strcmp(result->state, "gone") == 0)
        return 0; /* declined */
    if (rc == 0 && !task_flag(task, "dry_run")) {
        place_note(result, "The forge's own records (events, audit log) name the account that put it there.");
        result->state = "there";
    } else if (rc == 0) {
        result->state = "planned";
    }
    return rc;
}

static int copy_where(struct forge_stay *stay, struct error *error)
{
    stay->result->where = json_deep_copy(json_object_get(stay->task->options, "where"));
    return json_is_object(stay->result->where) ? 0 : error_set(error, "where it lies is not known");
}

int forge_look(const struct forge *kind, const struct task *task, bool remove, struct place_result *result,
               struct error *error)
{
    const struct forge_object *object = object_of(kind, task_where(task, "object"));
    bool wiki = is_git_wiki(kind, task_where(task, "object")), package = is_npm(kind, task_where(task, "object"));
    struct forge_stay stay;
    int rc = stay_begin(&stay, kind, task, result, error);

    if (rc == 0 && wiki)
        rc = forge_wiki_look(&stay, remove, error);
    else if (rc == 0)
        rc = copy_where(&stay, error);
    if (rc == 0 && package)
        rc = forge_package_look(&stay, remove, error);
    else if (rc == 0 && !wiki)
        rc = object != NULL ? forge_object_look(&stay, object, remove, error) : forge_commit_look(&stay, remove, error);
    stay_end(&stay);
    return rc;
}
