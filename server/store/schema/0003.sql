-- Version 3: the devices' ends of the site's tunnel (docs/spec/enrolment.md).

CREATE TABLE tunnel_peers (
  -- The lower half of the address inside: the first 8 bytes of SHA-256(public_key).
  host          BLOB    PRIMARY KEY CHECK (length(host) = 8),
  account       INTEGER NOT NULL UNIQUE REFERENCES accounts (id),
  public_key    BLOB    NOT NULL CHECK (length(public_key) = 32),
  preshared_key BLOB    NOT NULL CHECK (length(preshared_key) = 32)
) STRICT, WITHOUT ROWID;
