/* SPDX-License-Identifier: ISC
 *
 * The errand "people": who is in groups and departments of a directory. Nothing there is changed. Asked for as
 *
 *   options: {"questions": [{"group": DN} | {"department": NAME} | {"owners": [mail address or login, …]}, …]}
 *
 * and answered, as what is to be printed, by a JSON object a line: a person, with what the directory says of
 *
 *   {"question":0, "login","mail","name","given","family","title","department","language","phone","disabled":true,
 *    "manager":{the same}}
 *
 * or {"question":0, "fault":…}: the group is not there, or its name is none. With "colleague":true it is one of those who
 * were not asked for, but are of a department of its people: some of each. Groups of a group count, of groupOfNames,
 * groupOfUniqueNames and posixGroup (RFC 4519, RFC 2307); in Active Directory by its rule LDAP_MATCHING_RULE_IN_CHAIN
 * ([MS-ADTS] 3.1.1.3.4.4.3) and as first groups, without accounts that are disabled. A person is told once for each
 * question. Texts are UTF-8 on one line, of at most PEOPLE_TEXT bytes; others are left out. */
#ifndef PLANTER_PEOPLE_H
#define PLANTER_PEOPLE_H

#include "server/base/error.h"
#include "server/planter/place.h"
#include "server/planter/task.h"

#define PEOPLE_TEXT 200
#define PEOPLE_MOST 50000 /* entries that are looked at in one errand */
#define PEOPLE_BYTES (32 * 1024 * 1024)

int people_read(const struct task *task, struct place_result *result, struct error *error);

#endif
