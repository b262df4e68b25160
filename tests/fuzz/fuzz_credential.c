/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include "server/base/channel.h"
#include "server/sensor/credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines become values; whatever comes out fits one datagram. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct observation observation;
    struct credentials credentials;
    struct buffer message;
    size_t start = 0;

    credentials_init(&credentials);
    for (size_t i = 0; i <= size; i++)
        if (i == size || data[i] == '\n') {
            struct slice value = {data + start, i - start};

            if (value.length > 2 && value.data[0] == '!')
                credentials_add_login(&credentials, value.data[1], "fuzz", (struct slice){value.data + 1, 2}, value);
            else
                credentials_add_decoded(&credentials, CANDIDATE_EITHER, 0, (uint8_t)value.length, "fuzz", value);
            start = i + 1;
        }
    credentials_list(&credentials, &observation);
    buffer_init(&message, CHANNEL_MESSAGE);
    if (observation_add(&message, &observation) < 0)
        abort();
    buffer_free(&message);
    credentials_free(&credentials);
    return 0;
}
