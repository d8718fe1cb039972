-- Times are milliseconds since 1970-01-01 UTC. Columns named `sealed` hold what the master key opens, bound to their row.

-- Keys of the gateway itself: `check` proves the master key, `cursor` seals cursors.
CREATE TABLE gateway_keys (
    purpose TEXT PRIMARY KEY,
    sealed  BLOB NOT NULL
) STRICT;

-- A disconnected ERP stays as a tombstone: its id is never used again.
CREATE TABLE erps (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    system          TEXT NOT NULL,
    -- Whether the configuration file defines it; its settings are then in the file alone.
    of_file         INTEGER NOT NULL DEFAULT 0,
    -- A JSON object of texts, without secrets.
    settings        TEXT NOT NULL,
    -- A sealed JSON object of texts.
    sealed          BLOB,
    paused          INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    disconnected_at INTEGER,
    -- Grows with each change that other gateways have to take over.
    revision        INTEGER NOT NULL DEFAULT 1
) STRICT;

-- What the last probe of an ERP found.
CREATE TABLE erp_health (
    erp            TEXT PRIMARY KEY REFERENCES erps (id) ON DELETE CASCADE,
    status         TEXT NOT NULL,
    -- A JSON object.
    found          TEXT NOT NULL,
    checked_at     INTEGER NOT NULL
) STRICT;

-- They may be bought before the ERP is there, by a check of the configuration file, and must not be lost.
CREATE TABLE oauth_tokens (
    erp         TEXT PRIMARY KEY,
    sealed      BLOB,
    -- The gateway that is getting new ones, and until when nobody else tries.
    lease       TEXT,
    lease_until INTEGER
) STRICT;

-- Consents under way.
CREATE TABLE oauth_states (
    -- SHA-256 of the state parameter.
    id         TEXT PRIMARY KEY,
    erp        TEXT NOT NULL REFERENCES erps (id) ON DELETE CASCADE,
    -- The PKCE verifier.
    sealed     BLOB NOT NULL,
    subject    TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    -- A JSON list of texts.
    scopes       TEXT NOT NULL,
    -- A JSON list of ids; all ERPs if null.
    erps         TEXT,
    -- SHA-256 of the key.
    hash         BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at   INTEGER,
    revoked_at   INTEGER
) STRICT;

CREATE TABLE audit_log (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT,
    erp     TEXT,
    outcome TEXT NOT NULL,
    -- A JSON object.
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_erp ON audit_log (erp, number);

-- Whoever still seals with the master key from before a rotation is refused: its id stands in bytes 2 to 9.
CREATE TRIGGER gateway_keys_key_on_insert BEFORE INSERT ON gateway_keys
WHEN NEW.purpose <> 'check' AND substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER gateway_keys_key_on_update BEFORE UPDATE OF sealed ON gateway_keys
WHEN NEW.purpose <> 'check' AND substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER erps_key_on_insert BEFORE INSERT ON erps
WHEN substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER erps_key_on_update BEFORE UPDATE OF sealed ON erps
WHEN substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER oauth_tokens_key_on_insert BEFORE INSERT ON oauth_tokens
WHEN substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER oauth_tokens_key_on_update BEFORE UPDATE OF sealed ON oauth_tokens
WHEN substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER oauth_states_key_on_insert BEFORE INSERT ON oauth_states
WHEN substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
CREATE TRIGGER oauth_states_key_on_update BEFORE UPDATE OF sealed ON oauth_states
WHEN substr(NEW.sealed, 2, 8) <> (SELECT substr(sealed, 2, 8) FROM gateway_keys WHERE purpose = 'check')
BEGIN SELECT RAISE(ABORT, 'the master key was rotated'); END;
