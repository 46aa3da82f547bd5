-- migrate:up

-- Answers to mutating requests (R35): written in the transaction of the effect, kept for 48 hours.
CREATE TABLE request_log (
  scope        text        NOT NULL,
  request_id   uuid        NOT NULL,
  method       text        NOT NULL,
  request_hash bytea       NOT NULL,
  response     bytea       NOT NULL,
  created_at   timestamptz NOT NULL,
  CONSTRAINT request_log_pkey PRIMARY KEY (scope, request_id)
);
CREATE INDEX request_log_created_at ON request_log (created_at);

-- Facts on their way to Redis Streams, in the order they were written. Kept for 7 days after that, because Redis may
-- lose what it holds and must never be the only copy.
CREATE TABLE outbox (
  sequence    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id    uuid        NOT NULL UNIQUE,
  type        text        NOT NULL,
  account_id  uuid        NOT NULL,
  subject     text        NOT NULL,
  occurred_at timestamptz NOT NULL,
  attributes  jsonb       NOT NULL,
  relayed_at  timestamptz
);
CREATE INDEX outbox_waiting ON outbox (sequence) WHERE relayed_at IS NULL;
CREATE INDEX outbox_relayed_at ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;

-- Facts of others that were taken in: a repeat is dropped.
CREATE TABLE inbox (
  event_id    uuid        PRIMARY KEY,
  received_at timestamptz NOT NULL
);
CREATE INDEX inbox_received_at ON inbox (received_at);

-- How far each stream was read.
CREATE TABLE inbox_position (
  stream   text PRIMARY KEY,
  position text NOT NULL
);

-- migrate:down
DROP TABLE inbox_position, inbox, outbox, request_log;
