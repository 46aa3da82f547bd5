-- migrate:up

-- A card has one fingerprint in all accounts from now on, for its network's limits hold for the card (R17). Those of
-- entries from before are each account's own: their tries are counted by account until the card is entered again.
CREATE INDEX payment_methods_of_card ON payment_methods (fingerprint);

-- migrate:down
DROP INDEX payment_methods_of_card;
