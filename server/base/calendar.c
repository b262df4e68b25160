/* SPDX-License-Identifier: ISC */
#include "server/base/calendar.h"

bool calendar_is_weekend(const struct tm *day)
{
    return day->tm_wday == 0 || day->tm_wday == 6;
}

bool calendar_is_holiday(const struct tm *day)
{
    static const struct {
        int month, day;
    } days_off[] = {{1, 1},   {5, 1},   {5, 8},   {7, 14},  {8, 15}, {11, 1},
                    {11, 11}, {12, 24}, {12, 25}, {12, 26}, {12, 31}};

    for (size_t i = 0; i < sizeof days_off / sizeof *days_off; i++)
        if (day->tm_mon + 1 == days_off[i].month && day->tm_mday == days_off[i].day)
            return true;
    return false;
}
