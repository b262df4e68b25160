/* SPDX-License-Identifier: ISC
 *
 * How things look in listings (DESIGN 8): SQL expressions that yield one JSON object, over tables under the aliases
 * t token, p placement, s sighting, i incident, c actor, a alert, d delivery, x operation, o observation. "erased": when
 * retention took the addresses and the content (erase.h), else null. */
#ifndef KEEPER_ROWS_H
#define KEEPER_ROWS_H

#define ROWS_PAGE " LIMIT 512"

/* Under whose row the placement of a token is: its own, or that of the one that it lies beside. */
#define LIES(token) "(SELECT coalesce(l.beside, l.number) FROM token l WHERE l.number = " token ")"

#define ROW_TOKEN                                                                                                      \
    "json_object('token', id_text('t', t.id), 'kind', t.kind, 'form', t.form, 'identity', t.identity,"                 \
    " 'decoy', nullif(t.decoy, ''), 'state', t.state,"                                                                 \
    " 'placement', (SELECT id_text('p', w.id) FROM placement w WHERE w.token = coalesce(t.beside, t.number)),"         \
    " 'beside', coalesce((SELECT id_text('t', w.id) FROM token w WHERE w.number = t.beside),"                          \
    " (SELECT id_text('t', w.id) FROM token w WHERE w.beside = t.number)),"                                            \
    " 'owner', t.owner, 'contact', t.contact, 'memo', t.memo, 'minted', time_text(t.minted),"                          \
    " 'expires', time_text(t.expires), 'retired', time_text(t.retired), 'bound', json(iif(t.bound, 'true', 'false'))," \
    " 'secret_bits', t.secret_bits, 'distinctive', json(iif(t.distinctive, 'true', 'false')),"                         \
    " 'drill', json(iif(t.drill, 'true', 'false')),"                                                                   \
    " 'uses', t.uses, 'drilled', time_text(t.drilled))"

/* Where a mail's text does not hold the secret, the attachment that does belongs to its place. */
#define ROW_WHERE "json_patch(p.location, json_object('attachment', json_extract(p.meta, '$.attachment')))"

/* Of the placement that took over from p, once it lay there; before that, NULL. */
#define ROTATED(what) "(SELECT " what " FROM placement w WHERE w.rotates = p.number AND w.planted IS NOT NULL)"

#define ROW_PLACEMENT                                                                                                  \
    "json_object('placement', id_text('p', p.id),"                                                                     \
    " 'token', (SELECT id_text('t', w.id) FROM token w WHERE w.number = p.token),"                                     \
    " 'beside', (SELECT id_text('t', w.id) FROM token w WHERE w.beside = p.token),"                                    \
    " 'place', p.place, 'where', " ROW_WHERE ", 'planted', time_text(p.planted), 'state', p.state,"                 \
    " 'lure', p.lure, 'owner', p.owner, 'department', p.arguments ->> '$.department',"                               \
    " 'manager', p.arguments ->> '$.manager', 'campaign', p.campaign, 'checked', time_text(p.checked),"               \
    " 'uprooted', time_text(p.uprooted), 'replanted', time_text(p.replanted),"                                         \
    " 'rotates', (SELECT id_text('p', w.id) FROM placement w WHERE w.number = p.rotates),"                             \
    " 'rotated', " ROTATED("time_text(w.planted)") ", 'successor', " ROTATED("id_text('p', w.id)") ")"

#define ROW_SIGHTING                                                                                                   \
    "json_object('sighting', id_text('s', s.id), 'time', time_text(s.time),"                                           \
    " 'token', (SELECT id_text('t', w.id) FROM token w WHERE w.number = s.token),"                                     \
    " 'placement', (SELECT id_text('p', w.id) FROM placement w WHERE w.token = " LIES("s.token") "),"                  \
    " 'grade', s.grade, 'decoy', s.decoy, 'service', s.service,"                                                       \
    " 'source', json_object('address', address_text(s.source), 'port', nullif(s.port, 0), 'via', json(s.via)),"        \
    " 'client', json(s.client), 'context', json(s.context), 'drill', json(iif(s.drill, 'true', 'false')),"             \
    " 'observation', id_text('o', s.observation_id), 'part', s.part, 'found_in', s.found_in, 'reason', s.reason,"      \
    " 'near', iif(s.near_distance IS NULL, json('null'),"                                                              \
    " json_object('distance', s.near_distance, 'length', s.near_length)), 'erased', time_text(s.erased),"               \
    " 'actor', (SELECT id_text('c', w.id) FROM actor w WHERE w.number = s.actor),"                                     \
    " 'incident', (SELECT id_text('i', w.id) FROM incident w WHERE w.number = s.incident))"

