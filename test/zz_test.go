package test
import ("testing";"time")
func TestZZHold(t *testing.T) {
	manager, caller := newBaresip(t, anna, 440), newBaresip(t, visitor, 660)
	x := newExchange(t)
	x.connect(manager.port, anna)
	x.connect(caller.port, visitor)
	o := newOffice(t, "--trunk", x.uri(""))
	call := o.call(o.widget(anna), visitor)
	o.talking(call)
	for i := range 30 {
		if i==10 { caller.press("hold") }
		if i==20 { caller.press("resume") }
		time.Sleep(200*time.Millisecond)
		t.Log(i, manager.samples(), caller.samples())
	}
	caller.press("hangup")
	r := o.ended(call, 10*time.Second)
	t.Log(r.Status)
	t.Fail()
}
