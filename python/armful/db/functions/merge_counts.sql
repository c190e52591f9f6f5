-- Merges objects of counts; a key that several of them have must have the same count in each.
CREATE OR REPLACE AGGREGATE armful.merge_counts(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');
