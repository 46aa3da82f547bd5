-- migrate:up

-- A deleted account is remembered by a pseudonym that cannot be turned back; account_id is known only until its rows
-- and facts are gone (R7). Marks made before are not kept: nothing was deployed with them.
DROP TABLE account_deletions;
CREATE TABLE account_deletions (
  pseudonym    uuid        PRIMARY KEY,
  account_id   uuid        UNIQUE,
  requested_at timestamptz NOT NULL,
  rows_gone    boolean     NOT NULL DEFAULT false,
  next_at      timestamptz
);
CREATE INDEX account_deletions_due ON account_deletions (next_at) WHERE next_at IS NOT NULL;

-- migrate:down
DROP TABLE account_deletions;
CREATE TABLE account_deletions (
  account_id   uuid        PRIMARY KEY,
  requested_at timestamptz NOT NULL,
  next_at      timestamptz
);
CREATE INDEX account_deletions_due ON account_deletions (next_at) WHERE next_at IS NOT NULL;
