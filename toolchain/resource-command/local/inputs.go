package local

import "github.com/pulumi/pulumi-go-provider/infer"

// Invocation is what the resource and the function share: how to run a command.
type Invocation struct {
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

const globRules = " Files only. The separator is /; * matches anything but /, ** anything." +
	" A pattern that starts with ! excludes. Rules apply in order. Paths are relative to dir."

// Annotate describes the fields in the schema and sets their defaults.
func (i *Invocation) Annotate(a infer.Annotator) {
	a.Describe(&i.Interpreter, `The program and its arguments that run the command; ["/bin/sh", "-c"] by default.`)
	a.Describe(&i.Dir, "The directory to run in. It has to exist.")
	a.Describe(&i.Environment, "Variables for the command, in addition to those of the Pulumi process.")
	a.Describe(&i.Stdin, "What the command reads from its standard input.")
	a.Describe(&i.Logging, "Which of stdout and stderr is shown while the command runs; both by default."+
		" The outputs hold both in any case.")
	a.Describe(&i.AssetPaths, "Globs of the files that become assets when the command has ended."+globRules)
	a.Describe(&i.ArchivePaths, "Globs of the files that become one archive when the command has ended."+globRules)
	a.Describe(&i.AddPreviousOutputInEnv, "Whether the last run's stdout and stderr are in the environment as"+
		" PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR; true by default.")
	a.SetDefault(&i.AddPreviousOutputInEnv, true)
}

// CommandInputs are the arguments of command.local.Command.
type CommandInputs struct {
	Invocation
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
}

// Annotate describes the fields in the schema.
func (c *CommandInputs) Annotate(a infer.Annotator) {
	a.Describe(&c.Triggers, "The resource is replaced when any of these values changes.")
	a.Describe(&c.Create, "Runs once on creation, and on a change of inputs when there is no update command.")
	a.Describe(&c.Update, "Runs on a change of inputs; create runs when there is none.")
	a.Describe(&c.Delete, "Runs on deletion.")
}

// RunInputs are the arguments of command.local.run.
type RunInputs struct {
	Invocation
	Command string `pulumi:"command"`
}

// Annotate describes the fields in the schema.
func (r *RunInputs) Annotate(a infer.Annotator) {
	a.Describe(&r.Command, "The command to run.")
}
