// SPDX-License-Identifier: Apache-2.0

// Package command holds each verb. It is the only place where adapters meet.
package command
