// Package all is the explicit list of connectors, one line each. Only commands
// and tests import it.
package all

import (
	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/crm"
	"github.com/cratio/sutra/connectors/files"
	"github.com/cratio/sutra/connectors/recordings"
)

// Kinds returns the connectors by the word that stands after `connector:` in
// sutra.yaml.
func Kinds() map[string]connectors.Kind {
	kinds := map[string]connectors.Kind{}
	for _, k := range []connectors.Kind{
		crm.SQLite(),
		files.Kind(),
		recordings.Kind(),
	} {
		kinds[k.Name] = k
	}
	return kinds
}
