/* SPDX-License-Identifier: ISC */
#include "server/planter/manner.h"
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FEWEST 3 /* commits that make a manner */

static const char *const sorts[] = {"feat", "fix",  "chore", "ci",     "build",    "docs",
                                    "test", "perf", "style", "revert", "refactor", NULL};

/* ---- learning ---- */

static bool by_machine(const git_signature *who)
{
    static const char *const signs[] = {"[bot]", "bot@", "-bot", "noreply", "no-reply", "renovate", "jenkins"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (strcasestr(who->name, signs[i]) != NULL || strcasestr(who->email, signs[i]) != NULL)
            return true;
    return false;
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
    if (*prefix == MANNER_CONVENTIONAL && subject[end] == '(')
        end += strcspn(subject + end, ")") + 1;
    end += subject[word] != '\0' && subject[end] == '!';
    return word > 0 && end < 40 && strncmp(subject + end, ": ", 2) == 0 ? end + 2 : 0;
}

static void count_one(const char *message, size_t prefixes[4], size_t habits[4])
{
    enum manner_prefix prefix;
    size_t length = strcspn(message, "\n"), skip = prefix_of(message, &prefix);
    const char *rest = message + length;

    prefixes[skip > 0 ? prefix : MANNER_BARE]++;
    habits[0] += skip < length && isupper((unsigned char)message[skip]);
    habits[1] += length > 0 && message[length - 1] == '.';
    habits[2] += rest[0] != '\0' && rest[1] != '\0' && rest[2] != '\0' &&
                 strncmp(rest + strspn(rest, "\n"), "Signed-off-by:", 14) != 0;
    habits[3] += strstr(rest, "\nSigned-off-by: ") != NULL;
}

static void judge(struct manner *manner)
{
    size_t prefixes[4] = {0}, habits[4] = {0}, areas;

    for (size_t i = 0; i < manner->count; i++)
        count_one(git_commit_message(manner->commits[i]), prefixes, habits);
    /* "ci:" and "test:" are areas too, where others stand beside them. */
    areas = prefixes[MANNER_AREA] + prefixes[MANNER_CONVENTIONAL];
    if (prefixes[MANNER_CONVENTIONAL] * 5 > manner->count * 2 && prefixes[MANNER_AREA] * 4 < areas)
        manner->prefix = MANNER_CONVENTIONAL;
    else if (areas * 2 > manner->count)
        manner->prefix = MANNER_AREA;
    else if (prefixes[MANNER_BRACKETS] * 2 > manner->count)
        manner->prefix = MANNER_BRACKETS;
    manner->capital = habits[0] * 2 > manner->count;
    manner->stop = habits[1] * 2 > manner->count;
    manner->bodies = habits[2] * 4 > manner->count;
    manner->signs = habits[3] * 2 > manner->count;
}

void manner_learn(git_repository *git, const git_commit *tip, struct manner *manner)
{
    git_revwalk *walk = NULL;
    git_oid id;

    *manner = (struct manner){.tip = tip, .prefix = MANNER_BARE, .capital = true, .bodies = true};
    if (tip == NULL || git_revwalk_new(&walk, git) != 0)
        return;
    git_revwalk_sorting(walk, GIT_SORT_TIME);
    git_revwalk_push(walk, git_commit_id(tip));
    for (int i = 0; i < 4 * MANNER_COMMITS && manner->count < MANNER_COMMITS && git_revwalk_next(&id, walk) == 0; i++) {
        git_commit **commit = &manner->commits[manner->count];

        if (git_commit_lookup(commit, git, &id) != 0)
            continue;
        if (git_commit_parentcount(*commit) > 1 || by_machine(git_commit_author(*commit)))
            git_commit_free(*commit);
        else
            manner->count++;
    }
    git_revwalk_free(walk);
    if (manner->count >= FEWEST)
        judge(manner);
}

void manner_free(struct manner *manner)
{
    while (manner->count > 0)
        git_commit_free(manner->commits[--manner->count]);
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

void manner_message(const struct manner *manner, const char *message, const char *area, const char *who,
                    struct buffer *out)
{
    size_t length = strcspn(message, "\n");
    const char *body = message + length + strspn(message + length, "\n");

    add_subject(manner, (struct slice){(const unsigned char *)message, length}, area, out);
    buffer_add_char(out, '\n');
    if (manner->bodies && body[0] != '\0')
        buffer_add_format(out, "\n%s", body);
    if (manner->signs)
        buffer_add_format(out, "\nSigned-off-by: %s\n", who);
}

/* One of the latest commits' authors, each as often as he commits; `other` than somebody, where there is another. */
static const git_signature *draw_author(const struct manner *manner, const char *other)
{
    const git_signature *who = NULL;

    for (int i = 0; i < 64; i++) {
        who = git_commit_author(manner->commits[randombytes_uniform((uint32_t)manner->count)]);
        if (other == NULL || strcasecmp(who->email, other) != 0)
            break;
    }
    return who;
}

static const git_signature *known_author(const struct manner *manner, const char *mail)
{
    for (size_t i = 0; i < manner->count; i++)
        if (strcasecmp(git_commit_author(manner->commits[i])->email, mail) == 0)
            return git_commit_author(manner->commits[i]);
    return NULL;
}

void manner_apply(const struct manner *manner, struct changes *changes, struct buffer store[CHANGES])
{
    const char *first = changes->count > 0 ? changes->list[0].mail : NULL, *given = NULL;
    char who[512];

    for (size_t i = 0; i < changes->count && manner->tip != NULL; i++)
        changes->list[i].offset = git_commit_time_offset(manner->tip);
    for (size_t i = 0; i < changes->count && manner->count >= FEWEST; i++) {
        struct change *change = &changes->list[i];
        bool same = strcmp(change->mail, first) == 0;
        const git_signature *author = known_author(manner, change->mail);

        if (author == NULL)
            author = same && given != NULL ? known_author(manner, given) : draw_author(manner, same ? NULL : given);
        if (i == 0)
            given = author->email;
        change->name = author->name;
        change->mail = author->email;
        change->offset = author->when.offset;
        snprintf(who, sizeof(who), "%.200s <%.200s>", author->name, author->email);
        buffer_clear(&store[i]);
        manner_message(manner, change->message, change->area, who, &store[i]);
        change->message = buffer_text(&store[i]);
    }
}
