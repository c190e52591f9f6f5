-- What workers of the last release say to the database, word for word. While a new release is rolled out they go on saying it
-- to the new schema: test_migrations.py says it there. Copied from the program's queries.sql at every release.
--
-- (Nothing has been released: this is what the first release is going to say.)

-- name: record_outcomes
SELECT statuses, ids, impressions, successes, versions
FROM armful.record_outcomes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: count_outcomes
WITH logged AS (
    INSERT INTO armful.performance_event (variant, impressions, successes)
    SELECT unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[])
), announced AS (
    INSERT INTO armful.change (batch, process_id, kind, variants)
    SELECT $1::uuid, $2::uuid, 'variants', $7
    WHERE armful.count_in_experiments($7, $8, $9)
      AND (clock_timestamp() <= $3::timestamptz OR armful.refuse_late_commit())
)
SELECT id, impressions, successes, version
FROM armful.apply_to_variants($7::bigint[], $8::bigint[], $9::bigint[], $7, NULL, NULL, $8, $9);

-- name: partitions
SELECT armful.make_partitions($1);
