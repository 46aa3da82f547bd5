-- migrate:up

-- Facts are relayed in the order of their sequence, so those to purge come first in it as well.
DROP INDEX outbox_relayed_at;

-- migrate:down
CREATE INDEX outbox_relayed_at ON outbox (relayed_at) WHERE relayed_at IS NOT NULL;
