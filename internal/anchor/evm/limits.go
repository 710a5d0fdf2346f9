// SPDX-License-Identifier: Apache-2.0

package evm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/gateledger/gateledger/internal/anchor"
)

// limits are what may be paid.
type limits struct {
	fee     *big.Int      // of a unit of gas, in wei
	spend   *big.Int      // of a transaction, in wei
	replace time.Duration // a transaction may wait so long
}

// readLimits reads the limits from the environment. A text that is not
// understood is an error: nobody's limit is passed over.
func readLimits(getenv func(string) string) (limits, error) {
	l := limits{replace: 45 * time.Second}
	var err error
	if l.fee, err = amount(getenv, "GATELEDGER_EVM_MAX_FEE", "100", 9); err != nil {
		return l, err
	}
	if l.spend, err = amount(getenv, "GATELEDGER_EVM_MAX_SPEND", "0.01", 18); err != nil {
		return l, err
	}
	if text := getenv("GATELEDGER_EVM_REPLACE_AFTER"); text != "" {
		if l.replace, err = time.ParseDuration(text); err != nil || l.replace <= 0 {
			return l, fmt.Errorf("%w: GATELEDGER_EVM_REPLACE_AFTER is %.40q, want a duration such as 45s", anchor.ErrSetup, text)
		}
	}
	return l, nil
}

// amount reads a decimal number of at most 40 characters as so many wei.
func amount(getenv func(string) string, name, otherwise string, decimals int) (*big.Int, error) {
	text := getenv(name)
	if text == "" {
		text = otherwise
	}
	whole, part, _ := strings.Cut(text, ".")
	wei, ok := new(big.Int).SetString(whole+part+strings.Repeat("0", max(decimals-len(part), 0)), 10)
	if len(text) > 40 || strings.Trim(text, "0123456789.") != "" || whole == "" || strings.HasSuffix(text, ".") || len(part) > decimals || !ok || wei.Sign() <= 0 {
		return nil, fmt.Errorf("%w: %s is %.40q, want a number over 0 with at most %d decimals", anchor.ErrSetup, name, text, decimals)
	}
	return wei, nil
}

// maxSecret bounds files with keys, passwords and tokens, in bytes.
const maxSecret = 64 << 10

// readSecret reads a file that a variable names, without the line feed at its
// end. Errors say which variable, and never what is in the file.
func readSecret(variable, name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s: there is no file %s", anchor.ErrSetup, variable, name)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", anchor.ErrSetup, variable, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", anchor.ErrSetup, variable, err)
	}
	data = bytes.TrimRight(data, "\r\n")
	if len(data) == 0 || len(data) > maxSecret {
		return nil, fmt.Errorf("%w: %s: file %s is empty, or over the limit of %d bytes", anchor.ErrSetup, variable, name, maxSecret)
	}
	return data, nil
}
