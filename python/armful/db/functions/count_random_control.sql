-- Adds what a commit has changed about selections to the sums by which the random control of a pool is compared with
-- everything else. Called after remember_selections, for commits with variants of named pools.
--
-- A selection is control if unit_hash(salt, selection_id) is below the share that the control had when the selection was made
-- (`Selections` in armful/features/selection/service.py). Its id says when that was. Ids that no selection can have are ignored,
-- and so are selections within two seconds of a change of the share, which another process may not have known yet.
--
-- A selection may have several variants, so its impressions and successes are those of all of them. Held-out participants do
-- not count: their outcomes have status 3.
CREATE OR REPLACE FUNCTION armful.count_random_control(p_outcomes armful.resolved_outcome[]) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    WITH changed AS (
        SELECT DISTINCT ON (o.selection_id, o.variant) o.selection_id, o.variant, p.name AS pool, p.salt, p.created_at,
               coalesce((o.selection).impressions, 0) AS impressions, coalesce((o.selection).successes, 0) AS successes
        FROM unnest(p_outcomes) AS o
        JOIN armful.variant_performance v ON v.id = o.variant
        JOIN armful.pool p ON p.name = v.pool
        WHERE o.selection_id IS NOT NULL AND o.status = 0 AND NOT o.moved AND substr(o.selection_id::text, 15, 1) = '7'
    ), visit AS (
        SELECT c.selection_id, c.pool, c.salt, c.created_at,
               to_timestamp(('x' || substr(replace(c.selection_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AS at,
               sum(s.impressions - c.impressions) AS impressions, sum(s.successes - c.successes) AS successes
        FROM changed c JOIN armful.selection_outcome s USING (selection_id, variant)
        GROUP BY 1, 2, 3, 4
    ), dated AS (
        SELECT v.*, share.share, (v.at AT TIME ZONE 'UTC')::date AS day, whole.impressions AS m, whole.successes AS y
        FROM visit v
        CROSS JOIN LATERAL (
            SELECT s.share, s.since FROM armful.pool_control_share s WHERE s.pool = v.pool AND s.since <= v.at + interval '1 second'
            ORDER BY s.since DESC LIMIT 1
        ) AS share
        CROSS JOIN LATERAL (
            SELECT sum(s.impressions) AS impressions, sum(s.successes) AS successes
            FROM armful.selection_outcome s JOIN armful.variant_performance o ON o.id = s.variant
            WHERE s.selection_id = v.selection_id AND o.pool = v.pool
        ) AS whole
        WHERE share.share > 0 AND v.at <= clock_timestamp() + interval '1 minute'
          AND (share.since <= v.created_at OR share.since + interval '2 seconds' <= v.at)
    )
    INSERT INTO armful.pool_control_total AS t
        (pool, share, control, day, slot, selections, impressions, successes, impressions_squared, products, successes_squared)
    SELECT pool, share, armful.unit_hash(salt, selection_id::text) < share, day, pg_backend_pid() % 16,
           count(*) FILTER (WHERE m = impressions), sum(impressions), sum(successes),
           sum(m ^ 2 - (m - impressions) ^ 2), sum(m * y - (m - impressions) * (y - successes)), sum(y ^ 2 - (y - successes) ^ 2)
    FROM dated
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 4, 2, 3
    ON CONFLICT (pool, day, share, control, slot) DO UPDATE SET
        selections = t.selections + excluded.selections, impressions = t.impressions + excluded.impressions,
        successes = t.successes + excluded.successes,
        impressions_squared = t.impressions_squared + excluded.impressions_squared, products = t.products + excluded.products,
        successes_squared = t.successes_squared + excluded.successes_squared;
END $$;
