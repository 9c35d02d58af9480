-- +goose Up

-- 0: as many users with an e-mail address as there may be.
ALTER TABLE accounts ADD COLUMN seats INTEGER NOT NULL DEFAULT 0;

-- A manager who was removed stays, because the history tells who answered.
ALTER TABLE managers ADD COLUMN deleted_at BIGINT;
