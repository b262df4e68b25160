/* SPDX-License-Identifier: ISC */
#include "server/planter/manner.h"
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FEWEST 3 /* commits that make a manner */

static const char *const sorts[] = {"feat", "fix",  "chore", "ci",     "build",    "docs",
                                    "test", "perf", "style", "revert", "refactor", NULL};

/* ---- learning ---- */

/* As a word of its own among the first `length` bytes. */
static bool has_word(const char *text, size_t length, const char *word)
{
    size_t whole = strlen(word);

    for (size_t i = 0; i + whole <= length; i++)
        if (strncasecmp(text + i, word, whole) == 0 && (i == 0 || !isalpha((unsigned char)text[i - 1])) &&
            (i + whole == length || !isalpha((unsigned char)text[i + whole])))
            return true;
    return false;
}

/* By their names, or what stands before the '@': at users.noreply.github.com and its like are people who keep their
 * addresses to themselves, and Jenkins, Talbot and Abbot are names. */
static bool by_machine(const struct manner_commit *who)
{
    static const char *const signs[] = {"bot", "noreply", "no-reply", "renovate", "dependabot"};
    size_t name = strlen(who->name), local = strcspn(who->mail, "@");
    bool machine = strncasecmp(who->mail, "jenkins@", 8) == 0 || strcasecmp(who->name, "jenkins") == 0;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        machine = machine || has_word(who->name, name, signs[i]) || has_word(who->mail, local, signs[i]);
    return machine;
}

/* Bytes of a prefix up to and with the blank behind it, and its sort; 0 for none. */
static size_t prefix_of(const char *subject, enum manner_prefix *prefix)
{
    size_t word = strspn(subject, "abcdefghijklmnopqrstuvwxyz0123456789_./-"), end = word;

    if (subject[0] == '[') {
        *prefix = MANNER_BRACKETS;
        end = strcspn(subject, "]");
        return subject[end] == ']' && subject[end + 1] == ' ' && end < 30 ? end + 2 : 0;
    }
    *prefix = MANNER_AREA;
    for (size_t i = 0; sorts[i] != NULL; i++)
        if (strlen(sorts[i]) == word && strncmp(subject, sorts[i], word) == 0)
            *prefix = MANNER_CONVENTIONAL;
    if (*prefix == MANNER_CONVENTIONAL && subject[end] == '(') {
        end += strcspn(subject + end, ")");
        end += subject[end] == ')';
    }
    end += subject[end] == '!';
    return word > 0 && end < 40 && strncmp(subject + end, ": ", 2) == 0 ? end + 2 : 0;
}

enum habit { HABIT_CAPITAL, HABIT_STOP, HABIT_BODY, HABIT_SIGN, HABIT_CHANGE_ID, HABITS };

static void count_one(const char *message, size_t prefixes[4], size_t habits[HABITS])
{
    enum manner_prefix prefix;
    size_t length = strcspn(message, "\n"), skip = prefix_of(message, &prefix);
    const char *rest = message + length;

    prefixes[skip > 0 ? prefix : MANNER_BARE]++;
    rest += strspn(rest, "\n");
    habits[HABIT_CAPITAL] += skip < length && isupper((unsigned char)message[skip]);
    habits[HABIT_STOP] += length > 0 && message[length - 1] == '.';
    habits[HABIT_BODY] += rest[0] != '\0' && rest[1] != '\0' && strncmp(rest, "Signed-off-by:", 14) != 0 &&
                          strncmp(rest, "Change-Id:", 10) != 0;
    habits[HABIT_SIGN] += strstr(message, "\nSigned-off-by: ") != NULL;
    habits[HABIT_CHANGE_ID] += strstr(message, "\nChange-Id: I") != NULL;
}

static void judge_messages(struct manner *manner)
{
    size_t prefixes[4] = {0}, habits[HABITS] = {0}, areas;

    for (size_t i = 0; i < manner->count; i++)
        count_one(manner->commits[i].message, prefixes, habits);
    /* "ci:" and "test:" are areas too, where others stand beside them. */
    areas = prefixes[MANNER_AREA] + prefixes[MANNER_CONVENTIONAL];
    if (prefixes[MANNER_CONVENTIONAL] * 5 > manner->count * 2 && prefixes[MANNER_AREA] * 4 < areas)
        manner->prefix = MANNER_CONVENTIONAL;
    else if (areas * 2 > manner->count)
        manner->prefix = MANNER_AREA;
    else if (prefixes[MANNER_BRACKETS] * 2 > manner->count)
        manner->prefix = MANNER_BRACKETS;
    manner->capital = habits[HABIT_CAPITAL] * 2 > manner->count;
    manner->stop = habits[HABIT_STOP] * 2 > manner->count;
    manner->bodies = habits[HABIT_BODY] * 4 > manner->count;
    manner->signs = habits[HABIT_SIGN] * 2 > manner->count;
    manner->change_ids = habits[HABIT_CHANGE_ID] * 2 > manner->count;
}

