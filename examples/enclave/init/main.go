// Command init is the first process of the enclave: it joins the sockets of the signer to vsock and to
// the security module, says that the machine is up, and starts the signer. `init bridge` is the other
// end of vsock on a real parent, for a program that cannot open AF_VSOCK itself.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bridge" {
		if err := runBridge(os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "init bridge: %v\n", err)
			os.Exit(1)
		}
		return
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "usage: init bridge --cid N --socket PATH; without arguments it is the first process of an enclave")
		os.Exit(2)
	}
	reason := run()
	say("the enclave ends: %s", reason)
	time.Sleep(200 * time.Millisecond) // the serial line is slow
	powerOff()
}

// run ends only with the enclave, and says why.
func run() string {
	if err := mountFileSystems(); err != nil {
		return err.Error()
	}
	if err := loadModules("/modules"); err != nil {
		return err.Error()
	}
	vsock, err := readVsock("/config/enclave.json")
	if err != nil {
		return err.Error()
	}
	if err := heartbeat(vsock.ParentCID); err != nil {
		return err.Error()
	}
	if err := openDoors(vsock); err != nil {
		return err.Error()
	}
	return runProgram()
}

func say(format string, values ...any) {
	fmt.Printf("init: "+format+"\n", values...)
}
