-- name: list_dead
SELECT d.id, d.attempts, d.first_ambiguous_at, d.reason, d.code, d.message, d.request_id, d.died_at, d.key, d.route,
    b.payload, d.event_time, d.accepted_at, d.claim_seconds, d.claim_until, d.resend_seconds, d.correlation
FROM {s}.dead d JOIN {s}.body b USING (bucket, id)
WHERE d.bucket = %(bucket)s::int2 AND d.id > %(after)s::int8
    AND (%(ids)s::int8[] IS NULL OR d.id = ANY (%(ids)s::int8[]))
    AND (%(reason)s::text IS NULL OR d.reason = %(reason)s) AND (%(code)s::text IS NULL OR d.code = %(code)s)
    AND (%(destination)s::text IS NULL OR d.destination = %(destination)s)
    AND (%(since)s::float8 IS NULL OR d.died_at >= %(since)s::float8)
    AND (%(before)s::float8 IS NULL OR d.died_at < %(before)s::float8)
ORDER BY d.id LIMIT %(limit)s::int8;

-- name: list_waiting
SELECT d.id, d.attempts, d.due, d.first_ambiguous_at, d.crashes, d.why, d.key, d.route, b.payload, d.event_time,
    d.accepted_at, d.claim_seconds, d.claim_until, d.resend_seconds, d.correlation
FROM {s}.delivery d JOIN {s}.body b USING (bucket, id)
WHERE d.bucket = %(bucket)s::int2 AND d.id > %(after)s::int8 ORDER BY d.id LIMIT %(limit)s::int8;

-- name: kept
SELECT id, kept FROM {s}.body
WHERE bucket = ANY (%(every)s::int2[]) AND id = ANY (%(ids)s::int8[]) AND kept IS NOT NULL;

-- name: seals
SELECT DISTINCT substr(payload, 1, %(size)s::int4) FROM {s}.body WHERE bucket = ANY (%(every)s::int2[])
UNION SELECT DISTINCT substr(kept, 1, %(size)s::int4) FROM {s}.body
WHERE bucket = ANY (%(every)s::int2[]) AND kept IS NOT NULL;

-- name: fates
SELECT coalesce(delivery.state, dedup.state + 10), dedup.delivery_id, dedup.route, trunc(dedup.accepted_at)::int8,
    coalesce(delivery.attempts, dedup.attempts), coalesce(settlement.at, dead.died_at),
    coalesce(settlement.reason, dead.reason), coalesce(settlement.code, dead.code),
    coalesce(settlement.message, dead.message), coalesce(settlement.request_id, dead.request_id), dedup.expires,
    delivery.due, delivery.first_ambiguous_at, coalesce(delivery.why, '')
FROM {s}.dedup
LEFT JOIN {s}.delivery ON delivery.bucket = dedup.bucket AND delivery.id = dedup.delivery_id
    AND delivery.key = dedup.key
LEFT JOIN {s}.dead ON dead.bucket = dedup.bucket AND dead.id = dedup.delivery_id AND dead.key = dedup.key
LEFT JOIN {s}.settlement ON settlement.bucket = dedup.bucket AND settlement.id = dedup.settlement
WHERE dedup.bucket = ANY (%(every)s::int2[]) AND dedup.key = ANY (%(keys)b::bytea[])
ORDER BY dedup.delivery_id;

-- name: records
SELECT ref, at, outcome, reason, destination, event, place, rules_version, correlation, key
FROM {s}.record WHERE bucket = ANY (%(every)s::int2[]) AND ref = %(ref)b ORDER BY id;

