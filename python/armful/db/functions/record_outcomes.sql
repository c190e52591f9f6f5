-- As record_outcomes_v2, without values and the experiments: what the workers of the version before call.
CREATE OR REPLACE FUNCTION armful.record_outcomes(
    p_batch uuid, p_process_id uuid, p_deadline timestamptz,
    p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[],
    p_occurred_at timestamptz[], p_persona_id text[], p_experiment_id text[], p_participant_id text[],
    p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[],
    OUT statuses smallint[],
    OUT ids bigint[], OUT impressions bigint[], OUT successes bigint[], OUT versions bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    SELECT r.statuses, r.ids, r.impressions, r.successes, r.versions
    INTO statuses, ids, impressions, successes, versions
    FROM armful.record_outcomes_v2(
        p_batch, p_process_id, p_deadline, p_variant, p_impression, p_count, p_successes, p_occurred_at, p_persona_id,
        p_experiment_id, p_participant_id, p_selection_id, p_event_id, p_digest, p_metrics, p_metadata, NULL
    ) AS r;
END $$;
