// Package realfiles gives tests the real files that lie beside a checkout, in ../shared/data, where they are: seeds for fuzzing above all. Only tests import it.
package realfiles

import (
	"os"
	"path/filepath"
)

// data is where the files are, seen from a package directory right below the root of the repository.
const data = "../../shared/data"

// Small returns the content of all files of up to most bytes whose path in the data matches the pattern, in order of path. There are none where the files are absent.
func Small(pattern string, most int64) [][]byte {
	names, err := filepath.Glob(filepath.Join(data, pattern))
	if err != nil {
		return nil
	}
	var files [][]byte
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > most {
			continue
		}
		if content, err := os.ReadFile(name); err == nil {
			files = append(files, content)
		}
	}
	return files
}