/* A JSON array of what `row` makes of the rows w of `table` that rows of fold name in `column`, where `of` is their `number`.
 * Each is sought by the one before, so that it does not matter how many rows name it. */
#define FOLDED(row, table, column, of, number)                                                                         \
    "(WITH RECURSIVE k (n) AS (SELECT min(" column ") FROM fold WHERE " of " = " number " UNION ALL"                    \
    " SELECT (SELECT min(" column ") FROM fold WHERE " of " = " number " AND " column " > n) FROM k WHERE n IS NOT NULL" \
    " LIMIT 1000) SELECT json_group_array(" row ") FROM k JOIN " table " w ON w.number = k.n)"

#define ROW_INCIDENT                                                                                                   \
    "json_object('incident', id_text('i', i.id), 'state', i.state, 'severity', i.severity,"                            \
    " 'opened', time_text(i.opened), 'updated', time_text(i.updated),"                                                 \
    " 'tokens', " FOLDED("id_text('t', w.id)", "token", "token", "incident", "i.number") ","                           \
    " 'actors', " FOLDED("json_object('actor', id_text('c', w.id), 'address', address_text(w.address))",               \
                         "actor", "actor", "incident", "i.number") ","                                                 \
    " 'count', i.uses, 'closed', time_text(i.closed), 'verdict', i.verdict, 'note', i.note,"                           \
    " 'drill', json(iif((SELECT w.drill FROM sighting w WHERE w.incident = i.number ORDER BY w.number LIMIT 1),"       \
    " 'true', 'false')))"

#define ROW_ACTOR                                                                                                      \
    "json_object('actor', id_text('c', c.id), 'address', address_text(c.address),"                                     \
    " 'first_seen', time_text(c.first_seen), 'last_seen', time_text(c.last_seen), 'sightings', c.sightings,"           \
    " 'tokens', " FOLDED("id_text('t', w.id)", "token", "token", "actor", "c.number") ","                              \
    " 'drill', json(iif(c.prefix = x'01000000000000000000000000000000', 'true', 'false')),"                            \
    " 'erased', time_text(c.erased))"

#define ROW_ALERT                                                                                                      \
    "json_object('alert', id_text('a', a.id),"                                                                         \
    " 'incident', (SELECT id_text('i', w.id) FROM incident w WHERE w.number = a.incident),"                            \
    " 'time', time_text(a.time), 'severity', a.severity, 'grade', a.grade, 'title', a.title,"                          \
    " 'token', (SELECT id_text('t', w.id) FROM token w WHERE w.number = a.token),"                                     \
    " 'placement', (SELECT id_text('p', w.id) FROM placement w WHERE w.token = " LIES("a.token") "),"                  \
    " 'sighting', (SELECT id_text('s', w.id) FROM sighting w WHERE w.number = a.sighting),"                            \
    " 'deliveries', (SELECT json_group_array(json_object('route', w.route, 'state', w.state, 'attempts', w.attempts,"  \
    " 'delivery', id_text('d', w.id))) FROM delivery w WHERE w.alert = a.number),"                                     \
    " 'type', a.type, 'activity', a.activity, 'sequence', a.number, 'erased', time_text(a.erased),"                    \
    " 'drill', json(iif((SELECT w.drill FROM sighting w WHERE w.number = a.sighting), 'true', 'false')))"

#define ROW_DELIVERY                                                                                                   \
    "json_object('delivery', id_text('d', d.id),"                                                                      \
    " 'alert', (SELECT id_text('a', w.id) FROM alert w WHERE w.number = d.alert),"                                     \
    " 'route', d.route, 'state', d.state, 'attempts', d.attempts,"                                                     \
    " 'next', iif(d.state = 'waiting', time_text(d.next), NULL), 'made', time_text(d.made),"                           \
    " 'done', time_text(d.done), 'status', nullif(d.status, 0), 'text', d.text)"

/* An operation has no id of its own: the first bytes of its digest serve. */
#define ROW_OPERATION                                                                                                  \
    "json_object('operation', id_text('x', substr(x.digest, 1, 16)), 'sequence', x.seq, 'time', time_text(x.time),"    \
    " 'who', x.who, 'what', x.what, 'subject', x.subject, 'details', json(x.details))"

#define ROW_OBSERVATION                                                                                                \
    "json_object('observation', id_text('o', o.id), 'sequence', o.seq, 'time', time_text(o.time),"                     \
    " 'decoy', o.decoy, 'service', o.service,"                                                                         \
    " 'source', json_object('address', address_text(o.source), 'port', nullif(o.port, 0)),"                            \
    " 'client', json(coalesce(nullif(CAST(o.context AS TEXT), ''), '{}')), 'erased', time_text(o.erased))"

#endif
