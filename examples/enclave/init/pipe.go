package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// chunkBytes bounds each write: a write of over 32 KiB to vsock vanishes and the connection hangs.
	chunkBytes = 16 << 10
	// maxConnections bounds what one door holds open at a time; one more is closed at once.
	maxConnections = 64
	dialTimeout    = 10 * time.Second
	// idleTimeout frees the connections of a peer that is gone without a word, as a killed machine is.
	idleTimeout = 5 * time.Minute
	// halfTimeout is for the other direction once one has ended: not every vsock tells its peer of half
	// an end, and then that peer says no more.
	halfTimeout = 10 * time.Second
)

type dialer func(ctx context.Context) (net.Conn, error)

// serve gives each connection to `handle`, which closes it, until the listener is closed.
func serve(listener net.Listener, handle func(net.Conn)) {
	var open atomic.Int32
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(100 * time.Millisecond) // no descriptor is free: others will be
			continue
		}
		if open.Add(1) > maxConnections {
			open.Add(-1)
			_ = connection.Close()
			continue
		}
		go func() {
			defer open.Add(-1)
			handle(connection)
		}()
	}
}

// forward joins a connection to one that `dial` makes.
func forward(dial dialer) func(net.Conn) {
	return func(from net.Conn) {
		defer from.Close()
		ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
		to, err := dial(ctx)
		cancel()
		if err != nil {
			return
		}
		join(from, to)
	}
}

// join copies both ways until both have ended or neither has sent for idleTimeout, and closes both.
func join(a, b net.Conn) {
	defer a.Close()
	defer b.Close()
	var both sync.WaitGroup
	var isHalf atomic.Bool
	live := func() { // either direction keeps both connections
		timeout := idleTimeout
		if isHalf.Load() {
			timeout = halfTimeout
		}
		deadline := time.Now().Add(timeout)
		_ = a.SetDeadline(deadline)
		_ = b.SetDeadline(deadline)
	}
	live()
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			if err := copyChunks(way[1], way[0], live); err != nil {
				_ = a.Close()
				_ = b.Close()
				return
			}
			closeWrite(way[1])
			isHalf.Store(true)
			live()
		})
	}
	both.Wait()
}

// copyChunks knows nothing of io.Copy's shortcuts, which write as much as they like.
func copyChunks(to io.Writer, from io.Reader, live func()) error {
	chunk := make([]byte, chunkBytes)
	for {
		count, err := from.Read(chunk)
		if count > 0 {
			live()
			if _, err := to.Write(chunk[:count]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func closeWrite(connection net.Conn) {
	if half, ok := connection.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		return
	}
	_ = connection.Close()
}
