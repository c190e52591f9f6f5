-- Fails, and the transaction with it: the caller has been told by now that nothing was counted. The last thing that a
-- commit calls, and only if its deadline has passed.
CREATE OR REPLACE FUNCTION armful.refuse_late_commit() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the caller no longer waits for this commit' USING ERRCODE = 'query_canceled';
END $$;
