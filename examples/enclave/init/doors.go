package main

import (
	"context"
	"net"
	"os"

	"github.com/mdlayher/vsock"
)

const (
	anyCID        = 1<<32 - 1
	heartbeatPort = 9000
	helperPort    = 8000
	kmsPort       = 8001
	signingPort   = 5000
	controlPort   = 5001
	runFolder     = "/run"
)

func dialVsock(cid, port uint32) dialer {
	return func(ctx context.Context) (net.Conn, error) { return vsock.DialContext(ctx, cid, port, nil) }
}

func dialUnix(path string) dialer {
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
}

// openDoors joins the sockets in /run, the ports of vsock and the loopback addresses.
func openDoors(configuration vsockConfiguration) error {
	parent := configuration.ParentCID
	module, err := openSecurityModule("/dev/nsm")
	if err != nil {
		return err
	}
	if err := listenUnix("nsm.sock", module.handle); err != nil {
		return err
	}
	if err := listenUnix("kms.sock", forward(dialVsock(parent, kmsPort))); err != nil {
		return err
	}
	if err := listenUnix("parent.sock", forward(dialVsock(parent, helperPort))); err != nil {
		return err
	}
	for port, socket := range map[uint32]string{signingPort: "signing.sock", controlPort: "control.sock"} {
		listener, err := vsock.ListenContextID(anyCID, port, nil)
		if err != nil {
			return err
		}
		go serve(listener, forward(dialUnix(runFolder+"/"+socket)))
	}
	if len(configuration.TCP) == 0 {
		return nil
	}
	if err := raiseLoopback(); err != nil {
		return err
	}
	for address, port := range configuration.TCP {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go serve(listener, forward(dialVsock(parent, port)))
	}
	return nil
}

func listenUnix(name string, handle func(net.Conn)) error {
	path := runFolder + "/" + name
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil { // the signer is not root
		return err
	}
	go serve(listener, handle)
	return nil
}