void manner_of(const char *message, struct manner *manner)
{
    size_t prefixes[4] = {0}, habits[HABITS] = {0};

    manner_begin(manner);
    count_one(message, prefixes, habits);
    for (size_t i = 0; i < 4; i++)
        if (prefixes[i] > 0)
            manner->prefix = (enum manner_prefix)i;
    manner->capital = habits[HABIT_CAPITAL] > 0;
    manner->stop = habits[HABIT_STOP] > 0;
    manner->bodies = habits[HABIT_BODY] > 0;
    manner->signs = habits[HABIT_SIGN] > 0;
    manner->change_ids = habits[HABIT_CHANGE_ID] > 0;
}

static void judge_times(struct manner *manner)
{
    size_t signatures = 0;

    for (size_t i = 0; i < manner->count; i++) {
        manner->week[changes_hour(manner->commits[i].time_s, manner->commits[i].offset)] = true;
        signatures += manner->commits[i].signature;
    }
    manner->week_known = true;
    manner->signatures = signatures * 2 > manner->count;
}

void manner_begin(struct manner *manner)
{
    *manner = (struct manner){.prefix = MANNER_BARE, .capital = true, .bodies = true};
}

void manner_judge(struct manner *manner)
{
    if (manner->count < FEWEST)
        return;
    judge_messages(manner);
    judge_times(manner);
}

static void free_commit(struct manner_commit *commit)
{
    free(commit->message);
    free(commit->name);
    free(commit->mail);
    free(commit->committer);
    free(commit->committer_mail);
}

void manner_add(struct manner *manner, const struct manner_commit *commit)
{
    struct manner_commit *copy = &manner->commits[manner->count];
    bool whole = commit->message != NULL && commit->name != NULL && commit->mail != NULL;

    if (!manner->tip)
        manner->offset = commit->offset;
    manner->tip = true;
    if (!whole || by_machine(commit) || manner->count == MANNER_COMMITS)
        return;
    *copy = (struct manner_commit){.message = strdup(commit->message), .name = strdup(commit->name),
                                   .mail = strdup(commit->mail), .time_s = commit->time_s, .offset = commit->offset,
                                   .signature = commit->signature};
    if (commit->committer != NULL && commit->committer_mail != NULL &&
        strcasecmp(commit->mail, commit->committer_mail) != 0) {
        copy->committer = strdup(commit->committer);
        copy->committer_mail = strdup(commit->committer_mail);
    }
    if (copy->message == NULL || copy->name == NULL || copy->mail == NULL ||
        (copy->committer == NULL) != (copy->committer_mail == NULL))
        free_commit(copy);
    else
        manner->count++;
}

void manner_free(struct manner *manner)
{
    while (manner->count > 0)
        free_commit(&manner->commits[--manner->count]);
    free(manner->merge);
    manner->merge = NULL;
}

/* ---- from a repository ---- */

static bool has_signature(const git_commit *commit)
{
    git_buf field = {NULL};
    bool has = git_commit_header_field(&field, commit, "gpgsig") == 0;

    git_buf_dispose(&field);
    return has;
}

static void note_merge(struct manner *manner, git_commit *commit)
{
    const char *summary = git_commit_summary(commit);

    if (manner->merge == NULL && git_commit_parentcount(commit) == 2 && summary != NULL)
        manner->merge = strdup(summary);
}

static void note_commit(struct manner *manner, const git_commit *commit)
{
    const git_signature *author = git_commit_author(commit), *committer = git_commit_committer(commit);

    manner_add(manner, &(struct manner_commit){.message = (char *)(uintptr_t)git_commit_message(commit),
                                               .name = author->name, .mail = author->email,
                                               .committer = committer->name, .committer_mail = committer->email,
                                               .time_s = author->when.time, .offset = author->when.offset,
                                               .signature = has_signature(commit)});
}

void manner_learn(git_repository *git, const git_commit *tip, struct manner *manner)
{
    git_revwalk *walk = NULL;
    git_oid id;

    manner_begin(manner);
    if (tip == NULL || git_revwalk_new(&walk, git) != 0)
        return;
    manner->tip = true;
    manner->offset = git_commit_time_offset(tip);
    git_revwalk_sorting(walk, GIT_SORT_TIME);
    git_revwalk_push(walk, git_commit_id(tip));
    for (int i = 0; i < 4 * MANNER_COMMITS && manner->count < MANNER_COMMITS && git_revwalk_next(&id, walk) == 0; i++) {
        git_commit *commit = NULL;

        if (git_commit_lookup(&commit, git, &id) != 0)
            continue;
        note_merge(manner, commit);
        if (git_commit_parentcount(commit) <= 1)
            note_commit(manner, commit);
        git_commit_free(commit);
    }
    git_revwalk_free(walk);
    manner_judge(manner);
}

