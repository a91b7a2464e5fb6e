-- name: last_id
SELECT seq FROM sqlite_sequence WHERE name = 'delivery';

-- name: claim_key
INSERT INTO dedup (key, state, expires, delivery_id, route, accepted_at)
VALUES (:key, 0, :claim_until, :id, :route, CAST(:accepted_at AS INTEGER))
ON CONFLICT (key) DO UPDATE SET state = 0, expires = excluded.expires, delivery_id = excluded.delivery_id,
    route = excluded.route, accepted_at = excluded.accepted_at, attempts = 0, settlement = NULL
WHERE dedup.expires <= :now OR dedup.state = 3;

-- name: insert_delivery
INSERT INTO delivery (
    id, key, destination, source, source_id, event, event_time, accepted_at, rules_version,
    claim_seconds, claim_until, resend_seconds, state, attempts, due, payload, correlation
) VALUES (
    :id, :key, :destination, :source, :source_id, :event, :event_time, :accepted_at, :rules_version,
    :claim_seconds, :claim_until, :resend_seconds, 0, 0, :accepted_at, :payload, :correlation
);

-- name: keep
INSERT INTO kept (id, event) VALUES (:id, :event);

-- name: find_route
SELECT id FROM route WHERE destination = :destination AND source = :source AND source_id = :source_id
    AND event = :event AND rules_version = :rules_version;

-- name: add_route
INSERT INTO route (destination, source, source_id, event, rules_version)
VALUES (:destination, :source, :source_id, :event, :rules_version)
RETURNING id;

-- name: post
INSERT INTO posting (destination, what, why, count) VALUES (:destination, :what, :why, :count)
ON CONFLICT (destination, what, why) DO UPDATE SET count = count + excluded.count;

-- name: record
INSERT INTO record (ref, at, outcome, reason, destination, event, place, rules_version, correlation, key)
VALUES (:ref, :at, :outcome, :reason, :destination, :event, :place, :rules_version, :correlation, :key);

-- name: claim_rows
UPDATE delivery SET state = 1, attempts = attempts + 1, claimed_at = :now
WHERE id IN (
    SELECT id FROM delivery WHERE destination = :destination AND state = 0 AND due <= :now
    ORDER BY due, id LIMIT :limit
)
RETURNING id, attempts, due, first_ambiguous_at, crashes, why, key, destination, source, source_id, event, payload,
    event_time, accepted_at, rules_version, claim_seconds, claim_until, resend_seconds, correlation;

-- name: next_due
SELECT min(due) FROM delivery WHERE destination = :destination AND state = 0;

-- name: deliver
DELETE FROM delivery WHERE id = :id AND state = 1
RETURNING destination, length(payload), key, attempts,
    CASE WHEN claim_until IS NULL THEN :now + claim_seconds ELSE claim_until END;

-- name: reschedule
UPDATE delivery SET state = 0, due = :due, claimed_at = NULL, first_ambiguous_at = :first_ambiguous_at,
    attempts = attempts - :taken_back, why = :why
WHERE id = :id AND state = 1
RETURNING destination;

-- name: bury
INSERT INTO dead (
    id, key, destination, source, source_id, event, event_time, accepted_at, rules_version, claim_seconds,
    claim_until, resend_seconds, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, payload, correlation
)
SELECT id, key, destination, source, source_id, event, event_time, accepted_at, rules_version, claim_seconds,
    claim_until, resend_seconds, attempts, first_ambiguous_at, :reason, :code, :message, :request_id, :now, payload,
    correlation
FROM delivery WHERE id = :id AND state = 1;

-- name: bury_delivery
DELETE FROM delivery WHERE id = :id AND state = 1
RETURNING destination, length(payload), key, attempts, claim_until;

-- name: drop_kept
DELETE FROM kept WHERE id = :id;

-- name: end_claim
UPDATE dedup SET state = :state, expires = :expires, attempts = :attempts, settlement = :settlement
WHERE key = :key AND delivery_id = :id;

-- name: settlement
INSERT INTO settlement (at, reason, code, message, request_id)
VALUES (:at, :reason, :code, :message, :request_id)
RETURNING id;

-- name: void_leases
UPDATE delivery SET state = 0, claimed_at = NULL, first_ambiguous_at = coalesce(first_ambiguous_at, claimed_at),
    crashes = crashes + 1
WHERE state = 1;

-- name: drift
SELECT lag, remaining FROM drift;

-- name: set_drift
INSERT INTO drift (id, lag, remaining) VALUES (1, :lag, :remaining)
ON CONFLICT (id) DO UPDATE SET lag = excluded.lag, remaining = excluded.remaining;

-- name: pull_in
UPDATE delivery SET due = :latest WHERE state = 0 AND due > :latest;

-- name: purge_claims
DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE expires <= :before ORDER BY expires, key LIMIT :limit);

-- name: purge_dead
DELETE FROM dead WHERE id IN (SELECT id FROM dead WHERE died_at < :before ORDER BY died_at, id LIMIT :limit)
RETURNING id, key, destination, reason, length(payload);

-- name: evict_dead
DELETE FROM dead WHERE id IN (
    SELECT id FROM (
        SELECT id, died_at, sum(length(payload)) OVER (ORDER BY died_at DESC, id DESC) AS kept FROM dead
    )
    WHERE kept > :dead_bytes ORDER BY died_at, id LIMIT :limit
)
RETURNING id, key, destination, reason, length(payload);

