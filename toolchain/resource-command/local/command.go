// Package local is the module command:local of the command package.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is command:local:Command. Secrets and unknowns flow as the framework
// does by default: an output is secret when the input of its name is, and
// unknown in a preview when any input is.
type Command struct {
	// Shutdown ends with the plugin.
	Shutdown context.Context
}

// Annotate describes the resource in the schema.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command on this machine in the life cycle of a resource. "+
		"It has failed when its exit status is not zero.")
	a.SetToken("local", "Command")
}

// Create runs the create command, if any.
func (c *Command) Create(
	ctx context.Context, req infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandOutputs], error) {
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err != nil {
		return infer.CreateResponse[CommandOutputs]{}, err
	}
	state := CommandOutputs{CommandInputs: req.Inputs}
	if !req.DryRun && req.Inputs.Create != nil {
		err = execute(ctx, c.Shutdown, *req.Inputs.Create, state.Invocation, &state.Result)
	}
	return infer.CreateResponse[CommandOutputs]{ID: id, Output: state}, err
}

// Update runs the update command or, without one, the create command again.
func (c *Command) Update(
	ctx context.Context, req infer.UpdateRequest[CommandInputs, CommandOutputs],
) (infer.UpdateResponse[CommandOutputs], error) {
	state := CommandOutputs{CommandInputs: req.Inputs, Result: req.State.Result}
	text := req.Inputs.Update
	if text == nil {
		text = req.Inputs.Create
	}
	var err error
	if !req.DryRun && text != nil {
		err = execute(ctx, c.Shutdown, *text, state.Invocation, &state.Result)
	}
	return infer.UpdateResponse[CommandOutputs]{Output: state}, err
}

// Delete runs the delete command that the state holds, if any.
func (c *Command) Delete(
	ctx context.Context, req infer.DeleteRequest[CommandOutputs],
) (infer.DeleteResponse, error) {
	var err error
	if state := req.State; state.Delete != nil {
		err = execute(ctx, c.Shutdown, *state.Delete, state.Invocation, &state.Result)
	}
	return infer.DeleteResponse{}, err
}
