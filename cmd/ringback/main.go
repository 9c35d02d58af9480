// Command ringback is the whole platform in one program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a container may have none, and hours need it

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "ringback:", err)
		os.Exit(1)
	}
}

// errHelp ends the program after it has printed its help.
var errHelp = errors.New("help was printed")

// run is main without the process: tests call it with arguments and outputs of their own.
func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	defer func() { // kong leaves by a call of its exit function
		if r := recover(); r != nil && r != any(errHelp) {
			panic(r)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("ringback"), kong.Description("A callback platform with its own telephone engine."),
		kong.DefaultEnvars("RINGBACK"), kong.Writers(out, log), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(int) { panic(errHelp) }), kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w (ringback --help lists what there is)", err)
	}
	return k.Run(&outputs{out: out, log: log})
}

// outputs are where a command writes: its result to out, its log to log.
type outputs struct{ out, log io.Writer }
