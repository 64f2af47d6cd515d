package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The names are those of the published SDK's declarations (local/command.d.ts, local/run.d.ts).
func TestSchemaIsThatOfTheSDK(t *testing.T) {
	response, err := newLab(t).GetSchema(provider.GetSchemaRequest{})
	require.NoError(t, err)
	var spec schema.PackageSpec
	require.NoError(t, json.Unmarshal([]byte(response.Schema), &spec))

	how := []string{
		"addPreviousOutputInEnv", "archivePaths", "assetPaths", "dir", "environment", "interpreter", "logging", "stdin",
	}
	left := []string{"archive", "assets", "stderr", "stdout"}
	life := []string{"create", "delete", "triggers", "update"}

	command := spec.Resources["command:local:Command"]
	assert.ElementsMatch(t, slices.Concat(how, life), names(command.InputProperties))
	assert.ElementsMatch(t, slices.Concat(how, life, left), names(command.Properties))
	assert.Empty(t, command.RequiredInputs)
	assert.ElementsMatch(t, []string{"stdout", "stderr"}, command.Required)
	assert.Equal(t, true, command.InputProperties["addPreviousOutputInEnv"].Default)
	for name, property := range command.InputProperties {
		assert.Equal(t, name == "triggers", property.ReplaceOnChanges, name)
	}

	run := spec.Functions["command:local:run"]
	require.NotNil(t, run.Inputs)
	assert.ElementsMatch(t, append(how, "command"), names(run.Inputs.Properties))
	assert.Equal(t, []string{"command"}, run.Inputs.Required)

	modes := []any{}
	for _, mode := range spec.Types["command:local:Logging"].Enum {
		modes = append(modes, mode.Value)
	}
	assert.ElementsMatch(t, []any{"stdout", "stderr", "stdoutAndStderr", "none"}, modes)
}

func names(properties map[string]schema.PropertySpec) []string {
	return slices.Collect(maps.Keys(properties))
}
