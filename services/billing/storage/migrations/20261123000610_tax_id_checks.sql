-- migrate:up

-- What the EU's register (VIES) said of a tax id, and when it is to be asked again (null: not).
ALTER TABLE billing_profile
  ADD COLUMN tax_id_state text NOT NULL DEFAULT 'none'
    CHECK (tax_id_state IN ('none', 'form_checked', 'unverified', 'verified', 'not_registered')),
  ADD COLUMN tax_id_check_time timestamptz,
  ADD COLUMN tax_id_consultation text NOT NULL DEFAULT '',
  ADD COLUMN tax_id_next_check_at timestamptz;
CREATE INDEX billing_profile_tax_id_due ON billing_profile (tax_id_next_check_at)
  WHERE tax_id_next_check_at IS NOT NULL;

-- Ids that were taken by their form alone are asked about now; those that VIES does not know are then marked so.
UPDATE billing_profile SET tax_id_state = 'unverified', tax_id_next_check_at = now() WHERE tax_id <> '';

-- migrate:down
DROP INDEX billing_profile_tax_id_due;
ALTER TABLE billing_profile DROP COLUMN tax_id_state, DROP COLUMN tax_id_check_time, DROP COLUMN tax_id_consultation,
  DROP COLUMN tax_id_next_check_at;
