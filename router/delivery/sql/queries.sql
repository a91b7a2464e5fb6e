-- name: identity
SELECT name FROM identity;

-- name: set_identity
INSERT INTO identity (id, name) VALUES (1, :identity);

-- name: last_id
SELECT seq FROM sqlite_sequence WHERE name = 'delivery';

-- name: claim_keys
INSERT INTO dedup (key, delivery_id) SELECT key, id FROM delivery WHERE id > :last ON CONFLICT (key) DO NOTHING;

-- name: take_keys
INSERT INTO dedup (key, delivery_id) SELECT key, id FROM delivery WHERE id > :last
ON CONFLICT (key) DO UPDATE SET delivery_id = excluded.delivery_id;

-- name: drop_new
DELETE FROM delivery WHERE id > :last;

-- name: set_last_id
UPDATE sqlite_sequence SET seq = :last WHERE name = 'delivery';

-- name: claims
SELECT json_group_array(json_array(hex(dedup.key), dedup.delivery_id, fate.expires, fate.state))
FROM dedup LEFT JOIN fate ON fate.id = dedup.delivery_id
WHERE dedup.key IN (SELECT unhex(value) FROM json_each(:keys)) AND dedup.delivery_id <= :last;

-- name: forget_fates
DELETE FROM fate WHERE id IN (SELECT value FROM json_each(:ids));

-- name: insert_delivery
INSERT INTO delivery (
    id, key, route, event_time, accepted_at, claim_seconds, claim_until, resend_seconds, correlation, payload
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_queue
INSERT INTO queue (destination, due, id) VALUES (?, ?, ?);

-- name: queue_new
INSERT INTO queue (destination, due, id)
SELECT route.destination, delivery.accepted_at, delivery.id FROM delivery JOIN route ON route.id = delivery.route
WHERE delivery.id > :last;

-- name: end_new_claims
INSERT INTO fate (id, key, state, expires, route, accepted_at)
SELECT id, key, 0, claim_until, route, CAST(accepted_at AS INTEGER) FROM delivery
WHERE id > :last AND claim_until IS NOT NULL;

-- name: keep
INSERT INTO kept (id, event) VALUES (?, ?);

-- name: find_route
SELECT id FROM route WHERE destination = :destination AND source = :source AND source_id = :source_id
    AND event = :event AND rules_version = :rules_version;

-- name: add_route
INSERT INTO route (destination, source, source_id, event, rules_version)
VALUES (:destination, :source, :source_id, :event, :rules_version)
RETURNING id;

-- name: post
INSERT INTO posting (destination, what, why, count)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:postings) WHERE true
ON CONFLICT (destination, what, why) DO UPDATE SET count = count + excluded.count;

-- name: record
INSERT INTO record (ref, at, outcome, reason, destination, event, place, rules_version, correlation, key)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: due
SELECT json_group_array(id), max(due) FROM (
    SELECT id, due FROM queue WHERE destination = :destination AND due <= :now ORDER BY due, id LIMIT :limit
);

-- name: leave_queue
DELETE FROM queue WHERE destination = :destination AND (due, id) <= (:due, :id);

-- name: lease
INSERT INTO lease (claimed_at, entries) VALUES (:claimed_at, :entries);

-- name: read
SELECT json_group_array(json_array(
        delivery.id, coalesce(trial.attempts, 0) + 1, coalesce(trial.due, delivery.accepted_at),
        trial.first_ambiguous_at, coalesce(trial.crashes, 0), coalesce(trial.why, ''), trial.id IS NOT NULL,
        length(delivery.payload), hex(delivery.key), route.destination, route.source, route.source_id, route.event,
        delivery.event_time, delivery.accepted_at, route.rules_version, delivery.claim_seconds,
        delivery.claim_until, delivery.resend_seconds, delivery.correlation
    )),
    CAST(group_concat(CAST(delivery.payload AS TEXT), '') AS BLOB)
FROM json_each(:ids) AS wanted
JOIN delivery ON delivery.id = wanted.value
JOIN route ON route.id = delivery.route
LEFT JOIN trial ON trial.id = delivery.id;

-- name: next_due
SELECT min(due) FROM queue WHERE destination = :destination;

-- name: leased
SELECT leased.id, leased.lease, leased.claimed_at FROM leased JOIN waiting USING (id) WHERE waiting.state = 1;

