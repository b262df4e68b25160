/* SPDX-License-Identifier: ISC
 *
 * A drill: one use of one token at one listener. Options: {"kind", "identity", "domain", "service", "site", "host",
 * "address", "port", "tls", "proxy", "proxies"}; the file "secret". Connects, shuts the cage, shakes hands, says
 * AT_DOOR, and presents nothing before the next PLANT_GO. Result: where {"door", "answered"}. */
#ifndef PLANTER_DRILL_H
#define PLANTER_DRILL_H

#include "server/planter/door.h"
#include "server/planter/place.h"

int drill_run(const struct task *task, struct place_result *result, struct error *error);

/* Connects to the listener of the options and shakes hands. No file and no socket can be opened any more then. */
int drill_come_to_door(const struct task *task, struct door *door, int timeout_ms, struct error *error);

#endif
