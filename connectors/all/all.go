// Package all is the explicit list of connectors, one line each. Only commands
// and tests import it.
package all

import (
	"github.com/cratio/sutra/connectors"
	"github.com/cratio/sutra/connectors/crm"
	"github.com/cratio/sutra/connectors/facebook"
	"github.com/cratio/sutra/connectors/files"
	"github.com/cratio/sutra/connectors/ga4"
	"github.com/cratio/sutra/connectors/google"
	"github.com/cratio/sutra/connectors/indiamart"
	"github.com/cratio/sutra/connectors/justdial"
	"github.com/cratio/sutra/connectors/recordings"
	"github.com/cratio/sutra/connectors/whatsapp"
)

// Kinds returns the connectors by the word that stands after `connector:` in
// sutra.yaml.
func Kinds() map[string]connectors.Kind {
	kinds := map[string]connectors.Kind{}
	for _, k := range []connectors.Kind{
		crm.SQLite(),
		crm.Postgres(),
		crm.MySQL(),
		crm.MariaDB(),
		files.Kind(),
		recordings.Kind(),
		ga4.Kind(),
		indiamart.Kind(),
		justdial.Kind(),
		whatsapp.Kind(),
		facebook.Kind(),
		google.Kind(),
	} {
		kinds[k.Name] = k
	}
	return kinds
}
