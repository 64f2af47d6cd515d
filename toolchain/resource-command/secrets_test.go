package main

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
)

func TestSecretInputsStaySecretInState(t *testing.T) {
	l := newLab(t)
	secret := func(value any) property.Value { return valueOf(value).WithSecret(true) }
	pairs := map[string]any{
		"create":      `test "$A" = hidden && read line && test "$line" = quiet`,
		"stdin":       secret("quiet\n"),
		"environment": map[string]any{"A": secret("hidden"), "B": "seen"},
		"triggers":    secret([]string{"x"}),
	}
	for name, state := range map[string]property.Map{
		"created": l.create(pairs),
		"updated": l.update(l.create(map[string]any{"create": "true"}), pairs),
	} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, state.Get("stdin").Secret())
			assert.True(t, state.Get("triggers").HasSecrets())
			assert.True(t, state.Get("environment").HasSecrets())
			// As the published plugin: outputs are made secret by additionalSecretOutputs.
			assert.False(t, state.Get("stdout").HasSecrets())
			assert.False(t, state.Get("create").HasSecrets())
		})
	}
}
