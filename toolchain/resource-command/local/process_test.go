//go:build unix

package local

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runFor runs a script and cancels it as soon as it has written a line.
func runFor(t *testing.T, grace time.Duration, script string) (output string, took time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var stdout bytes.Buffer
	var start time.Time
	lines := lineWriter{show: func(line string) {
		if stdout.Len() == 0 {
			start = time.Now()
			cancel()
		}
		stdout.WriteString(line + "\n")
	}}
	child := process{cmd: exec.Command("/bin/sh", "-c", script), grace: grace}
	err = child.run(ctx, &lines, &lines)
	return stdout.String(), time.Since(start), err
}

// sleeper says that it is there once it takes signals as they come: before a
// shell's child has become another program, a signal to it may be lost.
const sleeper = `/bin/sh -c 'echo ready; exec sleep 300'`

func TestACancelledCommandMayCleanUp(t *testing.T) {
	output, took, err := runFor(t, 5*time.Second, `trap 'sleep 0.2; echo cleaned; exit 3' TERM; `+sleeper+` & wait`)
	require.EqualError(t, err, "context canceled (exit status 3)")
	assert.Equal(t, "ready\ncleaned\n", output)
	assert.Less(t, took, 3*time.Second)
}

func TestACommandThatStaysIsKilledAfterItsGrace(t *testing.T) {
	_, took, err := runFor(t, 300*time.Millisecond, `trap '' TERM; echo ready; while :; do sleep 1; done`)
	require.EqualError(t, err, "context canceled (signal: killed)")
	assert.GreaterOrEqual(t, took, 300*time.Millisecond)
	assert.Less(t, took, 3*time.Second)
}

func TestACancelledCommandThatEndsWellHasFailed(t *testing.T) {
	_, _, err := runFor(t, 5*time.Second, `trap 'exit 0' TERM; `+sleeper+` & wait`)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOutputOfAProcessThatLeftTheGroupIsNotWaitedFor(t *testing.T) {
	_, took, err := runFor(t, 300*time.Millisecond, `setsid /bin/sh -c 'echo ready; exec sleep 5' & wait`)
	require.ErrorIs(t, err, context.Canceled)
	assert.GreaterOrEqual(t, took, 300*time.Millisecond)
	assert.Less(t, took, 3*time.Second)
}

func TestACommandIsNotStartedWhenAlreadyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	child := process{cmd: exec.Command("/bin/sh", "-c", "exit 9"), grace: grace}
	require.ErrorIs(t, child.run(ctx, &bytes.Buffer{}, &bytes.Buffer{}), context.Canceled)
}

func TestBackgroundOutputBelongsToTheCommand(t *testing.T) {
	var stdout, stderr bytes.Buffer
	child := process{cmd: exec.Command("/bin/sh", "-c", "(sleep 0.2; echo late) & echo early"), grace: grace}
	require.NoError(t, child.run(t.Context(), &stdout, &stderr))
	assert.Equal(t, "early\nlate\n", stdout.String())
}
