-- name: register
INSERT INTO {s}.node (id, name, since, until)
VALUES (nextval('{s}.node_id'), %(name)s, clock_timestamp(), clock_timestamp() + %(lease)s * interval '1 second')
RETURNING id;

-- name: beat
WITH beaten AS (
    UPDATE {s}.node SET until = clock_timestamp() + %(lease)s * interval '1 second'
    WHERE id = %(node)s::int8 RETURNING id
)
SELECT EXISTS (SELECT FROM beaten), extract(epoch FROM clock_timestamp())::float8,
    (SELECT count(*) FROM {s}.node WHERE until >= clock_timestamp() AND id <> %(node)s::int8) + 1;

-- name: time
SELECT extract(epoch FROM clock_timestamp())::float8;

-- name: sign_off
DELETE FROM {s}.node WHERE id = %(node)s::int8;

-- name: bury_nodes
DELETE FROM {s}.node WHERE id IN (
    -- A server that was away was so for all: those that could not write in time have a while to do it.
    SELECT id FROM {s}.node WHERE until < clock_timestamp() AND (
        until > pg_postmaster_start_time()
        OR clock_timestamp() > pg_postmaster_start_time() + %(grace)s * interval '1 second'
    )
    FOR UPDATE SKIP LOCKED
)
RETURNING id, name;

-- name: nodes
SELECT id, name, extract(epoch FROM since)::float8, extract(epoch FROM until - clock_timestamp())::float8
FROM {s}.node ORDER BY id;

-- name: say
INSERT INTO {s}.condition (destination, word, node, state, reason, code, until, strikes)
VALUES (%(destination)s, nextval('{s}.word_id'), %(node)s::int8, %(state)s, %(reason)s, %(code)s,
    clock_timestamp() + %(seconds)s * interval '1 second', %(strikes)s)
ON CONFLICT (destination) DO UPDATE SET word = excluded.word, node = excluded.node, state = excluded.state,
    reason = excluded.reason, code = excluded.code, until = excluded.until, strikes = excluded.strikes;

-- name: hear
SELECT word, node, destination, state, reason, code, extract(epoch FROM until - clock_timestamp())::float8, strikes
FROM {s}.condition;

-- name: due
-- Destinations with something to send, one look into the index for each.
WITH RECURSIVE found AS (
    (
        SELECT destination FROM {s}.delivery WHERE bucket = %(bucket)s::int2 AND state = 0
        ORDER BY destination LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT d.destination FROM {s}.delivery d
        WHERE d.bucket = %(bucket)s::int2 AND d.state = 0 AND d.destination > f.destination
        ORDER BY d.destination LIMIT 1
    )
    FROM found f WHERE f.destination IS NOT NULL
)
SELECT f.destination FROM found f WHERE EXISTS (
    SELECT FROM {s}.delivery d WHERE d.bucket = %(bucket)s::int2 AND d.state = 0 AND d.destination = f.destination
        AND d.due <= extract(epoch FROM clock_timestamp())::float8
);

-- name: load
SELECT coalesce(sum(count) FILTER (WHERE what IN ('pending', 'leased')), 0)::int8,
    coalesce(sum(count) FILTER (WHERE what = 'bytes'), 0)::int8,
    coalesce(sum(count) FILTER (WHERE what = 'dead_bytes'), 0)::int8
FROM {s}.counter WHERE bucket = ANY (%(every)s::int2[]) AND kind = 1;
