-- Version 1. Times are milliseconds since 1970. Described in
-- docs/spec/server-store.md; never change a published version, add the next.

CREATE TABLE accounts (
  id              INTEGER PRIMARY KEY,
  name            TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  identity_key    BLOB    NOT NULL UNIQUE CHECK (length(identity_key) = 33),
  registration_id INTEGER NOT NULL CHECK (registration_id BETWEEN 1 AND 16380),
  enrolled_at_ms  INTEGER NOT NULL,
  revoked         INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
  -- The highest id ever seen of each kind of prekey.
  highest_signed       INTEGER NOT NULL DEFAULT 0,
  highest_last_resort  INTEGER NOT NULL DEFAULT 0,
  highest_one_time     INTEGER NOT NULL DEFAULT 0,
  highest_one_time_kem INTEGER NOT NULL DEFAULT 0,
  -- Keys in stock.
  one_time_count       INTEGER NOT NULL DEFAULT 0 CHECK (one_time_count >= 0),
  one_time_kem_count   INTEGER NOT NULL DEFAULT 0 CHECK (one_time_kem_count >= 0),
  -- The mailbox: the last sequence number given, and what waits.
  last_sequence   INTEGER NOT NULL DEFAULT 0 CHECK (last_sequence >= 0),
  mail_count      INTEGER NOT NULL DEFAULT 0 CHECK (mail_count >= 0),
  mail_bytes      INTEGER NOT NULL DEFAULT 0 CHECK (mail_bytes >= 0),
  -- Rows of the account in `answers`.
  answer_count    INTEGER NOT NULL DEFAULT 0 CHECK (answer_count >= 0)
) STRICT;

-- Every identity key ever enrolled: none can come back under another name.
CREATE TABLE known_keys (
  identity_key BLOB    PRIMARY KEY CHECK (length(identity_key) = 33),
  account      INTEGER NOT NULL REFERENCES accounts (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
  id             BLOB    PRIMARY KEY CHECK (length(id) = 8),
  name           TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  secret         BLOB    NOT NULL CHECK (length(secret) = 16),
  expires_at_ms  INTEGER NOT NULL,
  used_at_ms     INTEGER,
  request_digest BLOB CHECK (length(request_digest) = 32),
  response       BLOB,
  CHECK ((used_at_ms IS NULL) = (request_digest IS NULL) AND
         (used_at_ms IS NULL) = (response IS NULL))
) STRICT;

-- Keys handed out again and again. kind 0: signed prekey, 1: last resort.
CREATE TABLE repeated_keys (
  account    INTEGER NOT NULL REFERENCES accounts (id),
  kind       INTEGER NOT NULL CHECK (kind IN (0, 1)),
  key_id     INTEGER NOT NULL CHECK (key_id BETWEEN 1 AND 2147483647),
  public_key BLOB    NOT NULL CHECK (length(public_key) = CASE kind WHEN 0 THEN 33 ELSE 1569 END),
  signature  BLOB    NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (account, kind)
) STRICT;

CREATE TABLE one_time_keys (
  account    INTEGER NOT NULL REFERENCES accounts (id),
  key_id     INTEGER NOT NULL CHECK (key_id BETWEEN 1 AND 2147483647),
  public_key BLOB    NOT NULL CHECK (length(public_key) = 33),
  PRIMARY KEY (account, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE one_time_kem_keys (
  account    INTEGER NOT NULL REFERENCES accounts (id),
  key_id     INTEGER NOT NULL CHECK (key_id BETWEEN 1 AND 2147483647),
  public_key BLOB    NOT NULL CHECK (length(public_key) = 1569),
  signature  BLOB    NOT NULL CHECK (length(signature) = 64),
  PRIMARY KEY (account, key_id)
) STRICT;

CREATE TABLE mails (
  recipient     INTEGER NOT NULL REFERENCES accounts (id),
  sequence      INTEGER NOT NULL CHECK (sequence > 0),
  sender        INTEGER NOT NULL REFERENCES accounts (id),
  mail_id       BLOB    NOT NULL CHECK (length(mail_id) = 16),
  type          INTEGER NOT NULL,
  ciphertext    BLOB    NOT NULL CHECK (length(ciphertext) BETWEEN 1 AND 65536),
  stored_at_ms  INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (recipient, sequence)
) STRICT;
CREATE INDEX mails_by_expiry ON mails (expires_at_ms);

-- What one sender has waiting in one mailbox.
CREATE TABLE mail_shares (
  recipient  INTEGER NOT NULL REFERENCES accounts (id),
  sender     INTEGER NOT NULL REFERENCES accounts (id),
  mail_count INTEGER NOT NULL CHECK (mail_count >= 0),
  mail_bytes INTEGER NOT NULL CHECK (mail_bytes >= 0),
  PRIMARY KEY (recipient, sender)
) STRICT, WITHOUT ROWID;

-- Mails that were accepted, so that a repeated one is not stored twice, not
-- even after it was delivered.
CREATE TABLE mail_ids (
  sender       INTEGER NOT NULL REFERENCES accounts (id),
  recipient    INTEGER NOT NULL REFERENCES accounts (id),
  mail_id      BLOB    NOT NULL CHECK (length(mail_id) = 16),
  stored_at_ms INTEGER NOT NULL,
  PRIMARY KEY (sender, recipient, mail_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_ids_by_time ON mail_ids (stored_at_ms);

-- The first answer to a request.
CREATE TABLE answers (
  account      INTEGER NOT NULL REFERENCES accounts (id),
  request_id   BLOB    NOT NULL CHECK (length(request_id) = 16),
  digest       BLOB    NOT NULL CHECK (length(digest) = 32),
  response     BLOB    NOT NULL,
  stored_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, request_id)
) STRICT;
CREATE INDEX answers_by_time ON answers (stored_at_ms);
