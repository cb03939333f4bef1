package main

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk runs the binary where the disk fills up: while an object is rewritten,
// and where the state stands. Nothing is lost or half done, and with room again the
// same command ends as it should. The disks are small ones in memory, mounted in a
// namespace of the test's own.
func TestFullDisk(t *testing.T) {
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	row := strings.Repeat("x", 1000)
	var people strings.Builder
	people.WriteString("name,email,remark\nAsha,asha@example.com,first\n")
	for i := range 2000 {
		fmt.Fprintf(&people, "Bela %d,bela%d@example.com,%s\n", i, i, row)
	}
	for name, text := range map[string]string{
		"people.csv": people.String(),
		"small.csv":  "name,email,remark\nAsha,asha@example.com,second\nChetan,chetan@example.com,\n",
		"sutra.yaml": "sources:\n  files: {connector: files, url: \"file:data/\", catalog: catalog.yaml, account: A1}\n  more: {connector: files, url: \"file:more/\", catalog: more.yaml, account: A1}\n",
		"catalog.yaml": "dataset:\n  - fides_key: files\n    name: Exports\n    collections:\n      - name: people\n        meta: {sutra: {class: account_crm, erase: delete}}\n" +
			"        fields:\n          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}\n",
		"more.yaml": "dataset:\n  - fides_key: more\n    name: More\n    collections:\n      - name: small\n        meta: {sutra: {class: account_crm, erase: delete}}\n" +
			"        fields:\n          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}\n",
		"script": fullDisk,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("bash", "script", bin)
	c.Dir = dir
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if uid := os.Getuid(); uid != 0 {
		c.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
	}
	out, err := c.CombinedOutput()
	if strings.Contains(string(out), "cannot mount") || out == nil && err != nil {
		t.Skipf("this kernel lets nobody mount: %v %s", err, out)
	}
	if err != nil || !strings.Contains(string(out), "all is well") {
		t.Errorf("%v\n%s", err, out)
	}
}

const fullDisk = `set -eu
sutra=$1
mkdir data more state
mount -t tmpfs -o size=3m tmpfs data || { echo cannot mount; exit 1; }
ends() { want=$1; shift; code=0; "$@" > out 2>&1 || code=$?; [ $code = $want ] || { echo "$*: exit $code, want $want"; cat out; exit 1; }; }
cp people.csv data/; cp small.csv more/
ends 0 $sutra init new; cp new/sutra.key .
ends 0 $sutra scan
ends 0 $sutra erase asha@example.com -o plan.json

# there is no room for a second copy of the large file: it stays whole, the other
# source is done, and no half file is left behind
ends 3 $sutra --json apply plan.json
grep -q 'no space left' out
grep -q '"erased":1,"redacted":0,"kept":0,"stale":0,"failed":1' out
cmp people.csv data/people.csv
[ "$(ls -A data)" = people.csv ]
! grep -q asha more/small.csv
mount -o remount,size=16m data
ends 0 $sutra --json apply plan.json
! grep -q asha data/people.csv
[ "$(wc -l < data/people.csv)" = 2001 ]
ends 0 $sutra verify

# the state's disk is almost full: nothing is begun
mount -t tmpfs -o size=100m tmpfs state
ends 0 $sutra scan
dd if=/dev/zero of=state/filler bs=1M count=60 2>/dev/null
ends 1 $sutra scan
grep -q 'almost full' out
rm state/filler
ends 0 $sutra scan
ends 0 $sutra where bela7@example.com

# a limit on the size of a file is an error of that write
cp people.csv data/people.csv
ends 0 $sutra scan
ends 0 $sutra erase bela7@example.com -o plan.json
echo all is well
`

// TestAccessHuge hands out a recording of 2 GiB: the bundle is streamed, and what the
// process needs at its peak does not depend on it.
func TestAccessHuge(t *testing.T) {
	s, truth := newSite(t, 40)
	p := rich(t, truth)
	s.run("scan")
	var audio string
	for _, l := range s.answer(p.Emails[0], p.Account) {
		if rest, ok := strings.CutPrefix(l, "recordings.calls "); ok && strings.HasSuffix(l, " subject") {
			audio = strings.TrimSuffix(rest, " object subject")
		}
	}
	if audio == "" {
		t.Fatal("she has no recording")
	}
	const size = 2 << 30
	if err := os.Truncate(filepath.Join(s.dir, "recordings", filepath.FromSlash(audio)), size); err != nil {
		t.Fatal(err)
	}
	s.run("scan")
	c := s.cmd("access", p.Emails[0], "--account", p.Account, "-o", "her.zip")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("access: %v\n%s", err, out)
	}
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	t.Logf("access with a recording of 2 GiB: peak %d MiB, %.1f s of processor time", peak, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds())
	if peak >= 200 {
		t.Errorf("the peak is %d MiB, it must stay under 200", peak)
	}
	z, err := zip.OpenReader(filepath.Join(s.dir, "her.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, f := range z.File {
		if f.UncompressedSize64 == size {
			return
		}
	}
	t.Error("the recording is not in the bundle")
}
