package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Run is command:local:run. Unlike the resource it runs in every preview and
// every update.
type Run struct {
	// Shutdown ends with the plugin.
	Shutdown context.Context
}

// Annotate describes the function in the schema.
func (r *Run) Annotate(a infer.Annotator) {
	a.Describe(&r, "A command on this machine that runs in every preview and every update.")
	a.SetToken("local", "run")
}

// Invoke runs the command.
func (r *Run) Invoke(
	ctx context.Context, req infer.FunctionRequest[RunInputs],
) (infer.FunctionResponse[RunOutputs], error) {
	output := RunOutputs{RunInputs: req.Input}
	err := execute(ctx, r.Shutdown, req.Input.Command, req.Input.Invocation, &output.Result)
	return infer.FunctionResponse[RunOutputs]{Output: output}, err
}
