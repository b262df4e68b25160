/* SPDX-License-Identifier: ISC */
#include "server/sensor/service.h"

#include <string.h>

static const struct service *const services[] = {
#define SERVICE(symbol, name, summary, plain, tls) &service_##symbol,
#include "server/wire/tables/services.def"
#undef SERVICE
};

const struct service *service_find(const char *name)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strcmp(services[i]->name, name) == 0)
            return services[i];
    return NULL;
}
