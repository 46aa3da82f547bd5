-- migrate:up

-- Counts the changes of a profile that change the tax, so that of two answers about it the newer is known.
ALTER TABLE billing_profile ADD COLUMN tax_revision bigint NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE billing_profile DROP COLUMN tax_revision;
