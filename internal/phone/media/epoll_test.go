//go:build linux && (amd64 || arm64) && !portable

package media

import "testing"

// A socket's number goes to the next one that is opened: a worker must not look for the old port behind it.
func TestAClosedPortIsForgottenByItsWorker(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	for range 10 {
		open(t, e).Close()
	}
	left := open(t, e)
	for i, w := range e.receivers.workers {
		w.mu.Lock()
		for _, p := range w.ports {
			if p != left {
				t.Errorf("worker %d still reads port %d", i, p.Addr().Port())
			}
		}
		w.mu.Unlock()
	}
	anna := newPhone(t, ALaw)
	anna.answers(left)
	anna.talk(left, sine(ALaw, 400, 1)[0])
	eventually(t, "the port that is left receives", func() bool { return left.Stats().Received == 1 })
}
