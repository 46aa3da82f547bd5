-- migrate:up

-- Customers (R1, R6). A deleted one stays as a tombstone, so that its id is never taken for one that never was (R7).
CREATE TABLE account (
  id            uuid        PRIMARY KEY,
  email         text,
  email_key     text        CONSTRAINT account_email_key UNIQUE,
  password_hash text,
  display_name  text        NOT NULL,
  language      text        NOT NULL CHECK (language IN ('en', 'fr')),
  time_zone     text        NOT NULL,
  revision      bigint      NOT NULL,
  request_id    uuid,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  deleted_at    timestamptz,
  CONSTRAINT account_whole_or_empty CHECK (
    CASE WHEN deleted_at IS NULL
      THEN email IS NOT NULL AND email_key IS NOT NULL AND password_hash IS NOT NULL AND request_id IS NOT NULL
      ELSE email IS NULL AND email_key IS NULL AND password_hash IS NULL AND request_id IS NULL AND display_name = ''
    END)
);

-- Sign-ins that last. Ended ones are kept for a while, so that a client learns that its session ended.
CREATE TABLE session (
  id                 uuid        PRIMARY KEY,
  account_id         uuid        NOT NULL REFERENCES account (id),
  client_description text        NOT NULL,
  client_address     text        NOT NULL,
  created_at         timestamptz NOT NULL,
  last_used_at       timestamptz NOT NULL,
  expires_at         timestamptz NOT NULL,
  ended_at           timestamptz,
  token_digest       bytea       NOT NULL,
  token_sealed       bytea       NOT NULL,
  previous_digest    bytea       NOT NULL,
  refreshed_at       timestamptz NOT NULL
);
CREATE INDEX session_living ON session (account_id, last_used_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX session_expires_at ON session (expires_at);
CREATE INDEX session_ended_at ON session (ended_at) WHERE ended_at IS NOT NULL;

-- SHA-256 of every refresh token of a session, used up or not: so a second use is noticed.
CREATE TABLE refresh_token (
  digest     bytea       PRIMARY KEY,
  session_id uuid        NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  issued_at  timestamptz NOT NULL
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE INDEX refresh_token_issued_at ON refresh_token (issued_at);

-- Public requests whose stored answers (request_log, scope 'public') hold an account's tokens: they go with it.
CREATE TABLE session_request (
  request_id uuid PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL
);
CREATE INDEX session_request_session ON session_request (session_id);
CREATE INDEX session_request_created_at ON session_request (created_at);

-- Wrong passwords in a row, by a keyed hash of the address: also of addresses that nobody has.
CREATE TABLE sign_in_throttle (
  key             bytea       PRIMARY KEY,
  failures        integer     NOT NULL,
  paused_until    timestamptz NOT NULL,
  last_failure_at timestamptz NOT NULL
);
CREATE INDEX sign_in_throttle_last_failure_at ON sign_in_throttle (last_failure_at);

-- Sign-in attempts and security-relevant acts (R4). Kept for a year.
CREATE TABLE access_log (
  id                 uuid        PRIMARY KEY,
  account_id         uuid        NOT NULL REFERENCES account (id),
  created_at         timestamptz NOT NULL,
  act                text        NOT NULL,
  outcome            text        NOT NULL,
  client_address     text        NOT NULL,
  client_description text        NOT NULL,
  session_id         uuid
);
CREATE INDEX access_log_of_account ON access_log (account_id, created_at DESC, id DESC);
CREATE INDEX access_log_created_at ON access_log (created_at);

-- What the customer was told (R19); never changes. The unique constraint is what makes it once.
CREATE TABLE notice (
  id         uuid        PRIMARY KEY,
  account_id uuid        NOT NULL REFERENCES account (id),
  product_id uuid        NOT NULL, -- nil: about no product
  kind       text        NOT NULL,
  term       text        NOT NULL,
  occasion   text        NOT NULL,
  language   text        NOT NULL CHECK (language IN ('en', 'fr')),
  subject    text        NOT NULL,
  body       text        NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT notice_once UNIQUE (account_id, product_id, kind, term, occasion)
);
CREATE INDEX notice_of_account ON notice (account_id, created_at DESC, id DESC);
CREATE INDEX notice_of_product ON notice (account_id, product_id, created_at DESC, id DESC);

-- migrate:down
DROP TABLE notice, access_log, sign_in_throttle, session_request, refresh_token, session, account;
