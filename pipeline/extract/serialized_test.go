package extract

import (
	"strings"
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestSerialized holds that what PHP wrote down can be read by PHP after an identifier was
// taken out of it or was corrected: the lengths are those of the texts, and a number without
// quotes is a number still.
func TestSerialized(t *testing.T) {
	r := &Redactor{Extent: Partial, Mine: mine("+919820145678", "asha@example.com")}
	for text, want := range map[string]string{
		`s:10:"9820145678";`: `s:8:"[erased]";`,
		`a:2:{s:4:"name";s:3:"Bob";s:5:"phone";s:10:"9820145678";}`:                            `a:2:{s:4:"name";s:3:"Bob";s:5:"phone";s:8:"[erased]";}`,
		`a:1:{s:4:"note";s:38:"é 9820145678 or asha@example.com; 99.";}`:                       `a:1:{s:4:"note";s:28:"é [erased] or [erased]; 99.";}`,
		`a:2:{s:5:"phone";i:9820145678;i:9820145678;s:1:"x";}`:                                 `a:2:{s:5:"phone";i:0;i:0;s:1:"x";}`,
		`a:1:{s:4:"meta";s:36:"a:1:{s:5:"phone";s:10:"9820145678";}";}`:                        `a:1:{s:4:"meta";s:33:"a:1:{s:5:"phone";s:8:"[erased]";}";}`,
		`user|a:1:{s:5:"email";s:16:"asha@example.com";}`:                                      `user|a:1:{s:5:"email";s:8:"[erased]";}`,
		`a:1:{s:10:"9820145678";s:3:"Bob";}`:                                                   `a:1:{s:8:"[erased]";s:3:"Bob";}`,
		`failed: {"command":"O:3:\"Sms\":1:{s:8:\"\u0000*\u0000phone\";s:10:\"9820145678\";}"`: `failed: {"command":"O:3:\"Sms\":1:{s:8:\"\u0000*\u0000phone\";s:8:\"[erased]\";}"`,
		`failed: {"c":"a:1:{i:0;s:26:\"\ud83d\ude00\u00e9 9820145678 say \"ok\"\";}"`:          `failed: {"c":"a:1:{i:0;s:24:\"\ud83d\ude00\u00e9 [erased] say \"ok\"\";}"`,
		// other lengths than those of a text are no lengths
		`s:10: 9820145678`:             `s:10: [erased]`,
		`s:11:"9820145678";`:           `s:11:"[erased]";`,
		`ms:10:"9820145678";`:          `ms:10:"[erased]";`,
		`s:99999999999:"9820145678";`:  `s:99999999999:"[erased]";`,
		`s:9999999999999999999999:"9`:  ``,
		`s:5:"short"; call 9820145678`: `s:5:"short"; call [erased]`,
		`hi:9820145678;`:               `hi:[erased];`,
	} {
		if out, _ := r.Rewrite(connectors.Field{Name: "value"}, text); out != want {
			t.Errorf("%s\n     became %s\nand should be %s", text, out, want)
		}
	}
	for text, want := range map[string]string{
		`{'id': 7, 'phone': 9820145678, 'ok': True}`:                  `{'id': 7, 'phone': 0, 'ok': True}`,
		`failed {'phones': [ 9811122233,9820145678 ], 'to': None}`:    `failed {'phones': [ 9811122233,0 ], 'to': None}`,
		`{'phones': (9820145678, 919820145678), 'mail': 'x'}`:         `{'phones': (0, 0), 'mail': 'x'}`,
		`{'phone': '9820145678', 'note': 'her number: 9820145678, '}`: `{'phone': '[erased]', 'note': 'her number: [erased], '}`,
		`her 'number': 9820145678 is new`:                             `her 'number': [erased] is new`,
		`phone: 9820145678, (9820145678)`:                             `phone: [erased], ([erased])`,
		`{'mail': asha@example.com, 'ok': True}`:                      `{'mail': [erased], 'ok': True}`,
	} {
		if out, _ := r.Rewrite(connectors.Field{Name: "value"}, text); out != want {
			t.Errorf("%s\n     became %s\nand should be %s", text, out, want)
		}
	}
	job := `{"job":"x","data":{"command":"O:3:\"Sms\":2:{s:8:\"\u0000*\u0000phone\";s:10:\"9820145678\";s:2:\"to\";s:3:\"Bob\";}"}}`
	if out, _ := r.Rewrite(connectors.Field{Name: "payload"}, job); !strings.Contains(out, `phone\";s:8:\"[erased]\";s:2:`) {
		t.Errorf("the payload of a job became %s", out)
	}
	c := Corrector{Extent: Whole, Mine: mine("asha@example.com"), Near: mine("asha@example.com"), Settings: []Setting{{Category: emailCategory, Kind: KindEmail, Value: "asha.k@example.com", Old: mine("asha@example.com")}}}
	f := connectors.Field{Name: "addresses", Categories: []string{emailCategory}}
	if out, _ := c.Rewrite(f, `a:1:{i:0;s:16:"asha@example.com";}`); out != `a:1:{i:0;s:18:"asha.k@example.com";}` {
		t.Errorf("the correction made %s", out)
	}
}
