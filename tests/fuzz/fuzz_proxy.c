/* SPDX-License-Identifier: ISC
 *
 * The PROXY protocol's header: read as the sensor reads it, never more than asked for, it must come to an end. */
#include <stdint.h>
#include <stdlib.h>
#include "server/sensor/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_source source;
    size_t wanted = 0, have = 0;
    int result;

    while ((result = proxy_parse((struct slice){data, have}, &wanted, &source)) == 0) {
        if (wanted == 0 || have + wanted > PROXY_HEADER)
            abort();
        if (wanted > size - have)
            return 0;
        have += wanted;
    }
    if (result < 0 && source.known)
        abort();
    return 0;
}
