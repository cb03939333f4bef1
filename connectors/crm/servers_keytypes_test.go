package crm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cratio/sutra/connectors"
)

// keyTypes are types of keys with three values each: one row goes, one is emptied and one
// stays as it is.
var keyTypes = map[string][][4]string{
	"postgres": {
		{"INTEGER[]", "'{1,2}'", "'{1}'", "'{1,2,3}'"}, {"TEXT[]", `'{"a,b",c}'`, `'{a,"b,c"}'`, `'{"a,b,c"}'`}, {"INTEGER[]", "'{{1,2},{3,4}}'", "'{1,2,3,4}'", "'[0:1]={1,2}'"},
		{"TIMESTAMP[]", "'{2024-05-01 10:00:00}'", "'{2024-05-01 10:00:01}'", "'{NULL}'"}, {"NUMERIC[]", "'{1.50}'", "'{1.51}'", "'{}'"},
		{"BIT(4)", "'0001'", "'0010'", "'1000'"}, {"BIT VARYING(8)", "'1'", "'10'", "'100'"}, {"BIT(1)", "'0'", "'1'", ""},
		{"DOUBLE PRECISION", "1.5", "0.1", "1e300"}, {"DOUBLE PRECISION", "1e21", "1e20", "1e-7"}, {"DOUBLE PRECISION", "'NaN'", "'Infinity'", "'-Infinity'"}, {"REAL", "0.1", "1e10", "16777216"},
		{"DOUBLE PRECISION", "0.0001", "123456789012345680", "9820012345"}, {"NUMERIC", "1.50", "1.51", "1e30"}, {"NUMERIC(9,2)", "1", "2", "3"},
		{"INTERVAL", "'1 day'", "'25 hours'", "'1 mon'"}, {"TIMESTAMPTZ", "'2024-05-01 10:00:00+02'", "'2024-05-01 10:00:00.000001+02'", "'infinity'"}, {"TIMESTAMP", "'2024-05-01 10:00:00'", "'2024-05-01 10:00:00.5'", "'-infinity'"},
		{"TIME", "'10:00'", "'10:00:01'", "'24:00'"}, {"TIMETZ", "'10:00+02'", "'10:00+03'", "'11:00+02'"}, {"INET", "'10.0.0.1'", "'10.0.0.1/24'", "'::1'"}, {"CIDR", "'10.0.0.0/24'", "'10.0.0.0/25'", "'10.0.1.0/24'"}, {"MACADDR", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'", "'08:00:2b:01:02:05'"},
		{"INT4RANGE", "'[1,5)'", "'[1,6)'", "'empty'"}, {"MONEY", "'1.50'", "'2.50'", "'3.50'"}, {"JSONB", `'{"a": 1}'`, `'{"a": 2}'`, `'"x"'`}, {`"char"`, "'a'", "'b'", "'c'"}, {"NAME", "'a'", "'b'", "'c'"}, {"OID", "1", "2", "4000000000"},
		{"CHAR(5)", "'a'", "'ab'", "'b'"}, {"BOOLEAN", "true", "false", ""}, {"codes", "'x1'", "'x2'", "'x3'"}, {"lists", "'{x1}'", "'{x2}'", "'{x3}'"}, {"mood", "'glad'", "'sad'", "'so, so'"}, {"mood[]", "'{glad}'", "'{sad}'", `'{"so, so"}'`}, {"pair", "'(1,a)'", "'(1,b)'", "'(2,\"a,b\")'"},
		{"TSVECTOR", "'a b'", "'a c'", "'b c'"},
	},
	"mysql": {
		{"BIT(4)", "b'0001'", "b'0010'", "b'1000'"}, {"BIT(64)", "b'1'", "b'10'", "18446744073709551615"}, {"BIT(1)", "b'0'", "b'1'", ""}, {"DOUBLE", "1.5", "0.1", "1e300"}, {"FLOAT", "1.5", "0.1", "16777216"}, {"FLOAT", "9.82e9", "3.3333333", "1e-7"},
		{"DECIMAL(9,2)", "1.50", "1.51", "2"}, {"YEAR", "2024", "2025", "1970"}, {"TIME", "'10:00'", "'10:00:01'", "'-100:00:00'"}, {"TIME(6)", "'10:00'", "'10:00:00.000001'", "'11:00'"}, {"DATETIME", "'2024-05-01 10:00:00'", "'2024-05-01 10:00:01'", "'2025-01-01'"},
		{"DATETIME(6)", "'2024-05-01 10:00:00.000001'", "'2024-05-01 10:00:00'", "'2025-01-01'"}, {"TIMESTAMP", "'2024-05-01 10:00:00'", "'2024-05-01 10:00:01'", "'2025-01-01'"}, {"ENUM('glad','sad','so, so')", "'glad'", "'sad'", "'so, so'"},
		{"SET('a','b','c')", "'a,b'", "'a'", "''"}, {"BINARY(4)", "'a'", "'b'", "'ab'"}, {"VARBINARY(8)", "'a'", "x'ff'", "x'00'"}, {"INET6", "'::1'", "'::ffff:10.0.0.1'", "'fe80::1'"}, {"UUID", "'e7a5ed00-0000-4000-8000-000000000001'", "'e7a5ed00-0000-4000-8000-000000000002'", "'e7a5ed00-0000-4000-8000-000000000003'"},
		{"BIGINT UNSIGNED", "18446744073709551615", "1", "2"}, {"CHAR(5) CHARACTER SET latin1", "'\u00e9'", "'d'", "'f'"}, {"VARCHAR(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", "'Asha'", "'Bela'", "'Charu'"}, {"VARCHAR(9) COLLATE utf8mb4_bin", "'a'", "'A'", "'a,'"},
	},
}

// TestServerRowsByEveryTypeOfKey: whatever the type of its key, a row is deleted or emptied
// and no other is.
func TestServerRowsByEveryTypeOfKey(t *testing.T) {
	onServers(t, func(t *testing.T, kind string) {
		var ddl, cat []string
		if kind == "postgres" {
			ddl = []string{"CREATE DOMAIN codes AS TEXT CHECK (VALUE LIKE 'x%')", "CREATE DOMAIN lists AS TEXT[]", "CREATE TYPE mood AS ENUM ('glad', 'sad', 'so, so')", "CREATE TYPE pair AS (n INTEGER, w TEXT)"}
		}
		for n, k := range keyTypes[kind] {
			ddl = append(ddl, fmt.Sprintf("CREATE TABLE k%d (k %s PRIMARY KEY, w TEXT, v TEXT)", n, k[0]))
			cat = append(cat, fmt.Sprintf("k%d: k! v~", n))
			for i, v := range k[1:] {
				if v != "" {
					ddl = append(ddl, fmt.Sprintf("INSERT INTO k%d VALUES (%s, 'w%d', 'v%d')", n, v, i, i))
				}
			}
		}
		f := serverFixture(t, kind, strings.Join(cat, "\n"), strings.Join(ddl, ";\n"))
		by := map[string][]string{}
		for key, r := range f.readAll() {
			table, loc, _ := strings.Cut(key, " ")
			by[table+r["w"]] = append(by[table+r["w"]], loc)
		}
		for n, k := range keyTypes[kind] {
			t.Run(strings.ReplaceAll(fmt.Sprint(k), "/", "_"), func(t *testing.T) {
				g := *f
				g.t = t
				name := fmt.Sprintf("k%d", n)
				if len(by[name+"w0"]) != 1 || len(by[name+"w1"]) != 1 {
					t.Fatalf("found as %q and %q", by[name+"w0"], by[name+"w1"])
				}
				unit := ""
				for _, u := range f.units() {
					if strings.HasPrefix(u.Key, name+"[") {
						unit = u.Key
					}
				}
				_, out, err := f.src.EraseAll(t.Context(), []connectors.UnitEdits{work(unit, append(del(by[name+"w0"][0]), emptyFields(by[name+"w1"][0], "v"))...)})
				if err != nil {
					t.Fatal(err)
				}
				out[0].Gone = false // a range that held her row alone
				if d := cmp.Diff([]connectors.Outcome{{Deleted: 1, Redacted: 1}}, out); d != "" {
					t.Error(d)
				}
				want := []string{"w1|<nil>"}
				if k[3] != "" {
					want = append(want, "w2|v2")
				}
				if d := cmp.Diff(want, g.rows("SELECT w, v FROM "+name+" ORDER BY 1")); d != "" {
					t.Error(d)
				}
			})
		}
	})
}
