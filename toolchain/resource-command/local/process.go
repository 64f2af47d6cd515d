//go:build unix

package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// grace is how long a cancelled command has between SIGTERM and SIGKILL. The
// engine kills a plugin 5 s after it asked it to go; the commands go before.
const grace = 4 * time.Second

// process is a command and everything it started, in one process group.
type process struct {
	cmd   *exec.Cmd
	grace time.Duration
}

// run starts the command, copies its output and waits until the command has
// ended and its output is closed. When ctx ends first, the whole group is asked
// to terminate and then killed.
func (p *process) run(ctx context.Context, stdout, stderr io.Writer) error {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var streams streams
	defer streams.close()
	var err error
	if p.cmd.Stdout, err = streams.add(stdout); err != nil {
		return err
	}
	if p.cmd.Stderr, err = streams.add(stderr); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	streams.copy()

	ended := make(chan error, 1)
	go func() {
		err := p.cmd.Wait()
		streams.wait()
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return p.cancel(ctx, ended, &streams)
	}
}

// cancel gives the group its grace. The rest of it is killed once the command has
// ended and nothing holds its output open, or when the grace is over.
func (p *process) cancel(ctx context.Context, ended <-chan error, streams *streams) error {
	p.signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		p.signal(syscall.SIGKILL)
		return cancelled(ctx, err)
	case <-time.After(p.grace):
	}
	p.signal(syscall.SIGKILL)
	// A process that left the group may still hold the output open.
	streams.stopReading(time.Now().Add(500 * time.Millisecond))
	return cancelled(ctx, <-ended)
}

func cancelled(ctx context.Context, err error) error {
	if err == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
}

func (p *process) signal(signal syscall.Signal) {
	// It fails when the group is gone, which is what was wanted.
	_ = syscall.Kill(-p.cmd.Process.Pid, signal)
}

// streams are the pipes between a command and the writers of its output.
type streams struct {
	readers []*os.File
	writers []*os.File
	targets []io.Writer
	copying sync.WaitGroup
}

func (s *streams) add(target io.Writer) (*os.File, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.readers = append(s.readers, reader)
	s.writers = append(s.writers, writer)
	s.targets = append(s.targets, target)
	return writer, nil
}

// copy hands over the writing ends, which the command has by now.
func (s *streams) copy() {
	for i, reader := range s.readers {
		_ = s.writers[i].Close()
		s.copying.Go(func() { _, _ = io.Copy(s.targets[i], reader) })
	}
}

func (s *streams) wait() { s.copying.Wait() }

func (s *streams) stopReading(at time.Time) {
	for _, reader := range s.readers {
		_ = reader.SetReadDeadline(at)
	}
}

func (s *streams) close() {
	for i := range s.readers {
		_ = s.writers[i].Close()
		_ = s.readers[i].Close()
	}
}