-- name: remove_dead
DELETE FROM dead WHERE id = :id RETURNING id, key, destination, reason, length(payload);

-- name: remove_delivery
DELETE FROM delivery WHERE id = :id RETURNING key, destination, state, length(payload);

-- name: lose_claim
UPDATE dedup SET state = 3, expires = :now, settlement = coalesce(:settlement, settlement)
WHERE key = :key AND delivery_id = :id;

-- name: count_deliveries
SELECT destination, state, count(*), sum(length(payload)) FROM delivery GROUP BY destination, state;

-- name: count_dead
SELECT reason, count(*), sum(length(payload)) FROM dead GROUP BY reason;

-- name: oldest
SELECT accepted_at FROM delivery ORDER BY id LIMIT 1;

-- name: list_dead
SELECT id, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, key, destination, source,
    source_id, event, payload, event_time, accepted_at, rules_version, claim_seconds, claim_until, resend_seconds,
    correlation
FROM dead
WHERE id > :after AND (:reason IS NULL OR reason = :reason) AND (:code IS NULL OR code = :code)
    AND (:destination IS NULL OR destination = :destination) AND (:since IS NULL OR died_at >= :since)
    AND (:before IS NULL OR died_at < :before)
ORDER BY id LIMIT :limit;

-- name: list_waiting
SELECT id, attempts, due, first_ambiguous_at, crashes, why, key, destination, source, source_id, event, payload,
    event_time, accepted_at, rules_version, claim_seconds, claim_until, resend_seconds, correlation
FROM delivery WHERE id > :after ORDER BY id LIMIT :limit;

-- name: postings
SELECT destination, what, why, count FROM posting;

-- name: routes
SELECT destination, source, source_id, event, rules_version FROM route ORDER BY id;

-- name: fate
SELECT coalesce(delivery.state, dedup.state + 10), dedup.delivery_id, route.destination, route.source,
    route.source_id, route.event, route.rules_version, dedup.accepted_at,
    coalesce(delivery.attempts, dedup.attempts), coalesce(settlement.at, dead.died_at),
    coalesce(settlement.reason, dead.reason), coalesce(settlement.code, dead.code),
    coalesce(settlement.message, dead.message), coalesce(settlement.request_id, dead.request_id), dedup.expires, delivery.due, delivery.first_ambiguous_at, coalesce(delivery.why, '')
FROM dedup
LEFT JOIN delivery ON delivery.id = dedup.delivery_id AND delivery.key = dedup.key
LEFT JOIN dead ON dead.id = dedup.delivery_id AND dead.key = dedup.key
LEFT JOIN route ON route.id = dedup.route
LEFT JOIN settlement ON settlement.id = dedup.settlement
WHERE dedup.key = :key;

-- name: records
SELECT ref, at, outcome, reason, destination, event, place, rules_version, correlation, key
FROM record WHERE ref = :ref ORDER BY id;

-- name: kept
SELECT event FROM kept WHERE id = :id;

-- name: seals
SELECT DISTINCT substr(payload, 1, :size) FROM delivery
UNION SELECT DISTINCT substr(payload, 1, :size) FROM dead
UNION SELECT DISTINCT substr(event, 1, :size) FROM kept;

-- name: late
SELECT first_ambiguous_at IS NOT NULL AND :now > first_ambiguous_at + resend_seconds FROM dead WHERE id = :id;

-- name: claim_again
INSERT INTO dedup (key, state, expires, delivery_id, accepted_at, route)
SELECT dead.key, 0, dead.claim_until, dead.id, CAST(dead.accepted_at AS INTEGER), (
    SELECT route.id FROM route
    WHERE route.destination = dead.destination AND route.source = dead.source
        AND route.source_id = dead.source_id AND route.event = dead.event
        AND route.rules_version = dead.rules_version
)
FROM dead WHERE dead.id = :id
ON CONFLICT (key) DO UPDATE SET state = 0, expires = excluded.expires, delivery_id = excluded.delivery_id,
    accepted_at = excluded.accepted_at, route = excluded.route, attempts = 0, settlement = NULL
WHERE dedup.delivery_id = excluded.delivery_id OR dedup.expires <= :now OR dedup.state = 3;

-- name: replay
INSERT INTO delivery (
    id, key, destination, source, source_id, event, event_time, accepted_at, rules_version,
    claim_seconds, claim_until, resend_seconds, state, attempts, due, first_ambiguous_at, payload, correlation
)
SELECT id, key, destination, source, source_id, event, coalesce(:event_time, event_time), accepted_at,
    coalesce(:rules_version, rules_version), claim_seconds, claim_until, resend_seconds, 0, 0, :now,
    CASE WHEN :force THEN NULL ELSE first_ambiguous_at END, coalesce(:payload, payload), correlation
FROM dead WHERE id = :id
RETURNING destination, length(payload);

-- name: forget_records
DELETE FROM record WHERE id IN (
    SELECT id FROM (SELECT id, at FROM record ORDER BY id LIMIT :limit)
    WHERE at < :before OR id <= (SELECT max(id) FROM record) - :most
);

-- name: forget_settlements
DELETE FROM settlement WHERE id IN (
    SELECT id FROM (SELECT id, at FROM settlement ORDER BY id LIMIT :limit) WHERE at < :before
);

-- name: identity
SELECT name FROM identity;

-- name: set_identity
INSERT INTO identity (id, name) VALUES (1, :identity);
