-- +goose Up

-- The questions at a widget, and what visitors answered: texts, whatever was sent.
CREATE TABLE fields (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id  BIGINT NOT NULL,
	widget_id   BIGINT NOT NULL,
	slug        TEXT   NOT NULL,
	label       TEXT   NOT NULL,
	hint        TEXT   NOT NULL,
	placeholder TEXT   NOT NULL,
	UNIQUE (widget_id, slug),
	UNIQUE (account_id, id),
	FOREIGN KEY (account_id, widget_id) REFERENCES widgets (account_id, id)
);

CREATE TABLE field_answers (
	account_id BIGINT NOT NULL,
	call_id    BIGINT NOT NULL REFERENCES calls (id),
	field_id   BIGINT NOT NULL,
	value      TEXT   NOT NULL,
	PRIMARY KEY (call_id, field_id),
	FOREIGN KEY (account_id, field_id) REFERENCES fields (account_id, id)
);

CREATE TABLE tags (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT NOT NULL REFERENCES accounts (id),
	name       TEXT   NOT NULL,
	UNIQUE (account_id, name),
	UNIQUE (account_id, id)
);

-- created_at is that of the call, so that the history of a tag is one index.
CREATE TABLE call_tags (
	account_id BIGINT NOT NULL,
	tag_id     BIGINT NOT NULL,
	call_id    BIGINT NOT NULL REFERENCES calls (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (call_id, tag_id),
	FOREIGN KEY (account_id, tag_id) REFERENCES tags (account_id, id) ON DELETE CASCADE
);
CREATE INDEX call_tags_history ON call_tags (account_id, tag_id, created_at, call_id);

CREATE TABLE notes (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT NOT NULL,
	call_id    BIGINT NOT NULL REFERENCES calls (id),
	user_id    BIGINT NOT NULL,
	text       TEXT   NOT NULL,
	created_at BIGINT NOT NULL,
	FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
);
CREATE INDEX notes_call ON notes (call_id);

-- What visitors wrote instead of calling. Their calls have ended when they begin: no telephone is rung.
CREATE TABLE messages (
	call_id    BIGINT PRIMARY KEY REFERENCES calls (id),
	account_id BIGINT NOT NULL,
	email      TEXT   NOT NULL,
	text       TEXT   NOT NULL
);

-- What visitors left after a call.
CREATE TABLE feedback (
	call_id    BIGINT PRIMARY KEY REFERENCES calls (id),
	account_id BIGINT  NOT NULL,
	email      TEXT    NOT NULL,
	text       TEXT    NOT NULL,
	rate       INTEGER NOT NULL, -- 0: none
	issues     TEXT    NOT NULL
);

ALTER TABLE accounts ADD COLUMN newest_first BOOLEAN NOT NULL DEFAULT FALSE; -- of the history, where nothing is asked
ALTER TABLE calls ADD COLUMN incoming_id BIGINT; -- the number of ours that was called
ALTER TABLE calls ADD COLUMN answered_by BIGINT; -- the user who answered in the last attempt; triggers keep it

-- Each filter of the history has an index in the order of its pages.
DROP INDEX calls_history;
CREATE INDEX calls_history ON calls (account_id, created_at, id, hidden, widget_id);
CREATE INDEX calls_widget ON calls (account_id, widget_id, created_at, id, status, hidden);
CREATE INDEX calls_status ON calls (account_id, status, created_at, id);
CREATE INDEX calls_answered ON calls (account_id, answered_by, created_at, id, widget_id, status, hidden) WHERE answered_by IS NOT NULL;
CREATE INDEX calls_incoming ON calls (account_id, incoming_id, created_at, id) WHERE incoming_id IS NOT NULL;
CREATE INDEX calls_live ON calls (account_id) WHERE ended_at IS NULL;

-- How many calls have ended, by the day (of UTC, since 1970) on which they were made. Calls that have not ended are few,
-- and counted; so a call is added up once and not at each step. Triggers keep it.
CREATE TABLE call_tallies (
	account_id BIGINT  NOT NULL,
	day        INTEGER NOT NULL,
	widget_id  BIGINT  NOT NULL,
	status     TEXT    NOT NULL,
	hidden     BOOLEAN NOT NULL,
	calls      INTEGER NOT NULL,
	PRIMARY KEY (account_id, day, widget_id, status, hidden)
);
INSERT INTO call_tallies (account_id, day, widget_id, status, hidden, calls)
	SELECT account_id, created_at / 86400000, widget_id, status, hidden, count(*) FROM calls WHERE ended_at IS NOT NULL
	GROUP BY account_id, created_at / 86400000, widget_id, status, hidden;
UPDATE calls SET answered_by = (SELECT m.user_id FROM attempts a JOIN managers m ON m.id = a.manager_id
	WHERE a.call_id = calls.id AND a.number = (SELECT max(number) FROM attempts WHERE call_id = calls.id));

-- +goose StatementBegin
CREATE TRIGGER calls_ended_at_once AFTER INSERT ON calls WHEN NEW.ended_at IS NOT NULL BEGIN
	INSERT INTO call_tallies (account_id, day, widget_id, status, hidden, calls)
		VALUES (NEW.account_id, NEW.created_at / 86400000, NEW.widget_id, NEW.status, NEW.hidden, 1)
		ON CONFLICT (account_id, day, widget_id, status, hidden) DO UPDATE SET calls = calls + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER calls_ended AFTER UPDATE OF ended_at, status, hidden ON calls
WHEN (OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL)
	AND ((OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL) OR OLD.status <> NEW.status OR OLD.hidden <> NEW.hidden) BEGIN
	UPDATE call_tallies SET calls = calls - 1
		WHERE account_id = OLD.account_id AND day = OLD.created_at / 86400000 AND widget_id = OLD.widget_id
		AND status = OLD.status AND hidden = OLD.hidden AND OLD.ended_at IS NOT NULL;
	INSERT INTO call_tallies (account_id, day, widget_id, status, hidden, calls)
		SELECT NEW.account_id, NEW.created_at / 86400000, NEW.widget_id, NEW.status, NEW.hidden, 1 WHERE NEW.ended_at IS NOT NULL
		ON CONFLICT (account_id, day, widget_id, status, hidden) DO UPDATE SET calls = calls + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER calls_gone AFTER DELETE ON calls WHEN OLD.ended_at IS NOT NULL BEGIN
	UPDATE call_tallies SET calls = calls - 1
		WHERE account_id = OLD.account_id AND day = OLD.created_at / 86400000 AND widget_id = OLD.widget_id
		AND status = OLD.status AND hidden = OLD.hidden;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER attempts_begun AFTER INSERT ON attempts BEGIN
	UPDATE calls SET answered_by = (SELECT m.user_id FROM managers m WHERE m.id = NEW.manager_id)
		WHERE id = NEW.call_id AND (answered_by IS NOT NULL OR NEW.manager_id IS NOT NULL);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER attempts_answered AFTER UPDATE OF manager_id ON attempts WHEN OLD.manager_id IS NOT NEW.manager_id BEGIN
	UPDATE calls SET answered_by = (SELECT m.user_id FROM managers m WHERE m.id = NEW.manager_id)
		WHERE id = NEW.call_id AND NEW.number = (SELECT max(number) FROM attempts WHERE call_id = NEW.call_id);
END;
-- +goose StatementEnd
