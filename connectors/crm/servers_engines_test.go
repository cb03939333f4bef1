package crm

import (
	"testing"

	"github.com/cratio/sutra/connectors"
)

// MariaDB knows no savepoints in a transaction that has read a table of the engine Aria,
// as one does that looks for what refers to a row: the value that a column takes is found
// without one.
func TestMySQLReferencesFromAria(t *testing.T) {
	f := serverFixture(t, "mysql", "members: id! code~ phone@phone remark~\nvisits: id! member>members.id\nlogin: id! member>members.id",
		"CREATE TABLE members (id BIGINT PRIMARY KEY, code VARCHAR(12) NOT NULL UNIQUE, phone VARCHAR(20) NOT NULL, remark TEXT NOT NULL);\n"+
			"CREATE TABLE visits (id INT PRIMARY KEY, member BIGINT, FOREIGN KEY (member) REFERENCES members(id));\n"+
			"CREATE TABLE login (id INT PRIMARY KEY, member INT) ENGINE=Aria;\n"+
			"INSERT INTO members VALUES (1000001, 'M-1', '9845012301', 'one'), (2, '', '9845012302', 'two');\n"+
			"INSERT INTO visits VALUES (1, 1000001);\nINSERT INTO login VALUES (1, 1000001)")
	if o := f.erase(work("members[1000001,1010001)", del("pk=1000001")...)); o[0] != (connectors.Outcome{Redacted: 1, Shells: 1}) {
		t.Errorf("%+v", o)
	}
	got := f.rows("SELECT code = 'M-1', phone, remark FROM members ORDER BY id DESC")
	if want := []string{"0||", "0|9845012302|two"}; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// Bits and places that may not be null are emptied, and known as emptied after it.
func TestMySQLEmptyBitsAndPlaces(t *testing.T) {
	f := serverFixture(t, "mysql", "t: id! bits~ place~ spot~", "CREATE TABLE t (id INT PRIMARY KEY, bits BIT(8) NOT NULL, place POINT NOT NULL, spot GEOMETRY NOT NULL, SPATIAL INDEX (place));\n"+
		"INSERT INTO t VALUES (1, b'10101010', POINT(73, 18), POINT(73, 18)), (2, b'10101010', POINT(73, 18), POINT(73, 18))")
	empty := work("t[1,10001)", emptyFields("pk=1", "bits", "place", "spot"))
	if o := f.erase(empty); o[0] != (connectors.Outcome{Redacted: 1}) {
		t.Errorf("%+v", o)
	}
	got := f.rows("SELECT bits + 0, ST_AsText(place), ST_AsText(spot) FROM t ORDER BY id")
	if want := []string{"0|POINT(0 0)|POINT(0 0)", "170|POINT(73 18)|POINT(73 18)"}; got[0] != want[0] || got[1] != want[1] {
		t.Errorf("stored %q, want %q", got, want)
	}
	if left, err := f.src.Residue(t.Context(), empty.Unit, empty.Edits); err != nil || len(left) > 0 {
		t.Errorf("%d records are left, %v", len(left), err)
	}
}
