-- By which key and which request an administrative change came, and how long keys live.

ALTER TABLE audit
    ADD COLUMN key_id     text,  -- null: the change came from the command line, or before this migration
    ADD COLUMN request_id text;

CREATE INDEX audit_at ON audit (at);

ALTER TABLE api_key
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN last_used  timestamptz,
    ADD COLUMN replaces   text REFERENCES api_key (key_id);
