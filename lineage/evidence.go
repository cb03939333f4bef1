package lineage

import "crypto/ed25519"

// Evidence returns the check of signatures that the installation in dir made, without
// opening its graph, so that evidence can be read while a run is on. The errors are
// those of Open.
func Evidence(dir string, key [32]byte) (verify func(msg, sig []byte) bool, err error) {
	keys, err := newKeyring(key)
	if err != nil {
		return nil, err
	}
	salt, err := checkHead(dir, keys)
	if err != nil {
		return nil, err
	}
	if salt == nil {
		return nil, ErrNoState
	}
	public := keys.sign.Public().(ed25519.PublicKey)
	return func(msg, sig []byte) bool { return ed25519.Verify(public, msg, sig) }, nil
}
