package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/blang/semver"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/require"
)

const urn = resource.URN("urn:pulumi:stack::project::command:local:Command::name")

// lab is a provider as the engine sees it, without the wire between them.
type lab struct {
	t *testing.T
	integration.Server
	shutdown context.CancelFunc
}

func newLab(t *testing.T) lab {
	t.Helper()
	shutdown, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	command, err := newProvider(shutdown)
	require.NoError(t, err)
	server, err := integration.NewServer(t.Context(), packageName, semver.MustParse("1.2.1"),
		integration.WithProvider(command))
	require.NoError(t, err)
	return lab{t, server, stop}
}

// inputs of Go strings, bools, slices, maps and property values.
func inputs(pairs map[string]any) property.Map {
	values := map[string]property.Value{}
	for name, value := range pairs {
		values[name] = valueOf(value)
	}
	return property.NewMap(values)
}

func valueOf(value any) property.Value {
	switch value := value.(type) {
	case property.Value:
		return value
	case string:
		return property.New(value)
	case bool:
		return property.New(value)
	case []string:
		items := make([]property.Value, 0, len(value))
		for _, item := range value {
			items = append(items, property.New(item))
		}
		return property.New(items)
	case map[string]any:
		return property.New(inputs(value))
	}
	panic("no property value for this type")
}

// create checks the inputs and creates, as an update does.
func (l lab) create(pairs map[string]any) property.Map {
	l.t.Helper()
	state, err := l.tryCreate(pairs)
	require.NoError(l.t, err)
	return state
}

func (l lab) tryCreate(pairs map[string]any) (property.Map, error) {
	l.t.Helper()
	response, err := l.Create(provider.CreateRequest{Urn: urn, Properties: l.check(pairs)})
	return response.Properties, err
}

func (l lab) check(pairs map[string]any) property.Map {
	l.t.Helper()
	checked, err := l.Check(provider.CheckRequest{Urn: urn, Inputs: inputs(pairs)})
	require.NoError(l.t, err)
	require.Empty(l.t, checked.Failures)
	return checked.Inputs
}

func (l lab) update(state property.Map, pairs map[string]any) property.Map {
	l.t.Helper()
	response, err := l.Update(provider.UpdateRequest{ID: "id", Urn: urn, State: state, Inputs: l.check(pairs)})
	require.NoError(l.t, err)
	return response.Properties
}

func (l lab) delete(state property.Map) {
	l.t.Helper()
	require.NoError(l.t, l.Delete(provider.DeleteRequest{ID: "id", Urn: urn, Properties: state}))
}

func text(state property.Map, name string) string {
	return state.Get(name).AsString()
}

// record takes what commands log from now on. Without an engine the framework
// logs to slog.
func record(t *testing.T) *recorder {
	t.Helper()
	taken := &recorder{arrived: make(chan string, 1000)}
	before := slog.Default()
	slog.SetDefault(slog.New(taken))
	t.Cleanup(func() { slog.SetDefault(before) })
	return taken
}

type recorder struct {
	mu      sync.Mutex
	lines   []string
	arrived chan string
}

func (*recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *recorder) WithGroup(string) slog.Handler          { return r }
func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, record.Message)
	r.arrived <- record.Message
	return nil
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}
