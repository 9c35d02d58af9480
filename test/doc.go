// Package test runs the real program with real telephones, a real carrier and real webhooks.
package test
