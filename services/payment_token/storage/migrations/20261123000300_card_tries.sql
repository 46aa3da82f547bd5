-- migrate:up

-- Tries to store a card within the hour that were refused, or are under way: so that nobody tests stolen cards here.
CREATE TABLE card_tries (
  id         uuid        PRIMARY KEY,
  account_id uuid        NOT NULL REFERENCES gateway_accounts ON DELETE CASCADE,
  made_at    timestamptz NOT NULL
);
CREATE INDEX card_tries_account ON card_tries (account_id, made_at);

-- migrate:down
DROP TABLE card_tries;
