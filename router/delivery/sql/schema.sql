-- Version 4. Times are epoch seconds.
CREATE TABLE route (
    id INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    event TEXT NOT NULL,
    rules_version TEXT NOT NULL,
    UNIQUE (destination, source, source_id, event, rules_version)
) STRICT;

-- Entries that wait or are being sent: written once and deleted once, because of the payload.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: claims name their row by it
    key BLOB NOT NULL,
    route INTEGER NOT NULL,
    event_time INTEGER NOT NULL,
    accepted_at REAL NOT NULL,
    claim_seconds INTEGER NOT NULL,
    claim_until REAL,
    resend_seconds INTEGER NOT NULL,
    correlation TEXT NOT NULL,
    payload BLOB NOT NULL
) STRICT;

-- What earlier attempts of an entry came to; none: it was not tried, and is due since it was accepted.
CREATE TABLE trial (
    id INTEGER PRIMARY KEY,
    attempts INTEGER NOT NULL, -- without one under way
    due REAL NOT NULL,
    first_ambiguous_at REAL,
    crashes INTEGER NOT NULL,
    why TEXT NOT NULL -- it waits again
) STRICT;

-- The entries that wait; those of `delivery` that are not here are being sent.
CREATE TABLE queue (
    destination TEXT NOT NULL,
    due REAL NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (destination, due, id)
) STRICT, WITHOUT ROWID;

-- One row for all that was claimed at once, gone when the last of it is settled. The latest with an entry counts.
CREATE TABLE lease (
    id INTEGER PRIMARY KEY,
    claimed_at REAL NOT NULL,
    entries TEXT NOT NULL -- their ids, as a list of JSON
) STRICT;

-- Claims, which stay for a while after they have ended.
CREATE TABLE dedup (
    key BLOB PRIMARY KEY,
    delivery_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Claims with an end: they are the log of what became of entries, too. A claim that is not here stands.
CREATE TABLE fate (
    id INTEGER PRIMARY KEY, -- the entry's, in the order of acceptance: few pages change
    key BLOB NOT NULL,
    state INTEGER NOT NULL, -- 0 pending, 1 sent, 2 dead, 3 gone: claims nothing any more
    expires REAL,
    route INTEGER,
    accepted_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    settlement INTEGER
) STRICT;

CREATE INDEX fate_expires ON fate (expires) WHERE expires IS NOT NULL;

CREATE TABLE dead (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    destination TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    event TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    accepted_at REAL NOT NULL,
    rules_version TEXT NOT NULL,
    claim_seconds INTEGER NOT NULL,
    claim_until REAL,
    resend_seconds INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    first_ambiguous_at REAL,
    reason TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    request_id TEXT NOT NULL,
    died_at REAL NOT NULL,
    payload BLOB NOT NULL,
    correlation TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX dead_died ON dead (died_at);

CREATE TABLE drift (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lag REAL NOT NULL,
    remaining REAL NOT NULL
) STRICT;

CREATE TABLE settlement (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: claims may outlive it
    at REAL NOT NULL,
    reason TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;

CREATE TABLE posting (
    destination TEXT NOT NULL, -- '' for the router as a whole
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (destination, what, why)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    ref BLOB NOT NULL,
    at REAL NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    destination TEXT NOT NULL,
    event TEXT NOT NULL,
    place TEXT NOT NULL,
    rules_version TEXT NOT NULL,
    correlation TEXT NOT NULL,
    key BLOB
) STRICT;

CREATE INDEX record_ref ON record (ref);

CREATE TABLE kept (
    id INTEGER PRIMARY KEY, -- of the row in delivery or dead
    event BLOB NOT NULL
) STRICT;

CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL -- also written beside the file, to notice when the file is gone
) STRICT;

-- Everything about the entries that wait (state 0) or are being sent (1), the attempt under way counted.
CREATE VIEW waiting AS
SELECT delivery.id, delivery.key, route.destination, route.source, route.source_id, route.event,
    delivery.event_time, delivery.accepted_at, route.rules_version, delivery.claim_seconds, delivery.claim_until,
    delivery.resend_seconds, queue.id IS NULL AS state,
    coalesce(trial.attempts, 0) + (queue.id IS NULL) AS attempts,
    coalesce(trial.due, delivery.accepted_at) AS due, trial.first_ambiguous_at,
    coalesce(trial.crashes, 0) AS crashes, coalesce(trial.why, '') AS why, delivery.correlation, delivery.payload
FROM delivery
JOIN route ON route.id = delivery.route
LEFT JOIN trial ON trial.id = delivery.id
LEFT JOIN queue ON queue.destination = route.destination
    AND queue.due = coalesce(trial.due, delivery.accepted_at) AND queue.id = delivery.id;

-- Since when entries are being sent, those that were settled meanwhile among them.
CREATE VIEW leased AS
SELECT entry.value AS id, lease.claimed_at, max(lease.id) AS lease
FROM lease, json_each(lease.entries) AS entry GROUP BY entry.value;
