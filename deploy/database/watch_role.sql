-- The role of the watch: it reads the decision log, and writes nothing. psql reads its password from a file.
\set password `cat /run/secrets/watch_database_password`
CREATE ROLE watch LOGIN PASSWORD :'password' IN ROLE pg_read_all_data;
