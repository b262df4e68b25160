/* SPDX-License-Identifier: ISC */
#include "server/base/cage.h"

#include <openssl/rand.h>
#include <time.h>
#include "server/sensor/sensor.h"

static const char *const calls[] = {"accept4", "setsockopt", "getsockname", NULL};
static const struct cage cage = {.role = "sensor", .calls = calls};

/* All that libraries would otherwise open when first used. */
static void warm_up(void)
{
    unsigned char byte;
    time_t now = time(NULL);
    struct tm parts;

    tzset();
    localtime_r(&now, &parts);
    RAND_bytes(&byte, 1);
    RAND_priv_bytes(&byte, 1);
}

int sensor_cage(struct error *error)
{
    warm_up();
    return cage_shut(&cage, error);
}
