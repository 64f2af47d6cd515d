package main

import (
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStdin(t *testing.T) {
	l := newLab(t)
	assert.Equal(t, "a\nb", text(l.create(map[string]any{"create": "cat", "stdin": "a\nb\n"}), "stdout"))
	// Without stdin a command that reads sees its end at once.
	assert.Equal(t, "", text(l.create(map[string]any{"create": "cat"}), "stdout"))
	// A command that does not read its stdin has not failed.
	l.create(map[string]any{"create": "true", "stdin": string(make([]byte, 1<<20))})
}

func TestEnvironment(t *testing.T) {
	t.Setenv("INHERITED", "from the operator")
	t.Setenv("OVERRIDDEN", "no")
	state := newLab(t).create(map[string]any{
		"create":      `echo "$INHERITED, $OVERRIDDEN, $NEW"`,
		"environment": map[string]any{"OVERRIDDEN": "yes", "NEW": "a=b c"},
	})
	assert.Equal(t, "from the operator, yes, a=b c", text(state, "stdout"))
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	assert.Equal(t, dir, text(newLab(t).create(map[string]any{"create": "pwd -P", "dir": dir}), "stdout"))
}

func TestInterpreter(t *testing.T) {
	l := newLab(t)
	state := l.create(map[string]any{"create": "$0 is not expanded", "interpreter": []string{"/bin/echo", "-n", "told:"}})
	assert.Equal(t, "told: $0 is not expanded", text(state, "stdout"))
	assert.Equal(t, "/bin/sh", text(l.create(map[string]any{"create": "echo $0", "interpreter": []string{}}), "stdout"))
}

func TestPreviousOutput(t *testing.T) {
	l := newLab(t)
	show := `echo "[$PULUMI_COMMAND_STDOUT][$PULUMI_COMMAND_STDERR]"`
	state := l.create(map[string]any{"create": "echo out; echo err >&2"})
	assert.Equal(t, "[out][err]", text(l.update(state, map[string]any{"update": show}), "stdout"))
	without := map[string]any{"update": show, "addPreviousOutputInEnv": false}
	assert.Equal(t, "[][]", text(l.update(state, without), "stdout"))
}

func TestRunFunction(t *testing.T) {
	response, err := newLab(t).Invoke(provider.InvokeRequest{
		Token: "command:local:run",
		Args:  inputs(map[string]any{"command": `cat; echo "$A" >&2`, "stdin": "in", "environment": map[string]any{"A": "b"}}),
	})
	require.NoError(t, err)
	assert.Equal(t, "in", text(response.Return, "stdout"))
	assert.Equal(t, "b", text(response.Return, "stderr"))

	_, err = newLab(t).Invoke(provider.InvokeRequest{
		Token: "command:local:run", Args: inputs(map[string]any{"command": "exit 4"}),
	})
	require.ErrorContains(t, err, "exit status 4")
}
