-- migrate:up

-- How often a card was tried in vain, whichever entry of it was charged for whatever product: its network limits that
-- (R17). retry_at: the charge was not sent, and from then on it may be. Charges of before are not counted.
ALTER TABLE charges ADD COLUMN card_fingerprint text NOT NULL DEFAULT '', ADD COLUMN retry_at timestamptz;
CREATE INDEX charges_declined_of_card ON charges (card_fingerprint, created_at) WHERE state = 'declined';

-- migrate:down
DROP INDEX charges_declined_of_card;
ALTER TABLE charges DROP COLUMN card_fingerprint, DROP COLUMN retry_at;
