-- Refuses a variant whose prior or status is none. A trigger and not a CHECK: PostgreSQL reads every CHECK of a table anew
-- in each statement that writes to it, while a trigger is not asked where none of its columns is written, as in counting.
CREATE OR REPLACE FUNCTION armful.refuse_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'variant %: a prior must be positive and a status active or archived', NEW.variant_id
        USING ERRCODE = 'check_violation', TABLE = 'variant_performance';
END $$;

CREATE OR REPLACE TRIGGER refuse_variant
AFTER INSERT OR UPDATE OF prior_alpha, prior_beta, status ON armful.variant_performance FOR EACH ROW
WHEN (NOT (NEW.prior_alpha > 0 AND NEW.prior_beta > 0 AND NEW.status IN ('active', 'archived')))
EXECUTE FUNCTION armful.refuse_variant();
