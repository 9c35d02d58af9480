// Package ringback holds the words of a callback platform and the rules that need nothing but those words.
//
// A visitor leaves a [Number] at a [Widget], a button on a website. That makes a [Call]. The switchboard
// tries to connect it; every try is an [Attempt], made of a [Leg] to each telephone that it rings: those of
// the widget's managers and that of the visitor. A [Manager] is a [User] at a [Widget], with [Hours]. What
// happens to a call is an [Event]; every [Webhook] that wants the event gets a [Delivery]. A [Trunk] is a way
// to the telephone network. Everything belongs to an [Account], one customer of this installation; whoever
// asks for something is an [Actor], a user or a program with a [Key].
//
// One word means one thing, in Go, in SQL, on screens and in logs; the words of the CallPage API, which
// sometimes differ, appear only in package wire.
//
// This package imports only the standard library and does no input or output.
package ringback
