package udp

import (
	"testing"
	"time"
)

func TestAPortRestsASecondAtLeast(t *testing.T) {
	t.Parallel()
	r := NewPorts(20001, 20004) // one pair: 20002 and 20003
	now := time.Now()
	port, ok := r.Take(now)
	if port != 20002 || !ok {
		t.Fatalf("took %d, %v; want 20002", port, ok)
	}
	r.Release(port, now)
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {999 * time.Millisecond, false}, {1001 * time.Millisecond, true}} {
		if _, ok := r.Take(now.Add(tt.after)); ok != tt.want {
			t.Errorf("after %v: %v, want %v", tt.after, ok, tt.want)
		}
	}
}

func TestATiredPortIsTakenOnlyWhereThereIsNoOther(t *testing.T) {
	t.Parallel()
	r := NewPorts(20000, 20005)
	now := time.Now()
	for i := range 3 {
		if _, ok := r.Take(now); !ok {
			t.Fatalf("port %d", i)
		}
	}
	r.Release(20002, now)
	r.Release(20004, now.Add(time.Second))
	if _, ok := r.Take(now.Add(500 * time.Millisecond)); ok {
		t.Error("a port was taken after half a second")
	}
	if port, ok := r.Take(now.Add(5 * time.Second)); port != 20002 || !ok {
		t.Errorf("took %d, %v; want 20002, which rests longer", port, ok)
	}
	if port, ok := r.Take(now.Add(10500 * time.Millisecond)); port != 20004 || !ok {
		t.Errorf("took %d, %v; want 20004", port, ok)
	}
}

func TestPortsAreTakenInOrder(t *testing.T) {
	t.Parallel()
	r := NewPorts(20000, 20199)
	first, _ := r.Take(time.Now())
	for i := range 99 {
		want := 20000 + (first-20000+2*(i+1))%200
		if port, ok := r.Take(time.Now()); port != want || !ok {
			t.Fatalf("port %d after %d: %d, want %d", i+1, first, port, want)
		}
	}
}

func TestAPortThatSomebodyElseHasIsNotTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	r := NewPorts(20000, 20005)
	now := time.Now()
	for range 3 {
		port, _ := r.Take(now)
		r.Release(port, now)
	}
	now = now.Add(2 * time.Second) // all are tired
	seen := map[int]bool{}
	for range 3 {
		port, ok := r.Take(now)
		if !ok || seen[port] {
			t.Fatalf("port %d, %v after %v", port, ok, seen)
		}
		seen[port] = true
		r.Release(port, now)
	}
}