-- name: end_leases
DELETE FROM lease WHERE id IN (SELECT value FROM json_each(:ids));

-- name: settlement
INSERT INTO settlement (at, reason, code, message, request_id)
VALUES (:at, :reason, :code, :message, :request_id);

-- name: end_claims
INSERT INTO fate (id, key, state, expires, route, accepted_at, attempts, settlement)
SELECT delivery.id, delivery.key, :state, :now + delivery.claim_seconds, delivery.route,
    CAST(delivery.accepted_at AS INTEGER), coalesce(trial.attempts, 0) + 1, :settlement
FROM json_each(:ids) AS ended
JOIN delivery ON delivery.id = ended.value
LEFT JOIN trial ON trial.id = delivery.id
WHERE true
ON CONFLICT (id) DO UPDATE SET state = excluded.state, expires = excluded.expires, attempts = excluded.attempts,
    settlement = excluded.settlement;

-- name: end_short_claims
UPDATE fate SET state = :state, settlement = :settlement,
    attempts = coalesce((SELECT trial.attempts FROM trial WHERE trial.id = fate.id), 0) + 1
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: bury
INSERT INTO dead (
    id, key, destination, source, source_id, event, event_time, accepted_at, rules_version, claim_seconds,
    claim_until, resend_seconds, attempts, first_ambiguous_at, reason, code, message, request_id, died_at, payload,
    correlation
)
SELECT id, key, destination, source, source_id, event, event_time, accepted_at, rules_version, claim_seconds,
    claim_until, resend_seconds, attempts, first_ambiguous_at, :reason, :code, :message, :request_id,
    :now, payload, correlation
FROM waiting WHERE id IN (SELECT value FROM json_each(:ids));

-- name: drop_deliveries
DELETE FROM delivery WHERE id IN (SELECT value FROM json_each(:ids));

-- name: drop_trials
DELETE FROM trial WHERE id IN (SELECT value FROM json_each(:ids));

-- name: drop_kept
DELETE FROM kept WHERE id IN (SELECT value FROM json_each(:ids));

-- name: try_again
INSERT INTO trial (id, attempts, due, first_ambiguous_at, crashes, why) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, due = excluded.due,
    first_ambiguous_at = excluded.first_ambiguous_at, crashes = excluded.crashes, why = excluded.why;

-- name: drift
SELECT lag, remaining FROM drift;

-- name: set_drift
INSERT INTO drift (id, lag, remaining) VALUES (1, :lag, :remaining)
ON CONFLICT (id) DO UPDATE SET lag = excluded.lag, remaining = excluded.remaining;

-- name: pull_in_trials
INSERT INTO trial (id, attempts, due, crashes, why)
SELECT id, 0, :latest, 0, '' FROM queue WHERE due > :latest
ON CONFLICT (id) DO UPDATE SET due = excluded.due;

-- name: pull_in
UPDATE queue SET due = :latest WHERE due > :latest;

-- name: purge_claims
DELETE FROM dedup WHERE key IN (SELECT key FROM fate WHERE expires <= :before ORDER BY expires, key LIMIT :limit)
    AND EXISTS (SELECT 1 FROM fate WHERE fate.id = dedup.delivery_id AND fate.expires <= :before);

-- name: purge_fates
DELETE FROM fate WHERE id IN (
    SELECT id FROM fate WHERE expires <= :before ORDER BY expires, key LIMIT :limit
);

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

-- name: find_waiting
SELECT id, key, destination, state, length(payload), due FROM waiting WHERE id = :id;

-- name: lose_claim_of_waiting
INSERT INTO fate (id, key, state, expires, route, accepted_at, settlement)
SELECT id, key, 3, :now, route, CAST(accepted_at AS INTEGER), :settlement FROM delivery
WHERE id = :id AND (claim_until IS NULL OR EXISTS (SELECT 1 FROM fate WHERE fate.id = delivery.id))
ON CONFLICT (id) DO UPDATE SET state = 3, expires = excluded.expires, settlement = excluded.settlement;

-- name: drop_queued
DELETE FROM queue WHERE destination = :destination AND due = :due AND id = :id;

-- name: lose_claim
UPDATE fate SET state = 3, expires = :now, settlement = coalesce(:settlement, settlement) WHERE id = :id;

