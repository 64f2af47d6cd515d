package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer/types"
)

// execute runs the command text and replaces result by what it left. On failure
// result is unchanged.
func execute(ctx, shutdown context.Context, text string, how Invocation, result *Result) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(shutdown, func() { cancel(context.Cause(shutdown)) })()

	dir, err := how.directory()
	if err != nil {
		return err
	}
	arguments := append(how.interpreter(), text)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), arguments[0], arguments[1:]...)
	cmd.Dir = dir
	cmd.Env = how.environ(*result)
	if how.Stdin != nil && *how.Stdin != "" {
		cmd.Stdin = strings.NewReader(*how.Stdin)
	}

	var stdout, stderr bytes.Buffer
	var both lockedBuffer
	log := lineWriter{show: provider.GetLogger(ctx).InfoStatus}
	child := process{cmd: cmd, grace: grace}
	err = child.run(ctx,
		tee(how.Logging.showsStdout(), &log, &stdout, &both),
		tee(how.Logging.showsStderr(), &log, &stderr, &both))
	log.flush()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, text, both.String())
	}
	return result.collect(dir, how, stdout.String(), stderr.String())
}

func (r *Result) collect(dir string, how Invocation, stdout, stderr string) error {
	next := *r
	if how.AssetPaths != nil {
		assets, err := findAssets(dir, *how.AssetPaths)
		if err != nil {
			return err
		}
		named := make(map[string]types.AssetOrArchive, len(assets))
		for file, asset := range assets {
			named[file] = types.AssetOrArchive{Asset: asset}
		}
		next.Assets = &named
	}
	if how.ArchivePaths != nil {
		archive, err := findArchive(dir, *how.ArchivePaths)
		if err != nil {
			return err
		}
		next.Archive = archive
	}
	next.Stdout = strings.TrimSuffix(stdout, "\n")
	next.Stderr = strings.TrimSuffix(stderr, "\n")
	*r = next
	return nil
}

func (i Invocation) interpreter() []string {
	if i.Interpreter == nil || len(*i.Interpreter) == 0 {
		return []string{"/bin/sh", "-c"}
	}
	return append([]string(nil), *i.Interpreter...)
}

func (i Invocation) directory() (string, error) {
	if i.Dir == nil {
		return os.Getwd()
	}
	// A child in a group of its own would blame the interpreter for this.
	if _, err := os.Stat(*i.Dir); err != nil {
		return "", fmt.Errorf("dir: %w", err)
	}
	return *i.Dir, nil
}

// environ is the operator's environment, then the resource's own, then the last
// run's output. Of two entries with one name the later one counts.
func (i Invocation) environ(last Result) []string {
	env := os.Environ()
	if i.Environment != nil {
		for name, value := range *i.Environment {
			env = append(env, name+"="+value)
		}
	}
	if i.AddPreviousOutputInEnv == nil || *i.AddPreviousOutputInEnv {
		if last.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+last.Stdout)
		}
		if last.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+last.Stderr)
		}
	}
	return env
}

func tee(logged bool, log io.Writer, captures ...io.Writer) io.Writer {
	if logged {
		captures = append(captures, log)
	}
	return io.MultiWriter(captures...)
}

// lockedBuffer takes both streams in the order in which they arrive.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
