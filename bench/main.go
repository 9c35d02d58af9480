// Command bench measures the main job: callbacks placed by the API, rung over SIP, joined over RTP, recorded and told to
// a webhook, against the sandbox carrier in a process of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"
)

func main() {
	var p plan
	flag.IntVar(&p.calls, "calls", 10_000, "callbacks to make")
	flag.IntVar(&p.managers, "managers", 500, "managers who answer")
	flag.IntVar(&p.clients, "clients", 32, "clients that order calls at a time")
	flag.DurationVar(&p.talk, "talk", time.Second, "how long visitors talk")
	flag.DurationVar(&p.rings, "rings", 200*time.Millisecond, "how long telephones ring")
	flag.StringVar(&p.binary, "binary", "bin/ringback", "the program")
	flag.StringVar(&p.database, "database", "", "PostgreSQL instead of SQLite")
	flag.DurationVar(&p.limit, "limit", 20*time.Minute, "give up after")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	report, err := p.run(ctx)
	if err != nil {
		stop()
		log.Fatal(err)
	}
	fmt.Println(report)
}
