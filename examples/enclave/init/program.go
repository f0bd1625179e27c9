package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// signerUser is who runs the signer: it needs the sockets in /run, and no device.
const signerUser = 1000

// heartbeat tells the parent's launcher that the enclave is up; without it the launcher ends the enclave.
func heartbeat(parent uint32) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	return beat(ctx, dialVsock(parent, heartbeatPort))
}

func beat(ctx context.Context, dial dialer) error {
	connection, err := dial(ctx)
	if err != nil {
		return fmt.Errorf("no launcher takes the heartbeat: %w", err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(dialTimeout))
	answer := []byte{0xB7}
	if _, err := connection.Write(answer); err != nil {
		return fmt.Errorf("the heartbeat was not sent: %w", err)
	}
	if _, err := io.ReadFull(connection, answer); err != nil {
		return fmt.Errorf("the heartbeat was not answered: %w", err)
	}
	if answer[0] != 0xB7 {
		return fmt.Errorf("the heartbeat was answered by %#x", answer[0])
	}
	return nil
}

// runProgram starts the signer, once, and buries what else ends, until the signer does.
func runProgram() string {
	if err := os.Chown(runFolder, signerUser, signerUser); err != nil {
		return err.Error()
	}
	arguments := []string{"/bin/node", "/app/enclave.mjs", "--run", runFolder, "--configuration", "/config/enclave.json"}
	process, err := os.StartProcess(arguments[0], arguments, &os.ProcAttr{
		Dir:   "/",
		Env:   []string{"HOME=/tmp", "PATH=/bin", "NODE_ENV=production"},
		Files: []*os.File{nil, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: signerUser, Gid: signerUser}},
	})
	if err != nil {
		return fmt.Sprintf("the signer did not start: %v", err)
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if errors.Is(err, unix.EINTR) || (err == nil && pid != process.Pid) {
			continue
		}
		if err != nil {
			return fmt.Sprintf("waiting for the signer failed: %v", err)
		}
		if status.Signaled() {
			return fmt.Sprintf("the signer was ended by signal %d", status.Signal())
		}
		return fmt.Sprintf("the signer ended with exit code %d", status.ExitStatus())
	}
}
