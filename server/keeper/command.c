/* SPDX-License-Identifier: ISC */
#include "server/keeper/command.h"

#define OUTCOME_USAGE "PLACEMENT [--ok B] [--where JSON] [--state S] [--text T] [--digest D]"

#define DRILLING_USAGE "TOKEN [--decoy D] [--address A] [--port P] [--local P]"

/* As `plant` is told, and which placement the new one takes over from, or is planted again. */
#define ROTATING_USAGE                                                                                                 \
    "TOKEN|KIND PLACE [--lure L] [--path P] [--buried] [--as SHAPE] [--name N] [--signed-off yes|no] [--enable]"       \
    " [--outside A] [--form F] [--identity I] [--decoy D] [--host H] [--owner A] [--contact A] [--memo T]"             \
    " [--expires DATE] [--account N] [--length N] [--department D] [--manager A] [--language L]"                       \
    " [--people J] [--campaign K] [--rotates P] [--again P]"

static const struct command_entry entries[] = {
#define COMMAND_ENTRY_keeper(symbol, name, arguments) {name, arguments, command_##symbol, false},
#define COMMAND_ENTRY_here(symbol, name, arguments)
#define COMMAND(symbol, name, arguments, summary, where) COMMAND_ENTRY_##where(symbol, name, arguments)
#include "server/wire/tables/commands.def"
#undef COMMAND
    {"planting", OUTCOME_USAGE, command_planting, false},
    {"planted", OUTCOME_USAGE, command_planted, false},
    {"rotating", ROTATING_USAGE, command_plant, false},
    {"inspected", OUTCOME_USAGE, command_inspected, false},
    {"uprooted", OUTCOME_USAGE, command_uprooted, false},
    {"drilling", DRILLING_USAGE, command_drilling, false},
    {"drilled", "TOKEN [--port P] [--since T]", command_drilled, false},
    {"recognised", "FINDING...", command_recognised, false},
    {"campaign", "PLAN", command_campaign, false},
    {"certificates", "", command_certificates, false},
    {"init", "[--tls T]", command_init, true},
    {"status", "", command_status, true},
    {"world", "", command_world, false},
};

const struct command_entry *command_find(struct slice name)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (slice_is(name, entries[i].name))
            return &entries[i];
    return NULL;
}
