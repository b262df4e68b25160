-- SPDX-License-Identifier: ISC
--
-- The ledger, version 1; ledger.c has what came after. Ids are 16 bytes (server/base/id.h), shown by
-- id_text(letter, id); times are microseconds since 1970, shown by time_text(time); addresses are 16 bytes, IPv4 mapped, shown by address_text(address).
-- Sealed values and digests are those of keyring.h.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

-- All that the seed made, as the minter's JSON, and the decoys' authority. One row.
CREATE TABLE persona (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    made INTEGER NOT NULL,
    persona TEXT NOT NULL,
    authority TEXT NOT NULL,     -- PEM, or ''
    authority_key BLOB NOT NULL  -- sealed PEM, or x''
) STRICT;

CREATE TABLE decoy (
    name TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    certificate BLOB NOT NULL, -- PEM chain, or x''
    key BLOB NOT NULL,         -- sealed PEM, or x''
    salt BLOB NOT NULL,        -- sealed, 32 bytes
    face TEXT NOT NULL,        -- JSON object
    names TEXT NOT NULL,       -- JSON object: what the certificate was made for; compared as text (provision.c)
    made INTEGER NOT NULL,
    expires INTEGER            -- of the certificate
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    form TEXT NOT NULL,
    identity TEXT NOT NULL,
    identity_digest BLOB NOT NULL, -- of the identity's first spelling
    secret BLOB NOT NULL,          -- sealed
    secret_bits INTEGER NOT NULL,
    identity_bits INTEGER NOT NULL,
    bound INTEGER NOT NULL,
    distinctive INTEGER NOT NULL,
    decoy TEXT NOT NULL,           -- name, or '' where it opens none of ours
    state TEXT NOT NULL CHECK (state IN ('armed', 'retired')),
    minted INTEGER NOT NULL,
    expires INTEGER,
    retired INTEGER,
    owner TEXT,
    contact TEXT,
    memo TEXT,
    drill INTEGER NOT NULL DEFAULT 0,
    incident INTEGER -- the last one that it is in; so that it is found at once
) STRICT;

-- part: enum token_part (token.h).
CREATE TABLE secret_index (
    digest BLOB NOT NULL,
    token INTEGER NOT NULL REFERENCES token (number),
    part INTEGER NOT NULL,
    key INTEGER NOT NULL, -- number of the digest's key
    PRIMARY KEY (digest, token, part)
) STRICT, WITHOUT ROWID;