-- name: count_deliveries
SELECT route.destination, sum(counted.rows), sum(counted.size)
FROM (SELECT route, count(*) AS rows, sum(length(payload)) AS size FROM delivery GROUP BY route) AS counted
JOIN route ON route.id = counted.route GROUP BY route.destination;

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
FROM waiting WHERE id > :after ORDER BY id LIMIT :limit;

-- name: postings
SELECT destination, what, why, count FROM posting;

-- name: routes
SELECT destination, source, source_id, event, rules_version FROM route ORDER BY id;

-- name: fate
SELECT CASE WHEN delivery.id IS NULL THEN coalesce(fate.state, 0) + 10 ELSE queue.id IS NULL END,
    dedup.delivery_id, route.destination, route.source, route.source_id, route.event, route.rules_version,
    coalesce(fate.accepted_at, CAST(delivery.accepted_at AS INTEGER)),
    CASE WHEN delivery.id IS NULL THEN coalesce(fate.attempts, 0)
        ELSE coalesce(trial.attempts, 0) + (queue.id IS NULL) END,
    coalesce(settlement.at, dead.died_at), coalesce(settlement.reason, dead.reason),
    coalesce(settlement.code, dead.code), coalesce(settlement.message, dead.message),
    coalesce(settlement.request_id, dead.request_id), fate.expires, coalesce(trial.due, delivery.accepted_at),
    trial.first_ambiguous_at, coalesce(trial.why, '')
FROM dedup
LEFT JOIN fate ON fate.id = dedup.delivery_id AND fate.key = dedup.key
LEFT JOIN delivery ON delivery.id = dedup.delivery_id AND delivery.key = dedup.key
LEFT JOIN trial ON trial.id = delivery.id
LEFT JOIN route AS way ON way.id = delivery.route
LEFT JOIN queue ON queue.destination = way.destination
    AND queue.due = coalesce(trial.due, delivery.accepted_at) AND queue.id = delivery.id
LEFT JOIN dead ON dead.id = dedup.delivery_id AND dead.key = dedup.key
LEFT JOIN route ON route.id = coalesce(fate.route, delivery.route)
LEFT JOIN settlement ON settlement.id = fate.settlement
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

-- name: claimant
SELECT dedup.delivery_id FROM dedup JOIN dead USING (key) WHERE dead.id = :id;

-- name: claim_again
INSERT INTO dedup (key, delivery_id) SELECT key, id FROM dead WHERE id = :id
ON CONFLICT (key) DO UPDATE SET delivery_id = excluded.delivery_id
WHERE dedup.delivery_id = excluded.delivery_id OR EXISTS (
    SELECT 1 FROM fate WHERE fate.id = dedup.delivery_id AND (fate.expires <= :now OR fate.state = 3)
);

-- name: await_again
INSERT INTO fate (id, key, state, expires, route, accepted_at)
SELECT dead.id, dead.key, 0, dead.claim_until, route.id, CAST(dead.accepted_at AS INTEGER)
FROM dead LEFT JOIN route USING (destination, source, source_id, event, rules_version) WHERE dead.id = :id;

-- name: way_of_dead
SELECT destination, source, source_id, event, rules_version FROM dead WHERE id = :id;

-- name: replay
INSERT INTO delivery (
    id, key, route, event_time, accepted_at, claim_seconds, claim_until, resend_seconds, correlation, payload
)
SELECT id, key, :route, coalesce(:event_time, event_time), accepted_at, claim_seconds, claim_until, resend_seconds,
    correlation, coalesce(:payload, payload)
FROM dead WHERE id = :id;

-- name: replay_trial
INSERT INTO trial (id, attempts, due, first_ambiguous_at, crashes, why)
SELECT id, 0, :now, CASE WHEN :force THEN NULL ELSE first_ambiguous_at END, 0, '' FROM dead WHERE id = :id;

-- name: forget_records
DELETE FROM record WHERE id IN (
    SELECT id FROM (SELECT id, at FROM record ORDER BY id LIMIT :limit)
    WHERE at < :before OR id <= (SELECT max(id) FROM record) - :most
);

-- name: forget_settlements
DELETE FROM settlement WHERE id IN (
    SELECT id FROM (SELECT id, at FROM settlement ORDER BY id LIMIT :limit) WHERE at < :before
);
