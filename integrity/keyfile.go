package integrity

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// KeyFile is what stands in a file of keys. Whoever reads it can forge what is not sealed yet, and fork the log.
type KeyFile struct {
	Keys
	IP     [32]byte // for keyed hashes of addresses
	Public string   // the key that checks what Signer signs, as text; it is no secret
}

const keyFileHead = "# The keys of an activity log. Keep them secret, and away from its database.\n"

// CreateKeyFile makes fresh keys for a new log and writes them to a file that only its owner may read. A file that
// exists is left alone: then the error wraps fs.ErrExist.
func CreateKeyFile(path string) (*KeyFile, error) {
	var id [10]byte
	rand.Read(id[:])
	name := "activitylog.invalid/" + strings.ToLower(base32.StdEncoding.EncodeToString(id[:]))
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	k := NewWriterKeys()
	var ip [32]byte
	rand.Read(ip[:])
	var b bytes.Buffer
	b.WriteString(keyFileHead)
	fmt.Fprintf(&b, "public %s\nseal %s\n", public, private)
	for _, x := range []struct {
		name string
		key  [32]byte
	}{{"row", k.Row}, {"name", k.Name}, {"ip", ip}} {
		fmt.Fprintf(&b, "%s %s\n", x.name, base64.StdEncoding.EncodeToString(x.key[:]))
	}
	if err := writeSecret(path, b.Bytes()); err != nil {
		return nil, fmt.Errorf("integrity: write keys: %w", err)
	}
	return ParseKeyFile(&b)
}

// writeSecret writes a new file, durably, before anything is sealed with what it holds.
func writeSecret(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// LoadKeyFile reads a file of keys. It refuses one that others than its owner may read or write.
func LoadKeyFile(path string) (*KeyFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("integrity: read keys: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("integrity: read keys: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && os.PathSeparator == '/' {
		return nil, fmt.Errorf("integrity: others may use the keys in %s (mode %04o); run chmod 600 on it", path, mode)
	}
	k, err := ParseKeyFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// ParseKeyFile reads what stands in a file of keys.
func ParseKeyFile(r io.Reader) (*KeyFile, error) {
	k := &KeyFile{}
	seen := map[string]bool{}
	for lines := bufio.NewScanner(io.LimitReader(r, 1<<16)); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		if !ok || seen[name] && name != "former" {
			return nil, fmt.Errorf("integrity: the keys have a wrong or second line %q", name)
		}
		seen[name] = true
		if err := k.set(name, value); err != nil {
			return nil, fmt.Errorf("integrity: the keys have a wrong line %q: %w", name, err)
		}
	}
	for _, name := range []string{"public", "seal", "row", "name", "ip"} {
		if !seen[name] {
			return nil, fmt.Errorf("integrity: the keys lack the line %q", name)
		}
	}
	if err := k.Keys.check(); err != nil {
		return nil, fmt.Errorf("integrity: the keys do not fit together: %w", err)
	}
	return k, nil
}

func (k *KeyFile) set(name, value string) (err error) {
	switch name {
	case "seal":
		k.Signer, err = note.NewSigner(value)
	case "public", "former":
		v, err := note.NewVerifier(value)
		if err != nil {
			return err
		}
		k.Verifiers = append(k.Verifiers, v)
		if name == "public" {
			k.Public = value
		}
	case "row":
		return set32(&k.Row, value)
	case "name":
		return set32(&k.Name, value)
	case "ip":
		return set32(&k.IP, value)
	default:
		return errors.New("this version knows no such line")
	}
	return err
}

func set32(key *[32]byte, value string) error {
	b, err := base64.StdEncoding.DecodeString(value)
	if err == nil && len(b) != len(key) {
		err = fmt.Errorf("%d bytes, not %d", len(b), len(key))
	}
	copy(key[:], b)
	return err
}
