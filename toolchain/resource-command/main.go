// Command pulumi-resource-command serves command:local:Command and
// command:local:run to the Pulumi engine with the inputs, outputs, diffs and
// state of the published plugin, whose Go module cannot be fetched.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"nestfleet/toolchain/resource-command/local"
)

const packageName = "command"

// version is stamped by the build from versions.env.
var version = "0.0.0"

func main() {
	// The engine asks a plugin to go by SIGINT and kills the plugin's process
	// group soon after. A command runs in a group of its own, so the plugin has
	// to take its commands with it.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(shutdown context.Context) error {
	command, err := newProvider(shutdown)
	if err != nil {
		return err
	}
	return provider.RunProvider(shutdown, packageName, version, command)
}

func newProvider(shutdown context.Context) (provider.Provider, error) {
	command, err := infer.NewProviderBuilder().
		WithDisplayName("Command").
		WithDescription("Runs commands and scripts as part of the Pulumi resource model.").
		WithLicense("Apache-2.0").
		WithResources(infer.Resource(&local.Command{Shutdown: shutdown})).
		WithFunctions(infer.Function(&local.Run{Shutdown: shutdown})).
		Build()
	if err == nil {
		command.Read = local.ReadFiles(command.Read)
	}
	return command, err
}
