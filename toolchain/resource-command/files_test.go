package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const makeFiles = `mkdir -p src/deep && echo 1 >src/a.js && echo 2 >src/deep/b.js && echo 3 >src/secret.js && echo 4 >top.txt`

func TestAssets(t *testing.T) {
	dir := t.TempDir()
	state := newLab(t).create(map[string]any{
		"create": makeFiles, "dir": dir, "assetPaths": []string{"src/**.js", "!**secret.*"},
	})
	assets := overTheWire(t, state).Get("assets").AsMap()
	assert.ElementsMatch(t, []string{"src/a.js", "src/deep/b.js"}, slices.Collect(maps.Keys(assets.AsMap())))
	asset := assets.Get("src/deep/b.js").AsAsset()
	content, err := os.ReadFile(asset.Path)
	require.NoError(t, err)
	assert.Equal(t, "2\n", string(content))
	assert.Equal(t, filepath.Join(dir, "src/deep/b.js"), asset.Path)
	assert.NotEmpty(t, asset.Hash)
}

func TestArchive(t *testing.T) {
	l := newLab(t)
	state := l.create(map[string]any{
		"create": makeFiles, "dir": t.TempDir(), "archivePaths": []string{"*", "src/*", "!src/secret.js"},
	})
	members, ok := overTheWire(t, state).Get("archive").AsArchive().GetAssets()
	require.True(t, ok)
	assert.ElementsMatch(t, []string{"top.txt", "src/a.js"}, slices.Collect(maps.Keys(members)))
	assert.True(t, state.Get("assets").IsNull())
}

func TestRefreshKeepsTheFiles(t *testing.T) {
	l := newLab(t)
	dir := t.TempDir()
	state := overTheWire(t, l.create(map[string]any{
		"create": makeFiles, "dir": dir, "assetPaths": []string{"*.txt"}, "archivePaths": []string{"src/*"},
	}))
	read := func() property.Map {
		sent, err := plugin.MarshalProperties(resource.ToResourcePropertyMap(state),
			plugin.MarshalOptions{ElideAssetContents: true})
		require.NoError(t, err)
		received, err := plugin.UnmarshalProperties(sent, plugin.MarshalOptions{})
		require.NoError(t, err)
		response, err := l.Read(provider.ReadRequest{
			ID: "id", Urn: urn, Properties: resource.FromResourcePropertyMap(received),
		})
		require.NoError(t, err)
		return response.Properties
	}
	assert.Equal(t, state, read())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "top.txt"), []byte("changed"), 0o600))
	changed := read().Get("assets").AsMap().Get("top.txt").AsAsset()
	assert.NotEqual(t, state.Get("assets").AsMap().Get("top.txt").AsAsset().Hash, changed.Hash)

	require.NoError(t, os.RemoveAll(dir))
	assert.Equal(t, text(state, "stdout"), text(read(), "stdout"))
}

// overTheWire is the state as the engine gets it, assets and archives recognised.
func overTheWire(t *testing.T, state property.Map) property.Map {
	t.Helper()
	sent, err := plugin.MarshalProperties(resource.ToResourcePropertyMap(state), plugin.MarshalOptions{KeepSecrets: true})
	require.NoError(t, err)
	received, err := plugin.UnmarshalProperties(sent, plugin.MarshalOptions{KeepSecrets: true})
	require.NoError(t, err)
	return resource.FromResourcePropertyMap(received)
}

func TestPatternsThatCannotBeRead(t *testing.T) {
	_, err := newLab(t).tryCreate(map[string]any{"create": "true", "assetPaths": []string{"["}})
	require.Error(t, err)
}
