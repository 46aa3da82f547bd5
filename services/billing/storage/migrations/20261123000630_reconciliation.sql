-- migrate:up

-- Movements of money, by charge or refund, with what the others say of each. What we say ourselves (document, ledger) is
-- read when it is compared, never from here. A side that is NULL has nothing.
CREATE TABLE movement (
  id                uuid        PRIMARY KEY, -- of the charge or refund; of what only the gateway knows, derived
  kind              text        NOT NULL CHECK (kind IN ('capture', 'refund')),
  order_id          uuid,
  gateway_reference text        NOT NULL DEFAULT '',
  gateway_minor     bigint,
  gateway_currency  text,
  gateway_time      timestamptz,  -- by the gateway's clock
  charge_minor      bigint,       -- as payment_token has it, of refunds too
  charge_currency   text,
  order_standing    text        NOT NULL DEFAULT 'unknown'
    CHECK (order_standing IN ('unknown', 'missing', 'open', 'applied', 'refunded', 'failed')),
  order_minor       bigint,
  order_currency    text,
  order_has_term    boolean     NOT NULL DEFAULT false,
  first_seen_at     timestamptz NOT NULL,
  check_at          timestamptz, -- when it is compared next; NULL: it agreed
  ask_again         boolean     NOT NULL DEFAULT false, -- when compared, ask the others anew
  CHECK ((gateway_minor IS NULL) = (gateway_currency IS NULL)),
  CHECK ((charge_minor IS NULL) = (charge_currency IS NULL)),
  CHECK ((order_minor IS NULL) = (order_currency IS NULL))
) WITH (fillfactor = 70); -- the sides come one by one
-- Work is what has not agreed yet, not all that ever moved.
CREATE INDEX movement_check ON movement (check_at, id) WHERE check_at IS NOT NULL;
CREATE INDEX movement_unsettled ON movement (first_seen_at) WHERE check_at IS NOT NULL;
CREATE INDEX movement_seen ON movement (first_seen_at);

-- What did not agree when it was last compared.
CREATE TABLE movement_difference (
  movement_id uuid        NOT NULL REFERENCES movement (id),
  kind        text        NOT NULL,
  found_at    timestamptz NOT NULL,
  PRIMARY KEY (movement_id, kind)
);
CREATE INDEX movement_difference_found ON movement_difference (found_at, movement_id, kind);

-- How far each list was read: from `since` on, inclusive; within a reading, after `page_token`.
CREATE TABLE reconciliation_feed (
  name       text        PRIMARY KEY,
  place      integer     NOT NULL UNIQUE, -- the order in which they are read
  since      timestamptz NOT NULL,
  newest     timestamptz NOT NULL,        -- of what this reading has seen
  page_token text        NOT NULL DEFAULT '',
  is_read    boolean     NOT NULL DEFAULT false
);
INSERT INTO reconciliation_feed (name, place, since, newest) VALUES
  ('gateway_captures', 1, 'epoch', 'epoch'), ('gateway_refunds', 2, 'epoch', 'epoch'),
  ('charges', 3, 'epoch', 'epoch'), ('refunds', 4, 'epoch', 'epoch'), ('orders', 5, 'epoch', 'epoch'),
  ('documents', 6, 'epoch', 'epoch');

-- One row: who compares now, and when the next run is due.
CREATE TABLE reconciliation_run (
  only_row     boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  run_id       uuid        NOT NULL, -- whoever claimed it last: others may not write any more
  lease_until  timestamptz NOT NULL,
  next_at      timestamptz NOT NULL,
  last_success timestamptz
);
INSERT INTO reconciliation_run (run_id, lease_until, next_at)
  VALUES ('00000000-0000-0000-0000-000000000000', 'epoch', 'epoch');

DO $$
BEGIN
  IF current_user = 'billing' OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'billing') THEN RETURN; END IF;
  REVOKE ALL ON movement, movement_difference, reconciliation_feed, reconciliation_run FROM billing;
  GRANT SELECT, INSERT, UPDATE ON movement TO billing;
  GRANT SELECT, INSERT, DELETE ON movement_difference TO billing;
  GRANT SELECT, UPDATE ON reconciliation_feed, reconciliation_run TO billing;
END $$;

-- migrate:down
DROP TABLE reconciliation_run, reconciliation_feed, movement_difference, movement;
