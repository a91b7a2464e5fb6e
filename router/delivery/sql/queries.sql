-- name: last_id
SELECT seq FROM sqlite_sequence WHERE name = 'delivery';

-- name: claim_key
INSERT INTO dedup (key, state, expires, delivery_id) VALUES (:key, 0, :claim_until, :id)
ON CONFLICT (key) DO UPDATE SET state = 0, expires = excluded.expires, delivery_id = excluded.delivery_id
WHERE dedup.expires <= :now;

-- name: insert_delivery
INSERT INTO delivery (
    id, key, destination, source, source_id, event, event_time, accepted_at, rules_version,
    claim_seconds, claim_until, resend_seconds, state, attempts, due, payload
) VALUES (
    :id, :key, :destination, :source, :source_id, :event, :event_time, :accepted_at, :rules_version,
    :claim_seconds, :claim_until, :resend_seconds, 0, 0, :accepted_at, :payload
);

-- name: claim_rows
UPDATE delivery SET state = 1, attempts = attempts + 1, claimed_at = :now
WHERE id IN (
    SELECT id FROM delivery WHERE destination = :destination AND state = 0 AND due <= :now
    ORDER BY due, id LIMIT :limit
)
RETURNING id, attempts, due, first_ambiguous_at, crashes, key, destination, source, source_id, event, payload,
    event_time, accepted_at, rules_version, claim_seconds, claim_until, resend_seconds;

-- name: next_due
SELECT min(due) FROM delivery WHERE destination = :destination AND state = 0;

-- name: deliver
DELETE FROM delivery WHERE id = :id AND state = 1
RETURNING destination, length(payload), key, CASE WHEN claim_until IS NULL THEN :now + claim_seconds ELSE claim_until END;

-- name: reschedule
UPDATE delivery SET state = 0, due = :due, claimed_at = NULL, first_ambiguous_at = :first_ambiguous_at,
    attempts = attempts - :taken_back
WHERE id = :id AND state = 1
RETURNING destination;

-- name: bury
INSERT INTO dead (
    id, key, destination, source, source_id, event, event_time, accepted_at, rules_version, claim_seconds,
    claim_until, resend_seconds, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, payload
)
SELECT id, key, destination, source, source_id, event, event_time, accepted_at, rules_version, claim_seconds,
    claim_until, resend_seconds, attempts, first_ambiguous_at, :reason, :code, :message, :request_id, :now, payload
FROM delivery WHERE id = :id AND state = 1;

-- name: bury_delivery
DELETE FROM delivery WHERE id = :id AND state = 1
RETURNING destination, length(payload), key, claim_until;

-- name: end_claim
UPDATE dedup SET state = :state, expires = :expires WHERE key = :key AND delivery_id = :id;

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
DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE expires <= :now ORDER BY expires, key LIMIT :limit);

-- name: purge_dead
DELETE FROM dead WHERE id IN (SELECT id FROM dead WHERE died_at < :before ORDER BY died_at, id LIMIT :limit)
RETURNING id, key, reason, length(payload);

-- name: evict_dead
DELETE FROM dead WHERE id IN (
    SELECT id FROM (
        SELECT id, died_at, sum(length(payload)) OVER (ORDER BY died_at DESC, id DESC) AS kept FROM dead
    )
    WHERE kept > :dead_bytes ORDER BY died_at, id LIMIT :limit
)
RETURNING id, key, reason, length(payload);

-- name: free_dead_claim
DELETE FROM dedup WHERE key = :key AND delivery_id = :id AND state = 2;

-- name: count_deliveries
SELECT destination, state, count(*), sum(length(payload)) FROM delivery GROUP BY destination, state;

-- name: count_dead
SELECT reason, count(*), sum(length(payload)) FROM dead GROUP BY reason;

-- name: oldest
SELECT accepted_at FROM delivery ORDER BY id LIMIT 1;

-- name: list_dead
SELECT id, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, key, destination, source,
    source_id, event, payload, event_time, accepted_at, rules_version, claim_seconds, claim_until, resend_seconds
FROM dead WHERE id > :after ORDER BY id LIMIT :limit;
