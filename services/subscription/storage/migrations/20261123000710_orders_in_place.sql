-- migrate:up

-- An order's row changes at each step. Postgres does that in place (HOT) if no column of an index changes; the indexes
-- hung on `step` and on updated_at, so each step wrote ten index entries anew. `standing` is what they need to know of
-- the step, and stays the same from the first attempt to the end; paid_at is set once.
DROP INDEX orders_renewal, orders_one_running, orders_open, orders_due, orders_unfinished, orders_waiting, orders_paid;
ALTER TABLE orders
  ADD COLUMN standing text NOT NULL GENERATED ALWAYS AS (CASE
    WHEN step = 'done' THEN 'done'
    WHEN step IN ('failed', 'refunded') THEN 'void'
    WHEN step IN ('cancel_pro_forma', 'refund', 'credit_note', 'reverse') THEN 'leaving'
    WHEN held_by IS NOT NULL THEN 'held'
    WHEN step = 'waiting' THEN 'waiting'
    ELSE 'running' END) STORED,
  ADD COLUMN paid_at timestamptz GENERATED ALWAYS AS (CASE
    WHEN step IN ('done', 'refunded') AND charge_id IS NOT NULL THEN updated_at END) STORED,
  DROP CONSTRAINT orders_quote_id_key,
  SET (fillfactor = 60); -- room for the next versions of a row

CREATE UNIQUE INDEX orders_quote ON orders (quote_id) WHERE quote_id IS NOT NULL;
-- A renewal's natural key: one automatic renewal a product and term, unless the one before came to nothing.
CREATE UNIQUE INDEX orders_renewal ON orders (product_id, term_start)
  WHERE kind = 'automatic_renewal' AND standing IN ('running', 'waiting', 'held', 'done');
-- Orders of a product exclude each other.
CREATE UNIQUE INDEX orders_one_running ON orders (product_id) WHERE standing IN ('running', 'waiting');
CREATE INDEX orders_open ON orders (product_id) WHERE standing NOT IN ('done', 'void');
-- Whoever looks for work does not pass over what others are at.
CREATE INDEX orders_due ON orders (greatest(next_at, lease_until)) WHERE next_at IS NOT NULL AND standing <> 'held';
CREATE INDEX orders_unfinished ON orders (created_at) WHERE standing IN ('running', 'held', 'leaving');
CREATE INDEX orders_waiting ON orders (account_id) WHERE standing = 'waiting';
-- What billing compares its books with, in the order in which it ended.
CREATE INDEX orders_paid ON orders (paid_at, id) WHERE paid_at IS NOT NULL;

-- migrate:down
DROP INDEX orders_quote, orders_renewal, orders_one_running, orders_open, orders_due, orders_unfinished, orders_waiting,
  orders_paid;
ALTER TABLE orders DROP COLUMN standing, DROP COLUMN paid_at, ADD CONSTRAINT orders_quote_id_key UNIQUE (quote_id),
  RESET (fillfactor);
CREATE UNIQUE INDEX orders_renewal ON orders (product_id, term_start)
  WHERE kind = 'automatic_renewal'
    AND step NOT IN ('failed', 'cancel_pro_forma', 'refund', 'credit_note', 'reverse', 'refunded');
CREATE UNIQUE INDEX orders_one_running ON orders (product_id)
  WHERE step NOT IN ('done', 'failed', 'cancel_pro_forma', 'refund', 'credit_note', 'reverse', 'refunded')
    AND held_by IS NULL;
CREATE INDEX orders_open ON orders (product_id) WHERE step NOT IN ('done', 'failed', 'refunded');
CREATE INDEX orders_due ON orders (next_at) WHERE next_at IS NOT NULL AND held_by IS NULL;
CREATE INDEX orders_unfinished ON orders (created_at) WHERE step NOT IN ('done', 'failed', 'refunded', 'waiting');
CREATE INDEX orders_waiting ON orders (account_id) WHERE step = 'waiting';
CREATE INDEX orders_paid ON orders (updated_at, id) WHERE step IN ('done', 'refunded') AND charge_id IS NOT NULL;
