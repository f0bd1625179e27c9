package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/mdlayher/vsock"
	"golang.org/x/sys/unix"
)

const maxLineBytes = 32

// runBridge speaks on Unix sockets what Firecracker speaks there, and AF_VSOCK to the enclave.
func runBridge(arguments []string) error {
	flags := flag.NewFlagSet("init bridge", flag.ContinueOnError)
	cid := flags.Uint("cid", 0, "the enclave's context id, as nitro-cli describe-enclaves tells it")
	socket := flags.String("socket", "", "path of the Unix socket; the enclave's calls go to PATH_<port>")
	listen := flags.String("listen", "8000,8001", "ports on which the enclave may call the parent")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *cid < 3 || *cid >= anyCID || *socket == "" || flags.NArg() > 0 {
		return errors.New("give --cid (4 or more for an enclave) and --socket")
	}
	enclave := uint32(*cid)
	for text := range strings.SplitSeq(*listen, ",") {
		port, err := parsePort(text)
		if err != nil {
			return err
		}
		listener, err := vsock.ListenContextID(anyCID, port, nil)
		if err != nil {
			return fmt.Errorf("port %d of vsock: %w", port, err)
		}
		go serve(listener, onlyFrom(enclave, forward(dialUnix(fmt.Sprintf("%s_%d", *socket, port)))))
	}
	unix.Umask(0o077) // the socket is for its owner alone
	door, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	ended, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	context.AfterFunc(ended, func() { _ = door.Close() })
	serve(door, connectTo(func(port uint32) dialer { return dialVsock(enclave, port) }))
	return nil
}

func parsePort(text string) (uint32, error) {
	port, err := strconv.ParseUint(text, 10, 32)
	if err != nil || port == 0 || port == anyCID {
		return 0, fmt.Errorf("%q is no port of vsock", text)
	}
	return uint32(port), nil
}

// onlyFrom turns away other enclaves of the same parent.
func onlyFrom(cid uint32, handle func(net.Conn)) func(net.Conn) {
	return func(connection net.Conn) {
		peer, ok := connection.RemoteAddr().(*vsock.Addr)
		if !ok || peer.ContextID != cid {
			_ = connection.Close()
			return
		}
		handle(connection)
	}
}

// connectTo reads `CONNECT <port>\n`, dials, answers `OK <port>\n`, and joins the two.
func connectTo(dial func(port uint32) dialer) func(net.Conn) {
	return func(connection net.Conn) {
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(dialTimeout))
		line, err := readLine(connection)
		if err != nil {
			return
		}
		word, ok := strings.CutPrefix(line, "CONNECT ")
		port, err := parsePort(word)
		if !ok || err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
		to, err := dial(port)(ctx)
		cancel()
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(connection, "OK %d\n", port); err != nil {
			_ = to.Close()
			return
		}
		join(connection, to)
	}
}

// readLine reads byte by byte: what follows the line belongs to the enclave.
func readLine(from io.Reader) (string, error) {
	var line bytes.Buffer
	one := make([]byte, 1)
	for line.Len() < maxLineBytes {
		if _, err := io.ReadFull(from, one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return line.String(), nil
		}
		line.WriteByte(one[0])
	}
	return "", errors.New("the line is too long")
}
