package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Write makes a new file of these bytes. When it returns nil they are on disk.
func (d *Disk) Write(name string, b []byte) error {
	f, err := d.Create(name)
	if err != nil {
		return fmt.Errorf("make a file: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("write a file: %w", err), d.Remove(name))
	}
	return nil
}

// Remove deletes a file, if it is there.
func (d *Disk) Remove(name string) error {
	path, err := d.Path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete a file: %w", err)
	}
	return nil
}
