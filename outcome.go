package ringback

// An Outcome is why a leg or an attempt ended: each way it can end is a value.
type Outcome string

// The ways a leg can end. Those of a manager's leg are also those of an attempt in which no manager was reached.
const (
	OutcomeNoAnswer    Outcome = "no-answer"
	OutcomeBusy        Outcome = "busy"
	OutcomeDeclined    Outcome = "declined"
	OutcomeUnreachable Outcome = "unreachable"     // the network knows no such number
	OutcomeForbidden   Outcome = "forbidden"       // the network refuses us
	OutcomeTrunkDown   Outcome = "trunk-down"      // no trunk took the call
	OutcomeHungUp      Outcome = "hung-up"         // the person hung up
	OutcomeElsewhere   Outcome = "elsewhere"       // somebody else was quicker
	OutcomeReleased    Outcome = "released"        // we hung up
	OutcomeNodeLost    Outcome = "node-lost"       // our process died
	OutcomeStale       Outcome = "stale"           // too long between the intent and the dialling: never rang
	OutcomeShutdown    Outcome = "shutdown"        // our process had to stop
	OutcomeMute        Outcome = "no-audio"        // no sound came, from either side
	OutcomeMaxTalk     Outcome = "longest-talk"    // the limit of a talk was reached
	OutcomeNobodyFree  Outcome = "no-manager-free" // of a call: nobody became free in time
	OutcomeCompleted   Outcome = "completed"       // of an attempt: the two talked
	OutcomeInterrupted Outcome = "interrupted"     // of an attempt: our process died in the first words
)

// The ways an attempt can end when the visitor was not reached.
const (
	OutcomeVisitorNoAnswer    Outcome = "visitor-no-answer"
	OutcomeVisitorBusy        Outcome = "visitor-busy"
	OutcomeVisitorDeclined    Outcome = "visitor-declined"
	OutcomeVisitorUnreachable Outcome = "visitor-unreachable"
	OutcomeVisitorForbidden   Outcome = "visitor-forbidden"
	OutcomeVisitorTrunkDown   Outcome = "visitor-trunk-down"
	OutcomeVisitorHungUp      Outcome = "visitor-hung-up" // before a manager answered
	OutcomeVisitorLost        Outcome = "visitor-lost"    // our process died while the visitor's telephone rang
)

// OfVisitor returns what the outcome of a visitor's leg means for the whole attempt.
func (o Outcome) OfVisitor() Outcome {
	switch o {
	case OutcomeBusy:
		return OutcomeVisitorBusy
	case OutcomeDeclined:
		return OutcomeVisitorDeclined
	case OutcomeUnreachable:
		return OutcomeVisitorUnreachable
	case OutcomeForbidden:
		return OutcomeVisitorForbidden
	case OutcomeTrunkDown:
		return OutcomeVisitorTrunkDown
	case OutcomeHungUp:
		return OutcomeVisitorHungUp
	case OutcomeNoAnswer:
		return OutcomeVisitorNoAnswer
	default:
		return o
	}
}

// Status returns the final status of a call whose last attempt ended so.
func (o Outcome) Status() Status {
	switch o {
	case OutcomeCompleted, OutcomeMute, OutcomeMaxTalk:
		return StatusCompleted
	case OutcomeVisitorNoAnswer, OutcomeVisitorBusy, OutcomeVisitorDeclined, OutcomeVisitorHungUp:
		return StatusVisitorFailed
	case OutcomeUnreachable, OutcomeForbidden, OutcomeTrunkDown, OutcomeVisitorUnreachable, OutcomeVisitorForbidden,
		OutcomeVisitorTrunkDown, OutcomeInterrupted:
		return StatusFailed
	default:
		return StatusManagerFailed
	}
}

// Retry reports whether another attempt may mend it. A visitor whose telephone rang is never rung again unasked,
// and a network that knows no such number will not know it in ten seconds.
func (o Outcome) Retry() bool {
	switch o {
	case OutcomeNoAnswer, OutcomeBusy, OutcomeDeclined, OutcomeTrunkDown, OutcomeHungUp, OutcomeStale, OutcomeShutdown:
		return true
	default:
		return false
	}
}