/* ---- applying ---- */

static const char *sort_of(const char *area)
{
    for (size_t i = 0; sorts[i] != NULL; i++)
        if (strcmp(sorts[i], area) == 0)
            return area;
    return "chore";
}

static void add_subject(const struct manner *manner, struct slice subject, const char *area, struct buffer *out)
{
    size_t start;

    if (manner->prefix == MANNER_AREA && area[0] != '\0')
        buffer_add_format(out, "%s: ", area);
    else if (manner->prefix == MANNER_CONVENTIONAL)
        buffer_add_format(out, "%s: ", sort_of(area));
    else if (manner->prefix == MANNER_BRACKETS && area[0] != '\0')
        buffer_add_format(out, "[%s] ", area);
    start = out->length;
    buffer_add_slice(out, subject);
    if (manner->capital && start < out->length)
        out->data[start] = (unsigned char)toupper(out->data[start]);
    if (manner->stop)
        buffer_add_char(out, '.');
}

static void add_change_id(struct buffer *out)
{
    unsigned char id[20];
    char hex[2 * sizeof(id) + 1];

    randombytes_buf(id, sizeof(id));
    buffer_add_format(out, "Change-Id: I%s\n", sodium_bin2hex(hex, sizeof(hex), id, sizeof(id)));
}

void manner_message(const struct manner *manner, const char *message, const char *area, const char *who,
                    struct buffer *out)
{
    size_t length = strcspn(message, "\n");
    const char *body = message + length + strspn(message + length, "\n");

    add_subject(manner, (struct slice){(const unsigned char *)message, length}, area, out);
    buffer_add_char(out, '\n');
    if (manner->bodies && body[0] != '\0')
        buffer_add_format(out, "\n%s", body);
    if (manner->signs || manner->change_ids)
        buffer_add_char(out, '\n');
    if (manner->change_ids)
        add_change_id(out);
    if (manner->signs)
        buffer_add_format(out, "Signed-off-by: %s\n", who);
}

/* One of the latest commits, so each author as often as he commits; by `other` than somebody, where there is another,
 * and rather one who does not sign by key. */
static const struct manner_commit *draw_commit(const struct manner *manner, const char *other)
{
    const struct manner_commit *drawn = NULL;

    for (int i = 0; i < 64; i++) {
        drawn = &manner->commits[randombytes_uniform((uint32_t)manner->count)];
        if ((other == NULL || strcasecmp(drawn->mail, other) != 0) && (i > 32 || !drawn->signature))
            break;
    }
    return drawn;
}

static const struct manner_commit *known_commit(const struct manner *manner, const char *mail)
{
    for (size_t i = 0; i < manner->count; i++)
        if (strcasecmp(manner->commits[i].mail, mail) == 0)
            return &manner->commits[i];
    return NULL;
}

/* Who made that commit makes the change, where their newest one was made (they moved, or summer came); and who put it
 * there (a forge, a maintainer) does so again. */
static void follow(const struct manner *manner, const struct manner_commit *commit, struct change *change)
{
    const struct manner_commit *newest = known_commit(manner, commit->mail);

    change->name = commit->name;
    change->mail = commit->mail;
    change->offset = newest != NULL ? newest->offset : commit->offset;
    change->committer = commit->committer;
    change->committer_mail = commit->committer_mail;
}

void manner_apply(const struct manner *manner, struct changes *changes, struct buffer store[CHANGES])
{
    const char *first = changes->count > 0 ? changes->list[0].mail : NULL, *given = NULL;
    char who[512];

    for (size_t i = 0; i < changes->count && manner->tip; i++)
        changes->list[i].offset = manner->offset;
    for (size_t i = 0; i < changes->count && manner->count >= FEWEST; i++) {
        struct change *change = &changes->list[i];
        bool same = strcmp(change->mail, first) == 0;
        const struct manner_commit *model = known_commit(manner, change->mail);

        if (model == NULL)
            model = same && given != NULL ? known_commit(manner, given) : draw_commit(manner, same ? NULL : given);
        if (i == 0)
            given = model->mail;
        follow(manner, model, change);
        snprintf(who, sizeof(who), "%.200s <%.200s>", change->name, change->mail);
        buffer_clear(&store[i]);
        manner_message(manner, change->message, change->area, who, &store[i]);
        change->message = buffer_text(&store[i]);
    }
}
