-- migrate:up

-- What billing compares its books with, in the order in which it ended.
CREATE INDEX orders_paid ON orders (updated_at, id) WHERE step IN ('done', 'refunded') AND charge_id IS NOT NULL;

-- migrate:down
DROP INDEX orders_paid;
