//go:build !linux

package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// supported refuses all systems but Linux: elsewhere nothing makes the server
// die with a test that is killed. A DSN in ACTIVITYLOG_POSTGRES works anywhere.
func supported() error {
	return fmt.Errorf("no private PostgreSQL on %s, set ACTIVITYLOG_POSTGRES: %w", runtime.GOOS, errors.ErrUnsupported)
}

// What follows lets the package compile; supported has refused before.

type process struct {
	done chan struct{}
	err  error
}

func startProcess(*exec.Cmd) (*process, error) { return nil, supported() }
func (p *process) ended() bool                 { return true }
func (p *process) shutdown(string) error       { return supported() }
func (p *process) quit(string) error           { return supported() }
func (p *process) kill(string) error           { return supported() }

func serverAccount() (account, error) { return account{}, supported() }
func (a account) prepare(*exec.Cmd)   {}

func lockNew(string) (*os.File, error) { return nil, supported() }
func lockOld(string) (*os.File, error) { return nil, supported() }
