package extract

import (
	"testing"

	"github.com/cratio/sutra/connectors"
)

// TestNamesBeside holds what goes with an identifier of hers from somebody else's
// record: the name beside it, and no name of anybody else.
func TestNamesBeside(t *testing.T) {
	r := Redactor{Extent: Partial, Mine: func(_, v string) bool { return v == "+919820145678" || v == "asha@example.com" }}
	for _, c := range []struct{ in, want string }{
		{`{"referred_by":{"name":"Asha Verma","phone":"+91 98201 45678"},"vip":true}`, `{"referred_by":{"name":null,"phone":"[erased]"},"vip":true}`},
		{`{"name":"Chetan","family":[{"name":"Asha","relation":"wife","mobile":"9820145678"}]}`, `{"name":"Chetan","family":[{"name":null,"relation":"wife","mobile":"[erased]"}]}`},
		{`{"spouse":{"name":{"first_name":"Asha"},"phones":[{"phone":"9820145678","type":"CELL"}]}}`, `{"spouse":{"name":{"first_name":null},"phones":[{"phone":"[erased]","type":"CELL"}]}}`},
		{`{"spouse":{"full_name":"Asha","emails":["asha@example.com"]}}`, `{"spouse":{"full_name":null,"emails":["[erased]"]}}`},
		{`{"name":"Esha","referrer_phone":"9820145678","referrer_name":"Asha"}`, `{"name":"Esha","referrer_phone":"[erased]","referrer_name":null}`},
		{`{"text":"{\"referred_by\":{\"name\":\"Asha\",\"phone\":\"9820145678\"}}"}`, `{"text":"{\"referred_by\":{\"name\":null,\"phone\":\"[erased]\"}}"}`},
		// others' names
		{`{"name":"Esha","agent_email":"asha@example.com"}`, `{"name":"Esha","agent_email":"[erased]"}`},
		{`{"name":"Esha","note":"call 9820145678"}`, `{"name":"Esha","note":"call [erased]"}`},
		{`{"emergency":{"name":"Fay","email":"fay@example.com","phone":"9820145678"}}`, `{"emergency":{"name":"Fay","email":"fay@example.com","phone":"[erased]"}}`},
		{`{"manager_email":"fay@example.com","manager_phone":"9820145678","manager_name":"Fay"}`, `{"manager_email":"fay@example.com","manager_phone":"[erased]","manager_name":"Fay"}`},
		{`{"name":"Esha","related":[{"value":"9820145678"}]}`, `{"name":"Esha","related":[{"value":"[erased]"}]}`},
		{`{"referred_by":{"phone":"9820145678","product":{"name":"Widget"}}}`, `{"referred_by":{"phone":"[erased]","product":{"name":"Widget"}}}`},
	} {
		got, v := r.Rewrite(connectors.Field{Name: "extra", Look: connectors.LookJSON}, c.in)
		if v != connectors.Set || got != c.want {
			t.Errorf("%s\n got %s %v\nwant %s", c.in, got, v, c.want)
		}
	}
}
