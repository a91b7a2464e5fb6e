-- Version 3. Times are epoch seconds.
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
    crashes INTEGER NOT NULL DEFAULT 0,
    correlation TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT '' -- it waits again
) STRICT;

CREATE INDEX delivery_due ON delivery (destination, due, id) WHERE state = 0;

-- Claims, which stay for a while after they have ended: they are the log of what became of entries, too.
CREATE TABLE dedup (
    key BLOB PRIMARY KEY,
    state INTEGER NOT NULL, -- 0 pending, 1 sent, 2 dead, 3 gone: claims nothing any more
    expires REAL, -- none: the claim stands until its row is settled
    delivery_id INTEGER NOT NULL,
    route INTEGER,
    accepted_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    settlement INTEGER
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
    payload BLOB NOT NULL,
    correlation TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX dead_died ON dead (died_at);

CREATE TABLE drift (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lag REAL NOT NULL,
    remaining REAL NOT NULL
) STRICT;

CREATE TABLE route (
    id INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    event TEXT NOT NULL,
    rules_version TEXT NOT NULL,
    UNIQUE (destination, source, source_id, event, rules_version)
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
