package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/varlake/varlake/internal/store"
)

// commit gives a written file its name. A file that is there already is done if its content is the same, as where a run that was interrupted is begun again;
// else the error wraps ErrConflictingFile.
func commit(dir store.Store, w store.Writer, name string) error {
	err := w.Commit()
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	have, _, err := dir.SHA256(name)
	if err != nil {
		return err
	}
	if have != w.SHA256() {
		return fmt.Errorf("%s: %w (SHA-256 %s, this run made %s); remove it, or export to another place", name, ErrConflictingFile, have, w.SHA256())
	}
	return nil
}

// put writes a small file, as commit does.
func put(dir store.Store, name string, data []byte) error {
	w, err := dir.Create(name)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return commit(dir, w, name)
}

// supportFile lists a small file beside the tables for the manifest.
func supportFile(name string, data []byte) SupportFile {
	return SupportFile{name, int64(len(data)), digest(data)}
}

// marshal is JSON as all files of a dataset have it: indented, with a newline at the end.
func marshal(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", " ")
	return append(data, '\n'), err
}

// digest is the SHA-256 of data in hexadecimal.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// start begins at once to do what takes time but no work, as requests to a store that is far away do. The function that it returns waits for the end.
func start(do func() error) (wait func() error) {
	wait = sync.OnceValue(do)
	go wait()
	return wait
}

// early is start for what has a result.
func early[T any](ask func() (T, error)) (answer func() (T, error)) {
	answer = sync.OnceValues(ask)
	go answer()
	return answer
}
