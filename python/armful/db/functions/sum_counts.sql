-- Adds objects of counts, key by key.
CREATE OR REPLACE AGGREGATE armful.sum_counts(jsonb) (SFUNC = armful.add_counts, STYPE = jsonb, INITCOND = '{}');
