-- What a variant is like, in numbers: pools learn from it where a new variant starts.
ALTER TABLE armful.variant_performance
    ADD COLUMN features  jsonb,               -- {"words": 7}
    ADD COLUMN embedding double precision[];  -- of its content, by a model of the caller's
