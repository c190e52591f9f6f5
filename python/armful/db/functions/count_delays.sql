-- Adds outcomes to the rollups by which late successes of pools are learnt: impressions by the time at which they were shown, and
-- successes by the time since then. The arrays have an element per outcome: `p_shown_at` is when its impression was shown, and
-- `p_at` when it was reported or, for a success, came; null: now. Always true.
--
-- Variants without a pool, and pools in which outcomes are not late, take no part.
CREATE OR REPLACE FUNCTION armful.count_delays(
    p_variant bigint[], p_impressions bigint[], p_successes bigint[], p_shown_at timestamptz[], p_at timestamptz[]
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM armful.pool WHERE delay_window IS NOT NULL) THEN
        RETURN true;
    END IF;
    WITH outcome AS (
        SELECT o.variant, o.impressions, o.successes, p.name AS pool, p.delay_window,
               greatest(1, p.delay_window / 128.0)::double precision AS grain,
               -- Nothing is shown in the future.
               least(coalesce(o.shown_at, now()), now()) AS shown_at, least(coalesce(o.at, now()), now()) AS at
        FROM unnest(p_variant, p_impressions, p_successes, p_shown_at, p_at) AS o (variant, impressions, successes, shown_at, at)
        JOIN armful.variant_performance v ON v.id = o.variant
        JOIN armful.pool p ON p.name = v.pool AND p.delay_window IS NOT NULL
        WHERE o.impressions <> 0 OR o.successes <> 0
    ), shown AS (
        INSERT INTO armful.pool_impression AS i (pool, variant, bucket, impressions)
        SELECT pool, variant, to_timestamp(floor(extract(epoch FROM shown_at) / grain) * grain), sum(impressions)
        FROM outcome WHERE shown_at > now() - make_interval(secs => delay_window)
        GROUP BY 1, 2, 3 HAVING sum(impressions) <> 0
        ORDER BY 1, 2, 3
        ON CONFLICT (pool, variant, bucket) DO UPDATE SET impressions = i.impressions + excluded.impressions
    )
    INSERT INTO armful.pool_delay AS d (pool, delay_window, bin, slot, count)
    SELECT pool, delay_window, bin, pg_backend_pid() % 16, sum(count)
    FROM (
        SELECT pool, delay_window, -1 AS bin, impressions AS count FROM outcome
        UNION ALL
        SELECT pool, delay_window,
               CASE WHEN delay < 1 THEN 0
                    ELSE least(floor(delay / grain), round(delay_window / grain) - 1) + (grain > 1)::integer END, successes
        FROM (SELECT *, extract(epoch FROM at - shown_at) AS delay FROM outcome) AS o
        -- A success that comes after the window counts, but says nothing about delays within it.
        WHERE delay <= delay_window
    ) AS added (pool, delay_window, bin, count)
    GROUP BY 1, 2, 3 HAVING sum(count) <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT (pool, delay_window, bin, slot) DO UPDATE SET count = d.count + excluded.count;
    RETURN true;
END $$;
