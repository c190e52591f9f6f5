-- Personas of pools: what variants of named pools earn with each persona, and what a pool has learnt from it.

-- The counts of a variant by persona, of variants in named pools only. The row with the empty persona_id has the sum of the
-- variant's other rows; what the variant's counters have beyond it belongs to no persona. `version` is the variant's version
-- of the commit that changed the row last, so a process reads only what is newer than what it has.
CREATE TABLE armful.variant_persona (
    variant     bigint NOT NULL REFERENCES armful.variant_performance (id),
    persona_id  text NOT NULL,
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    version     bigint NOT NULL,
    PRIMARY KEY (variant, persona_id)
) WITH (fillfactor = 80);

-- In an auto pool: since when selections draw for the persona, and the strength and gain that said so. Null: they do not.
ALTER TABLE armful.pool
    ADD COLUMN personas_since    timestamptz,
    ADD COLUMN personas_strength double precision,
    ADD COLUMN personas_gain     double precision;
