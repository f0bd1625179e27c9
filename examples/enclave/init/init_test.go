package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// door serves `handle` on a Unix socket of the test's own and returns what connects to it.
func door(t *testing.T, handle func(net.Conn)) func() *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "door")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go serve(listener, handle)
	return func() *net.UnixConn {
		connection, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = connection.Close() })
		_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
		return connection.(*net.UnixConn)
	}
}

func echo(connection net.Conn) {
	defer connection.Close()
	_, _ = io.Copy(connection, connection)
}

// chunks records how much is written at once.
type chunks struct{ sizes []int }

func (c *chunks) Write(bytes []byte) (int, error) {
	c.sizes = append(c.sizes, len(bytes))
	return len(bytes), nil
}

func TestCopiesInChunksThatVsockCarries(t *testing.T) {
	var written chunks
	from := bytes.NewReader(make([]byte, 100_000))
	if err := copyChunks(&written, from, func() {}); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, size := range written.sizes {
		if sum += size; size > chunkBytes {
			t.Errorf("wrote %d bytes at once", size)
		}
	}
	if sum != 100_000 {
		t.Errorf("copied %d bytes", sum)
	}
}

func TestForwardsBothWaysAndPassesTheEndOn(t *testing.T) {
	inner := door(t, echo)
	outer := door(t, forward(func(context.Context) (net.Conn, error) { return inner(), nil }))
	connection := outer()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	go func() {
		_, _ = connection.Write(sent)
		_ = connection.CloseWrite()
	}()
	got, err := io.ReadAll(connection)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d of %d bytes, %v", len(got), len(sent), err)
	}
}

func TestClosesAConnectionThatLeadsNowhere(t *testing.T) {
	connect := door(t, forward(func(context.Context) (net.Conn, error) { return nil, errors.New("nobody") }))
	if got, err := io.ReadAll(connect()); len(got) > 0 || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHoldsNoMoreConnectionsThanItsLimit(t *testing.T) {
	connect := door(t, echo)
	said := []byte{1}
	for range maxConnections {
		connection := connect()
		if _, err := connection.Write(said); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(connection, said); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.ReadFull(connect(), said); err == nil {
		t.Error("one more was served")
	}
}

func TestAsksTheModuleForFramesWithinTheLimit(t *testing.T) {
	module := securityModule{func(request []byte) ([]byte, error) { return append(request, '!'), nil }}
	connection := door(t, module.handle)()
	for _, request := range []string{"one", strings.Repeat("x", maxRequestBytes)} {
		if _, err := connection.Write(frame([]byte(request))); err != nil {
			t.Fatal(err)
		}
		answer, err := readFrame(connection, maxResponseBytes)
		if err != nil || string(answer) != request+"!" {
			t.Fatalf("answered %d bytes, %v", len(answer), err)
		}
	}
	for _, head := range [][]byte{{0, 0, 0, 0}, {0, 0, 0x10, 0x01}, {0xff, 0xff, 0xff, 0xff}} {
		connection := door(t, module.handle)()
		_, _ = connection.Write(head)
		if got, err := io.ReadAll(connection); len(got) > 0 || err != nil {
			t.Errorf("%x got %q, %v", head, got, err)
		}
	}
}

func TestBeatsOnlyForAnAnswerOfItsOwn(t *testing.T) {
	answered := func(answer byte) error {
		launcher := door(t, func(connection net.Conn) {
			_, _ = io.ReadFull(connection, make([]byte, 1))
			_, _ = connection.Write([]byte{answer})
		})
		return beat(t.Context(), func(context.Context) (net.Conn, error) { return launcher(), nil })
	}
	if err := answered(0xB7); err != nil {
		t.Error(err)
	}
	if answered(0xB6) == nil {
		t.Error("took another answer")
	}
}

func TestReadsWhereTheParentIs(t *testing.T) {
	got, err := parseVsock([]byte(`{"name":"x","vsock":{"parentCid":3,"tcp":{"127.0.0.1:2223":8002}}}`))
	if err != nil || got.ParentCID != 3 || got.TCP["127.0.0.1:2223"] != 8002 {
		t.Errorf("read %v, %v", got, err)
	}
	for _, text := range []string{
		``, `[]`, `{}`, `{"vsock":{"parentCid":1}}`, `{"vsock":{"parentCid":4294967295}}`,
		`{"vsock":{"parentCid":"3"}}`, `{"vsock":{"parentCid":-1}}`,
		`{"vsock":{"parentCid":3,"tcp":{"0.0.0.0:2223":8002}}}`,
		`{"vsock":{"parentCid":3,"tcp":{"localhost:2223":8002}}}`,
		`{"vsock":{"parentCid":3,"tcp":{"127.0.0.1:0":8002}}}`,
		`{"vsock":{"parentCid":3,"tcp":{"127.0.0.1:2223":0}}}`,
		`{"pad":"` + strings.Repeat("x", maxConfigurationBytes) + `","vsock":{"parentCid":3}}`,
	} {
		if _, err := parseVsock([]byte(text)); err == nil {
			t.Errorf("took %.60s", text)
		}
	}
}

func TestConnectsAsFirecrackerDoes(t *testing.T) {
	enclave := door(t, echo)
	var asked uint32
	connect := door(t, connectTo(func(port uint32) dialer {
		asked = port
		return func(context.Context) (net.Conn, error) { return enclave(), nil }
	}))
	connection := connect()
	_, _ = connection.Write([]byte("CONNECT 5000\nhello")) // a client should wait for OK; nothing is lost here
	want := "OK 5000\nhello"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(connection, got); err != nil || string(got) != want || asked != 5000 {
		t.Errorf("got %q of port %d, %v", got, asked, err)
	}
	for _, line := range []string{"GET / HTTP/1.1\n", "CONNECT \n", "CONNECT 0\n", "CONNECT -1\n", "CONNECT 4294967295\n", "connect 5000\n", strings.Repeat("x", 100)} {
		connection := connect()
		_, _ = connection.Write([]byte(line))
		if got, _ := io.ReadAll(connection); len(got) > 0 {
			t.Errorf("%.40q got %q", line, got)
		}
	}
}
