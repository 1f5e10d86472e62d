package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func supported() error { return nil }

// process is a started server process.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; set before done is closed
}

// startProcess starts cmd and waits for its end in a goroutine of its own. That
// goroutine keeps its thread, because Pdeathsig is tied to the thread that
// forked and not to the process: the runtime ends idle threads, and the server
// would end with them. https://go.dev/issue/27505
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// shutdown ends the server in order: clients are cut off, data are flushed.
func (p *process) shutdown(data string) error { return p.end(syscall.SIGINT, data) }

// quit ends the server without flushing anything, but with its children and
// its shared memory.
func (p *process) quit(data string) error { return p.end(syscall.SIGQUIT, data) }

func (p *process) end(signal syscall.Signal, data string) error {
	if p.ended() {
		return nil
	}
	// An error says that it has ended meanwhile.
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTimeout):
		return fmt.Errorf("PostgreSQL did not heed signal %q within %v: %w", signal, stopTimeout, p.kill(data))
	}
}

// kill ends all processes of the server at once. Its children leave its process
// group, so they are known by their working directory, the data folder. They
// must be gone before a successor starts on the same data.
func (p *process) kill(data string) error {
	_ = p.cmd.Process.Kill() // first, so that no child is born any more
	deadline := time.After(stopTimeout)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		children := processesIn(data)
		for _, pid := range children {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if len(children) == 0 && p.ended() {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("%d processes of PostgreSQL outlived SIGKILL by %v", len(children), stopTimeout)
		}
	}
}

// processesIn returns the processes whose working directory is dir. Those that
// have ended and only wait for their parent have none.
func processesIn(dir string) []int {
	var pids []int
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if cwd, err := os.Readlink(link); err != nil || cwd != dir {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