-- name: replay
-- One dead letter: `unknown`, `late`, `claimed`, or `queued` with its destination.
WITH letter AS MATERIALIZED (
    SELECT *, first_ambiguous_at IS NOT NULL AND %(now)s::float8 > first_ambiguous_at + resend_seconds AS late
    FROM {s}.dead WHERE bucket = %(bucket)s::int2 AND id = %(id)s::int8 FOR UPDATE
), allowed AS MATERIALIZED (
    SELECT * FROM letter WHERE %(force)s OR NOT late
), claimed AS (
    INSERT INTO {s}.dedup AS d (bucket, key, state, expires, delivery_id, accepted_at, route)
    SELECT bucket, key, 0, claim_until, id, accepted_at, route FROM allowed
    ON CONFLICT (bucket, key) DO UPDATE SET state = 0, expires = excluded.expires,
        delivery_id = excluded.delivery_id, accepted_at = excluded.accepted_at, route = excluded.route, attempts = 0,
        settlement = NULL
    WHERE d.delivery_id = excluded.delivery_id OR d.expires <= %(now)s::float8 OR d.state = 3
    RETURNING delivery_id
), gone AS (
    DELETE FROM {s}.dead USING claimed
    WHERE dead.bucket = %(bucket)s::int2 AND dead.id = claimed.delivery_id RETURNING dead.id
), queued AS (
    INSERT INTO {s}.delivery (
        bucket, id, key, route, destination, event_time, accepted_at, claim_seconds, claim_until, resend_seconds,
        state, attempts, due, first_ambiguous_at, crashes, size, correlation, why
    )
    SELECT bucket, id, key, coalesce(%(route)s::int4, route), destination, coalesce(%(event_time)s::int8, event_time),
        accepted_at, claim_seconds, claim_until, resend_seconds, 0, 0, %(now)s::float8,
        CASE WHEN late THEN NULL ELSE first_ambiguous_at END, 0, coalesce(length(%(payload)b::bytea), size),
        correlation, ''
    FROM allowed WHERE id IN (SELECT id FROM gone)
    RETURNING destination, size
), bodies AS (
    UPDATE {s}.body SET payload = %(payload)b::bytea
    WHERE bucket = %(bucket)s::int2 AND id = %(id)s::int8 AND %(payload)b::bytea IS NOT NULL
        AND EXISTS (SELECT FROM gone)
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, v.kind, v.destination, v.what, v.why, v.count
    FROM letter JOIN queued ON true, LATERAL (VALUES
        (0, letter.destination, 'dead', letter.reason, -1), (1, '', 'dead_bytes', '', -letter.size),
        (1, letter.destination, 'pending', '', 1), (1, '', 'bytes', '', queued.size)
    ) AS v (kind, destination, what, why, count)
    ORDER BY 3, 4, 5, 6
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT CASE
    WHEN EXISTS (SELECT FROM queued) THEN 'queued' WHEN NOT EXISTS (SELECT FROM letter) THEN 'unknown'
    WHEN NOT EXISTS (SELECT FROM allowed) THEN 'late' ELSE 'claimed'
END, (SELECT destination FROM queued);

-- name: erase_waiting
WITH gone AS (
    DELETE FROM {s}.delivery WHERE bucket = %(bucket)s::int2 AND id = ANY (%(ids)s::int8[])
    RETURNING id, key, destination, state, size
), bodies AS (
    DELETE FROM {s}.body WHERE bucket = %(bucket)s::int2 AND id = ANY (ARRAY(SELECT id FROM gone)::int8[])
), said AS (
    INSERT INTO {s}.settlement (bucket, id, at, reason, code, message, request_id)
    SELECT %(bucket)s::int2, %(settlement)s::int8, %(now)s::float8, %(what)s, '', '', ''
    WHERE EXISTS (SELECT FROM gone)
    ON CONFLICT (bucket, id) DO NOTHING
), lost AS (
    UPDATE {s}.dedup d SET state = 3, expires = %(now)s::float8, settlement = %(settlement)s::int8
    FROM gone g WHERE d.bucket = %(bucket)s::int2 AND d.key = g.key AND d.delivery_id = g.id
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, kind, destination, what, '', sum(count) FROM (
        SELECT 0 AS kind, destination, %(what)s AS what, count(*) AS count FROM gone GROUP BY destination
        UNION ALL SELECT 1, destination, CASE state WHEN 0 THEN 'pending' ELSE 'leased' END, -count(*)
        FROM gone GROUP BY destination, state
        UNION ALL SELECT 1, '', 'bytes', -sum(size) FROM gone HAVING count(*) > 0
    ) AS every GROUP BY kind, destination, what ORDER BY kind, destination, what
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT count(*) FROM gone;

-- name: forget_records
WITH gone AS (
    DELETE FROM {s}.record WHERE bucket = %(bucket)s::int2 AND id = ANY (ARRAY(
        SELECT id FROM (
            SELECT id, at FROM {s}.record WHERE bucket = %(bucket)s::int2 ORDER BY id LIMIT %(limit)s::int8
        ) AS oldest
        WHERE at < %(before)s::float8
            OR id <= (SELECT max(id) FROM {s}.record WHERE bucket = %(bucket)s::int2) - %(most)s::int8
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_settlements
WITH gone AS (
    DELETE FROM {s}.settlement WHERE bucket = %(bucket)s::int2 AND id = ANY (ARRAY(
        SELECT id FROM (
            SELECT id, at FROM {s}.settlement WHERE bucket = %(bucket)s::int2 ORDER BY id LIMIT %(limit)s::int8
        ) AS oldest
        WHERE at < %(before)s::float8
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;
