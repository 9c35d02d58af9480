package sandbox

import (
	"net"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/ringback-hq/ringback/internal/phone/gate"
)

// layers sets sipgo up.
func (c *Carrier) layers() {
	c.tpl = gosip.NewTransportLayer(net.DefaultResolver, gate.Parser(), nil)
	c.tpl.OnMessage(prepare) // before the transaction layer sees it
	c.txl = gosip.NewTransactionLayer(c.tpl, gosip.WithTransactionLayerUnhandledResponseHandler(func(*gosip.Response) {}))
	c.txl.OnRequest(c.serve)
}

func (c *Carrier) serveSockets() {
	c.spawn(func() { _ = c.tpl.ServeUDP(c.gate.UDP) })
	c.spawn(func() { _ = c.tpl.ServeTCP(c.gate.TCP) })
	<-c.gate.UDP.Ready()
}

func (c *Carrier) closeSockets() {
	c.gate.Shut()
	_ = c.gate.UDP.Close()
	c.txl.Close()
	_ = c.tpl.Close()
}
