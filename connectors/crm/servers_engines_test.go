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
