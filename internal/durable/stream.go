// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// Stream replaces the file name by what write writes, as WriteFile does, for
// what is too large to be held in memory whole. If write fails then name stays
// as it was, and its error is in the one returned.
func Stream(fsys FS, name string, write func(io.Writer) error) error {
	temp := name + tempSuffix
	if err := streamSynced(fsys, temp, write); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return publish(fsys, name)
}

func streamSynced(fsys FS, name string, write func(io.Writer) error) error {
	f, err := fsys.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	// Only Write is passed on: a buffer would use ReadFrom past the promise.
	buffer := bufio.NewWriterSize(struct{ io.Writer }{f}, 64<<10)
	err = write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
