-- migrate:up

-- Days after its expiry in which a product can come back: a domain as long as its registry lets it be restored
-- (R18, R20). The method that an automatic renewal was last declined for good with (R17).
ALTER TABLE products ADD COLUMN return_days integer NOT NULL DEFAULT 31;
ALTER TABLE products ADD COLUMN declined_method text NOT NULL DEFAULT '';
UPDATE products SET return_days = 62, ends_at = ends_at + interval '31 days' WHERE kind = 'domain';
ALTER TABLE products ALTER COLUMN return_days DROP DEFAULT, ALTER COLUMN declined_method DROP DEFAULT;

-- An order whose term was taken back has nothing of the product any more, so others may follow (R31).
DROP INDEX orders_renewal, orders_one_running;
CREATE UNIQUE INDEX orders_renewal ON orders (product_id, term_start)
  WHERE kind = 'automatic_renewal'
    AND step NOT IN ('failed', 'cancel_pro_forma', 'refund', 'credit_note', 'reverse', 'refunded');
CREATE UNIQUE INDEX orders_one_running ON orders (product_id)
  WHERE step NOT IN ('done', 'failed', 'cancel_pro_forma', 'refund', 'credit_note', 'reverse', 'refunded')
    AND held_by IS NULL;

-- migrate:down
DROP INDEX orders_renewal, orders_one_running;
CREATE UNIQUE INDEX orders_renewal ON orders (product_id, term_start)
  WHERE kind = 'automatic_renewal' AND step NOT IN ('failed', 'cancel_pro_forma', 'refunded');
CREATE UNIQUE INDEX orders_one_running ON orders (product_id)
  WHERE step NOT IN ('done', 'failed', 'cancel_pro_forma', 'refunded') AND held_by IS NULL;
ALTER TABLE products DROP COLUMN return_days, DROP COLUMN declined_method;
