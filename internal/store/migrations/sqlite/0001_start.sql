-- +goose Up

-- Times are unix milliseconds, NULL where there is none. References that may be missing are NULL.

CREATE TABLE accounts (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	company    TEXT    NOT NULL,
	country    TEXT    NOT NULL,
	zone       TEXT    NOT NULL,
	limits_off BOOLEAN NOT NULL,
	created_at BIGINT  NOT NULL
);

CREATE TABLE users (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id    BIGINT  NOT NULL REFERENCES accounts (id),
	parent_id     BIGINT,
	name          TEXT    NOT NULL,
	email         TEXT    NOT NULL,
	email_key     TEXT, -- the address in lower case
	tel           TEXT    NOT NULL,
	tel_extension TEXT    NOT NULL,
	role          TEXT    NOT NULL,
	created_at    BIGINT  NOT NULL,
	updated_at    BIGINT  NOT NULL,
	deleted_at    BIGINT,
	UNIQUE (account_id, id),
	FOREIGN KEY (account_id, parent_id) REFERENCES users (account_id, id)
);
CREATE UNIQUE INDEX users_email ON users (email_key) WHERE deleted_at IS NULL;

CREATE TABLE keys (
	id           TEXT   PRIMARY KEY,
	account_id   BIGINT NOT NULL,
	user_id      BIGINT NOT NULL,
	name         TEXT   NOT NULL,
	hash         BLOB   NOT NULL,
	scopes       TEXT   NOT NULL,
	created_at   BIGINT NOT NULL,
	last_used_at BIGINT,
	revoked_at   BIGINT,
	FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
);

CREATE TABLE widgets (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id   BIGINT  NOT NULL REFERENCES accounts (id),
	public_id    TEXT    NOT NULL UNIQUE,
	url          TEXT    NOT NULL,
	site         TEXT    NOT NULL, -- host and path of the url, without www
	description  TEXT    NOT NULL,
	locale       TEXT    NOT NULL,
	enabled      BOOLEAN NOT NULL,
	sms_name     TEXT    NOT NULL,
	settings     TEXT    NOT NULL,
	staff        BIGINT  NOT NULL DEFAULT 0, -- rises whenever its managers change
	installed_at BIGINT,
	created_at   BIGINT  NOT NULL,
	updated_at   BIGINT  NOT NULL,
	UNIQUE (account_id, id)
);

CREATE TABLE managers (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT  NOT NULL,
	widget_id  BIGINT  NOT NULL,
	user_id    BIGINT  NOT NULL,
	enabled    BOOLEAN NOT NULL,
	hours      TEXT    NOT NULL,
	UNIQUE (widget_id, user_id),
	UNIQUE (account_id, id),
	FOREIGN KEY (account_id, widget_id) REFERENCES widgets (account_id, id),
	FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
);

CREATE TABLE departments (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT  NOT NULL REFERENCES accounts (id),
	name       TEXT    NOT NULL,
	UNIQUE (account_id, id)
);

CREATE TABLE manager_departments (
	account_id    BIGINT NOT NULL,
	manager_id    BIGINT NOT NULL,
	department_id BIGINT NOT NULL,
	PRIMARY KEY (manager_id, department_id),
	FOREIGN KEY (account_id, manager_id) REFERENCES managers (account_id, id),
	FOREIGN KEY (account_id, department_id) REFERENCES departments (account_id, id)
);

CREATE TABLE calls (
	id                   INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id           BIGINT  NOT NULL,
	widget_id            BIGINT  NOT NULL,
	number               TEXT    NOT NULL,
	wanted_department_id BIGINT,
	wanted_manager_id    BIGINT,
	status               TEXT    NOT NULL,
	outcome              TEXT    NOT NULL,
	type                 INTEGER NOT NULL,
	ref                  TEXT    NOT NULL,
	visit                TEXT    NOT NULL,
	hidden               BOOLEAN NOT NULL DEFAULT FALSE,
	attempts             INTEGER NOT NULL,
	epoch                BIGINT  NOT NULL,
	node                 TEXT    NOT NULL DEFAULT '', -- the process that leads it; empty: it waits, or it is over
	seq                  INTEGER NOT NULL DEFAULT 0,  -- of its last event
	due_at               BIGINT  NOT NULL,
	scheduled_at         BIGINT,
	created_at           BIGINT  NOT NULL,
	ended_at             BIGINT,
	FOREIGN KEY (account_id, widget_id) REFERENCES widgets (account_id, id)
);
CREATE INDEX calls_history ON calls (account_id, created_at, id);
CREATE INDEX calls_number ON calls (account_id, number, created_at, id);
CREATE INDEX calls_claimed ON calls (account_id, node) WHERE node <> '';
CREATE INDEX calls_waiting ON calls (account_id, widget_id, due_at, id)
	WHERE node = '' AND status IN ('new', 'scheduled', 'ringing');
