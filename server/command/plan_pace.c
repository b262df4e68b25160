/* SPDX-License-Identifier: ISC */
#include <time.h>
#include "server/command/plan.h"

static bool is_quiet(const struct plan_quiet *quiet, const struct tm *when)
{
    int minute = when->tm_hour * 60 + when->tm_min;

    if (quiet->day >= 0)
        return when->tm_wday == quiet->day;
    if (quiet->from <= quiet->until)
        return minute >= quiet->from && minute < quiet->until;
    return minute >= quiet->from || minute < quiet->until;
}

static bool any_quiet(const struct plan *plan, time_t now)
{
    struct tm when;

    if (localtime_r(&now, &when) == NULL)
        return false;
    for (size_t i = 0; i < plan->quiet_count; i++)
        if (is_quiet(&plan->quiet[i], &when))
            return true;
    return false;
}

int64_t plan_quiet_left(const struct plan *plan, int64_t now_s)
{
    int64_t at = now_s;

    for (int i = 0; i < PLAN_WEEK_S / 60 && any_quiet(plan, (time_t)at); i++)
        at += 60 - at % 60;
    return at - now_s;
}
