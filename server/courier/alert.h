/* SPDX-License-Identifier: ISC
 *
 * The canonical alert record: a JSON object made by the keeper, kept in the ledger, and formatted by the courier.
 * A drill has severity "informational", an incident of its own and no "others". No usable secret is in it. All text
 * from outside stands in "client", "source", "presented".
 *
 * {"alert":"a-…","incident":"i-…","sequence":42,"time":"…","activity":"create"|"update","type":"sighting"|"route"|"heartbeat",
 *  "severity":"critical","grade":"secret","certainty":"…","title":"…","drill":false,"count":1,
 *  "first_seen":"…","last_seen":"…","installation":{"organisation","domain"},
 *  "token":{"token","kind","form","identity","bound","state","minted","expires","owner","contact","memo","secret_bits"},
 *  "beside":{"token","kind","form","identity","seen"} or null: what lies in the same artifact,
 *  "placement":null|{"placement","place","where":{…},"planted","state","lure","owner",
 *     "department","manager", (of the owner, where a plan read them in a directory)
 *     "shared":{} or {"name","mail","organisation","invented"}}, (whom outside the house the lure says that it was sent to)
 *  "sighting":{"sighting","observation","time","decoy","service","grade","near":null|{"distance","length"},
 *              "part":"secret|identity","found_in":"Authorization: Basic","reason":"…"},
 *  "source":{"address","port","via":[…],"earlier":{"observations","first","last"}},
 *  "client":{…the observation's context…},
 *  "actor":{"actor","address","tokens":["t-…"],"first_seen","sightings"},
 *  "others":[{"token","kind","identity","time"} ≤ 10],
 *  "folded"? (an update that lists all, one page):
 *   [{"token","kind","identity","placement"?,"sighting","actor","address","grade","count","time"}],
 *  "chain":{"sequence":N,"head":"hex"},
 *  "route":null|{"name","failures","text"},
 *  "heartbeat"?:{"interval","waiting","backlog"}}
 *
 * A heartbeat is told to one route, and its "sequence" is that of the last alert. */
#ifndef COURIER_ALERT_H
#define COURIER_ALERT_H

#endif
