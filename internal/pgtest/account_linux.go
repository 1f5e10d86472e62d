package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// serverAccount returns the user of this process, or one without rights in
// place of root.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "this user"}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			continue
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			continue
		}
		return account{name: name, borrowed: true, uid: uid, gid: gid}, nil
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody to run it")
}

// prepare makes cmd run under the account and die with this process.
func (a account) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// A group of its own: an interrupt typed at the terminal is for the
		// tests, which then stop the server or take it with them.
		Setpgid: true,
		// Immediate shutdown, not SIGKILL: the postmaster takes its children
		// and its shared memory with it.
		Pdeathsig: syscall.SIGQUIT,
	}
	if a.borrowed {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
