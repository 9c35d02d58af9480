// Package sip provides telephone legs over SIP: a user agent, the trunks that it calls through, and dialogs that end properly in every state.
package sip
