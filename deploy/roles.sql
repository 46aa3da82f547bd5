-- Roles and schema of one service, made before its first migration (R32). Run as a superuser, as often as you like:
--   psql -v service=billing -v owner_password=… -v service_password=… -f deploy/roles.sql
--
-- SERVICE_owner owns the schema and runs the migrations. SERVICE is what the process logs in as: it can use the tables
-- but not change them, and migrations take rights away from it where rows must never change (invoices, ledger).
SELECT format('CREATE ROLE %I LOGIN', :'service' || '_owner')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service' || '_owner') \gexec
SELECT format('CREATE ROLE %I LOGIN', :'service')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'service' || '_owner', :'owner_password') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'service', :'service_password') \gexec
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', :'service', :'service' || '_owner') \gexec
SELECT format('ALTER ROLE %I SET search_path = %I', role, :'service')
  FROM unnest(ARRAY[:'service', :'service' || '_owner']) AS role \gexec
SELECT format('REVOKE ALL ON SCHEMA public FROM PUBLIC') \gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', :'service', :'service') \gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
              :'service' || '_owner', :'service', :'service') \gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO %I',
              :'service' || '_owner', :'service', :'service') \gexec
