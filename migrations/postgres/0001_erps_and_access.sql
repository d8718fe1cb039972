-- Times are milliseconds since 1970-01-01 UTC. Columns named `sealed` hold what the master key opens, bound to their row.

-- Keys of the gateway itself: `check` proves the master key, `cursor` seals cursors.
CREATE TABLE gateway_keys (
    purpose TEXT PRIMARY KEY,
    sealed  BYTEA NOT NULL
);

-- A disconnected ERP stays as a tombstone: its id is never used again.
CREATE TABLE erps (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    system          TEXT NOT NULL,
    -- Whether the configuration file defines it; its settings are then in the file alone.
    of_file         BOOLEAN NOT NULL DEFAULT FALSE,
    -- A JSON object of texts, without secrets.
    settings        TEXT NOT NULL,
    -- A sealed JSON object of texts.
    sealed          BYTEA,
    paused          BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    disconnected_at BIGINT,
    -- Grows with each change that other gateways have to take over.
    revision        BIGINT NOT NULL DEFAULT 1
);

-- What the last probe of an ERP found.
CREATE TABLE erp_health (
    erp            TEXT PRIMARY KEY REFERENCES erps (id) ON DELETE CASCADE,
    status         TEXT NOT NULL,
    -- A JSON object.
    found          TEXT NOT NULL,
    checked_at     BIGINT NOT NULL
);

-- They may be bought before the ERP is there, by a check of the configuration file, and must not be lost.
CREATE TABLE oauth_tokens (
    erp         TEXT PRIMARY KEY,
    sealed      BYTEA,
    -- The gateway that is getting new ones, and until when nobody else tries.
    lease       TEXT,
    lease_until BIGINT
);

-- Consents under way.
CREATE TABLE oauth_states (
    -- SHA-256 of the state parameter.
    id         TEXT PRIMARY KEY,
    erp        TEXT NOT NULL REFERENCES erps (id) ON DELETE CASCADE,
    -- The PKCE verifier.
    sealed     BYTEA NOT NULL,
    subject    TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    -- A JSON list of texts.
    scopes       TEXT NOT NULL,
    -- A JSON list of ids; all ERPs if null.
    erps         TEXT,
    -- SHA-256 of the key.
    hash         BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at   BIGINT,
    revoked_at   BIGINT
);

CREATE TABLE audit_log (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT,
    erp     TEXT,
    outcome TEXT NOT NULL,
    -- A JSON object.
    detail  TEXT NOT NULL
);
CREATE INDEX audit_log_erp ON audit_log (erp, number);

-- Whoever still seals with the master key from before a rotation is refused: its id stands in bytes 2 to 9. The lock makes
-- a rotation wait for what is being sealed, and what is to be sealed for a rotation.
CREATE FUNCTION sealed_with_current_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    current_sealed BYTEA;
BEGIN
    SELECT sealed INTO current_sealed FROM gateway_keys WHERE purpose = 'check' FOR SHARE;
    IF substring(NEW.sealed FROM 2 FOR 8) <> substring(current_sealed FROM 2 FOR 8) THEN
        RAISE EXCEPTION 'the master key was rotated';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER gateway_keys_key BEFORE INSERT OR UPDATE OF sealed ON gateway_keys
FOR EACH ROW WHEN (NEW.purpose <> 'check') EXECUTE FUNCTION sealed_with_current_key();
CREATE TRIGGER erps_key BEFORE INSERT OR UPDATE OF sealed ON erps
FOR EACH ROW WHEN (NEW.sealed IS NOT NULL) EXECUTE FUNCTION sealed_with_current_key();
CREATE TRIGGER oauth_tokens_key BEFORE INSERT OR UPDATE OF sealed ON oauth_tokens
FOR EACH ROW WHEN (NEW.sealed IS NOT NULL) EXECUTE FUNCTION sealed_with_current_key();
CREATE TRIGGER oauth_states_key BEFORE INSERT OR UPDATE OF sealed ON oauth_states
FOR EACH ROW WHEN (NEW.sealed IS NOT NULL) EXECUTE FUNCTION sealed_with_current_key();
