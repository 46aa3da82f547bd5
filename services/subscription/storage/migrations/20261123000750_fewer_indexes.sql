-- migrate:up

-- Each entry is paid for by each renewal. A product's open orders are few among its orders, and an account's terms are
-- those of its products.
DROP INDEX orders_open, terms_of_account;

-- migrate:down
CREATE INDEX orders_open ON orders (product_id) WHERE standing NOT IN ('done', 'void');
CREATE INDEX terms_of_account ON terms (account_id);
