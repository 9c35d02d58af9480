//go:build linux && (amd64 || arm64) && !portable

package media

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// receivers read the RTP of all ports: one goroutine per processor, each with the sockets of its ports in one epoll set.
// A goroutine per socket takes half as much processor time again, because it is parked and woken for every packet.
type receivers struct {
	workers []*worker
	next    atomic.Uint32
}

func newReceivers(e *Engine) (*receivers, error) {
	r := &receivers{}
	for range runtime.GOMAXPROCS(0) {
		w, err := newWorker()
		if err != nil {
			r.close()
			return nil, err
		}
		r.workers = append(r.workers, w)
	}
	for _, w := range r.workers {
		e.tasks.Go(w.run)
	}
	return r, nil
}

// add begins to read a port.
func (r *receivers) add(p *Port) error {
	p.worker = r.workers[int(r.next.Add(1))%len(r.workers)]
	return p.worker.add(p)
}

// remove ends that: when it returns the socket is not being read any more.
func (r *receivers) remove(p *Port) { p.worker.remove(p) }

func (r *receivers) close() {
	for _, w := range r.workers {
		_ = w.set.Close() // nothing was written into it
	}
}

// batch is how many sockets a worker takes from its set at a time.
const batch = 64

// worker waits for its epoll set in Go's own poller and then works through it without leaving its thread.
type worker struct {
	set  *os.File
	conn syscall.RawConn

	mu    sync.Mutex // held while a socket is read, so that nobody closes it meanwhile
	ports map[int32]*Port
	next  int32
}

func newWorker() (*worker, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil { // what makes os.NewFile hand it to the poller
		_ = syscall.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	w := &worker{set: os.NewFile(uintptr(fd), "epoll"), ports: map[int32]*Port{}}
	if w.conn, err = w.set.SyscallConn(); err != nil {
		_ = w.set.Close()
		return nil, err
	}
	return w, nil
}

// run serves the ports until the set is closed.
func (w *worker) run() {
	events, buf := make([]syscall.EpollEvent, batch), make([]byte, datagram)
	// The error is that of a closed set.
	_ = w.conn.Read(func(fd uintptr) bool {
		for {
			n, err := syscall.EpollWait(int(fd), events, 0)
			if n <= 0 && !errors.Is(err, syscall.EINTR) {
				return false // wait for more
			}
			now := time.Now()
			for _, e := range events[:max(n, 0)] {
				w.serve(e.Fd, buf, now)
			}
		}
	})
}

// serve reads one packet; a socket that holds more comes up again.
func (w *worker) serve(key int32, buf []byte, now time.Time) {
	w.mu.Lock()
	p, n, from, ok := w.ports[key], 0, netip.AddrPort{}, false
	if p != nil {
		n, from, ok = p.sock.rtp.Receive(buf)
	}
	w.mu.Unlock()
	if ok {
		p.receive(buf[:n], unmap(from), now)
	}
}

// add puts a port under a key of its own: the number of its socket may be another's by the time an event is looked at.
func (w *worker) add(p *Port) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.ports[w.next] != nil {
		w.next++
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: w.next}
	if err := w.control(syscall.EPOLL_CTL_ADD, p, &event); err != nil {
		return err
	}
	w.ports[w.next], p.key = p, w.next
	w.next++
	return nil
}

func (w *worker) remove(p *Port) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ports, p.key)
	_ = w.control(syscall.EPOLL_CTL_DEL, p, &syscall.EpollEvent{}) // a closed set has forgotten it already
}

func (w *worker) control(op int, p *Port, event *syscall.EpollEvent) (err error) {
	if closed := w.conn.Control(func(fd uintptr) {
		err = os.NewSyscallError("epoll_ctl", syscall.EpollCtl(int(fd), op, p.sock.rtp.FD, event))
	}); closed != nil {
		return closed
	}
	return err
}

// place is where the receivers find a port.
type place struct {
	worker *worker
	key    int32
}
