-- migrate:up

-- What billing told of each account's tax. ask_again_at lies in the past where it has to be asked again; revision is
-- that of the billing profile, also when what was told of an older one counts no more.
CREATE TABLE tax_positions (
  account_id      uuid        PRIMARY KEY,
  revision        bigint      NOT NULL,
  treatment       text        NOT NULL DEFAULT 'standard'
    CHECK (treatment IN ('standard', 'reverse_charge', 'out_of_scope')),
  country_code    text        NOT NULL DEFAULT '',
  rate_ppm        integer     NOT NULL DEFAULT 0,
  country_name_en text        NOT NULL DEFAULT '',
  country_name_fr text        NOT NULL DEFAULT '',
  ask_again_at    timestamptz NOT NULL
);

-- Refuses an account that was deleted; otherwise keeps its purge out until the end of the transaction. The lock is
-- shared: callers wait for a purge only, and it for them. Each statement of a volatile function has a snapshot of its
-- own, so what a purge committed while it was waited for is seen.
CREATE FUNCTION enter_account(account uuid, mark uuid) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(account::text, 7));
  IF EXISTS (SELECT FROM account_deletions WHERE pseudonym = mark) THEN
    RAISE EXCEPTION 'the account was deleted' USING ERRCODE = 'REFUS', HINT = 'ACCOUNT_DELETED';
  END IF;
END
$$;

-- One index for both: who asks for a quote knows whose it is.
ALTER TABLE quotes DROP CONSTRAINT quotes_pkey, ADD PRIMARY KEY (account_id, id);
DROP INDEX quotes_of_account;

-- migrate:down
CREATE INDEX quotes_of_account ON quotes (account_id);
ALTER TABLE quotes DROP CONSTRAINT quotes_pkey, ADD PRIMARY KEY (id);
DROP FUNCTION enter_account;
DROP TABLE tax_positions;
