-- From version 3 to 4: an entry's row is written once; the queue, attempts, leases and ends of claims stand apart.
DROP INDEX delivery_due;
DROP INDEX dedup_expires;
ALTER TABLE delivery RENAME TO delivery_before;
ALTER TABLE dedup RENAME TO dedup_before;

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

INSERT OR IGNORE INTO route (destination, source, source_id, event, rules_version)
SELECT destination, source, source_id, event, rules_version FROM delivery_before
GROUP BY destination, source, source_id, event, rules_version ORDER BY min(id);

INSERT INTO delivery (
    id, key, route, event_time, accepted_at, claim_seconds, claim_until, resend_seconds, correlation, payload
)
SELECT before.id, before.key, route.id, before.event_time, before.accepted_at, before.claim_seconds,
    before.claim_until, before.resend_seconds, before.correlation, before.payload
FROM delivery_before AS before JOIN route USING (destination, source, source_id, event, rules_version)
ORDER BY before.id;

DELETE FROM sqlite_sequence WHERE name = 'delivery';
UPDATE sqlite_sequence SET name = 'delivery' WHERE name = 'delivery_before';

INSERT INTO trial (id, attempts, due, first_ambiguous_at, crashes, why)
SELECT id, attempts - state, due, first_ambiguous_at, crashes, why FROM delivery_before
WHERE attempts > state OR due <> accepted_at OR first_ambiguous_at IS NOT NULL OR crashes > 0 OR why <> '';

INSERT INTO queue (destination, due, id)
SELECT destination, due, id FROM delivery_before WHERE state = 0 ORDER BY destination, due, id;

INSERT INTO lease (claimed_at, entries)
SELECT claimed_at, json_group_array(id) FROM delivery_before WHERE state = 1 GROUP BY claimed_at;

INSERT INTO dedup (key, delivery_id) SELECT key, delivery_id FROM dedup_before ORDER BY key;

-- A letter that was replayed with other rules shows the way that it went at first.
INSERT INTO fate (id, key, state, expires, route, accepted_at, attempts, settlement)
SELECT claim.delivery_id, claim.key, claim.state, claim.expires, claim.route, claim.accepted_at, claim.attempts,
    claim.settlement
FROM dedup_before AS claim
LEFT JOIN delivery ON delivery.id = claim.delivery_id AND delivery.key = claim.key
WHERE claim.state <> 0 OR claim.expires IS NOT NULL OR delivery.route <> claim.route
ORDER BY claim.delivery_id;

DROP TABLE delivery_before;
DROP TABLE dedup_before;
