-- migrate:up

-- A refund that the gateway refused and a person paid: what the payment is found by. The gateway has it under this
-- reference (paid in its dashboard), or not at all.
ALTER TABLE movement ADD COLUMN settlement_reference text NOT NULL DEFAULT '';
CREATE INDEX movement_settlement ON movement (settlement_reference) WHERE settlement_reference <> '';

-- migrate:down
DROP INDEX movement_settlement;
ALTER TABLE movement DROP COLUMN settlement_reference;
