-- Version 2. Times are epoch seconds.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: claims name their row by it
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
    state INTEGER NOT NULL, -- 0 pending, 1 leased
    attempts INTEGER NOT NULL,
    due REAL NOT NULL,
    claimed_at REAL,
    first_ambiguous_at REAL,
    payload BLOB NOT NULL,
    crashes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX delivery_due ON delivery (destination, due, id) WHERE state = 0;

CREATE TABLE dedup (
    key BLOB PRIMARY KEY,
    state INTEGER NOT NULL, -- 0 pending, 1 sent, 2 dead
    expires REAL, -- none: the claim stands until its row is settled
    delivery_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dedup_expires ON dedup (expires) WHERE expires IS NOT NULL;

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
    payload BLOB NOT NULL
) STRICT;

CREATE INDEX dead_died ON dead (died_at);

CREATE TABLE drift (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lag REAL NOT NULL,
    remaining REAL NOT NULL
) STRICT;
