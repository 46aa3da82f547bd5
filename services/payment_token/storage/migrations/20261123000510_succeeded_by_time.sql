-- migrate:up

-- What billing compares its books with, in the order in which it succeeded.
CREATE INDEX charges_succeeded ON charges (updated_at, charge_id) WHERE state = 'succeeded';
CREATE INDEX refunds_succeeded ON refunds (updated_at, refund_id) WHERE state = 'succeeded';

-- migrate:down
DROP INDEX refunds_succeeded, charges_succeeded;
