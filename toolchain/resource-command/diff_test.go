package main

import (
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDiff(t *testing.T) {
	base := map[string]any{
		"create": "true", "update": "true", "delete": "true", "dir": "/", "stdin": "a", "logging": "none",
		"interpreter": []string{"/bin/sh", "-c"}, "environment": map[string]any{"A": "1"}, "triggers": []string{"x", "y"},
	}
	cases := map[string]struct {
		change any
		want   map[string]provider.DiffKind
	}{
		"unchanged":   {nil, map[string]provider.DiffKind{}},
		"create":      {"false", map[string]provider.DiffKind{"create": provider.Update}},
		"update":      {"false", map[string]provider.DiffKind{"update": provider.Update}},
		"delete":      {"false", map[string]provider.DiffKind{"delete": provider.Update}},
		"dir":         {"/tmp", map[string]provider.DiffKind{"dir": provider.Update}},
		"stdin":       {"b", map[string]provider.DiffKind{"stdin": provider.Update}},
		"logging":     {"stderr", map[string]provider.DiffKind{"logging": provider.Update}},
		"assetPaths":  {[]string{"*"}, map[string]provider.DiffKind{"assetPaths": provider.Add}},
		"environment": {map[string]any{"A": "2"}, map[string]provider.DiffKind{"environment.A": provider.Update}},
	}
	l := newLab(t)
	state := l.create(base)
	old := l.check(base)
	diff := func(t *testing.T, pairs map[string]any) provider.DiffResponse {
		response, err := l.Diff(provider.DiffRequest{
			ID: "id", Urn: urn, State: state, OldInputs: old, Inputs: l.check(pairs),
		})
		require.NoError(t, err)
		return response
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			response := diff(t, with(base, name, test.change))
			assert.Equal(t, len(test.want) > 0, response.HasChanges)
			got := map[string]provider.DiffKind{}
			for path, change := range response.DetailedDiff {
				got[path] = change.Kind
			}
			assert.Equal(t, test.want, got)
		})
	}
	// What makes a change of triggers a replacement is the SDK: it adds the option
	// replaceOnChanges for triggers, from the schema, and the engine applies it to
	// the paths that are reported here.
	for name, triggers := range map[string][]string{
		"a trigger changes":       {"x", "z"},
		"a trigger is added":      {"x", "y", "z"},
		"a trigger is taken away": {"x"},
	} {
		t.Run(name, func(t *testing.T) {
			response := diff(t, with(base, "triggers", triggers))
			assert.True(t, response.HasChanges)
			assert.False(t, response.DeleteBeforeReplace)
			require.Len(t, response.DetailedDiff, 1)
			for path := range response.DetailedDiff {
				assert.Regexp(t, `^triggers\[\d\]$`, path)
			}
		})
	}
}

func with(base map[string]any, name string, value any) map[string]any {
	changed := map[string]any{}
	for key, old := range base {
		changed[key] = old
	}
	if value != nil {
		changed[name] = value
	}
	return changed
}