-- Only where an artifact cannot be rendered again.
CREATE TABLE artifact (
    token INTEGER NOT NULL REFERENCES token (number),
    name TEXT NOT NULL,
    content BLOB NOT NULL, -- sealed
    PRIMARY KEY (token, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE placement (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    token INTEGER NOT NULL UNIQUE REFERENCES token (number),
    place TEXT NOT NULL,
    location TEXT NOT NULL, -- JSON object, "where" in listings
    lure TEXT NOT NULL,
    meta TEXT NOT NULL,     -- the lure's meta, JSON object
    state TEXT NOT NULL CHECK (state IN ('planned', 'there', 'moved', 'changed', 'gone', 'unknown')),
    planted INTEGER,
    checked INTEGER,
    uprooted INTEGER,       -- taken out by us, removal verified
    digest BLOB,            -- of what was planted, for inspect; sealed
    owner TEXT              -- whose place it is, where that is known
) STRICT;

-- What sensors saw. matched: MATCHES entries of recognise.h, zero-filled where nothing was; never indexed.
CREATE TABLE observation (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    time INTEGER NOT NULL,
    port INTEGER NOT NULL,
    matched BLOB,         -- before what may be long
    digest BLOB NOT NULL, -- of all columns but link
    link BLOB NOT NULL,
    source BLOB NOT NULL,
    decoy TEXT NOT NULL,
    service TEXT NOT NULL,
    flow BLOB,      -- packed: proxies, local end, connection, request; observe.h. NULL: content was erased (erase.h)
    presented BLOB, -- packed: where, digest, length, classes of each candidate; observe.h
    context BLOB    -- JSON object
) STRICT;

-- Unplanted presentations beyond the budgets: the last OBSERVE_RING of them, same columns.
CREATE TABLE surplus (
    slot INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    time INTEGER NOT NULL,
    port INTEGER NOT NULL,
    matched BLOB,
    digest BLOB NOT NULL,
    link BLOB NOT NULL,
    source BLOB NOT NULL,
    decoy TEXT NOT NULL,
    service TEXT NOT NULL,
    flow BLOB,
    presented BLOB,
    context BLOB
) STRICT;

-- How often each source came, by hour; kept: rows of it in observation without a match.
CREATE TABLE noise (
    prefix BLOB NOT NULL, -- IPv4 address or IPv6 /64
    hour INTEGER NOT NULL,
    decoy TEXT NOT NULL,
    count INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (prefix, hour, decoy)
) STRICT, WITHOUT ROWID;

-- Writes that make the derivation's transactions look alike.
CREATE TABLE cover (
    slot INTEGER PRIMARY KEY,
    filler BLOB NOT NULL
) STRICT;

CREATE TABLE actor (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    prefix BLOB NOT NULL UNIQUE,
    address BLOB NOT NULL, -- as first seen
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    sightings INTEGER NOT NULL,
    incident INTEGER -- the last one that it is in
) STRICT;

CREATE TABLE incident (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    severity TEXT NOT NULL,
    opened INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    closed INTEGER,
    verdict TEXT,
    note TEXT,
    hour INTEGER NOT NULL DEFAULT 0,        -- start of the window in which alerts are counted
    hour_alerts INTEGER NOT NULL DEFAULT 0,
    flood_next INTEGER                      -- when the next update that lists all may go out
) STRICT;
CREATE INDEX incident_flood ON incident (flood_next) WHERE flood_next IS NOT NULL;

CREATE TABLE sighting (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    observation INTEGER NOT NULL, -- seq
    observation_id BLOB NOT NULL,
    token INTEGER NOT NULL REFERENCES token (number),
    actor INTEGER NOT NULL REFERENCES actor (number),
    incident INTEGER NOT NULL REFERENCES incident (number),
    time INTEGER NOT NULL,
    grade TEXT NOT NULL,
    near_distance INTEGER, -- grade identity: edit distance of the presented secret, and its length
    near_length INTEGER,
    part TEXT NOT NULL CHECK (part IN ('identity', 'secret')),
    found_in TEXT NOT NULL,
    reason TEXT NOT NULL,
    decoy TEXT NOT NULL,
    service TEXT NOT NULL,
    source BLOB NOT NULL,
    port INTEGER NOT NULL,
    via TEXT NOT NULL,     -- JSON array of addresses
    client TEXT NOT NULL,  -- JSON object: the observation's context
    context TEXT NOT NULL, -- JSON array: "retired", "expired", "former-secret", "guessable", …
    drill INTEGER NOT NULL DEFAULT 0,
    UNIQUE (observation, token)
) STRICT;
CREATE INDEX sighting_token ON sighting (token, number);
CREATE INDEX sighting_incident ON sighting (incident, number);

-- Same token, actor and grade within an incident: what folds into updates.
CREATE TABLE fold (
    incident INTEGER NOT NULL REFERENCES incident (number),
    token INTEGER NOT NULL REFERENCES token (number),
    actor INTEGER NOT NULL REFERENCES actor (number),
    grade TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    count INTEGER NOT NULL,
    unsent INTEGER NOT NULL,  -- sightings that no alert has told yet
    sent INTEGER NOT NULL,    -- when the last alert told of it
    step INTEGER NOT NULL,    -- updates sent
    next INTEGER,             -- when the next update goes out; NULL: nothing unsent
    sighting INTEGER NOT NULL, -- the last one's number; were it a REFERENCE, SQLite would make a table for each update
    PRIMARY KEY (incident, token, actor, grade)
) STRICT, WITHOUT ROWID;
CREATE INDEX fold_due ON fold (next) WHERE next IS NOT NULL;
CREATE INDEX fold_token ON fold (token);
CREATE INDEX fold_actor ON fold (actor);

CREATE TABLE alert (
    number INTEGER PRIMARY KEY, -- "sequence" in the record
    id BLOB NOT NULL UNIQUE,
    incident INTEGER REFERENCES incident (number), -- NULL for type route
    sighting INTEGER REFERENCES sighting (number),
    token INTEGER REFERENCES token (number),
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    activity TEXT NOT NULL,
    severity TEXT NOT NULL,
    grade TEXT NOT NULL,
    title TEXT NOT NULL,
    record TEXT NOT NULL -- server/courier/alert.h
) STRICT;
CREATE INDEX alert_incident ON alert (incident, number);

CREATE TABLE route (
    name TEXT PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    alerted INTEGER NOT NULL DEFAULT 0,  -- its failing was alerted on the others
    succeeded INTEGER,                   -- last 2xx
    failed INTEGER,
    status INTEGER,                      -- HTTP, of the last try
    text TEXT
) STRICT, WITHOUT ROWID;

-- The outbox.
CREATE TABLE delivery (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    alert INTEGER NOT NULL REFERENCES alert (number),
    route TEXT NOT NULL,
    rank INTEGER NOT NULL, -- of the severity: 0 critical … 4 informational
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0, -- in all, told to the receiver
    step INTEGER NOT NULL DEFAULT 0,     -- of the schedule
    due INTEGER NOT NULL DEFAULT 1,      -- its time has come, or it is under way
    next INTEGER NOT NULL,               -- when it falls due
    deadline INTEGER NOT NULL, -- on the clock of running time (setting "running")
    made INTEGER NOT NULL,
    done INTEGER,
    status INTEGER,
    text TEXT,
    UNIQUE (alert, route)
) STRICT;
CREATE INDEX delivery_due ON delivery (route, rank, number DESC) WHERE state = 'waiting' AND due = 1;
CREATE INDEX delivery_later ON delivery (route, next) WHERE state = 'waiting' AND due = 0;

-- What operators did and which secrets they read; chained.
CREATE TABLE operation (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL, -- JSON object
    digest BLOB NOT NULL,
    link BLOB NOT NULL
) STRICT;
