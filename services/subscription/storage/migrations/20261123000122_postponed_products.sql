-- migrate:up

-- A product that a job failed on: none looks at it before this, so that it keeps no other product waiting.
ALTER TABLE products ADD COLUMN retry_at timestamptz;
-- Export and deletion look for an account's terms.
CREATE INDEX terms_of_account ON terms (account_id);

-- migrate:down
DROP INDEX terms_of_account;
ALTER TABLE products DROP COLUMN retry_at;
