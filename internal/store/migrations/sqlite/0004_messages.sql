-- +goose Up

-- What a widget says on the telephone at one moment of a call, instead of the default.
CREATE TABLE prompts (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT  NOT NULL,
	widget_id  BIGINT  NOT NULL,
	name       TEXT    NOT NULL,
	enabled    BOOLEAN NOT NULL,
	file       TEXT    NOT NULL, -- empty: a built-in one
	built_in   TEXT    NOT NULL, -- locale and name of it; empty: the widget's locale
	updated_at BIGINT  NOT NULL,
	UNIQUE (widget_id, name),
	FOREIGN KEY (account_id, widget_id) REFERENCES widgets (account_id, id)
);

-- What a widget writes in a text message at one moment of a call, instead of the default.
CREATE TABLE templates (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id BIGINT  NOT NULL,
	widget_id  BIGINT  NOT NULL,
	name       TEXT    NOT NULL,
	enabled    BOOLEAN NOT NULL,
	text       TEXT    NOT NULL,
	updated_at BIGINT  NOT NULL,
	UNIQUE (widget_id, name),
	FOREIGN KEY (account_id, widget_id) REFERENCES widgets (account_id, id)
);
