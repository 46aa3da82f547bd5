-- A schema, its owner and a login role for each service; none can read another's (R32). As deploy/roles.sql makes them.

CREATE ROLE account_owner LOGIN PASSWORD 'account_owner';
CREATE ROLE account LOGIN PASSWORD 'account';
CREATE SCHEMA account AUTHORIZATION account_owner;
ALTER ROLE account_owner SET search_path = account;
ALTER ROLE account SET search_path = account;
GRANT USAGE ON SCHEMA account TO account;
ALTER DEFAULT PRIVILEGES FOR ROLE account_owner IN SCHEMA account GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO account;
ALTER DEFAULT PRIVILEGES FOR ROLE account_owner IN SCHEMA account GRANT USAGE, SELECT ON SEQUENCES TO account;

CREATE ROLE subscription_owner LOGIN PASSWORD 'subscription_owner';
CREATE ROLE subscription LOGIN PASSWORD 'subscription';
CREATE SCHEMA subscription AUTHORIZATION subscription_owner;
ALTER ROLE subscription_owner SET search_path = subscription;
ALTER ROLE subscription SET search_path = subscription;
GRANT USAGE ON SCHEMA subscription TO subscription;
ALTER DEFAULT PRIVILEGES FOR ROLE subscription_owner IN SCHEMA subscription GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO subscription;
ALTER DEFAULT PRIVILEGES FOR ROLE subscription_owner IN SCHEMA subscription GRANT USAGE, SELECT ON SEQUENCES TO subscription;

CREATE ROLE billing_owner LOGIN PASSWORD 'billing_owner';
CREATE ROLE billing LOGIN PASSWORD 'billing';
CREATE SCHEMA billing AUTHORIZATION billing_owner;
ALTER ROLE billing_owner SET search_path = billing;
ALTER ROLE billing SET search_path = billing;
GRANT USAGE ON SCHEMA billing TO billing;
ALTER DEFAULT PRIVILEGES FOR ROLE billing_owner IN SCHEMA billing GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO billing;
ALTER DEFAULT PRIVILEGES FOR ROLE billing_owner IN SCHEMA billing GRANT USAGE, SELECT ON SEQUENCES TO billing;

CREATE ROLE payment_token_owner LOGIN PASSWORD 'payment_token_owner';
CREATE ROLE payment_token LOGIN PASSWORD 'payment_token';
CREATE SCHEMA payment_token AUTHORIZATION payment_token_owner;
ALTER ROLE payment_token_owner SET search_path = payment_token;
ALTER ROLE payment_token SET search_path = payment_token;
GRANT USAGE ON SCHEMA payment_token TO payment_token;
ALTER DEFAULT PRIVILEGES FOR ROLE payment_token_owner IN SCHEMA payment_token GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO payment_token;
ALTER DEFAULT PRIVILEGES FOR ROLE payment_token_owner IN SCHEMA payment_token GRANT USAGE, SELECT ON SEQUENCES TO payment_token;

CREATE ROLE domain_mailbox_owner LOGIN PASSWORD 'domain_mailbox_owner';
CREATE ROLE domain_mailbox LOGIN PASSWORD 'domain_mailbox';
CREATE SCHEMA domain_mailbox AUTHORIZATION domain_mailbox_owner;
ALTER ROLE domain_mailbox_owner SET search_path = domain_mailbox;
ALTER ROLE domain_mailbox SET search_path = domain_mailbox;
GRANT USAGE ON SCHEMA domain_mailbox TO domain_mailbox;
ALTER DEFAULT PRIVILEGES FOR ROLE domain_mailbox_owner IN SCHEMA domain_mailbox GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO domain_mailbox;
ALTER DEFAULT PRIVILEGES FOR ROLE domain_mailbox_owner IN SCHEMA domain_mailbox GRANT USAGE, SELECT ON SEQUENCES TO domain_mailbox;
