// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"errors"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/cli"
)

func TestAddress(t *testing.T) {
	for raw, want := range map[string][2]bool{ // for secrets, for what is signed anyway
		"https://fulcio.example":          {true, true},
		"https://fulcio.example:8443/api": {true, true},
		"http://tsa.example":              {false, true},
		"http://127.0.0.1:80":             {true, true},
		"http://127.9.9.9":                {true, true},
		"http://[::1]:80/x":               {true, true},
		"http://localhost:5555":           {true, true},
		"http://localhost.example":        {false, true},
		"http://127.0.0.1.example":        {false, true},
		"http://0.0.0.0":                  {false, true},
		"http://169.254.169.254/latest":   {false, true},
		"https://me@fulcio.example":       {false, false},
		"https://me:pw@fulcio.example":    {false, false},
		"https://fulcio.example/#x":       {false, false},
		"HTTPS://fulcio.example":          {true, true},
		"https:fulcio.example":            {false, false},
		"https://":                        {false, false},
		"":                                {false, false},
		"fulcio.example":                  {false, false},
		"ftp://fulcio.example":            {false, false},
		"unix:///run/fulcio":              {false, false},
		"https://%zz":                     {false, false},
		"https://a b":                     {false, false},
	} {
		for i, plain := range []bool{false, true} {
			u, err := address("the service", raw, plain)
			if (err == nil) != want[i] {
				t.Errorf("%q, plain %t: %v", raw, plain, err)
			}
			exit := (*cli.Exit)(nil)
			if err != nil && (!errors.As(err, &exit) || exit.Code != cli.Usage || strings.Contains(err.Error(), "pw")) {
				t.Errorf("%q: %v", raw, err)
			}
			if (u == nil) != (err != nil) {
				t.Errorf("%q: address %v and error %v", raw, u, err)
			}
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"https://a", "http://[::1%25lo]", "https://u:p@h", "//h", "https://h\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := address("it", raw, false)
		if err == nil && (u.Host == "" || u.User != nil || u.Scheme != "https" && !loopback(u.Hostname())) {
			t.Errorf("%q is taken for %v", raw, u)
		}
	})
}
