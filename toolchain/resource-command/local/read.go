package local

import (
	"context"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

type readFunc = func(context.Context, provider.ReadRequest) (provider.ReadResponse, error)

// ReadFiles completes what a refresh reads. The engine leaves the contents of
// assets out of the state that it sends along, and would store what comes back:
// assets without a file, on which the next program run fails.
func ReadFiles(read readFunc) readFunc {
	return func(ctx context.Context, req provider.ReadRequest) (provider.ReadResponse, error) {
		response, err := read(ctx, req)
		if err == nil {
			response.Properties = withFiles(response.Properties)
		}
		return response, err
	}
}

// withFiles finds the assets and the archive again. Where they are gone the
// state stays as it was.
func withFiles(state property.Map) property.Map {
	dir := "."
	if given := state.Get("dir"); given.IsString() {
		dir = given.AsString()
	}
	if old := state.Get("assets"); !old.IsNull() {
		if assets, err := findAssets(dir, patternsIn(state, "assetPaths")); err == nil {
			values := make(map[string]property.Value, len(assets))
			for file, asset := range assets {
				values[file] = property.New(asset)
			}
			state = state.Set("assets", property.WithGoValue(old, values))
		}
	}
	if old := state.Get("archive"); !old.IsNull() {
		if archive, err := findArchive(dir, patternsIn(state, "archivePaths")); err == nil {
			state = state.Set("archive", property.WithGoValue(old, archive))
		}
	}
	return state
}

func patternsIn(state property.Map, name string) []string {
	var patterns []string
	if list := state.Get(name); list.IsArray() {
		for _, pattern := range list.AsArray().AsSlice() {
			if pattern.IsString() {
				patterns = append(patterns, pattern.AsString())
			}
		}
	}
	return patterns
}
