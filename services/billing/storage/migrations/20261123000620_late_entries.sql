-- migrate:up

-- An entry may commit after the sums of its day were made, by however long its transaction was held up. Whoever
-- closes a day waits for those that are writing entries (CloseDay takes the same lock alone); who writes one
-- afterwards, for a day that is closed, adds it to that day's sums. As the owner: the service may not change sums.
CREATE FUNCTION add_late_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('billing/ledger_closing', 0));
  INSERT INTO ledger_day AS d (day, currency, account, debit_minor, credit_minor)
  SELECT (NEW.post_time AT TIME ZONE 'UTC')::date, NEW.currency, p.account,
         sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0))
  FROM unnest(NEW.accounts, NEW.amounts_minor) AS p (account, amount)
  WHERE EXISTS (SELECT FROM ledger_closing WHERE through_day >= (NEW.post_time AT TIME ZONE 'UTC')::date)
  GROUP BY p.account
  ON CONFLICT (currency, account, day) DO UPDATE
  SET debit_minor = d.debit_minor + excluded.debit_minor, credit_minor = d.credit_minor + excluded.credit_minor;
  RETURN NULL;
END $$;
CREATE TRIGGER add_late_entry AFTER INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION add_late_entry();

-- migrate:down
DROP TRIGGER add_late_entry ON journal_entry;
DROP FUNCTION add_late_entry();
