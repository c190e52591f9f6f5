-- What an armful with the first migration alone might have counted: two variants, one with an experiment under way.

INSERT INTO variant_performance (variant_id, dimensions, content, impressions, successes, version, last_used)
VALUES ('question', '{"hook_style": "question"}', 'Ready?', 1000, 120, 1001, now() - interval '2 days'),
       ('statement', '{}', NULL, 800, 64, 801, NULL),
       ('gone', '{}', NULL, 5, 0, 6, NULL);
UPDATE variant_performance SET status = 'archived' WHERE variant_id = 'gone';

INSERT INTO variant_hour (variant, hour, persona_id, impressions, successes)
SELECT v.id, date_trunc('hour', now() - n * interval '1 day', 'UTC'), 'dev', v.impressions / 5, v.successes / 4
FROM variant_performance v, generate_series(1, 4) AS n WHERE v.successes > 0
UNION ALL
SELECT v.id, date_trunc('hour', now(), 'UTC'), '', v.impressions / 5, 0 FROM variant_performance v;

SELECT armful_event_partitions(2);

INSERT INTO performance_event (recorded_at, variant, impressions, successes, event_id, persona_id)
SELECT now() - n * interval '1 hour', 1 + n % 2, 1, n % 10 / 9, 'event-' || n, 'dev' FROM generate_series(1, 500) AS n;

-- As the program computed the digests of {"impression": true, "success": false}; see tests/integration/test_upgrade.py.
INSERT INTO performance_event_key (event_id, digest, batch, recorded_at)
SELECT 'event-' || n, '\x00', gen_random_uuid(), now() - n * interval '1 hour' FROM generate_series(1, 500) AS n;

INSERT INTO experiment (experiment_id, experiment_name, target_persona, success_metrics, duration_days, salt, status,
                        start_time, expected_end_time)
VALUES ('exp_upgraded', 'Before', 'dev', '{success}', 14, 'salt', 'draft', now() - interval '3 days', now() + interval '11 days');
INSERT INTO experiment_arm (experiment, variant, position, is_control, traffic_allocation)
VALUES (1, 1, 0, true, 0.5), (1, 2, 1, false, 0.5);
INSERT INTO experiment_regime (experiment, phase, started_at) VALUES (1, 1, now() - interval '3 days');
UPDATE experiment SET status = 'active', regime = 1;
INSERT INTO experiment_share (regime, variant, share, participants) VALUES (1, 1, 0.5, 300), (1, 2, 0.5, 310);
INSERT INTO experiment_day (experiment, regime, variant, day, impressions, successes, anonymous)
VALUES (1, 1, 1, current_date - 1, 300, 30, 0), (1, 1, 2, current_date - 1, 310, 62, 0);
INSERT INTO experiment_participant (experiment, participant_id, regime, variant, impressions, successes)
SELECT 1, 'p' || n, 1, 1 + n % 2, 1, n % 10 / 9 FROM generate_series(1, 610) AS n;
INSERT INTO selection_outcome (selection_id, variant, impressions, successes, at)
VALUES ('01890000-0000-7000-8000-000000000001', 1, 1, 0, now() - interval '1 hour');
INSERT INTO api_key (key_id, name, digest, scopes) VALUES ('k1', 'old', '\x00', '{read}');
INSERT INTO audit (actor, action, kind, subject) VALUES ('k1', 'create', 'experiment', 'exp_upgraded');
