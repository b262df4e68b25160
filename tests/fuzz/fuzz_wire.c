/* SPDX-License-Identifier: ISC
 *
 * Every message's get; what a get takes must come out of its add again byte for byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/channel.h"
#include "server/wire/configuration.h"
#include "server/wire/finding.h"
#include "server/wire/message.h"
#include "tests/fuzz/replay.h"

const unsigned fuzz_mutations = 40000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct buffer *again, const uint8_t *data, size_t size)
{
    if (again->length != size || memcmp(again->data, data, size) != 0)
        abort();
}

#define ROUND(type, name, get, add)                                                                                    \
    case type: {                                                                                                       \
        struct name *item = calloc(1, sizeof *item);                                                                   \
        if (item != NULL && get(&reader, item) == 0 && add(&again, item) == 0)                                         \
            same(&again, data, size);                                                                                  \
        free(item);                                                                                                    \
        break;                                                                                                         \
    }

static void round_trip(const uint8_t *data, size_t size, struct reader reader, uint16_t type, struct buffer *out)
{
    struct buffer again = *out;

    switch (type) {
        ROUND(MESSAGE_OBSERVATION, observation, observation_get, observation_add)
        ROUND(MESSAGE_VERDICT, verdict, verdict_get, verdict_add)
        ROUND(MESSAGE_DECOY_KEYS, decoy_keys, decoy_keys_get, decoy_keys_add)
        ROUND(MESSAGE_JOB, job, job_get, job_add)
        ROUND(MESSAGE_RESULT, result, result_get, result_add)
        ROUND(MESSAGE_RESULT_DONE, result_done, result_done_get, result_done_add)
        ROUND(MESSAGE_DELIVERY, delivery, delivery_get, delivery_add)
        ROUND(MESSAGE_OUTCOME, outcome, outcome_get, outcome_add)
        ROUND(MESSAGE_COMMAND, command, command_get, command_add)
        ROUND(MESSAGE_REPLY_ROW, reply_row, reply_row_get, reply_row_add)
        ROUND(MESSAGE_REPLY_DONE, reply_done, reply_done_get, reply_done_add)
        ROUND(MESSAGE_PLANT, plant, plant_get, plant_add)
        ROUND(MESSAGE_FILE, file, file_get, file_add)
        ROUND(MESSAGE_PLANTED, planted, planted_get, planted_add)
        ROUND(MESSAGE_AT_DOOR, at_door, at_door_get, at_door_add)
        ROUND(MESSAGE_ACCOUNT, plant_account, plant_account_get, plant_account_add)
        ROUND(MESSAGE_CREDENTIAL, credential, credential_get, credential_add)
        ROUND(MESSAGE_CONNECT, connect, connect_get, connect_add)
        ROUND(MESSAGE_CONNECTED, connected, connected_get, connected_add)
        ROUND(MESSAGE_SEARCH, search_order, search_order_get, search_order_add)
        ROUND(MESSAGE_FOUND, found, found_get, found_add)
        ROUND(MESSAGE_SEARCHED, searched, searched_get, searched_add)
    default:
        hello_get(&reader);
    }
    *out = again;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_of((struct slice){data, size});
    struct configuration *configuration = NULL;
    struct buffer again;
    struct token_result token;
    uint16_t type;

    buffer_init(&again, 4 * CHANNEL_MESSAGE);
    type = message_type(&reader);
    round_trip(data, size, reader, type, &again);
    reader = reader_of((struct slice){data, size});
    token_result_get(&reader, &token);
    if (configuration_unpack((struct slice){data, size}, &configuration) == 0)
        configuration_free(configuration);
    buffer_free(&again);
    return 0;
}
