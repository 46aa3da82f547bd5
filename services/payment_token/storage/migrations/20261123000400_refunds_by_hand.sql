-- migrate:up

-- A refund that the gateway refused, and that a person paid: who said so, and by what it is found (SettleRefund).
ALTER TABLE refunds ADD COLUMN settled_by text, ADD COLUMN settlement_reference text,
  ADD CONSTRAINT refunds_settlement CHECK ((settled_by IS NULL) = (settlement_reference IS NULL)
    AND (settled_by IS NULL OR state = 'succeeded'));

-- migrate:down
ALTER TABLE refunds DROP CONSTRAINT refunds_settlement, DROP COLUMN settled_by, DROP COLUMN settlement_reference;
