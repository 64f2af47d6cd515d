package main

import (
	"os"
	"path/filepath"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCreateRunsCreateOnce(t *testing.T) {
	state := newLab(t).create(map[string]any{"create": "echo out; echo err >&2", "update": "echo no", "delete": "exit 9"})
	assert.Equal(t, "out", text(state, "stdout"))
	assert.Equal(t, "err", text(state, "stderr"))
	assert.Equal(t, "exit 9", text(state, "delete"))
}

func TestOnlyOneNewlineIsTrimmed(t *testing.T) {
	state := newLab(t).create(map[string]any{"create": `printf ' a\n\n'`})
	assert.Equal(t, " a\n", text(state, "stdout"))
}

func TestWithoutCommandsNothingRuns(t *testing.T) {
	l := newLab(t)
	state := l.create(map[string]any{"stdin": "x"})
	assert.Equal(t, "", text(state, "stdout"))
	state = l.update(state, map[string]any{"stdin": "y"})
	assert.Equal(t, "y", text(state, "stdin"))
	l.delete(state)
}

func TestIDsDiffer(t *testing.T) {
	l := newLab(t)
	request := provider.CreateRequest{Urn: urn, Properties: inputs(map[string]any{"create": "true"})}
	first, err := l.Create(request)
	require.NoError(t, err)
	second, err := l.Create(request)
	require.NoError(t, err)
	assert.Regexp(t, "^name[0-9a-f]{8}$", first.ID)
	assert.NotEqual(t, first.ID, second.ID)
}

func TestUpdateRunsUpdate(t *testing.T) {
	l := newLab(t)
	state := l.create(map[string]any{"create": "echo created"})
	state = l.update(state, map[string]any{"create": "echo created", "update": "echo updated"})
	assert.Equal(t, "updated", text(state, "stdout"))
}

func TestUpdateWithoutUpdateRunsCreateAgain(t *testing.T) {
	l := newLab(t)
	state := l.create(map[string]any{"create": "echo $N", "environment": map[string]any{"N": "1"}})
	state = l.update(state, map[string]any{"create": "echo $N", "environment": map[string]any{"N": "2"}})
	assert.Equal(t, "2", text(state, "stdout"))
}

func TestDeleteRunsDeleteOfTheState(t *testing.T) {
	l := newLab(t)
	file := filepath.Join(t.TempDir(), "deleted")
	state := l.create(map[string]any{
		"create":      "echo made",
		"delete":      `printf %s "$PULUMI_COMMAND_STDOUT $WORD" >"$FILE"`,
		"environment": map[string]any{"FILE": file, "WORD": "gone"},
	})
	l.delete(state)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "made gone", string(content))
}

func TestPreviewRunsNothing(t *testing.T) {
	l := newLab(t)
	file := filepath.Join(t.TempDir(), "ran")
	pairs := map[string]any{"create": "touch " + file, "update": "touch " + file}
	created, err := l.Create(provider.CreateRequest{Urn: urn, Properties: l.check(pairs), DryRun: true})
	require.NoError(t, err)
	assert.True(t, created.Properties.Get("stdout").IsComputed())
	assert.Equal(t, "touch "+file, text(created.Properties, "create"))

	state := l.create(map[string]any{"create": "true"})
	updated, err := l.Update(provider.UpdateRequest{
		ID: "id", Urn: urn, State: state, Inputs: l.check(pairs), DryRun: true,
	})
	require.NoError(t, err)
	assert.True(t, updated.Properties.Get("stdout").IsComputed())
	assert.NoFileExists(t, file)
}

func TestUnknownInputsPassAPreview(t *testing.T) {
	created, err := newLab(t).Create(provider.CreateRequest{
		Urn:        urn,
		Properties: inputs(map[string]any{"create": "true", "environment": property.New(property.Computed)}),
		DryRun:     true,
	})
	require.NoError(t, err)
	assert.True(t, created.Properties.Get("environment").IsComputed())
}

func TestFailure(t *testing.T) {
	l := newLab(t)
	// stderr comes second for certain, so that the whole can be compared.
	_, err := l.tryCreate(map[string]any{"create": "echo seen; sleep 0.3; echo why >&2; exit 7"})
	require.EqualError(t, err, "exit status 7: running \"echo seen; sleep 0.3; echo why >&2; exit 7\":\nseen\nwhy\n")

	state := l.create(map[string]any{"create": "echo kept"})
	_, err = l.Update(provider.UpdateRequest{
		ID: "id", Urn: urn, State: state, Inputs: l.check(map[string]any{"update": "exit 1"}),
	})
	require.ErrorContains(t, err, "exit status 1")
	err = l.Delete(provider.DeleteRequest{
		ID: "id", Urn: urn, Properties: l.create(map[string]any{"delete": "exit 3"}),
	})
	require.ErrorContains(t, err, "exit status 3")
}

func TestMissingInterpreterAndDirectory(t *testing.T) {
	l := newLab(t)
	_, err := l.tryCreate(map[string]any{"create": "x", "interpreter": []string{"/no/such/program"}})
	require.ErrorContains(t, err, "/no/such/program")
	_, err = l.tryCreate(map[string]any{"create": "true", "dir": "/no/such/directory"})
	require.ErrorContains(t, err, "/no/such/directory")
}
