-- Run once by psql when the database is made. The server's role is no superuser and has no BYPASSRLS: row level
-- security binds it. Tables belong to it because it migrates; FORCE ROW LEVEL SECURITY binds owners too.
\set ON_ERROR_STOP on
\getenv password COLONNADE_DB_PASSWORD
CREATE ROLE colonnade LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE colonnade OWNER colonnade;
\connect colonnade
CREATE EXTENSION IF NOT EXISTS vector;
