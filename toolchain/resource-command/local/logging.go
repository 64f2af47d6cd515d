package local

import (
	"bytes"
	"sync"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Logging says which streams are shown while a command runs.
type Logging string

// The four modes.
const (
	LogStdout          Logging = "stdout"
	LogStderr          Logging = "stderr"
	LogStdoutAndStderr Logging = "stdoutAndStderr"
	LogNone            Logging = "none"
)

// Values lists the modes in the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: string(LogStdout), Value: LogStdout, Description: "Show stdout, not stderr"},
		{Name: string(LogStderr), Value: LogStderr, Description: "Show stderr, not stdout"},
		{Name: string(LogStdoutAndStderr), Value: LogStdoutAndStderr, Description: "Show stdout and stderr"},
		{Name: string(LogNone), Value: LogNone, Description: "Show nothing"},
	}
}

func (l *Logging) showsStdout() bool {
	return l == nil || *l == LogStdout || *l == LogStdoutAndStderr
}

func (l *Logging) showsStderr() bool {
	return l == nil || *l == LogStderr || *l == LogStdoutAndStderr
}

// lineWriter hands each whole line to show as soon as it is complete. Lines may
// be of any length.
type lineWriter struct {
	show func(line string)

	mu   sync.Mutex
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, data...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 {
			return len(data), nil
		}
		w.show(string(bytes.TrimSuffix(w.rest[:end], []byte("\r"))))
		w.rest = w.rest[end+1:]
	}
}

// flush shows what came after the last newline.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.show(string(w.rest))
		w.rest = nil
	}
}
