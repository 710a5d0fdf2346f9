// SPDX-License-Identifier: Apache-2.0

package child

import "context"

// 'witness' goes on as 'serve' does. It reads a WitnessConfig, one line, writes
// a ServeLine for everything that is to be logged, and ends at the end of its
// input.

// A WitnessConfig says what 'witness' does. The key is in a file that it names.
type WitnessConfig struct {
	KeyFile string   `json:"key-file"`
	State   string   `json:"state"` // folder
	Logs    []string `json:"logs"`  // verifier keys

	Listen      string `json:"listen"`                // HOST:PORT
	Certificate string `json:"certificate,omitempty"` // FILE, for TLS
	Key         string `json:"key,omitempty"`         // FILE
	Proxied     bool   `json:"proxied,omitempty"`     // something that speaks TLS stands before it

	Rate        int    `json:"rate"`              // new checkpoints of one log a second; 0: no limit
	Connections int    `json:"connections"`       // at once
	Metrics     string `json:"metrics,omitempty"` // FILE
}

// Witness runs 'witness' until ctx ends or it does. It returns nil only where
// ctx has ended and the child ended well; where a log was caught with two
// histories it fails with ErrUnverified at the end.
func (r Remote) Witness(ctx context.Context, config WitnessConfig, log func(ServeLog)) error {
	return r.attend(ctx, "witness", config, nil, log)
}
