package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
)

const maxConfigurationBytes = 1 << 20

// vsockConfiguration is the key `vsock` of the enclave's configuration; the signer reads the others.
type vsockConfiguration struct {
	ParentCID uint32            `json:"parentCid"`
	TCP       map[string]uint32 `json:"tcp"`
}

func readVsock(path string) (vsockConfiguration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return vsockConfiguration{}, err
	}
	return parseVsock(text)
}

// parseVsock refuses whatever would leave the enclave without a parent or on an address beyond loopback.
func parseVsock(text []byte) (vsockConfiguration, error) {
	var whole struct {
		Vsock vsockConfiguration `json:"vsock"`
	}
	if len(text) > maxConfigurationBytes {
		return vsockConfiguration{}, fmt.Errorf("the configuration is %d bytes long, at most %d are read", len(text), maxConfigurationBytes)
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return vsockConfiguration{}, fmt.Errorf("the configuration is not JSON with a key vsock: %w", err)
	}
	vsock := whole.Vsock
	if vsock.ParentCID < 2 || vsock.ParentCID == 1<<32-1 {
		return vsockConfiguration{}, fmt.Errorf("vsock.parentCid is %d: give 3, the parent of a Nitro enclave", vsock.ParentCID)
	}
	for address, port := range vsock.TCP {
		parsed, err := netip.ParseAddrPort(address)
		if err != nil || !parsed.Addr().IsLoopback() || parsed.Port() == 0 {
			return vsockConfiguration{}, fmt.Errorf("vsock.tcp names %q: give an address such as 127.0.0.1:2223", address)
		}
		if port == 0 || port == 1<<32-1 {
			return vsockConfiguration{}, fmt.Errorf("vsock.tcp leads %s to no port of vsock", address)
		}
	}
	return vsock, nil
}
