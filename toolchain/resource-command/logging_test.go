package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoggingModes(t *testing.T) {
	// stderr comes second for certain, so that the order can be compared.
	command := "echo out; sleep 0.3; echo err >&2"
	for mode, want := range map[string]string{
		"": "out\nerr", "stdoutAndStderr": "out\nerr", "stdout": "out", "stderr": "err", "none": "",
	} {
		t.Run("mode "+mode, func(t *testing.T) {
			pairs := map[string]any{"create": command}
			if mode != "" {
				pairs["logging"] = mode
			}
			taken := record(t)
			state := newLab(t).create(pairs)
			assert.Equal(t, want, taken.text())
			assert.Equal(t, "out", text(state, "stdout"))
			assert.Equal(t, "err", text(state, "stderr"))
		})
	}
}

func TestLinesAreShownWhileTheCommandRuns(t *testing.T) {
	taken := record(t)
	fifo := filepath.Join(t.TempDir(), "go-on")
	l := newLab(t)
	ended := make(chan error, 1)
	go func() {
		_, err := l.tryCreate(map[string]any{"create": "mkfifo " + fifo + "; echo first; cat " + fifo + "; echo second"})
		ended <- err
	}()
	select {
	case line := <-taken.arrived:
		assert.Equal(t, "first", line)
	case <-time.After(5 * time.Second):
		t.Fatal("the first line was not shown while the command ran")
	}
	select {
	case <-ended:
		t.Fatal("the command ended before it was told to")
	default:
	}
	l.create(map[string]any{"create": "echo >" + fifo, "logging": "none"})
	require.NoError(t, <-ended)
	assert.Equal(t, "first\n\nsecond", taken.text())
}

func TestLongAndUnfinishedLines(t *testing.T) {
	taken := record(t)
	newLab(t).create(map[string]any{"create": `head -c 200000 /dev/zero | tr '\0' x; printf '\r\nend'`})
	assert.Equal(t, strings.Repeat("x", 200000)+"\nend", taken.text())
}
