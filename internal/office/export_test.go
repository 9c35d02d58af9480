package office

// Spell writes a key, for tests that forge one.
var Spell = spell
