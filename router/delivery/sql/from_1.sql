-- From version 1 to 2: batches that ended in a crash are counted, jumps of the clock are remembered.
ALTER TABLE delivery ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE drift (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lag REAL NOT NULL,
    remaining REAL NOT NULL
) STRICT;
