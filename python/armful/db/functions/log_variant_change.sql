-- Writes down what an update changed about a variant, for its history and for the audit log. It fires only for statements
-- that name one of these columns: counting does not.
CREATE OR REPLACE FUNCTION armful.log_variant_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO armful.variant_change (variant, changed)
    SELECT NEW.id, jsonb_object_agg(before.key, jsonb_build_array(before.value, after.value))
    FROM jsonb_each(to_jsonb(OLD)) AS before JOIN jsonb_each(to_jsonb(NEW)) AS after USING (key)
    WHERE key IN ('dimensions', 'content', 'prior_alpha', 'prior_beta', 'status', 'pool', 'cost', 'features', 'embedding') AND before.value <> after.value;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER log_variant_change
AFTER UPDATE OF dimensions, content, prior_alpha, prior_beta, status, pool, cost, features, embedding ON armful.variant_performance FOR EACH ROW
WHEN ((OLD.dimensions, OLD.content, OLD.prior_alpha, OLD.prior_beta, OLD.status, OLD.pool, OLD.cost, OLD.features, OLD.embedding)
      IS DISTINCT FROM (NEW.dimensions, NEW.content, NEW.prior_alpha, NEW.prior_beta, NEW.status, NEW.pool, NEW.cost, NEW.features, NEW.embedding))
EXECUTE FUNCTION armful.log_variant_change();
