-- migrate:up

-- An open quote is in the customer's hands; a row is one that became an order.
DELETE FROM quotes WHERE order_id IS NULL;
DROP INDEX quotes_unused;

-- migrate:down
CREATE INDEX quotes_unused ON quotes (expires_at) WHERE order_id IS NULL;
