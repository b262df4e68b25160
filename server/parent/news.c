/* SPDX-License-Identifier: ISC */
#include "server/parent/news.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/role.h"
#include "server/parent/supervise.h"

#define SECOND 1000000
#define PACE (60LL * SECOND)
#define DETAILS 2048

struct news {
    struct tree *tree;
    struct event *timer;
    uint64_t number;     /* of what was told last */
    struct child *about; /* whom that is of, while nobody has noted it; NULL: nothing is under way */
    unsigned count;      /* the ends that it stands for */
};

static struct child *ready_keeper(const struct news *news)
{
    for (struct child *child = tree_first(news->tree); child != NULL; child = child->next)
        if (strcmp(child->program, "keeper") == 0 && child->state == CHILD_READY && child->channel != NULL)
            return child;
    return NULL;
}

static void add_details(struct buffer *json, const struct child *child)
{
    const struct ends *ends = &child->ends;
    char time[CLOCK_TEXT];

    buffer_add_char(json, '{');
    json_member_number(json, "ends", ends->count);
    if (WIFSIGNALED(ends->status))
        json_member_number(json, "signal", WTERMSIG(ends->status));
    else
        json_member_number(json, "status", WEXITSTATUS(ends->status));
    json_member_text(json, "ended", clock_text(ends->time, time));
    json_member_number(json, "lived", ends->lived / SECOND);
    if (child->failure.text[0] != '\0')
        json_member_text(json, "said", child->failure.text);
    buffer_add_char(json, '}');
}

static void tell(struct news *news, struct child *keeper, struct child *child)
{
    struct buffer message, json;

    buffer_init(&message, CHANNEL_MESSAGE);
    buffer_init(&json, DETAILS);
    add_details(&json, child);
    buffer_add_u16(&message, ROLE_NEWS);
    buffer_add_u64(&message, ++news->number);
    buffer_add_string(&message, child->name);
    buffer_add_bytes(&message, buffer_slice(&json));
    if (!json.failed && !message.failed && channel_send(keeper->channel, buffer_slice(&message), -1) == 0) {
        news->about = child;
        news->count = child->ends.count;
    }
    child->ends.told = clock_monotonic();
    buffer_free(&json);
    buffer_free(&message);
}

static bool is_due(const struct child *child, int64_t now)
{
    return child->ends.count > 0 && (child->ends.told == 0 || now - child->ends.told >= PACE);
}

/* One at a time; what nobody notes is told again. */
static void look(struct news *news)
{
    struct child *keeper = ready_keeper(news);
    int64_t now = clock_monotonic();
    bool waiting = false;

    if (keeper != NULL && news->about != NULL && is_due(news->about, now))
        news->about = NULL;
    for (struct child *child = tree_first(news->tree); child != NULL; child = child->next) {
        waiting = waiting || child->ends.count > 0;
        if (keeper != NULL && news->about == NULL && is_due(child, now))
            tell(news, keeper, child);
    }
    if (waiting && !event_pending(news->timer, EV_TIMEOUT, NULL))
        event_add(news->timer, &(struct timeval){PACE / SECOND / 4, 0});
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    look(context);
}

struct news *news_new(struct event_base *base, struct tree *tree)
{
    struct news *news = calloc(1, sizeof(*news));

    if (news == NULL)
        return NULL;
    news->tree = tree;
    news->timer = event_new(base, -1, 0, on_timer, news);
    if (news->timer == NULL) {
        free(news);
        return NULL;
    }
    return news;
}

void news_free(struct news *news)
{
    if (news != NULL)
        event_free(news->timer);
    free(news);
}

void news_ended(struct news *news, struct child *child)
{
    struct ends *ends = &child->ends;

    ends->count++;
    ends->status = child->status;
    ends->time = clock_wall();
    ends->lived = child->ready_since > 0 ? clock_monotonic() - child->ready_since : 0;
    look(news);
}

void news_keeper(struct news *news)
{
    if (news->about != NULL)
        news->about->ends.told = 0;
    news->about = NULL;
    look(news);
}

void news_noted(struct news *news, uint64_t number)
{
    if (news->about == NULL || number != news->number)
        return;
    news->about->ends.count -= news->count;
    news->about = NULL;
    look(news);
}

void news_forget(struct news *news, const struct child *child)
{
    if (news->about == child)
        news->about = NULL;
}
