-- migrate:up
-- A term's value is an exact fraction; each upgrade puts the days it left over into the denominator (R10).
ALTER TABLE terms
  ALTER COLUMN value_numerator TYPE numeric,
  ALTER COLUMN value_denominator TYPE numeric,
  ADD CONSTRAINT terms_value_whole CHECK (value_numerator = trunc(value_numerator)
    AND value_denominator = trunc(value_denominator));

-- migrate:down
ALTER TABLE terms
  DROP CONSTRAINT terms_value_whole,
  ALTER COLUMN value_numerator TYPE numeric(39),
  ALTER COLUMN value_denominator TYPE numeric(39);
