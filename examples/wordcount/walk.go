package main

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// An entry is a file to count, or why something cannot be counted.
type entry struct {
	path string
	err  error
}

// under is a source of all files under dir.
func under(dir string) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		// The walk itself does not follow links, not even the first one.
		root, err := filepath.EvalSymlinks(dir)
		if err != nil {
			yield(entry{dir, err})
			return
		}
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil: // of one directory
			case d.IsDir():
				return nil
			case !d.Type().IsRegular():
				err = readable(path)
			}
			if !yield(entry{path, err}) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// readable says why what is not a plain file cannot be counted. A link to a file can
// be; to open a pipe would wait for whoever writes to it.
func readable(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: is no file, but %s", path, info.Mode().Type())
	}
	return err
}
