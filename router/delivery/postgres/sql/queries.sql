-- name: put
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(
        %(ord)s::int4[], %(key)b::bytea[], %(route)s::int4[], %(destination)s::text[], %(event_time)s::int8[],
        %(accepted_at)s::float8[], %(claim_seconds)s::int8[], %(claim_until)s::float8[], %(resend_seconds)s::int8[],
        %(correlation)s::text[], %(payload)b::bytea[], %(kept)b::bytea[]
    ) AS g (
        ord, key, route, destination, event_time, accepted_at, claim_seconds, claim_until, resend_seconds,
        correlation, payload, kept
    )
), fresh AS MATERIALIZED (
    -- Numbers are drawn for what is new alone, and in the order of acceptance.
    SELECT nextval('{s}.row_id') * %(buckets)s::int8 + %(bucket)s::int8 AS id, free.* FROM (
        -- Row by row, so that it goes by the key even while the server has not counted the table yet.
        SELECT g.* FROM given g LEFT JOIN LATERAL (
            SELECT coalesce(d.expires <= g.accepted_at - %(lag)s::float8, false) OR d.state = 3 AS free
            FROM {s}.dedup d WHERE d.bucket = %(bucket)s::int2 AND d.key = g.key LIMIT 1
        ) AS known ON true
        WHERE known.free IS NOT FALSE
        ORDER BY g.ord
    ) AS free
), won AS (
    -- In the order of the keys, so that two of these never wait for each other.
    INSERT INTO {s}.dedup AS d (bucket, key, state, expires, delivery_id, route, accepted_at)
    SELECT %(bucket)s::int2, key, 0, claim_until, id, route, accepted_at FROM fresh ORDER BY key
    ON CONFLICT (bucket, key) DO UPDATE SET state = 0, expires = excluded.expires,
        delivery_id = excluded.delivery_id, route = excluded.route, accepted_at = excluded.accepted_at,
        attempts = 0, settlement = NULL
    WHERE d.expires <= excluded.accepted_at - %(lag)s::float8 OR d.state = 3
    RETURNING delivery_id
), taken AS MATERIALIZED (
    -- IS TRUE keeps it from becoming a join, whose way depends on how many rows are thought to be there.
    SELECT * FROM fresh WHERE (id IN (SELECT delivery_id FROM won)) IS TRUE
), stored AS (
    INSERT INTO {s}.delivery (
        bucket, id, key, route, destination, event_time, accepted_at, claim_seconds, claim_until, resend_seconds,
        state, attempts, due, crashes, size, correlation, why
    )
    SELECT %(bucket)s::int2, id, key, route, destination, event_time, accepted_at, claim_seconds, claim_until,
        resend_seconds, 0, 0, accepted_at, 0, length(payload), correlation, ''
    FROM taken
), bodies AS (
    INSERT INTO {s}.body (bucket, id, payload, kept) SELECT %(bucket)s::int2, id, payload, kept FROM taken
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, kind, destination, what, why, sum(count) FROM (
        SELECT 0 AS kind, destination, 'duplicate' AS what, '' AS why, count(*) AS count
        FROM given GROUP BY destination
        UNION ALL SELECT 0, destination, 'duplicate', '', -count(*) FROM taken GROUP BY destination
        UNION ALL SELECT 1, destination, 'pending', '', count(*) FROM taken GROUP BY destination
        UNION ALL SELECT 1, '', 'bytes', '', sum(length(payload)) FROM taken HAVING count(*) > 0
        UNION ALL SELECT 0, * FROM unnest(
            %(post_destination)s::text[], %(post_what)s::text[], %(post_why)s::text[], %(post_count)s::int8[]
        ) AS p (destination, what, why, count)
    ) AS every GROUP BY kind, destination, what, why HAVING sum(count) <> 0 ORDER BY kind, destination, what, why
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT ord FROM taken;

-- name: record
INSERT INTO {s}.record (
    bucket, id, ref, at, outcome, reason, destination, event, place, rules_version, correlation, key
)
SELECT %(bucket)s::int2, nextval('{s}.record_id'), ref, at, outcome, reason, destination, event, place,
    rules_version, correlation, key
FROM unnest(
    %(ref)b::bytea[], %(at)s::float8[], %(outcome)s::text[], %(reason)s::text[], %(destination)s::text[],
    %(event)s::text[], %(place)s::text[], %(rules_version)s::text[], %(correlation)s::text[], %(key)b::bytea[]
) AS r (ref, at, outcome, reason, destination, event, place, rules_version, correlation, key);

-- name: claim
WITH due AS MATERIALIZED (
    SELECT id FROM {s}.delivery
    WHERE bucket = %(bucket)s::int2 AND destination = %(destination)s AND state = 0 AND due <= %(now)s::float8
        AND id <> ALL (%(lost)s::int8[])
        -- A node that was taken for dead takes nothing until it has another number.
        AND EXISTS (SELECT FROM {s}.node WHERE node.id = %(lease)s::int8)
    ORDER BY due, id LIMIT %(limit)s::int8 FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE {s}.delivery d SET state = 1, attempts = d.attempts + 1, claimed_at = %(now)s::float8,
        lease = %(lease)s::int8
    WHERE d.bucket = %(bucket)s::int2 AND d.id = ANY (ARRAY(SELECT id FROM due)::int8[])
    RETURNING d.id, d.attempts, d.due, d.first_ambiguous_at, d.crashes, d.why, d.key, d.route, d.event_time,
        d.accepted_at, d.claim_seconds, d.claim_until, d.resend_seconds, d.correlation
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, 1, %(destination)s::text, what, '', sign * (SELECT count(*) FROM leased)
    FROM (VALUES ('leased', 1), ('pending', -1)) AS v (what, sign) WHERE EXISTS (SELECT FROM leased)
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT later.due, l.id, l.attempts, l.due, l.first_ambiguous_at, l.crashes, l.why, l.key, l.route, b.payload,
    l.event_time, l.accepted_at, l.claim_seconds, l.claim_until, l.resend_seconds, l.correlation
FROM (
    SELECT min(due) AS due FROM {s}.delivery
    WHERE bucket = %(bucket)s::int2 AND destination = %(destination)s AND state = 0 AND due > %(now)s::float8
) AS later
LEFT JOIN (
    -- Looked up one by one, as in `settle`.
    leased l CROSS JOIN LATERAL (
        SELECT payload FROM {s}.body WHERE bucket = %(bucket)s::int2 AND id = l.id LIMIT 1
    ) AS b
) ON true
ORDER BY l.due, l.id;

-- name: unclaim
-- After a claim whose answer was lost: what this node has and does not know of was not sent.
WITH unknown AS MATERIALIZED (
    SELECT id FROM {s}.delivery
    WHERE bucket = %(bucket)s::int2 AND state = 1 AND lease = %(lease)s::int8 AND id <> ALL (%(known)s::int8[])
    FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE {s}.delivery d SET state = 0, attempts = d.attempts - 1, claimed_at = NULL, lease = NULL
    WHERE d.bucket = %(bucket)s::int2 AND d.id = ANY (ARRAY(SELECT id FROM unknown)::int8[])
    RETURNING d.destination
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, 1, destination, what, '', sum(sign)
    FROM freed, (VALUES ('leased', -1), ('pending', 1)) AS v (what, sign) GROUP BY destination, what
    ORDER BY destination, what
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT count(*) FROM freed;

-- name: settle
-- Every row is looked up by its key, one by one or in a list: a server that has not counted its tables yet would
-- else join them by comparing each row with each.
WITH step AS MATERIALIZED (
    SELECT * FROM unnest(
        %(id)s::int8[], %(lease)s::int8[], %(kind)s::int2[], %(word)s::int4[], %(due)s::float8[], %(doubt)s::float8[],
        %(taken_back)s::int4[], %(why)s::text[]
    ) AS s (step_id, step_lease, kind, word, step_due, doubt, taken_back, step_why)
), word AS MATERIALIZED (
    SELECT * FROM unnest(
        %(word_id)s::int4[], %(word_at)s::float8[], %(reason)s::text[], %(code)s::text[], %(message)s::text[],
        %(request_id)s::text[]
    ) AS w (word, at, reason, code, message, request_id)
), held AS MATERIALIZED (
    -- Sums, so that the index of what is leased is of no use: by it all rows of the node would be looked through.
    SELECT d.*, s.* FROM step s CROSS JOIN LATERAL (
        SELECT * FROM {s}.delivery d
        WHERE d.bucket = %(bucket)s::int2 AND d.id = s.step_id AND d.state + 0 = 1 AND d.lease + 0 = s.step_lease
        LIMIT 1 FOR UPDATE
    ) AS d
), gone AS MATERIALIZED (
    SELECT * FROM held WHERE kind <> 1
), deleted AS (
    DELETE FROM {s}.delivery
    WHERE bucket = %(bucket)s::int2 AND id = ANY (ARRAY(SELECT id FROM gone)::int8[])
), again AS (
    INSERT INTO {s}.delivery AS d (
        bucket, id, key, route, destination, event_time, accepted_at, claim_seconds, claim_until, resend_seconds,
        state, attempts, due, first_ambiguous_at, crashes, size, correlation, why
    )
    SELECT bucket, id, key, route, destination, event_time, accepted_at, claim_seconds, claim_until, resend_seconds,
        0, attempts - taken_back, step_due, doubt, crashes, size, correlation, step_why
    FROM held WHERE kind = 1
    ON CONFLICT (bucket, id) DO UPDATE SET state = 0, attempts = excluded.attempts, due = excluded.due,
        first_ambiguous_at = excluded.first_ambiguous_at, why = excluded.why, claimed_at = NULL, lease = NULL
), numbered AS MATERIALIZED (
    SELECT word, nextval('{s}.settlement_id') AS id FROM (SELECT DISTINCT word FROM gone ORDER BY word) AS said
), said AS (
    INSERT INTO {s}.settlement (bucket, id, at, reason, code, message, request_id)
    SELECT %(bucket)s::int2, n.id, at, reason, code, message, request_id FROM numbered n JOIN word USING (word)
), ended AS (
    -- A claim that another row has taken over since is not ours to end, nor one that is no more.
    INSERT INTO {s}.dedup AS d (bucket, key, state, expires, delivery_id, route, accepted_at, attempts, settlement)
    SELECT g.bucket, g.key, CASE g.kind WHEN 0 THEN 1 ELSE 2 END,
        CASE WHEN g.kind = 0 THEN coalesce(g.claim_until, w.at + g.claim_seconds) ELSE g.claim_until END,
        g.id, g.route, g.accepted_at, g.attempts, n.id
    FROM gone g JOIN numbered n USING (word) JOIN word w USING (word) CROSS JOIN LATERAL (
        SELECT FROM {s}.dedup known
        WHERE known.bucket = %(bucket)s::int2 AND known.key = g.key AND known.delivery_id + 0 = g.id LIMIT 1
    ) AS ours
    ORDER BY g.key
    ON CONFLICT (bucket, key) DO UPDATE SET state = excluded.state, expires = excluded.expires,
        attempts = excluded.attempts, settlement = excluded.settlement
    WHERE d.delivery_id = excluded.delivery_id
), letters AS (
    INSERT INTO {s}.dead (
        bucket, id, key, route, destination, event_time, accepted_at, claim_seconds, claim_until, resend_seconds,
        attempts, first_ambiguous_at, reason, code, message, request_id, died_at, size, correlation
    )
    SELECT g.bucket, g.id, g.key, g.route, g.destination, g.event_time, g.accepted_at, g.claim_seconds, g.claim_until,
        g.resend_seconds, g.attempts, g.first_ambiguous_at, w.reason, w.code, w.message, w.request_id, w.at, g.size,
        g.correlation
    FROM gone g JOIN word w USING (word) WHERE g.kind = 2
), bodies AS (
    DELETE FROM {s}.body
    WHERE bucket = %(bucket)s::int2 AND id = ANY (ARRAY(SELECT id FROM gone WHERE kind = 0)::int8[])
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, kind, destination, what, why, sum(count) FROM (
        SELECT 0 AS kind, destination, 'sent' AS what, '' AS why, count(*) AS count
        FROM gone WHERE gone.kind = 0 GROUP BY destination
        UNION ALL SELECT 0, destination, 'dead', w.reason, count(*) FROM gone JOIN word w USING (word)
        WHERE gone.kind = 2 GROUP BY destination, w.reason
        UNION ALL SELECT 1, '', 'dead_bytes', '', sum(size) FROM gone WHERE gone.kind = 2 HAVING count(*) > 0
        UNION ALL SELECT 1, '', 'bytes', '', -sum(size) FROM gone HAVING count(*) > 0
        UNION ALL SELECT 1, destination, 'leased', '', -count(*) FROM held GROUP BY destination
        UNION ALL SELECT 1, destination, 'pending', '', count(*) FROM held WHERE held.kind = 1 GROUP BY destination
    ) AS every GROUP BY kind, destination, what, why ORDER BY kind, destination, what, why
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT id, CASE WHEN kind <> 1 THEN size END FROM held;

-- name: recover
-- Leases of nodes that live no more, and those of `own`, are void; they count as perhaps sent, and as crashes.
WITH void AS MATERIALIZED (
    SELECT d.id FROM {s}.delivery d
    WHERE d.bucket = %(bucket)s::int2 AND d.state = 1 AND (
        d.lease = ANY (%(own)s::int8[]) OR NOT EXISTS (SELECT FROM {s}.node n WHERE n.id = d.lease)
    )
    FOR UPDATE OF d SKIP LOCKED
), freed AS (
    UPDATE {s}.delivery d SET state = 0, claimed_at = NULL, lease = NULL,
        first_ambiguous_at = coalesce(d.first_ambiguous_at, d.claimed_at), crashes = d.crashes + 1
    WHERE d.bucket = %(bucket)s::int2 AND d.id = ANY (ARRAY(SELECT id FROM void)::int8[])
    RETURNING d.destination
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, 1, destination, what, '', sum(sign)
    FROM freed, (VALUES ('leased', -1), ('pending', 1)) AS v (what, sign) GROUP BY destination, what
    ORDER BY destination, what
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT count(*) FROM freed;

-- name: routes
SELECT id, destination, source, source_id, event, rules_version FROM {s}.route ORDER BY id;

-- name: routes_by_number
SELECT id, destination, source, source_id, event, rules_version FROM {s}.route WHERE id = ANY (%(numbers)s::int4[]);

-- name: add_route
WITH added AS (
    INSERT INTO {s}.route (way, destination, source, source_id, event, rules_version)
    SELECT %(way)b, %(destination)s, %(source)s, %(source_id)s, %(event)s, %(rules_version)s
    WHERE NOT EXISTS (SELECT FROM {s}.route WHERE way = %(way)b)
    ON CONFLICT (way) DO NOTHING RETURNING id
)
SELECT id FROM added UNION ALL SELECT id FROM {s}.route WHERE way = %(way)b;

-- name: drift
SELECT lag, remaining FROM {s}.drift;

-- name: set_drift
INSERT INTO {s}.drift (lag, remaining) VALUES (%(lag)s, %(remaining)s)
ON CONFLICT (one) DO UPDATE SET lag = excluded.lag, remaining = excluded.remaining;

-- name: pull_in
UPDATE {s}.delivery SET due = %(latest)s::float8
WHERE bucket = %(bucket)s::int2 AND state = 0 AND due > %(latest)s::float8;

-- name: housekeeper
-- One node at a time: the lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('{s}.housekeeping', 0));

-- name: purge_claims
WITH ended AS (
    -- An array is made once; a list after IN may be made again for each row, with other rows in it each time.
    DELETE FROM {s}.dedup WHERE bucket = %(bucket)s::int2 AND key = ANY (ARRAY(
        SELECT key FROM {s}.dedup WHERE bucket = %(bucket)s::int2 AND expires <= %(before)s::float8
        ORDER BY expires, key LIMIT %(limit)s::int8 FOR UPDATE SKIP LOCKED
    ))
    RETURNING 1
)
SELECT count(*) FROM ended;

-- name: remove_dead
-- Dead letters that go for good: their claims end with `words`, the books tell it as `what`.
WITH gone AS (
    DELETE FROM {s}.dead WHERE bucket = %(bucket)s::int2 AND id = ANY (%(ids)s::int8[])
    RETURNING id, key, destination, reason, size
), bodies AS (
    DELETE FROM {s}.body WHERE bucket = %(bucket)s::int2 AND id = ANY (ARRAY(SELECT id FROM gone)::int8[])
), said AS (
    INSERT INTO {s}.settlement (bucket, id, at, reason, code, message, request_id)
    SELECT %(bucket)s::int2, %(settlement)s::int8, %(now)s::float8, %(what)s, '', '', ''
    WHERE %(settlement)s::int8 IS NOT NULL AND EXISTS (SELECT FROM gone)
    ON CONFLICT (bucket, id) DO NOTHING
), lost AS (
    UPDATE {s}.dedup d SET state = 3, expires = %(now)s::float8,
        settlement = coalesce(%(settlement)s::int8, d.settlement)
    FROM gone g WHERE d.bucket = %(bucket)s::int2 AND d.key = g.key AND d.delivery_id = g.id
), counted AS (
    INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
    SELECT %(bucket)s::int2, %(slot)s::int2, kind, destination, what, why, sum(count) FROM (
        SELECT 0 AS kind, destination, 'dead' AS what, reason AS why, -count(*) AS count FROM gone
        GROUP BY destination, reason
        UNION ALL SELECT 0, destination, %(what)s, reason, count(*) FROM gone GROUP BY destination, reason
        UNION ALL SELECT 1, '', 'dead_bytes', '', -sum(size) FROM gone HAVING count(*) > 0
    ) AS every GROUP BY kind, destination, what, why ORDER BY kind, destination, what, why
    ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count
)
SELECT count(*) FROM gone;

-- name: old_dead
SELECT id FROM {s}.dead WHERE bucket = %(bucket)s::int2 AND died_at < %(before)s::float8
ORDER BY died_at, id LIMIT %(limit)s::int8;

-- name: excess_dead
SELECT id FROM (
    SELECT id, died_at, sum(size) OVER (ORDER BY died_at DESC, id DESC) AS kept
    FROM {s}.dead WHERE bucket = ANY (%(every)s::int2[])
) AS summed
WHERE kept > %(dead_bytes)s::int8 ORDER BY died_at, id LIMIT %(limit)s::int8;

-- name: new_settlement
SELECT nextval('{s}.settlement_id');

-- name: counters
SELECT kind, destination, what, why, sum(count)::int8 FROM {s}.counter
WHERE bucket = ANY (%(every)s::int2[]) GROUP BY kind, destination, what, why;

-- name: oldest
SELECT accepted_at FROM {s}.delivery WHERE bucket = %(bucket)s::int2 ORDER BY id LIMIT 1;

-- name: recount
-- What there is, against what was counted: where they differ, the count is put right, and the books show it.
INSERT INTO {s}.counter AS c (bucket, slot, kind, destination, what, why, count)
SELECT %(bucket)s::int2, %(slot)s::int2, 1, destination, what, '', sum(count) FROM (
    SELECT destination, CASE state WHEN 0 THEN 'pending' ELSE 'leased' END AS what, count(*) AS count
    FROM {s}.delivery WHERE bucket = %(bucket)s::int2 GROUP BY destination, state
    UNION ALL SELECT '', 'bytes', coalesce(sum(size), 0) FROM {s}.delivery WHERE bucket = %(bucket)s::int2
    UNION ALL SELECT '', 'dead_bytes', coalesce(sum(size), 0) FROM {s}.dead WHERE bucket = %(bucket)s::int2
    UNION ALL SELECT destination, what, -count FROM {s}.counter WHERE bucket = %(bucket)s::int2 AND kind = 1
) AS every GROUP BY destination, what HAVING sum(count) <> 0 ORDER BY destination, what
ON CONFLICT (bucket, slot, kind, destination, what, why) DO UPDATE SET count = c.count + excluded.count;
