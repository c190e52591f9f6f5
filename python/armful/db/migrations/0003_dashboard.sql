-- What the dashboard shows beyond counters: how often each variant was selected, and what was changed about it.

-- How often each variant was selected, by UTC day. Written about once a second; an unclean end loses that second.
CREATE TABLE selection_day (
    variant    bigint NOT NULL REFERENCES variant_performance (id),
    day        date NOT NULL,
    selections bigint NOT NULL,
    PRIMARY KEY (day, variant)
) WITH (fillfactor = 80);

-- The recent past of all variants at once. Rows arrive in the order of time, and such an index lets updates of
-- counters stay within their page.
CREATE INDEX variant_hour_hour ON variant_hour USING brin (hour);

-- What was changed about a variant, as {"field": [before, after]}.
CREATE TABLE variant_change (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant bigint NOT NULL REFERENCES variant_performance (id),
    at      timestamptz NOT NULL DEFAULT now(),
    changed jsonb NOT NULL
);

CREATE INDEX variant_change_variant ON variant_change (variant, id);

CREATE FUNCTION armful_variant_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO variant_change (variant, changed)
    SELECT NEW.id, jsonb_object_agg(before.key, jsonb_build_array(before.value, after.value))
    FROM jsonb_each(to_jsonb(OLD)) AS before JOIN jsonb_each(to_jsonb(NEW)) AS after USING (key)
    WHERE key IN ('dimensions', 'content', 'prior_alpha', 'prior_beta', 'status') AND before.value <> after.value;
    RETURN NULL;
END $$;

-- Fires only for statements that name one of these columns: counting does not.
CREATE TRIGGER variant_changed AFTER UPDATE OF dimensions, content, prior_alpha, prior_beta, status
ON variant_performance FOR EACH ROW
WHEN ((OLD.dimensions, OLD.content, OLD.prior_alpha, OLD.prior_beta, OLD.status)
      IS DISTINCT FROM (NEW.dimensions, NEW.content, NEW.prior_alpha, NEW.prior_beta, NEW.status))
EXECUTE FUNCTION armful_variant_changed();
