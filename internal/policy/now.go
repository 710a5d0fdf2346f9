// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"github.com/gateledger/gateledger/internal/canon"
	"github.com/gateledger/gateledger/internal/event"
	"github.com/gateledger/gateledger/internal/product"
)

// nowDomain separates what stamps a decision from every other message.
const nowDomain = product.Name + "-now-v1\x00"

// NowMessage is what a timestamp authority signs to say when a decision was
// made: "gateledger-now-v1\0" and the canonical JSON of the request's hex id
// and the head it was decided at. A token over it is of no use for another
// request, or for the same one at another head. It is nil for texts that are
// no UTF-8.
func NowMessage(request string, head event.Checkpoint) []byte {
	data, err := canon.Marshal(struct {
		Request string           `json:"request"`
		Head    event.Checkpoint `json:"head"`
	}{request, head})
	if err != nil {
		return nil
	}
	return append([]byte(nowDomain), data...)
}
