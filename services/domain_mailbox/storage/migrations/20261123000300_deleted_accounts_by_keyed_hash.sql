-- migrate:up

-- A deleted account is recognised by a hash under this service's key: the ids of before could be computed from an account's
-- id by anybody (R7). They cannot be turned into hashes, so they go: nothing was deployed with them.
DROP TABLE deleted_account;
CREATE TABLE deleted_account (
  account_hash bytea       PRIMARY KEY,
  deleted_at   timestamptz NOT NULL
);

-- migrate:down
DROP TABLE deleted_account;
CREATE TABLE deleted_account (
  pseudonym  uuid        PRIMARY KEY,
  deleted_at timestamptz NOT NULL
);
