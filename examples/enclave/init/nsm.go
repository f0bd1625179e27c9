package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	maxRequestBytes  = 0x1000
	maxResponseBytes = 0x3000
	// nsmRaw is NSM_IOCTL_RAW of linux/nsm.h: _IOWR(0x0A, 0x0, struct nsm_raw) of 32 bytes.
	nsmRaw = 3<<30 | 32<<16 | 0x0A<<8
)

// securityModule carries frames (4 bytes of length, big-endian, then CBOR) to /dev/nsm and back.
type securityModule struct {
	exchange func(request []byte) ([]byte, error)
}

func openSecurityModule(path string) (securityModule, error) {
	device, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return securityModule{}, err
	}
	var one sync.Mutex
	return securityModule{func(request []byte) ([]byte, error) {
		one.Lock()
		defer one.Unlock()
		return ask(int(device.Fd()), request)
	}}, nil
}

type nsmVector struct {
	address unsafe.Pointer
	length  uint64
}

func ask(device int, request []byte) ([]byte, error) {
	response := make([]byte, maxResponseBytes)
	raw := struct{ request, response nsmVector }{
		nsmVector{unsafe.Pointer(unsafe.SliceData(request)), uint64(len(request))},
		nsmVector{unsafe.Pointer(unsafe.SliceData(response)), uint64(len(response))},
	}
	if _, _, number := unix.Syscall(unix.SYS_IOCTL, uintptr(device), nsmRaw, uintptr(unsafe.Pointer(&raw))); number != 0 {
		return nil, number
	}
	if raw.response.length > maxResponseBytes {
		return nil, fmt.Errorf("the module answered with %d bytes", raw.response.length)
	}
	return response[:raw.response.length], nil
}

// handle serves any number of exchanges, one at a time; a frame over the limit ends the connection.
func (module securityModule) handle(connection net.Conn) {
	defer connection.Close()
	for {
		_ = connection.SetDeadline(time.Now().Add(idleTimeout))
		request, err := readFrame(connection, maxRequestBytes)
		if err != nil {
			return
		}
		response, err := module.exchange(request)
		if err != nil {
			say("the security module did not answer: %v", err)
			return
		}
		if _, err := connection.Write(frame(response)); err != nil {
			return
		}
	}
}

func frame(content []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), content...)
}

func readFrame(from io.Reader, limit uint32) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length == 0 || length > limit {
		return nil, fmt.Errorf("a frame of %d bytes, at most %d are taken", length, limit)
	}
	content := make([]byte, length)
	_, err := io.ReadFull(from, content)
	return content, err
}