CREATE INDEX calls_due ON calls (due_at)
	WHERE node = '' AND status IN ('new', 'scheduled', 'ringing');

CREATE TABLE recordings (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id  BIGINT  NOT NULL,
	call_id     BIGINT  NOT NULL REFERENCES calls (id),
	name        TEXT    NOT NULL,
	duration_ms BIGINT  NOT NULL,
	created_at  BIGINT  NOT NULL
);
CREATE INDEX recordings_call ON recordings (call_id);

CREATE TABLE attempts (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id    BIGINT  NOT NULL,
	call_id       BIGINT  NOT NULL REFERENCES calls (id),
	number        INTEGER NOT NULL,
	visitor_first BOOLEAN NOT NULL,
	manager_id    BIGINT,
	outcome       TEXT    NOT NULL,
	queued_at     BIGINT,
	talking_at    BIGINT,
	ended_at      BIGINT,
	recording_id  BIGINT REFERENCES recordings (id),
	UNIQUE (call_id, number)
);
CREATE INDEX attempts_open ON attempts (id) WHERE ended_at IS NULL;

CREATE TABLE legs (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id  BIGINT NOT NULL,
	call_id     BIGINT NOT NULL,
	attempt_id  BIGINT NOT NULL REFERENCES attempts (id),
	party       TEXT   NOT NULL,
	manager_id  BIGINT,
	number      TEXT   NOT NULL,
	token       TEXT   NOT NULL,
	dialog      BLOB,
	outcome     TEXT   NOT NULL,
	dialed_at   BIGINT,
	answered_at BIGINT,
	ended_at    BIGINT,
	UNIQUE (attempt_id, party, number)
);
CREATE INDEX legs_visitor ON legs (account_id, number, dialed_at) WHERE party = 'visitor';

-- Which telephones are busy with a call of ours.
CREATE TABLE engaged (
	account_id BIGINT NOT NULL,
	number     TEXT   NOT NULL,
	call_id    BIGINT NOT NULL REFERENCES calls (id),
	PRIMARY KEY (account_id, number)
);
CREATE INDEX engaged_call ON engaged (call_id);

CREATE TABLE webhooks (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT  NOT NULL REFERENCES accounts (id),
	widget_id  BIGINT,
	url        TEXT    NOT NULL,
	events     TEXT    NOT NULL,
	secret     TEXT    NOT NULL,
	disabled   BOOLEAN NOT NULL,
	created_at BIGINT  NOT NULL,
	FOREIGN KEY (account_id, widget_id) REFERENCES widgets (account_id, id)
);
CREATE INDEX webhooks_account ON webhooks (account_id, id);

CREATE TABLE events (
	id         TEXT    PRIMARY KEY,
	account_id BIGINT  NOT NULL,
	call_id    BIGINT  NOT NULL REFERENCES calls (id),
	kind       TEXT    NOT NULL,
	seq        INTEGER NOT NULL,
	body       BLOB    NOT NULL,
	created_at BIGINT  NOT NULL,
	UNIQUE (call_id, seq)
);

CREATE TABLE deliveries (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id  BIGINT  NOT NULL,
	webhook_id  BIGINT  NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
	call_id     BIGINT  NOT NULL,
	event_id    TEXT    NOT NULL REFERENCES events (id),
	seq         INTEGER NOT NULL,
	state       TEXT    NOT NULL,
	blocked     BOOLEAN NOT NULL, -- an earlier event of the call must reach the webhook first
	overtaken   BOOLEAN NOT NULL DEFAULT FALSE, -- later events of the call no longer wait for this one
	tries       INTEGER NOT NULL,
	due_at      BIGINT  NOT NULL,
	created_at  BIGINT  NOT NULL,
	last_status INTEGER NOT NULL,
	last_error  TEXT    NOT NULL
);
CREATE INDEX deliveries_log ON deliveries (webhook_id, id);
CREATE UNIQUE INDEX deliveries_order ON deliveries (webhook_id, call_id, seq);
CREATE INDEX deliveries_event ON deliveries (event_id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, due_at, id) WHERE state = 'pending' AND NOT blocked;
CREATE INDEX deliveries_next ON deliveries (due_at) WHERE state = 'pending' AND NOT blocked;

-- What was answered to requests that carried an Idempotency-Key.
CREATE TABLE answers (
	account_id  BIGINT  NOT NULL,
	route       TEXT    NOT NULL,
	key         TEXT    NOT NULL,
	body_hash   BLOB    NOT NULL,
	status      INTEGER NOT NULL,
	body        BLOB    NOT NULL,
	answered_at BIGINT  NOT NULL,
	PRIMARY KEY (account_id, route, key)
);
CREATE INDEX answers_age ON answers (answered_at);

CREATE TABLE secrets (
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
);

-- One row that is written to see whether it can be.
CREATE TABLE probes (
	id        INTEGER PRIMARY KEY,
	probed_at BIGINT NOT NULL
);
