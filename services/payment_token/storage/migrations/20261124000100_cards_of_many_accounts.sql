-- migrate:up

-- A card has one fingerprint in all accounts from now on, for its network's limits hold for the card (R17). No release
-- stored one of an account's own: where a build from before did, an entry keeps it, and counts as another card.
CREATE INDEX payment_methods_of_card ON payment_methods (fingerprint);

-- migrate:down
DROP INDEX payment_methods_of_card;
