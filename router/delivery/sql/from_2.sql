-- From version 2 to 3: the books, an outcome log, kept events, and claims that say how their entry ended.
ALTER TABLE delivery ADD COLUMN correlation TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN why TEXT NOT NULL DEFAULT ''; -- it waits again
ALTER TABLE dead ADD COLUMN correlation TEXT NOT NULL DEFAULT '';
ALTER TABLE dedup ADD COLUMN route INTEGER;
ALTER TABLE dedup ADD COLUMN accepted_at INTEGER;
ALTER TABLE dedup ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dedup ADD COLUMN settlement INTEGER;

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

-- The books begin with what is here: balances hold from the first start on.
INSERT INTO posting (destination, what, why, count)
SELECT destination, 'offered', '', count(*)
FROM (SELECT destination FROM delivery UNION ALL SELECT destination FROM dead) GROUP BY destination;

INSERT INTO posting (destination, what, why, count)
SELECT '', 'routed', '', count(*) FROM (SELECT id FROM delivery UNION ALL SELECT id FROM dead) HAVING count(*) > 0;

INSERT INTO posting (destination, what, why, count)
SELECT '', 'received', '', count(*) FROM (SELECT id FROM delivery UNION ALL SELECT id FROM dead) HAVING count(*) > 0;

INSERT INTO posting (destination, what, why, count)
SELECT destination, 'dead', reason, count(*) FROM dead GROUP BY destination, reason;
