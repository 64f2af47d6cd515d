package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start runs a command that starts another one, and gives the two pids once both run.
func start(t *testing.T, l lab) (pids []int, ended chan error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pids")
	ended = make(chan error, 1)
	go func() {
		_, err := l.tryCreate(map[string]any{
			"create": fmt.Sprintf(`sleep 300 & echo $$ $! >%[1]s.part; mv %[1]s.part %[1]s; wait`, file),
		})
		ended <- err
	}()
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		for _, field := range strings.Fields(string(content)) {
			pid, err := strconv.Atoi(field)
			require.NoError(t, err)
			pids = append(pids, pid)
		}
		return true
	}, 5*time.Second, 10*time.Millisecond)
	return pids, ended
}

func requireGone(t *testing.T, pids []int, ended chan error) {
	t.Helper()
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "context canceled (signal: terminated): running")
	case <-time.After(5 * time.Second):
		t.Fatal("the command still runs")
	}
	require.Len(t, pids, 2)
	for _, pid := range pids {
		assert.Eventually(t, func() bool { return !runs(pid) }, 2*time.Second, 10*time.Millisecond, "process %d", pid)
	}
}

// runs: a zombie that nobody has waited for does not run.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(status), ") Z ")
}

func TestCancelEndsTheProcessGroup(t *testing.T) {
	l := newLab(t)
	pids, ended := start(t, l)
	require.NoError(t, l.Cancel())
	requireGone(t, pids, ended)
}

func TestShutdownEndsTheProcessGroup(t *testing.T) {
	l := newLab(t)
	pids, ended := start(t, l)
	l.shutdown()
	requireGone(t, pids, ended)
}
