-- What an experiment's metrics are.

ALTER TABLE armful.experiment
    -- Declared metrics by name: {"type": "binary" or "number", "unit": "participant" or "impression", "goal": "increase" or
    -- "decrease", "winsorize": a quantile or null}. A metric that is not there is binary, of participants, and better if larger.
    ADD COLUMN metrics jsonb NOT NULL DEFAULT '{}';
