package recordings

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/blob"
)

// Folders that stand beside each other, of sidecars and of recordings: meta/77.json tells of
// audio/77.wav.
var (
	besides = []string{"audio", "calls", "media", "mp3", "recording", "recordings", "voice", "wav"}
	tells   = map[string]bool{"meta": true, "metadata": true, "json": true, "sidecar": true, "sidecars": true}
)

// parallel is the stem of the only recording with the name of a sidecar in a folder beside
// the sidecar's. One that has a sidecar of its own, or whose name says whose it is, is not
// taken for another's; nor is a recording looked for where the folder says the account.
func (s *source) parallel(ctx context.Context, key string, o blob.Object, d *object) (string, error) {
	dir := path.Dir(key)
	if !tells[strings.ToLower(path.Base(dir))] || ParseName(key).says() || s.account.Segment == strings.Count(key, "/") {
		return "", nil
	}
	folders, err := s.siblings(ctx, dir)
	if err != nil || len(folders) == 0 {
		return "", err
	}
	if own, err := s.recorded(ctx, stemOf(key)); err != nil || own {
		return "", err
	}
	found := ""
	for _, folder := range folders {
		stem := path.Join(folder, path.Base(stemOf(key)))
		there, err := s.recorded(ctx, stem)
		if err != nil {
			return "", err
		}
		if !there {
			continue
		}
		its, err := s.there(ctx, stem+path.Ext(key))
		if err != nil || its || found != "" {
			return "", err
		}
		found = stem
	}
	if found == "" && time.Since(o.Modified) < aDay {
		d.gaps = append(d.gaps, connectors.Gap{Locator: "object", Reason: "no recording of its name stands in the folder beside its own yet: scan again when it is there", Again: true})
	}
	return found, nil
}

// siblings are the folders beside that of sidecars in which recordings stand.
func (s *source) siblings(ctx context.Context, dir string) ([]string, error) {
	s.beside.Lock()
	defer s.beside.Unlock()
	if list, ok := s.folders[dir]; ok {
		return list, nil
	}
	var list []string
	for _, name := range besides {
		if base := path.Base(dir); base[:1] != strings.ToLower(base[:1]) {
			name = strings.ToUpper(name[:1]) + name[1:]
		}
		folder := path.Join(path.Dir(dir), name)
		for x, err := range s.store.List(ctx, folder+"/") {
			if err != nil && x.Key == "" {
				return nil, err
			}
			if x.Key != folder+"/" {
				list = append(list, folder)
				break
			}
		}
	}
	if s.folders == nil {
		s.folders = map[string][]string{}
	}
	s.folders[dir] = list
	return list, nil
}
