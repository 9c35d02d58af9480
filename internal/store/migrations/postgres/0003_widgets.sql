-- +goose Up

ALTER TABLE widgets ADD COLUMN deleted_at BIGINT;

-- What a key is limited to; empty lists: nothing.
ALTER TABLE keys ADD COLUMN widgets JSONB NOT NULL DEFAULT '[]';
ALTER TABLE keys ADD COLUMN origins JSONB NOT NULL DEFAULT '[]';
ALTER TABLE keys ADD COLUMN publishable BOOLEAN NOT NULL DEFAULT FALSE;

-- The site of a page that used the key although it is not publishable; empty: none.
ALTER TABLE keys ADD COLUMN exposed_at TEXT NOT NULL DEFAULT '';

-- Whether the visitor is to get a text with the time that was booked.
ALTER TABLE calls ADD COLUMN text_booking BOOLEAN NOT NULL DEFAULT FALSE;
