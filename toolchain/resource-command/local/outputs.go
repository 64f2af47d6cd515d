package local

import (
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Result is what a command leaves behind.
type Result struct {
	Stdout  string                           `pulumi:"stdout"`
	Stderr  string                           `pulumi:"stderr"`
	Assets  *map[string]types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                `pulumi:"archive,optional"`
}

// Annotate describes the fields in the schema.
func (r *Result) Annotate(a infer.Annotator) {
	a.Describe(&r.Stdout, "The standard output of the command.")
	a.Describe(&r.Stderr, "The standard error of the command.")
	a.Describe(&r.Assets, "The files that assetPaths matched, by path relative to dir.")
	a.Describe(&r.Archive, "The files that archivePaths matched.")
}

// CommandOutputs are the state of command.local.Command.
type CommandOutputs struct {
	CommandInputs
	Result
}

// RunOutputs are the result of command.local.run.
type RunOutputs struct {
	RunInputs
	Result
}
