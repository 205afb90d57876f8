-- Version 2: how far each device's store has come, in its own words
-- (docs/spec/healing.md). generation 0: the device has not said yet.

ALTER TABLE accounts ADD COLUMN generation INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0);
ALTER TABLE accounts ADD COLUMN generation_seal BLOB CHECK (length(generation_seal) = 48);
