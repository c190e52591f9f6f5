-- Says whether a participant belongs to the global holdout; false if there is none. The same as `Holdout.holds_out` in
-- armful/domain/holdout.py. In plpgsql, because it is created before unit_hash.
CREATE OR REPLACE FUNCTION armful.is_held_out(p_participant_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT armful.unit_hash(salt, p_participant_id) < share FROM armful.holdout), false);
END $$;
