-- migrate:up

-- Since when the registry says that the name is not ours: it is believed after days of it, not at once.
ALTER TABLE domain ADD COLUMN missing_since timestamptz;

-- migrate:down
ALTER TABLE domain DROP COLUMN missing_since;
