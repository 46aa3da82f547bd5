-- migrate:up

-- When its caller gave the charge up (CancelCharge); from then on nothing is sent that could take the money.
ALTER TABLE charges ADD COLUMN given_up_at timestamptz;

-- migrate:down
ALTER TABLE charges DROP COLUMN given_up_at;
