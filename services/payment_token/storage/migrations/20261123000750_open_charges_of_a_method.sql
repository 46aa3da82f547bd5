-- migrate:up

-- By the state, which says the same as next_ask_at (charges_final): who looks for one method's open charges could else
-- be given charges_due, and read all that are open, 500 of a batch for each of its cards.
DROP INDEX charges_open_method;
CREATE INDEX charges_open_method ON charges (payment_method_id)
  WHERE state IN ('pending', 'requires_action', 'unknown');

-- migrate:down
DROP INDEX charges_open_method;
CREATE INDEX charges_open_method ON charges (payment_method_id) WHERE next_ask_at IS NOT NULL;
